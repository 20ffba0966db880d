/**
 * The drive's root folder inside its thread: names become paths here, and here the drive's identity is watched, so that
 * nothing is ever written to the empty mount point of a drive that went away.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

import { StorageError } from '../base/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import type { DriveState } from './drive.js';
import { driveFailure, isErrno } from './failures.js';
import { checkName, checkPath } from './names.js';

const IDENTITY_AGE_MAX_MS = 1000;
/** First piece of a file that is wanted whole: most small files end within it, and asking for more than there is costs nothing. */
export const WHOLE_FILE_BYTES = 64 * 1024;

interface Identity {
  readonly state: DriveState;
  readonly error?: StorageError;
}

export class DriveRoot {
  readonly path: string;
  /** Work area of MinIO and of our transactions. */
  readonly tmp: string;
  /** Bytes read last; valid until the next read. */
  #scratch = Buffer.allocUnsafeSlow(256 * 1024);
  #id: string | undefined;
  /** Objects in xl.json may lie on it: looked for where nothing else is found. Nobody knows it of a drive without an identity. */
  holdsOldObjects = true;
  #identity: Identity = { state: 'online' };
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #formatStamp = '';

  constructor(path: string) {
    this.path = path;
    this.tmp = `${path}/${SYSTEM_VOLUME}/tmp`;
  }

  get state(): DriveState {
    return this.#identity.state;
  }

  /** Every later check insists on this id in format.json. */
  attach(id: string): void {
    this.#id = id;
    this.#formatStamp = '';
    this.#checkedAtMs = Number.NEGATIVE_INFINITY;
  }

  folderOf(volume: string): string {
    return `${this.path}/${checkName(volume)}`;
  }

  resolve(volume: string, path: string): string {
    return `${this.path}/${checkName(volume)}/${checkPath(path)}`;
  }

  /**
   * Throws unless the drive is the attached one. Looks at most once a second, unless `now` (before the rare calls that
   * would create something directly in the root, where an unmounted drive's empty mount point could not be told apart).
   */
  check(now = false): void {
    const clock = performance.now();
    if (now || clock - this.#checkedAtMs >= IDENTITY_AGE_MAX_MS) {
      this.#checkedAtMs = clock;
      this.#identity = this.#id === undefined ? this.#lookAtRoot() : this.#lookAtFormat(this.#id);
    }
    if (this.#identity.error !== undefined) throw this.#identity.error;
  }

  /** The error for something that is not there: the file, its volume, or the whole drive. */
  missing(volume: string, what: string): StorageError {
    try {
      this.check();
      if (statSync(this.folderOf(volume), { throwIfNoEntry: false })?.isDirectory() === true) {
        return new StorageError('file-not-found', `${what} does not exist on drive ${this.path}`, { drive: this.path });
      }
      this.check(true);
      return new StorageError('volume-not-found', `volume ${volume} does not exist on drive ${this.path}`, { drive: this.path });
    } catch (error) {
      const failure = driveFailure(error, `look at ${volume}`, this.path);
      if (failure instanceof StorageError) return failure;
      throw failure;
    }
  }

  /** Runs file calls below a volume; ENOENT and ENOTDIR become the right one of the three "not found". */
  inVolume<T>(volume: string, action: string, calls: () => T): T {
    try {
      return calls();
    } catch (error) {
      throw this.failureIn(volume, action, error);
    }
  }

  /** The failure of a call below a volume. */
  failureIn(volume: string, action: string, error: unknown): Error {
    return isErrno(error, 'ENOENT', 'ENOTDIR') ? this.missing(volume, `what "${action}" needs`) : driveFailure(error, action, this.path);
  }

  /**
   * Reads a whole file, without asking for its size first. `lengthWanted` may stop it early: given the bytes so far, it
   * says how many are wanted in all. The result is a view of scratch memory, valid until the next read.
   */
  read(file: string, firstBytes: number, lengthWanted?: (bytes: Uint8Array) => number): Uint8Array {
    const fd = openSync(file, 'r');
    try {
      let wanted = firstBytes;
      let length = 0;
      for (;;) {
        if (wanted > this.#scratch.length) this.#growScratch(wanted, length);
        const count = readSync(fd, this.#scratch, length, wanted - length, null);
        const isEnd = count < wanted - length;
        length += count;
        if (isEnd) break;
        const more = lengthWanted?.(this.#scratch.subarray(0, length)) ?? Infinity;
        if (more <= length) break;
        // Step by step: a damaged length may ask for gigabytes that are not there.
        wanted = Math.min(more, wanted * 4);
      }
      return this.#scratch.subarray(0, length);
    } finally {
      closeSync(fd);
    }
  }

  /** Scratch memory of at least this size, for a read of known length. */
  scratch(size: number): Uint8Array {
    if (size > this.#scratch.length) this.#growScratch(size, 0);
    return this.#scratch.subarray(0, size);
  }

  #growScratch(size: number, keep: number): void {
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(this.#scratch.subarray(0, keep));
    this.#scratch = larger;
  }

  #lookAtRoot(): Identity {
    try {
      if (statSync(this.path, { throwIfNoEntry: false })?.isDirectory() === true) return { state: 'online' };
      return this.#gone();
    } catch (error) {
      return this.#unreadable(error, 'look at the root folder');
    }
  }

  #lookAtFormat(id: string): Identity {
    const file = `${this.path}/${SYSTEM_VOLUME}/format.json`;
    try {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
      if (stat === undefined) {
        if (statSync(this.path, { throwIfNoEntry: false }) === undefined) return this.#gone();
        const message = `drive ${this.path} has no ${SYSTEM_VOLUME}/format.json: is it mounted? A new drive must be formatted first`;
        return { state: 'unformatted', error: new StorageError('drive-unformatted', message, { drive: this.path }) };
      }
      const stamp = `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.size}`;
      if (stamp === this.#formatStamp && this.#identity.state === 'online') return this.#identity;
      const found = identityIn(readFileSync(file, 'utf8'));
      if (found === undefined || (found.driveId !== id && !found.isBlankFor(id))) {
        const message = `drive ${this.path} ${found === undefined ? 'has a damaged format.json' : `is drive ${found.driveId}`}, expected drive ${id}: check what is mounted there`;
        return { state: 'foreign', error: new StorageError('drive-foreign', message, { drive: this.path }) };
      }
      this.holdsOldObjects = found.isOld;
      this.#formatStamp = stamp;
      return { state: 'online' };
    } catch (error) {
      if (isErrno(error, 'ENOTDIR')) return this.#gone();
      return this.#unreadable(error, `read ${SYSTEM_VOLUME}/format.json`);
    }
  }

  #gone(): Identity {
    const message = `drive ${this.path} is gone: its root folder does not exist; mount it again`;
    return { state: 'offline', error: new StorageError('drive-not-found', message, { drive: this.path }) };
  }

  #unreadable(error: unknown, action: string): Identity {
    const failure = driveFailure(error, action, this.path);
    if (!(failure instanceof StorageError)) throw failure;
    return { state: 'faulty', error: new StorageError('drive-faulty', failure.message, { drive: this.path }) };
  }
}

interface FoundIdentity {
  readonly driveId: string;
  /** The table of drives has the id, and the drive's own was blanked by a release of 2025: its slot is known from what it holds. */
  isBlankFor(id: string): boolean;
  /** Its sets were made before 2021: objects in xl.json may lie in them. */
  readonly isOld: boolean;
}

/** What the text of a format.json of any erasure format says; undefined where it names no drive. */
function identityIn(text: string): FoundIdentity | undefined {
  try {
    const { xl } = JSON.parse(text) as { readonly xl?: { readonly this?: unknown; readonly disk?: unknown; readonly drive?: unknown; readonly sets?: unknown; readonly distributionAlgo?: unknown } };
    const driveId = xl?.this ?? xl?.disk ?? xl?.drive;
    if (typeof driveId !== 'string') return undefined;
    const isOld = xl?.distributionAlgo === 'CRCMOD' || xl?.this === undefined;
    return { driveId, isBlankFor: (id) => driveId === '' && JSON.stringify(xl?.sets ?? []).includes(id), isOld };
  } catch {
    return undefined;
  }
}
