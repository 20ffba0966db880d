/** Transactions as an earlier process left them in `.minio.sys/tmp`, read back from their folders (see transactions.ts). */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';

import { StorageError } from '../base/index.js';
import { parseXlMeta, SYSTEM_VOLUME, type XlMeta } from '../format/index.js';
import type { StagedTransaction } from './drive.js';
import { isErrno } from './failures.js';
import { linkTarget } from './object-folder.js';
import type { Removals } from './removals.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import type { TransactionFolders } from './transaction-folders.js';
import { dataDirsOf } from './version-change.js';

/** A staged change; `isVisible` and `isDurable` follow its commit. */
export interface StagedState {
  readonly volume: string;
  readonly path: string;
  readonly objectFolder: string;
  /** Data dirs to move into the object's folder: name -> where they are until then. */
  readonly dataDirs: ReadonlyMap<string, string>;
  readonly removesObject: boolean;
  /** Data dir that nothing uses after the commit. */
  readonly replaced: string | undefined;
  isVisible: boolean;
  isDurable: boolean;
}

/** The state a transaction's folder is in; undefined where nothing (whole) was staged in it. */
export function readStagedState(root: DriveRoot, folder: string): StagedState | undefined {
  const link = readLink(`${folder}/target`);
  const target = link === undefined ? undefined : linkTarget(root, link);
  if (target === undefined) return undefined;
  const names = readdirSync(folder);
  const objectFolder = root.resolve(target.volume, target.path);
  const replaced = readLink(`${folder}/replaced`);
  const common = { ...target, objectFolder, replaced, isDurable: false };
  if (names.includes('removed')) return { ...common, dataDirs: new Map(), removesObject: true, isVisible: true };
  if (!names.includes('xl.meta')) return { ...common, dataDirs: linkedDataDirs(root, folder, names), removesObject: false, isVisible: true };
  const meta = readMeta(root, folder);
  if (meta === undefined || isOutdated(folder, objectFolder)) return undefined;
  const dataDirs = linkedDataDirs(root, folder, names);
  // Those that a commit cut short had moved already are in the object's folder.
  for (const name of dataDirsOf(meta)) if (!dataDirs.has(name) && isThere(`${objectFolder}/${name}`)) dataDirs.set(name, `${folder}/${name}`);
  return { ...common, dataDirs, removesObject: meta.versions.length === 0, isVisible: false };
}

/** What `Drive.listStaged` answers. Folders without a staged change, and MinIO's own leftovers, are removed in the background. */
export function listStaged(root: DriveRoot, folders: TransactionFolders, removals: Removals): StagedTransaction[] {
  const staged: StagedTransaction[] = [];
  for (const name of root.inVolume(SYSTEM_VOLUME, 'list transactions', () => namesIn(root.tmp))) {
    if (folders.isLive(name)) continue;
    const folder = `${root.tmp}/${name}`;
    const state = root.inVolume(SYSTEM_VOLUME, `read transaction ${name}`, () => readStagedState(root, folder));
    if (state === undefined) {
      // What cannot be removed now stays for the next start.
      removals.tree(folder).catch(() => undefined);
      continue;
    }
    const { volume, path } = state;
    if (state.isVisible) staged.push({ id: name, volume, path, state: 'committed' });
    else staged.push({ id: name, volume, path, state: 'staged', xlMeta: stagedMeta(root, folder, state) });
  }
  return staged;
}

function stagedMeta(root: DriveRoot, folder: string, state: StagedState): Uint8Array {
  return state.removesObject ? new Uint8Array(0) : Uint8Array.from(root.read(`${folder}/xl.meta`, WHOLE_FILE_BYTES));
}

function linkedDataDirs(root: DriveRoot, folder: string, names: readonly string[]): Map<string, string> {
  const dataDirs = new Map<string, string>();
  for (const name of names) {
    if (name === 'target' || name === 'replaced' || name.startsWith('displaced-')) continue;
    const stat = lstatSync(`${folder}/${name}`);
    if (stat.isDirectory()) dataDirs.set(name, `${folder}/${name}`);
    const link = stat.isSymbolicLink() ? readLink(`${folder}/${name}`) : undefined;
    const source = link === undefined ? undefined : linkTarget(root, link);
    if (source !== undefined) dataDirs.set(name, root.resolve(source.volume, source.path));
  }
  return dataDirs;
}

/** A staged xl.meta that a crash cut short was never promised to anybody. */
function readMeta(root: DriveRoot, folder: string): XlMeta | undefined {
  try {
    return parseXlMeta(root.read(`${folder}/xl.meta`, WHOLE_FILE_BYTES));
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

/** True where the object was changed after this transaction was staged: its xl.meta would undo that change. */
function isOutdated(folder: string, objectFolder: string): boolean {
  const staged = statSync(`${folder}/xl.meta`, { bigint: true });
  const current = statSync(`${objectFolder}/xl.meta`, { bigint: true, throwIfNoEntry: false });
  return current !== undefined && current.mtimeNs > staged.mtimeNs;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
