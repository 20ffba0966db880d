/**
 * Changes of objects on their way to being visible. The folder `.minio.sys/tmp/<transaction>` holds, and a crash leaves:
 *
 *   <dataDir>/part.N   part files, until the commit renames the folder into the object's
 *   <dataDir>          as a link instead: the part files lie there (an upload's folder), and are renamed from there
 *   xl.meta            the object's next xl.meta, until the commit renames it; one without versions says that the object goes
 *   replaced           link naming the data dir that nothing uses after the commit
 *   target             link to the object's folder, written last: with it the transaction is staged
 *   removed            the xl.meta of an object that went; its presence says that the removal is committed
 *   displaced-<name>   what stood in the object's folder under the data dir's name
 *
 * The one rename that makes a change visible also records that it did, so whatever a crash leaves is either staged or committed.
 */
import { closeSync, renameSync, rmdirSync, statSync, symlinkSync } from 'node:fs';

import { assert, StorageError } from '../base/index.js';
import { entryDataDir, parseXlMeta, SYSTEM_VOLUME } from '../format/index.js';
import type { DataReaders } from './data-readers.js';
import type { StageResult, VersionChange } from './drive.js';
import { isErrno } from './failures.js';
import { createFile, syncAndClose, unlinkIfThere } from './file-steps.js';
import { checkName } from './names.js';
import { linkTo, pruneFolders, renameInto } from './object-folder.js';
import type { Removals } from './removals.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import { readStagedState, type StagedState } from './staged-state.js';
import type { Syncs } from './syncs.js';
import type { TransactionFolders } from './transaction-folders.js';
import { currentMeta, dataDirsOf, planChange, type ChangePlan } from './version-change.js';

/** What transactions work with, all of one drive's thread. */
interface TransactionTools {
  readonly root: DriveRoot;
  readonly syncs: Syncs;
  readonly removals: Removals;
  readonly readers: DataReaders;
  readonly folders: TransactionFolders;
}

export class Transactions {
  readonly #states = new Map<string, StagedState>();

  constructor(private readonly tools: TransactionTools) {}

  async stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult> {
    const { root, syncs, folders } = this.tools;
    root.check();
    const objectFolder = root.resolve(volume, path);
    const action = `stage a change of ${volume}/${path}`;
    const current = currentMeta(this.#readCurrent(volume, objectFolder, change, action), change);
    const newestModTimeNs = current?.versions[0]?.header.modTimeNs;
    const plan = planChange(current, change);
    const result = { ...(newestModTimeNs !== undefined && { newestModTimeNs }), changed: plan !== undefined };
    await this.#guarded(SYSTEM_VOLUME, action, async () => {
      this.#unstage(transaction);
      if (plan === undefined) return;
      folders.make(transaction);
      const dataDirs = this.#dataDirs(transaction, change);
      const { removesObject, replaced } = plan;
      const file = writeStaged(folders.path(transaction), linkTo(volume, path), plan, change);
      this.#states.set(transaction, { volume, path, objectFolder, dataDirs, removesObject, replaced, isVisible: false, isDurable: false });
      // Of a removal only the commit's rename must last: without it, whatever is left of the staged change is dropped.
      if (removesObject) closeSync(file);
      else await syncAndClose(file, syncs);
    });
    return result;
  }

  /** Makes room for another change in the same transaction. */
  #unstage(transaction: string): void {
    const state = this.#states.get(transaction);
    if (state === undefined) return;
    assert(!state.isVisible, 'a transaction is staged again only before its commit');
    const folder = this.tools.folders.path(transaction);
    const own = this.tools.folders.dataDirs(transaction);
    const links = [...state.dataDirs.keys()].filter((name) => !own.has(name));
    for (const name of ['target', 'replaced', 'xl.meta', ...links]) unlinkIfThere(`${folder}/${name}`);
    this.#states.delete(transaction);
  }

  async commit(transaction: string): Promise<void> {
    const { root, syncs, folders } = this.tools;
    root.check();
    const state = this.#state(transaction);
    if (state === undefined || state.isDurable) return;
    const folder = folders.path(transaction);
    await this.#guarded(state.volume, `commit a change of ${state.volume}/${state.path}`, async () => {
      const isThereToSync = state.removesObject ? takeAway(state, folder) : putIn(state, folder, root.folderOf(state.volume));
      state.isVisible = true;
      if (isThereToSync) await syncs.folder(state.objectFolder);
      state.isDurable = true;
    }).catch((error: unknown) => {
      // From here on it is what a crash would have left: listStaged tells of it.
      folders.forget(transaction);
      throw error;
    });
  }

  async settle(transaction: string): Promise<void> {
    const { root, folders } = this.tools;
    const folder = folders.path(transaction);
    await this.#guarded(SYSTEM_VOLUME, `settle transaction ${transaction}`, async () => {
      try {
        root.check();
        const state = this.#state(transaction);
        if (state?.isVisible === true) await this.#settleVisible(transaction, folder, state);
        else {
          if (state !== undefined) await this.#takeBack(folder, state);
          await this.#dropFolder(transaction, folder);
        }
      } catch (error) {
        this.#forget(transaction);
        throw error;
      }
    });
  }

  /** Removes what a visible change replaced; where that is being read, at the end of the reading. */
  async #settleVisible(transaction: string, folder: string, state: StagedState): Promise<void> {
    const { root, readers, removals, folders } = this.tools;
    const replaced = state.replaced === undefined ? undefined : `${state.objectFolder}/${checkName(state.replaced)}`;
    const finish = async (): Promise<void> => {
      // Looked at again: an undo may have put a version back that uses it.
      if (replaced !== undefined && this.#usedDataDirs(state.objectFolder)?.has(state.replaced ?? '') === false) await removals.tree(replaced);
      if (state.removesObject) pruneFolders(state.objectFolder, root.folderOf(state.volume));
      const own = folders.dataDirs(transaction);
      const links = ['target', ...[...state.dataDirs.keys()].filter((name) => !own.has(name))];
      if (replaced !== undefined) links.push('replaced');
      if (state.removesObject) links.push('xl.meta', 'removed');
      await this.#dropFolder(transaction, folder, links);
    };
    const later = (): void => {
      // Nobody waits any more, and whatever fails here is found again by listStaged.
      finish().catch(() => this.#forget(transaction));
    };
    if (replaced === undefined || !readers.isOpen(replaced, later)) await finish();
  }

  /** Undoes the half of a commit that failed between its two renames. */
  async #takeBack(folder: string, state: StagedState): Promise<void> {
    if (state.removesObject) return;
    const used = this.#usedDataDirs(state.objectFolder);
    if (used === undefined) return;
    for (const [name, source] of state.dataDirs) {
      const moved = `${state.objectFolder}/${checkName(name)}`;
      const displaced = `${folder}/displaced-${name}`;
      if (!isThere(moved) && isThere(displaced)) {
        renameSync(displaced, moved);
        continue;
      }
      if (used.has(name) || !isThere(moved) || isThere(source)) continue;
      if (source.startsWith(`${folder}/`)) await this.tools.removals.tree(moved);
      else renameSync(moved, source);
    }
    pruneFolders(state.objectFolder, this.tools.root.folderOf(state.volume));
  }

  async #dropFolder(transaction: string, folder: string, links: readonly string[] = []): Promise<void> {
    try {
      for (const name of links) unlinkIfThere(`${folder}/${name}`);
      rmdirSync(folder);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) await this.tools.removals.tree(folder);
    }
    this.#forget(transaction);
  }

  /** The data dirs an object uses now; undefined where that cannot be known, so nothing may be removed. */
  #usedDataDirs(objectFolder: string): Set<string> | undefined {
    try {
      return dataDirsOf(parseXlMeta(this.tools.root.read(`${objectFolder}/xl.meta`, WHOLE_FILE_BYTES)));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return new Set();
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  /** The object's xl.meta in scratch memory, undefined where there is none. */
  #readCurrent(volume: string, objectFolder: string, change: VersionChange, action: string): Uint8Array | undefined {
    const { root } = this.tools;
    try {
      return root.read(`${objectFolder}/xl.meta`, WHOLE_FILE_BYTES);
    } catch (error) {
      if (isErrno(error, 'ENOTDIR') && change.kind === 'put') {
        throw new StorageError('file-access-denied', `cannot ${action} on drive ${root.path}: a parent of it is a file`, { drive: root.path });
      }
      // The way of every new object, so without an error object for nobody.
      if (isErrno(error, 'ENOENT', 'ENOTDIR') && isThere(root.folderOf(volume))) return undefined;
      throw root.failureIn(volume, action, error);
    }
  }

  /** Data dirs that the commit moves into the object's folder: name -> where they are now. */
  #dataDirs(transaction: string, change: VersionChange): Map<string, string> {
    const { root, folders } = this.tools;
    const dataDirs = new Map<string, string>();
    for (const name of folders.dataDirs(transaction)) dataDirs.set(name, `${folders.path(transaction)}/${name}`);
    if (change.kind === 'put' && change.dataFrom !== undefined) dataDirs.set(dataDirOf(change), root.resolve(SYSTEM_VOLUME, change.dataFrom));
    return dataDirs;
  }

  #state(transaction: string): StagedState | undefined {
    const known = this.#states.get(transaction);
    if (known !== undefined || this.tools.folders.isLive(transaction)) return known;
    const found = readStagedState(this.tools.root, this.tools.folders.path(transaction));
    if (found !== undefined) this.#states.set(transaction, found);
    return found;
  }

  #forget(transaction: string): void {
    this.#states.delete(transaction);
    this.tools.folders.forget(transaction);
  }

  async #guarded(volume: string, action: string, calls: () => Promise<void>): Promise<void> {
    try {
      await calls();
    } catch (error) {
      const { root } = this.tools;
      const failure = root.failureIn(volume, action, error);
      if (!(failure instanceof StorageError) || failure.code !== 'file-not-found') throw failure;
      // Not the object is missing but what was staged for it: somebody emptied the work area.
      throw new StorageError('drive-faulty', `cannot ${action} on drive ${root.path}: its files in ${root.tmp} are gone`, { drive: root.path, cause: error });
    }
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function dataDirOf(change: VersionChange & { readonly kind: 'put' }): string {
  return checkName(entryDataDir(change.entry) ?? '');
}

/** Writes what a crash must find; `target` last, because it makes the transaction a staged one. Gives the open xl.meta. */
function writeStaged(folder: string, target: string, plan: ChangePlan, change: VersionChange): number {
  const file = createFile(`${folder}/xl.meta`, plan.bytes);
  try {
    if (change.kind === 'put' && change.dataFrom !== undefined) symlinkSync(linkTo(SYSTEM_VOLUME, change.dataFrom), `${folder}/${dataDirOf(change)}`);
    if (plan.replaced !== undefined) symlinkSync(plan.replaced, `${folder}/replaced`);
    symlinkSync(target, `${folder}/target`);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Moves data dirs and then xl.meta into the object's folder. Steps that an earlier try made are passed over. */
function putIn(state: StagedState, folder: string, volumeFolder: string): true {
  for (const [name, source] of state.dataDirs) {
    const target = `${state.objectFolder}/${name}`;
    try {
      renameInto(source, state.objectFolder, name, volumeFolder);
    } catch (error) {
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) {
        renameSync(target, `${folder}/displaced-${name}`);
        renameSync(source, target);
      } else if (!isErrno(error, 'ENOENT') || !isThere(target)) throw error;
    }
  }
  try {
    renameInto(`${folder}/xl.meta`, state.objectFolder, 'xl.meta', volumeFolder);
  } catch (error) {
    if (!state.isVisible || !isErrno(error, 'ENOENT')) throw error;
  }
  return true;
}

/** Takes an object's xl.meta away, into the transaction's folder; false where the object's folder is not there. */
function takeAway(state: StagedState, folder: string): boolean {
  try {
    renameSync(`${state.objectFolder}/xl.meta`, `${folder}/removed`);
    return true;
  } catch (error) {
    // Gone already: removed by an earlier try, or never there on this drive.
    if (!isErrno(error, 'ENOENT')) throw error;
    return isThere(state.objectFolder);
  }
}
