/**
 * Open data dirs in the drive's thread. Each part file stays open, so that it can be read to its end even when an
 * overwrite replaces it; whoever removes a data dir asks here first.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

import { assert, StorageError } from '../base/index.js';
import { driveFailure, isErrno } from './failures.js';
import { checkName } from './names.js';
import { partFileOf } from './old-objects.js';
import type { DriveRoot } from './root.js';

/** Descriptors one reader keeps: a GET reads part after part, rarely more than two at once. */
const OPEN_FILES_MAX = 4;

interface Reader {
  /** Why it could not be opened. */
  readonly failure?: Error;
  readonly volume: string;
  readonly folder: string;
  readonly files: Map<number, number>;
}

export class DataReaders {
  readonly #readers = new Map<number, Reader>();
  readonly #openFolders = new Map<string, number>();
  readonly #atClose = new Map<string, (() => void)[]>();

  constructor(private readonly root: DriveRoot) {}

  open(id: number, volume: string, path: string, dataDir: string): void {
    let folder: string;
    try {
      folder = `${this.root.resolve(volume, path)}/${checkName(dataDir)}`;
    } catch (error) {
      const failure = driveFailure(error, `open ${volume}/${path}`, this.root.path);
      // Nobody waits for the opening: the first read says it.
      this.#readers.set(id, { failure, volume, folder: '', files: new Map() });
      return;
    }
    this.#readers.set(id, { volume, folder, files: new Map() });
    this.#openFolders.set(folder, (this.#openFolders.get(folder) ?? 0) + 1);
  }

  /** Fills `target` (shared memory), or gives that many bytes as a view of scratch memory. */
  read(id: number, partNumber: number, offset: number, target: Uint8Array | number): Uint8Array | undefined {
    const reader = this.#readers.get(id);
    assert(reader !== undefined, 'a data dir is read between its open and its close');
    if (reader.failure !== undefined) throw reader.failure;
    this.root.check();
    const wanted = typeof target === 'number' ? this.root.scratch(target) : target;
    const action = `read ${reader.folder}/part.${partNumber}`;
    const count = this.root.inVolume(reader.volume, action, () => {
      const fd = reader.files.get(partNumber) ?? openPart(reader, partNumber);
      return readFully(fd, wanted, offset);
    });
    if (count < wanted.length) {
      const message = `part.${partNumber} in ${reader.folder} ends at byte ${offset + count}, expected at least ${offset + wanted.length}`;
      throw new StorageError('frame-corrupt', message, { drive: this.root.path });
    }
    return typeof target === 'number' ? wanted : undefined;
  }

  close(id: number): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    this.#readers.delete(id);
    for (const fd of reader.files.values()) closeSync(fd);
    const others = (this.#openFolders.get(reader.folder) ?? 1) - 1;
    if (others > 0) {
      this.#openFolders.set(reader.folder, others);
      return;
    }
    this.#openFolders.delete(reader.folder);
    const waiting = this.#atClose.get(reader.folder) ?? [];
    this.#atClose.delete(reader.folder);
    for (const act of waiting) act();
  }

  closeAll(): void {
    for (const id of [...this.#readers.keys()]) this.close(id);
  }

  /** Where a data dir is open: has `act` called after its last close, and says true. */
  isOpen(folder: string, act: () => void): boolean {
    if (!this.#openFolders.has(folder)) return false;
    this.#atClose.set(folder, [...(this.#atClose.get(folder) ?? []), act]);
    return true;
  }

  /** Size of each part file, -1 where it is missing. */
  statParts(volume: string, path: string, dataDir: string, partNumbers: readonly number[]): number[] {
    this.root.check();
    const folder = `${this.root.resolve(volume, path)}/${checkName(dataDir)}`;
    const sizes = this.root.inVolume(volume, `look at the part files in ${folder}`, () => partNumbers.map((number) => partSize(partFileOf(folder, number))));
    if (sizes.length > 0 && sizes.every((size) => size === -1)) {
      const missing = this.root.missing(volume, folder);
      if (missing.code !== 'file-not-found') throw missing;
    }
    return sizes;
  }
}

function openPart(reader: Reader, partNumber: number): number {
  const [oldest] = reader.files;
  if (oldest !== undefined && reader.files.size >= OPEN_FILES_MAX) {
    reader.files.delete(oldest[0]);
    closeSync(oldest[1]);
  }
  const fd = openSync(partFileOf(reader.folder, partNumber), 'r');
  reader.files.set(partNumber, fd);
  return fd;
}

function readFully(fd: number, target: Uint8Array, offset: number): number {
  let length = 0;
  while (length < target.length) {
    const count = readSync(fd, target, length, target.length - length, offset + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

function partSize(file: string): number {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : -1;
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return -1;
    throw error;
  }
}
