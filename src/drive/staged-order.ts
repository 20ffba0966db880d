/**
 * The order of changes that different servers stage on one drive. A server that is slow, or that stood still and goes on
 * without knowing that it lost its lock, must not commit what it computed from an older state: the last change staged for
 * an object is the only one that may still become visible.
 */
import { StorageError } from '../base/index.js';

interface Staged {
  readonly object: string;
  touchedMs: number;
}

export class StagedOrder {
  /** Transaction -> what it changes, from stage to settle. */
  readonly #staged = new Map<string, Staged>();
  /** Object -> the transaction staged last. */
  readonly #last = new Map<string, string>();

  constructor(private readonly endpoint: string) {}

  stage(transaction: string, volume: string, path: string): void {
    const object = `${volume}/${path}`;
    this.#staged.set(transaction, { object, touchedMs: performance.now() });
    this.#last.set(object, transaction);
  }

  /** Throws drive-timeout where another change of the object was staged since. */
  commit(transaction: string): void {
    const staged = this.#staged.get(transaction);
    // One of an earlier life of the drive: whoever commits that holds the object's lock.
    if (staged === undefined) return;
    staged.touchedMs = performance.now();
    if (this.#last.get(staged.object) === transaction) return;
    throw new StorageError('drive-timeout', `a change of ${staged.object} came too late on drive ${this.endpoint}: a later one has been staged`, { drive: this.endpoint });
  }

  settle(transaction: string): void {
    const staged = this.#staged.get(transaction);
    if (staged === undefined) return;
    this.#staged.delete(transaction);
    if (this.#last.get(staged.object) === transaction) this.#last.delete(staged.object);
  }

  /** Transactions that nobody has touched for this long: their server is gone. */
  abandoned(idleMs: number): string[] {
    const limitMs = performance.now() - idleMs;
    return [...this.#staged].flatMap(([transaction, { touchedMs }]) => (touchedMs <= limitMs ? [transaction] : []));
  }
}
