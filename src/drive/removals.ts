/**
 * Removal of what nobody can see any more: straight to unlink, in slices between other calls so that a big tree does not
 * hold up the drive.
 */
import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';

import { isErrno } from './failures.js';

/** A slice ends after this; other calls wait no longer for it. */
const SLICE_MS = 2;

interface Job {
  readonly path: string;
  /** Folders to remove, deepest last; their contents come first. */
  readonly folders: string[];
  readonly files: string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Removals {
  readonly #jobs: Job[] = [];
  #isScheduled = false;

  /** Removes a file or a whole folder. What is already gone is fine. Small ones are gone when this returns. */
  tree(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ path, folders: [], files: [path], resolve, reject });
      if (!this.#isScheduled) this.#slice();
    });
  }

  #slice(): void {
    this.#isScheduled = false;
    const endMs = performance.now() + SLICE_MS;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        while (removeNext(job)) {
          if (performance.now() < endMs) continue;
          this.#isScheduled = true;
          setImmediate(() => this.#slice());
          return;
        }
        job.resolve();
      } catch (error) {
        job.reject(error);
      }
      this.#jobs.shift();
    }
  }
}

/** Removes one thing of a job; false when nothing is left. */
function removeNext(job: Job): boolean {
  const file = job.files.pop();
  if (file !== undefined) {
    try {
      unlinkSync(file);
    } catch (error) {
      if (isErrno(error, 'EISDIR', 'EPERM')) openFolder(job, file);
      else if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    return true;
  }
  const folder = job.folders.pop();
  if (folder === undefined) return false;
  try {
    rmdirSync(folder);
  } catch (error) {
    // Something was put in meanwhile: leave it to whoever did.
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return true;
}

function openFolder(job: Job, folder: string): void {
  try {
    const names = readdirSync(folder);
    job.folders.push(folder);
    for (const name of names) job.files.push(`${folder}/${name}`);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
