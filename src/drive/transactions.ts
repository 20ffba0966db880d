/**
 * Changes of objects on their way to being visible. A transaction T has these files in `.minio.sys/tmp`, and a crash leaves them:
 *
 *   T.<dataDir>            folder of part files, until the commit renames it into the object's; a link where the part files lie in
 *                          an upload's folder, to be renamed from there
 *   T.put.<object>         the object's next xl.meta, until the commit renames it, where nothing is left to do after that
 *   T.xl.meta              the same where something is; then the object is found by the link T.target
 *   T.replaced             link naming the data dir that nothing uses after the commit
 *   T.target               link to the object's folder, written last: with it the transaction is staged
 *   T.removal.<object>     another name of the xl.meta of an object that is to go away
 *   T.removal              link to the object's folder in its stead, where the name would be too long or the file system has no hard links
 *   T.removed              the xl.meta of an object that went; its presence says that the removal is committed
 *   T.displaced-<dataDir>  what stood in the object's folder under the data dir's name
 *
 * The one rename that makes a change visible also records that it did, so whatever a crash leaves is either staged or committed.
 */
import { closeSync, renameSync, rmdirSync, statSync, symlinkSync } from 'node:fs';

import { assert, StorageError } from '../base/index.js';
import { entryDataDir, LEGACY_DATA_DIR, parseXlMeta, SYSTEM_VOLUME } from '../format/index.js';
import type { DataReaders } from './data-readers.js';
import type { StageResult, VersionChange } from './drive.js';
import { isErrno } from './failures.js';
import { createFile, linkIfPossible, syncAndClose, unlinkIfThere } from './file-steps.js';
import { checkName } from './names.js';
import { linkTo, makeFolder, pruneFolders, renameInto } from './object-folder.js';
import { gatherLegacyParts, hasBesideParts, hasObjectMeta, moveLegacyParts, readObjectMeta, removeBesideParts, removeEmptyFolder, removeLegacyParts } from './old-objects.js';
import type { PartWriters } from './part-writers.js';
import type { Removals } from './removals.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import { DISPLACED, membersOf, namedMeta, namedRemoval, readStagedState, stagedBefore, type StagedState } from './staged-state.js';
import type { Syncs } from './syncs.js';
import { currentMeta, dataDirsOf, planChange, type ChangePlan } from './version-change.js';
import type { WorkArea } from './work-area.js';

/** What transactions work with, all of one drive's thread. */
interface TransactionTools {
  readonly root: DriveRoot;
  readonly syncs: Syncs;
  readonly removals: Removals;
  readonly readers: DataReaders;
  readonly area: WorkArea;
  readonly writers: PartWriters;
}

/** The members that make a transaction a staged one first, so that a crash leaves no half of one. */
const STAGED = ['target', 'removal', 'replaced', 'xl.meta'];

export class Transactions {
  readonly #states = new Map<string, StagedState>();
  /** What an earlier process staged and did not commit, by the object's folder; read when the first change is staged. */
  #before: Map<string, string[]> | undefined;

  constructor(private readonly tools: TransactionTools) {}

  async stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult> {
    const { root, area, writers } = this.tools;
    root.check();
    const objectFolder = root.resolve(volume, path);
    const action = `stage a change of ${volume}/${path}`;
    const current = currentMeta(this.#readCurrent(volume, objectFolder, change, action), change);
    const newestModTimeNs = current?.versions[0]?.header.modTimeNs;
    const plan = planChange(current, change);
    const result = { ...(newestModTimeNs !== undefined && { newestModTimeNs }), changed: plan !== undefined };
    await this.#guarded(SYSTEM_VOLUME, action, async () => {
      this.#unstage(transaction);
      await this.#dropEarlier(transaction, objectFolder);
      if (plan === undefined) return;
      const dataDirs = this.#dataDirs(transaction, change);
      const { removesObject, replaced } = plan;
      const link = linkTo(volume, path);
      // After the commit such a change needs no trace: nothing is left to do.
      const isFromUpload = change.kind === 'put' && change.dataFrom !== undefined;
      const named = removesObject || replaced !== undefined || isFromUpload ? undefined : namedMeta(link);
      const common = { volume, path, objectFolder, dataDirs, removesObject, replaced, displaced: new Set<string>(), isNew: current === undefined, isVisible: false, isDurable: false };
      if (removesObject) {
        const metaMember = area.create(transaction, () => this.#stageRemoval(transaction, link, objectFolder, replaced));
        this.#states.set(transaction, { ...common, metaMember, hasLink: false });
        return;
      }
      const file = area.create(transaction, () => (named === undefined ? this.#writeStaged(transaction, link, plan, change) : createFile(area.path(transaction, named), plan.bytes)));
      this.#states.set(transaction, { ...common, metaMember: named ?? 'xl.meta', hasLink: named === undefined });
      await Promise.all([syncAndClose(file, this.tools.syncs), writers.sync(transaction)]);
    });
    return result;
  }

  /**
   * Whatever others staged for the object before must not become visible any more: not after a crash either, which forgets the order in
   * which changes were staged. Seldom is there anything: its server died, or lost the object's lock. What an earlier process of this
   * drive left counts too: other servers make changes before that has been looked after.
   */
  async #dropEarlier(transaction: string, objectFolder: string): Promise<void> {
    this.#before ??= stagedBefore(this.tools.root, this.tools.area);
    for (const left of this.#before.get(objectFolder) ?? []) this.#state(left);
    this.#before.delete(objectFolder);
    const earlier = [...this.#states].filter(([other, state]) => other !== transaction && state.objectFolder === objectFolder && !state.isVisible);
    if (earlier.length === 0) return;
    for (const [other, state] of earlier) await this.#drop(other, state);
    await this.tools.syncs.folder(this.tools.root.tmp);
  }

  /** Makes room for another change in the same transaction. */
  #unstage(transaction: string): void {
    const state = this.#states.get(transaction);
    if (state === undefined) return;
    assert(!state.isVisible, 'a transaction is staged again only before its commit');
    this.#unlink(transaction, [...STAGED, state.metaMember, ...this.#linkedDataDirs(transaction, state)]);
    this.#states.delete(transaction);
  }

  /** True where nothing is left to settle. */
  async commit(transaction: string, leavesTrace: boolean): Promise<boolean> {
    const { root, syncs, area } = this.tools;
    root.check();
    const state = this.#state(transaction);
    if (state === undefined || state.isDurable) return false;
    await this.#guarded(state.volume, `commit a change of ${state.volume}/${state.path}`, async () => {
      if (leavesTrace) this.#leaveTrace(transaction, state);
      const isThereToSync = state.removesObject ? this.#takeAway(transaction, state) : this.#putIn(transaction, state);
      state.isVisible = true;
      if (isThereToSync) await syncs.renames(state.objectFolder);
      state.isDurable = true;
    }).catch((error: unknown) => {
      // From here on it is what a crash would have left: listStaged tells of it.
      area.forget(transaction);
      throw error;
    });
    const isSettled = !state.removesObject && !state.hasLink && state.displaced.size === 0;
    if (isSettled) this.#forget(transaction);
    return isSettled;
  }

  async settle(transaction: string): Promise<void> {
    await this.#guarded(SYSTEM_VOLUME, `settle transaction ${transaction}`, async () => {
      try {
        this.tools.root.check();
        const state = this.#state(transaction);
        if (state?.isVisible === true) await this.#settleVisible(transaction, state);
        else {
          if (state !== undefined) await this.#takeBack(transaction, state);
          await this.#drop(transaction, state);
        }
      } catch (error) {
        this.#forget(transaction);
        throw error;
      }
    });
  }

  /** Removes what a visible change replaced; where that is being read, at the end of the reading. */
  async #settleVisible(transaction: string, state: StagedState): Promise<void> {
    const { root, area, readers, removals } = this.tools;
    const replaced = state.replaced === undefined ? undefined : `${state.objectFolder}/${checkName(state.replaced)}`;
    const finish = async (): Promise<void> => {
      // Looked at again: an undo may have put a version back that uses it.
      if (replaced !== undefined && this.#usedDataDirs(state.objectFolder)?.has(state.replaced ?? '') === false) {
        if (state.replaced === LEGACY_DATA_DIR) removeLegacyParts(state.objectFolder);
        else await removals.tree(replaced);
      }
      if (state.removesObject) pruneFolders(state.objectFolder, root.folderOf(state.volume));
      for (const member of state.displaced) await removals.tree(area.path(transaction, member));
      // What tells of the transaction goes last.
      if (state.replaced !== undefined) this.#unlink(transaction, ['replaced']);
      if (state.removesObject) this.#unlink(transaction, [state.metaMember, 'removed']);
      else if (state.hasLink) this.#unlink(transaction, [...this.#linkedDataDirs(transaction, state), 'target']);
      this.#forget(transaction);
    };
    const later = (): void => {
      // Nobody waits any more, and whatever fails here is found again by listStaged.
      finish().catch(() => this.#forget(transaction));
    };
    if (replaced === undefined || !readers.isOpen(replaced, later)) await finish();
  }

  /** Undoes the half of a commit that failed between its two renames. */
  async #takeBack(transaction: string, state: StagedState): Promise<void> {
    if (state.removesObject) return;
    const { area, removals, root } = this.tools;
    const used = this.#usedDataDirs(state.objectFolder);
    if (used === undefined) return;
    for (const [name, source] of state.dataDirs) {
      const moved = `${state.objectFolder}/${checkName(name)}`;
      const displaced = area.path(transaction, `${DISPLACED}${name}`);
      if (!isThere(moved) && isThere(displaced)) {
        renameSync(displaced, moved);
        continue;
      }
      // What was to take the place of an old object's part files must not hide those.
      const isUsed = used.has(name) && !(name === LEGACY_DATA_DIR && hasBesideParts(state.objectFolder));
      if (isUsed || !isThere(moved) || isThere(source)) continue;
      if (source === area.path(transaction, name)) await removals.tree(moved);
      else renameSync(moved, source);
    }
    pruneFolders(state.objectFolder, root.folderOf(state.volume));
  }

  /** Removes all that a transaction which is not going to be has in the work area. */
  async #drop(transaction: string, state: StagedState | undefined): Promise<void> {
    const { area, writers, removals, root } = this.tools;
    writers.drop(transaction);
    this.#unlink(transaction, [...STAGED, ...(state === undefined ? [] : [state.metaMember, ...this.#linkedDataDirs(transaction, state)])]);
    const members = area.isLive(transaction) ? area.dataDirs(transaction) : membersOf(root, transaction);
    for (const member of members) await removals.tree(area.path(transaction, member));
    this.#forget(transaction);
  }

  /** Writes what a crash must find; `target` last, because it makes the transaction a staged one. Gives the open xl.meta. */
  #writeStaged(transaction: string, target: string, plan: ChangePlan, change: VersionChange): number {
    const link = (member: string, content: string): void => symlinkSync(content, this.tools.area.path(transaction, member));
    const file = createFile(this.tools.area.path(transaction, 'xl.meta'), plan.bytes);
    try {
      if (change.kind === 'put' && change.dataFrom !== undefined) link(dataDirOf(change), linkTo(SYSTEM_VOLUME, change.dataFrom));
      if (plan.replaced !== undefined) link('replaced', plan.replaced);
      link('target', target);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /**
   * Gives the member that tells of the removal. Nothing of it needs a sync: only the commit's rename must last, and without that whatever
   * is left of the staged change is dropped. A hard link makes no inode, of which a drive that deletes much has few at hand.
   */
  #stageRemoval(transaction: string, target: string, objectFolder: string, replaced: string | undefined): string {
    const { area } = this.tools;
    if (replaced !== undefined) symlinkSync(replaced, area.path(transaction, 'replaced'));
    const named = namedRemoval(target);
    if (named !== undefined && linkIfPossible(`${objectFolder}/xl.meta`, area.path(transaction, named))) return named;
    symlinkSync(target, area.path(transaction, 'removal'));
    return 'removal';
  }

  #leaveTrace(transaction: string, state: StagedState): void {
    if (state.hasLink || state.removesObject) return;
    this.tools.area.create(transaction, () => symlinkSync(linkTo(state.volume, state.path), this.tools.area.path(transaction, 'target')));
    state.hasLink = true;
  }

  /** Moves data dirs and then xl.meta into the object's folder. Steps that an earlier try made are passed over. */
  #putIn(transaction: string, state: StagedState): true {
    const { area, root } = this.tools;
    const volumeFolder = root.folderOf(state.volume);
    if (state.isNew) makeFolder(state.objectFolder, volumeFolder);
    for (const [name, source] of state.dataDirs) {
      const target = `${state.objectFolder}/${name}`;
      if (name === LEGACY_DATA_DIR) {
        makeFolder(state.objectFolder, volumeFolder);
        moveLegacyParts(source, target);
        removeEmptyFolder(source);
        continue;
      }
      try {
        renameInto(source, state.objectFolder, name, volumeFolder);
      } catch (error) {
        if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) {
          state.displaced.add(`${DISPLACED}${name}`);
          renameSync(target, area.path(transaction, `${DISPLACED}${name}`));
          renameSync(source, target);
        } else if (!isErrno(error, 'ENOENT') || !isThere(target)) throw error;
      }
    }
    try {
      renameInto(area.path(transaction, state.metaMember), state.objectFolder, 'xl.meta', volumeFolder);
    } catch (error) {
      if (!state.isVisible || !isErrno(error, 'ENOENT')) throw error;
    }
    if (root.holdsOldObjects) this.#takeOver(state);
    return true;
  }

  /** The object has an xl.meta now: what is left of its xl.json goes, and its part files to where the legacy version has them. */
  #takeOver({ objectFolder, dataDirs }: StagedState): void {
    if (dataDirs.has(LEGACY_DATA_DIR)) removeBesideParts(objectFolder);
    else if (this.#usedDataDirs(objectFolder)?.has(LEGACY_DATA_DIR) === true) gatherLegacyParts(objectFolder);
    unlinkIfThere(`${objectFolder}/xl.json`);
  }

  /** Takes an object's xl.meta away, into the work area; false where the object's folder is not there. */
  #takeAway(transaction: string, state: StagedState): boolean {
    const { root, area } = this.tools;
    const hasMeta = isThere(`${state.objectFolder}/xl.meta`);
    const isOld = root.holdsOldObjects && isThere(`${state.objectFolder}/xl.json`);
    try {
      // One that an xl.meta has taken over must not come to light by the removal.
      if (hasMeta && isOld) unlinkIfThere(`${state.objectFolder}/xl.json`);
      renameSync(`${state.objectFolder}/${isOld && !hasMeta ? 'xl.json' : 'xl.meta'}`, area.path(transaction, 'removed'));
      return true;
    } catch (error) {
      // Gone already: removed by an earlier try, or never there on this drive.
      if (!isErrno(error, 'ENOENT')) throw error;
      return isThere(state.objectFolder);
    }
  }

  #unlink(transaction: string, members: readonly string[]): void {
    for (const member of members) unlinkIfThere(this.tools.area.path(transaction, member));
  }

  /** Data dirs that are links in the work area, not folders. */
  #linkedDataDirs(transaction: string, state: StagedState): string[] {
    return [...state.dataDirs].flatMap(([name, source]) => (source === this.tools.area.path(transaction, name) ? [] : [name]));
  }

  /** The data dirs an object uses now; undefined where that cannot be known, so nothing may be removed. */
  #usedDataDirs(objectFolder: string): Set<string> | undefined {
    try {
      return dataDirsOf(parseXlMeta(readObjectMeta(this.tools.root, objectFolder, WHOLE_FILE_BYTES)));
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
      // The way of every new object, so without an error object for nobody.
      if (!hasObjectMeta(root, objectFolder) && isThere(root.folderOf(volume))) return undefined;
      return readObjectMeta(root, objectFolder, WHOLE_FILE_BYTES);
    } catch (error) {
      if (isErrno(error, 'EISDIR')) return this.#removeEmptyFolder(`${objectFolder}/xl.meta`, action);
      if (isErrno(error, 'ENOTDIR') && change.kind === 'put') {
        throw new StorageError('file-access-denied', `cannot ${action} on drive ${root.path}: a parent of it is a file`, { drive: root.path });
      }
      if (isErrno(error, 'ENOTDIR') && isThere(root.folderOf(volume))) return undefined;
      throw root.failureIn(volume, action, error);
    }
  }

  /** A folder where xl.meta should be: nobody misses it where it is empty; what it holds may be objects. */
  #removeEmptyFolder(folder: string, action: string): undefined {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      const { path } = this.tools.root;
      throw new StorageError('file-access-denied', `cannot ${action} on drive ${path}: ${folder} is a folder and not empty; move away what it holds`, { drive: path, cause: error });
    }
  }

  /** Data dirs that the commit moves into the object's folder: name -> where they are now. */
  #dataDirs(transaction: string, change: VersionChange): Map<string, string> {
    const { root, area } = this.tools;
    const dataDirs = new Map<string, string>();
    for (const name of area.dataDirs(transaction)) dataDirs.set(name, area.path(transaction, name));
    if (change.kind === 'put' && change.dataFrom !== undefined) dataDirs.set(dataDirOf(change), root.resolve(SYSTEM_VOLUME, change.dataFrom));
    return dataDirs;
  }

  #state(transaction: string): StagedState | undefined {
    const known = this.#states.get(transaction);
    const { root, area } = this.tools;
    if (known !== undefined || area.isLive(transaction)) return known;
    const found = readStagedState(root, area, transaction, new Set(membersOf(root, transaction)));
    if (found !== undefined) this.#states.set(transaction, found);
    return found;
  }

  #forget(transaction: string): void {
    this.#states.delete(transaction);
    this.tools.area.forget(transaction);
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
