/** Transactions as an earlier process left them in `.minio.sys/tmp`, read back from their files (see transactions.ts). */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';

import { StorageError } from '../base/index.js';
import { parseXlMeta, SYSTEM_VOLUME, type XlMeta } from '../format/index.js';
import type { StagedTransaction } from './drive.js';
import { isErrno } from './failures.js';
import { linkTarget } from './object-folder.js';
import type { Removals } from './removals.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import { dataDirsOf } from './version-change.js';
import type { WorkArea } from './work-area.js';

/** Start of the name of a staged xl.meta that tells for which object it is. */
const NAMED_META = 'put.';
/** The same for the xl.meta of an object that is to go away. */
const NAMED_REMOVAL = 'removal.';
/** A file's name has 255 bytes, of which the transaction's UUID and a dot take 37. */
const NAME_LENGTH_MAX = 200;

/** The name of a staged xl.meta which makes a link to the object's folder unnecessary; undefined where that would be too long. */
export function namedMeta(link: string): string | undefined {
  return named(NAMED_META, link);
}

/** The same for a removal's. */
export function namedRemoval(link: string): string | undefined {
  return named(NAMED_REMOVAL, link);
}

function named(start: string, link: string): string | undefined {
  const name = `${start}${encodeURIComponent(link)}`;
  return name.length <= NAME_LENGTH_MAX ? name : undefined;
}

function linkIn(start: string, name: string): string | undefined {
  try {
    return decodeURIComponent(name.slice(start.length));
  } catch {
    return undefined;
  }
}

/** Start of the members that make room in an object's folder. */
export const DISPLACED = 'displaced-';

/** A staged change; `isVisible` and `isDurable` follow its commit. */
export interface StagedState {
  readonly volume: string;
  readonly path: string;
  readonly objectFolder: string;
  /** The staged xl.meta, or what tells of a removal, as a member of the transaction. */
  readonly metaMember: string;
  /** Data dirs to move into the object's folder: name -> where they are until then. */
  readonly dataDirs: ReadonlyMap<string, string>;
  readonly removesObject: boolean;
  /** Data dir that nothing uses after the commit. */
  readonly replaced: string | undefined;
  /** Members that stood in the object's folder under a data dir's name; they go with the settling. */
  readonly displaced: Set<string>;
  /** `target` is there. */
  hasLink: boolean;
  /** There was no object before, so most likely no folder of it either. */
  readonly isNew: boolean;
  isVisible: boolean;
  isDurable: boolean;
}

/** Names of a transaction's files in the work area, without the transaction. */
export function membersOf(root: DriveRoot, transaction: string): string[] {
  const start = `${transaction}.`;
  return namesIn(root.tmp).flatMap((name) => (name.startsWith(start) ? [name.slice(start.length)] : []));
}

/** The state a transaction with these members is in; undefined where nothing (whole) was staged in it. */
export function readStagedState(root: DriveRoot, area: WorkArea, transaction: string, members: ReadonlySet<string>): StagedState | undefined {
  const path = (member: string): string => area.path(transaction, member);
  const removal = [...members].find((member) => member === 'removal' || member.startsWith(NAMED_REMOVAL));
  const removesObject = removal !== undefined;
  const metaMember = removal ?? [...members].find((member) => member.startsWith(NAMED_META)) ?? 'xl.meta';
  const link = linkOf(path, metaMember);
  const target = link === undefined ? undefined : linkTarget(root, link);
  if (target === undefined) return undefined;
  const objectFolder = root.resolve(target.volume, target.path);
  const replaced = readLink(path('replaced'));
  const displaced = new Set([...members].filter((member) => member.startsWith(DISPLACED)));
  const common = { ...target, objectFolder, metaMember, replaced, removesObject, displaced, isNew: false, hasLink: members.has('target'), isDurable: false };
  if (removesObject) {
    const isVisible = members.has('removed');
    if (!isVisible && (isOutdated(path(removal), objectFolder) || (removal !== 'removal' && isAnotherFile(path(removal), objectFolder)))) return undefined;
    return { ...common, dataDirs: new Map(), isVisible };
  }
  const dataDirs = heldDataDirs(root, path, members);
  if (!members.has(metaMember)) return { ...common, dataDirs, isVisible: true };
  const meta = readMeta(root, path(metaMember));
  if (meta === undefined || isOutdated(path(metaMember), objectFolder)) return undefined;
  // Those that a commit cut short had moved already are in the object's folder.
  for (const name of dataDirsOf(meta)) if (!dataDirs.has(name) && isThere(`${objectFolder}/${name}`)) dataDirs.set(name, path(name));
  return { ...common, dataDirs, isVisible: false };
}

/** The link to the object's folder that a transaction has in the name of a member, or as one. */
function linkOf(path: (member: string) => string, metaMember: string): string | undefined {
  for (const start of [NAMED_META, NAMED_REMOVAL]) if (metaMember.startsWith(start)) return linkIn(start, metaMember);
  return readLink(path(metaMember === 'removal' ? 'removal' : 'target'));
}

/** What `Drive.listStaged` answers. Whatever else is in the work area, MinIO's own leftovers among it, is removed in the background. */
export function listStaged(root: DriveRoot, area: WorkArea, removals: Removals): StagedTransaction[] {
  const staged: StagedTransaction[] = [];
  for (const [id, members] of root.inVolume(SYSTEM_VOLUME, 'list transactions', () => byTransaction(namesIn(root.tmp)))) {
    if (area.isLive(id)) continue;
    const state = id === '' ? undefined : root.inVolume(SYSTEM_VOLUME, `read transaction ${id}`, () => readStagedState(root, area, id, members));
    if (state === undefined) {
      // What cannot be removed now stays for the next start.
      for (const member of members) removals.tree(`${root.tmp}/${id === '' ? '' : `${id}.`}${member}`).catch(() => undefined);
      continue;
    }
    const { volume, path } = state;
    if (state.isVisible) staged.push({ id, volume, path, state: 'committed' });
    else staged.push({ id, volume, path, state: 'staged', xlMeta: state.removesObject ? new Uint8Array(0) : Uint8Array.from(root.read(area.path(id, state.metaMember), WHOLE_FILE_BYTES)) });
  }
  return staged;
}

/** What an earlier process staged and did not commit: object's folder -> transactions. Those that cannot be read are left to `listStaged`. */
export function stagedBefore(root: DriveRoot, area: WorkArea): Map<string, string[]> {
  const staged = new Map<string, string[]>();
  for (const [id, members] of byTransaction(namesIn(root.tmp))) {
    if (id === '' || area.isLive(id)) continue;
    const state = readStagedState(root, area, id, members);
    if (state !== undefined && !state.isVisible) staged.set(state.objectFolder, [...(staged.get(state.objectFolder) ?? []), id]);
  }
  return staged;
}

/** Members by transaction; names that are of none are under the empty one. */
function byTransaction(names: readonly string[]): Map<string, Set<string>> {
  const transactions = new Map<string, Set<string>>();
  for (const name of names) {
    const end = name.indexOf('.');
    const [id, member] = end <= 0 ? ['', name] : [name.slice(0, end), name.slice(end + 1)];
    transactions.set(id, (transactions.get(id) ?? new Set()).add(member));
  }
  return transactions;
}

/** Data dirs in the work area: name -> where the part files are. */
function heldDataDirs(root: DriveRoot, path: (member: string) => string, members: ReadonlySet<string>): Map<string, string> {
  const dataDirs = new Map<string, string>();
  for (const name of members) {
    if (name === 'target' || name === 'replaced' || name.startsWith(DISPLACED) || name.startsWith(NAMED_META)) continue;
    const stat = lstatSync(path(name));
    if (stat.isDirectory()) dataDirs.set(name, path(name));
    const link = stat.isSymbolicLink() ? readLink(path(name)) : undefined;
    const source = link === undefined ? undefined : linkTarget(root, link);
    if (source !== undefined) dataDirs.set(name, root.resolve(source.volume, source.path));
  }
  return dataDirs;
}

/** A staged xl.meta that a crash cut short was never promised to anybody. */
function readMeta(root: DriveRoot, file: string): XlMeta | undefined {
  try {
    return parseXlMeta(root.read(file, WHOLE_FILE_BYTES));
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

/** True where the object was changed after this transaction was staged, which the file tells: carrying it out would undo that change. */
function isOutdated(file: string, objectFolder: string): boolean {
  const staged = lstatSync(file, { bigint: true });
  const current = statSync(`${objectFolder}/xl.meta`, { bigint: true, throwIfNoEntry: false });
  return current !== undefined && current.mtimeNs > staged.mtimeNs;
}

/** True where the object's xl.meta is not the one that was to be taken away. */
function isAnotherFile(file: string, objectFolder: string): boolean {
  const current = statSync(`${objectFolder}/xl.meta`, { bigint: true, throwIfNoEntry: false });
  return current !== undefined && current.ino !== lstatSync(file, { bigint: true }).ino;
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
