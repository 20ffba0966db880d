/**
 * The only asynchronous file calls: those that wait for the device. They run beside each other so that the file system can
 * commit many at once, and within a bound so that a drive that hangs does not take all of libuv's pool.
 */
import { closeSync, fdatasync, fsync, openSync, write } from 'node:fs';

import { isErrno } from './failures.js';
import { keepsOrder } from './journal.js';
import type { DriveRoot } from './root.js';

/** More than libuv's pool has by default; a process that gives it more threads shall not be held back here. */
const RUNNING_MAX = 16;

type Start = (done: (error: Error | null) => void) => void;

export class Syncs {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Folders with an fsync under way: the last one that runs, and the one after it that has not begun. */
  readonly #folders = new Map<string, { last: Promise<void>; next: Promise<void> | undefined }>();
  #isOrdered: boolean | undefined;

  constructor(private readonly root: DriveRoot) {}

  /** Contents of an open file. */
  data(fd: number): Promise<void> {
    return this.#run((done) => fdatasync(fd, done));
  }

  /**
   * Makes renames between the work area and another folder last. Where a journal keeps the order of changes, an fsync of the
   * work area does, and all who ask for one share it.
   */
  renames(folder: string): Promise<void> {
    this.#isOrdered ??= keepsOrder(this.root.path);
    return this.folder(this.#isOrdered ? this.root.tmp : folder);
  }

  /** Writes all of `bytes` at a position of a file opened for direct I/O, which waits for the device. */
  async direct(fd: number, bytes: Uint8Array, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      await this.#run((done) =>
        write(fd, bytes, written, bytes.length - written, position + written, (error, count) => {
          written += error === null ? count : 0;
          done(error);
        }),
      );
    }
  }

  /**
   * The entries of a folder: what was created, renamed or removed in it. While one fsync of a folder runs, all who ask
   * share the next: objects made beside each other cost two of their parent's, not one each.
   */
  folder(path: string): Promise<void> {
    const known = this.#folders.get(path);
    if (known?.next !== undefined) return known.next;
    const start = (): Promise<void> => this.#run((done) => syncFolder(path, done));
    if (known === undefined) {
      const folder = { last: start(), next: undefined };
      this.#folders.set(path, folder);
      this.#watch(path, folder.last);
      return folder.last;
    }
    known.next = known.last.then(start, start);
    return known.next;
  }

  /** When a folder's fsync has ended, the one after it is the last; without one the folder is forgotten. */
  #watch(path: string, sync: Promise<void>): void {
    const ended = (): void => {
      const folder = this.#folders.get(path);
      if (folder?.next === undefined) this.#folders.delete(path);
      else {
        folder.last = folder.next;
        folder.next = undefined;
        this.#watch(path, folder.last);
      }
    };
    sync.then(ended, ended);
  }

  #run(start: Start): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#running++;
        const done = (error: Error | null): void => {
          this.#running--;
          this.#waiting.shift()?.();
          if (error === null) resolve();
          else reject(error);
        };
        try {
          start(done);
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.#running < RUNNING_MAX) begin();
      else this.#waiting.push(begin);
    });
  }
}

function syncFolder(path: string, done: (error: Error | null) => void): void {
  const fd = openSync(path, 'r');
  fsync(fd, (error) => {
    closeSync(fd);
    // Some network and FUSE file systems refuse to sync folders: they have no call that would make a rename durable.
    done(error !== null && isErrno(error, 'EINVAL', 'ENOTSUP') ? null : error);
  });
}
