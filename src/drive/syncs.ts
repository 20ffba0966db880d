/**
 * The only asynchronous file calls: fdatasync and fsync. They run beside each other so that the file system can commit
 * many at once, and within a bound so that a drive that hangs does not take all of libuv's pool.
 */
import { closeSync, fdatasync, fsync, openSync } from 'node:fs';

import { isErrno } from './failures.js';

/** More than libuv's pool has by default, because the other drives of a set often share the file system and its commit. */
const RUNNING_MAX = 16;

type Start = (done: (error: Error | null) => void) => void;

export class Syncs {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Folders whose fsync has not begun: whoever asks now is served by it too. */
  readonly #foldersWaiting = new Map<string, Promise<void>>();

  /** Contents of an open file. */
  data(fd: number): Promise<void> {
    return this.#run((done) => fdatasync(fd, done));
  }

  /** The entries of a folder: what was created, renamed or removed in it. */
  folder(path: string): Promise<void> {
    const waiting = this.#foldersWaiting.get(path);
    if (waiting !== undefined) return waiting;
    let hasBegun = false;
    const sync = this.#run((done) => {
      hasBegun = true;
      this.#foldersWaiting.delete(path);
      syncFolder(path, done);
    });
    if (!hasBegun) this.#foldersWaiting.set(path, sync);
    return sync;
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
