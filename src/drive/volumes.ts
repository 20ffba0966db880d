/** Volumes, and plain files in them, in the drive's thread. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmdirSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { compareKeys, StorageError } from '../base/index.js';
import { LEGACY_DATA_DIR, SYSTEM_VOLUME } from '../format/index.js';
import type { DriveInfo, VolumeInfo } from './drive.js';
import { guarded, isErrno } from './failures.js';
import { createDurable, createFile, syncAndClose, unlinkIfThere } from './file-steps.js';
import { checkName } from './names.js';
import { makeFolder, pruneFolders, renameInto } from './object-folder.js';
import { gatherLegacyParts, moveLegacyParts, removeEmptyFolder } from './old-objects.js';
import type { PartWriters } from './part-writers.js';
import type { Removals } from './removals.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import type { Syncs } from './syncs.js';
import type { WorkArea } from './work-area.js';

/** An S3 bucket name has at least three characters; what is shorter (or has other ones, as `lost+found`) is none. */
const BUCKET_LIKE = /^[a-z0-9][a-z0-9._-]{2,}$/i;

export class Volumes {
  constructor(
    private readonly root: DriveRoot,
    private readonly syncs: Syncs,
    private readonly removals: Removals,
    private readonly area: WorkArea,
    private readonly writers: PartWriters,
  ) {}

  info(): DriveInfo {
    const { root } = this;
    root.check();
    return guarded('measure the file system', root.path, () => {
      const fs = statfsSync(root.path);
      const deviceId = statSync(root.path).dev;
      return {
        totalBytes: fs.blocks * fs.bsize,
        freeBytes: fs.bavail * fs.bsize,
        usedBytes: (fs.blocks - fs.bfree) * fs.bsize,
        totalInodes: fs.files,
        freeInodes: fs.ffree,
        deviceId,
        isRootDevice: deviceId === statSync('/').dev,
      };
    });
  }

  async make(volume: string): Promise<void> {
    const { root } = this;
    root.check(true);
    try {
      mkdirSync(root.folderOf(volume));
      await this.syncs.folder(root.path);
    } catch (error) {
      if (isErrno(error, 'EEXIST')) throw new StorageError('volume-exists', `volume ${volume} exists on drive ${root.path}`, { drive: root.path });
      throw root.failureIn(volume, `make volume ${volume}`, error);
    }
  }

  stat(volume: string): VolumeInfo {
    const { root } = this;
    root.check();
    return root.inVolume(volume, `look at volume ${volume}`, () => {
      const stat = statSync(root.folderOf(volume), { throwIfNoEntry: false });
      if (stat?.isDirectory() !== true) throw root.missing(volume, `volume ${volume}`);
      return { name: volume, createdMs: Math.trunc(stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.ctimeMs) };
    });
  }

  list(): VolumeInfo[] {
    const { root } = this;
    root.check();
    const found = root.inVolume(SYSTEM_VOLUME, 'list volumes', () => readdirSync(root.path, { withFileTypes: true }));
    const names = found.filter((entry) => entry.isDirectory() && entry.name !== SYSTEM_VOLUME && BUCKET_LIKE.test(entry.name)).map((entry) => entry.name);
    return names.sort().map((name) => this.stat(name));
  }

  async delete(volume: string, force: boolean): Promise<void> {
    const { root } = this;
    root.check(true);
    const folder = root.folderOf(volume);
    try {
      if (force) {
        // What cannot be removed now stays for the next start.
        this.#moveToTrash(folder).catch(() => undefined);
      } else if (holdsFile(folder)) {
        throw new StorageError('volume-not-empty', `volume ${volume} on drive ${root.path} is not empty`, { drive: root.path });
      } else removeEmptyFolders(folder);
      await this.syncs.folder(root.path);
    } catch (error) {
      if (error instanceof StorageError) throw error;
      throw root.failureIn(volume, `delete volume ${volume}`, error);
    }
  }

  readFile(volume: string, path: string): Uint8Array {
    const { root } = this;
    root.check();
    const file = root.resolve(volume, path);
    return root.inVolume(volume, `read ${volume}/${path}`, () => root.read(file, WHOLE_FILE_BYTES));
  }

  async writeFile(volume: string, path: string, bytes: Uint8Array): Promise<void> {
    const { root, area, syncs } = this;
    root.check(true);
    const file = root.resolve(volume, path);
    const temporary = randomUUID();
    const from = area.path(temporary, 'file');
    try {
      await syncAndClose(area.create(temporary, () => createFile(from, bytes)), syncs);
      renameInto(from, dirname(file), basename(file), root.folderOf(volume));
      await syncs.renames(dirname(file));
    } catch (error) {
      unlinkIfThere(from);
      if (isErrno(error, 'ENOTDIR', 'EISDIR')) {
        throw new StorageError('file-access-denied', `cannot write ${volume}/${path} on drive ${root.path}: a folder or file is in its place`, { drive: root.path });
      }
      throw root.failureIn(volume, `write ${volume}/${path}`, error);
    } finally {
      area.forget(temporary);
    }
  }

  listDir(volume: string, path: string): string[] {
    const { root } = this;
    root.check();
    const folder = path === '' ? root.folderOf(volume) : root.resolve(volume, path);
    const found = root.inVolume(volume, `list ${volume}/${path}`, () => readdirSync(folder, { withFileTypes: true }));
    const names = found.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    return names.sort(compareKeys);
  }

  async remove(volume: string, path: string): Promise<void> {
    const { root } = this;
    root.check();
    const target = root.resolve(volume, path);
    const volumeFolder = root.folderOf(volume);
    try {
      try {
        unlinkSync(target);
      } catch (error) {
        if (!isErrno(error, 'EISDIR', 'EPERM')) throw error;
        await this.#moveToTrash(target);
      }
      pruneFolders(dirname(target), volumeFolder);
    } catch (error) {
      throw root.failureIn(volume, `remove ${volume}/${path}`, error);
    }
  }

  async moveData(volume: string, path: string, dataDir: string, to: string): Promise<void> {
    const { root, syncs } = this;
    root.check();
    const folder = root.resolve(volume, path);
    const target = root.resolve(SYSTEM_VOLUME, to);
    try {
      const from = `${folder}/${checkName(dataDir)}`;
      if (dataDir === LEGACY_DATA_DIR) gatherLegacyParts(folder);
      // Looked at first: a rename of what is not there would make the target's parents for nothing.
      statSync(from);
      if (dataDir === LEGACY_DATA_DIR) {
        makeFolder(target, root.folderOf(SYSTEM_VOLUME));
        moveLegacyParts(from, target);
        removeEmptyFolder(from);
      } else renameInto(from, dirname(target), basename(target), root.folderOf(SYSTEM_VOLUME));
      await syncs.folder(dirname(target));
      await syncs.folder(folder);
    } catch (error) {
      throw root.failureIn(volume, `move ${volume}/${path}/${dataDir}`, error);
    }
  }

  async #writePartMeta(file: string, partMeta: Uint8Array): Promise<void> {
    try {
      await createDurable(file, partMeta, this.syncs);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      throw new StorageError('drive-faulty', `cannot write ${file}: the transaction's files are gone`, { drive: this.root.path });
    }
  }

  /** Takes a folder out of sight in one step, then removes it bit by bit; a crash in between leaves it to listStaged. */
  #moveToTrash(folder: string): Promise<void> {
    const trash = randomUUID();
    const into = this.area.path(trash, 'trash');
    this.area.create(trash, () => renameSync(folder, into));
    this.area.forget(trash);
    return this.removals.tree(into);
  }

  /** Moves a part file of a transaction into an upload's folder, then its `part.N.meta`; the meta's presence makes the part one. */
  async commitPart(transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: Uint8Array): Promise<void> {
    const { root, area, syncs, writers } = this;
    root.check();
    const upload = root.resolve(SYSTEM_VOLUME, uploadPath);
    const from = area.path(transaction, dataDir);
    const folder = `${upload}/${dataDir}`;
    const name = `part.${partNumber}`;
    try {
      await Promise.all([this.#writePartMeta(`${from}/${name}.meta`, partMeta), writers.sync(transaction)]);
      makeFolder(folder, upload);
      // The meta of an earlier upload of this part must never stand beside the new data.
      unlinkIfThere(`${folder}/${name}.meta`);
      renameSync(`${from}/${name}`, `${folder}/${name}`);
      renameSync(`${from}/${name}.meta`, `${folder}/${name}.meta`);
      await syncs.folder(folder);
      await this.removals.tree(from);
      area.forget(transaction);
    } catch (error) {
      throw root.failureIn(SYSTEM_VOLUME, `keep part ${partNumber} of ${uploadPath}`, error);
    }
  }
}

function holdsFile(folder: string): boolean {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.some((entry) => !entry.isDirectory()) || entries.some((entry) => holdsFile(`${folder}/${entry.name}`));
}

function removeEmptyFolders(folder: string): void {
  for (const name of readdirSync(folder)) removeEmptyFolders(`${folder}/${name}`);
  rmdirSync(folder);
}

