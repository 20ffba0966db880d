/** Walks under way in the drive's thread, batch by batch, each made only when it is asked for. */
import { assert } from '../base/index.js';
import type { WalkOptions } from './drive.js';
import { guarded } from './failures.js';
import { FolderNames } from './folder-names.js';
import type { WalkBatch } from './messages.js';
import type { DriveRoot } from './root.js';
import { Walk } from './walk.js';

/** A batch ends at the first of these: most pages of a listing fit in one, and other calls wait a few milliseconds at most. */
const BATCH_ENTRIES_MAX = 1024;
const BATCH_BYTES_MAX = 512 * 1024;
const BATCH_MS = 5;
/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 16;

export class Walks {
  readonly #walks = new Map<number, Walk>();
  readonly #folders = new FolderNames();
  #metas = new Uint8Array(BATCH_BYTES_MAX);

  constructor(private readonly root: DriveRoot) {}

  open(id: number, volume: string, options: Omit<WalkOptions, 'signal'>): void {
    this.#walks.set(id, guarded(`walk ${volume}`, this.root.path, () => new Walk(this.root, this.#folders, volume, options)));
  }

  next(id: number): WalkBatch {
    const walk = this.#walks.get(id);
    assert(walk !== undefined, 'a walk is asked for batches between its open and its close');
    this.root.check();
    return guarded('walk', this.root.path, () => this.#batch(id, walk));
  }

  close(id: number): void {
    this.#walks.delete(id);
  }

  #batch(id: number, walk: Walk): WalkBatch {
    const keys: string[] = [];
    const sizes: number[] = [];
    let used = 0;
    let isLast = false;
    const endMs = performance.now() + BATCH_MS;
    for (let steps = 1; keys.length < BATCH_ENTRIES_MAX && used < BATCH_BYTES_MAX; steps++) {
      if (steps % STEPS_PER_LOOK === 0 && performance.now() > endMs) break;
      const step = walk.step();
      if (step === undefined) {
        isLast = true;
        break;
      }
      if (step === 'nothing') continue;
      keys.push(step.key);
      sizes.push(step.meta?.length ?? -1);
      if (step.meta !== undefined) {
        this.#reserve(used, step.meta.length);
        this.#metas.set(step.meta, used);
        used += step.meta.length;
      }
    }
    if (isLast) this.#walks.delete(id);
    return { keys: keys.join('\0'), sizes: Int32Array.from(sizes), metas: this.#metas.slice(0, used), isLast };
  }

  #reserve(used: number, size: number): void {
    if (used + size <= this.#metas.length) return;
    const larger = new Uint8Array(2 * (used + size));
    larger.set(this.#metas.subarray(0, used));
    this.#metas = larger;
  }
}
