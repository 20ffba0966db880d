/** A request's body copied into memory of the store's choosing, its length held to what was declared. */
import { copyBytes, StorageError } from '../base/index.js';
import type { Named } from './quorum.js';
import type { Body } from './types.js';

export class BodyReader {
  readonly #body: Body;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #named: Named;
  readonly #signal: AbortSignal | undefined;
  #rest: Uint8Array = new Uint8Array();
  #size = 0;
  #isDone = false;

  constructor(body: Body, named: Named, signal: AbortSignal | undefined) {
    this.#body = body;
    this.#iterator = body.stream[Symbol.asyncIterator]();
    this.#named = named;
    this.#signal = signal;
  }

  /** Bytes given out so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Fills `target` as far as the body goes and gives the number of bytes, which is less than asked only at the body's end.
   * Throws size-mismatch, aborted, or what the body's stream throws.
   */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    for (;;) {
      if (this.#rest.length > 0) {
        const taken = Math.min(this.#rest.length, target.length - filled);
        if (taken > 0) copyBytes(this.#rest, target.subarray(filled, filled + taken));
        this.#rest = this.#rest.subarray(taken);
        filled += taken;
      }
      // The last byte is not the end: what follows it (a trailer, one byte too many) decides about the body too.
      const isComplete = this.#size + filled === this.#body.size;
      if (this.#isDone || (filled === target.length && !isComplete)) break;
      await this.#next(filled);
    }
    this.#size += filled;
    return filled;
  }

  /** Stops reading; the rest of the body is not wanted. */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await this.#iterator.return?.();
  }

  async #next(filled: number): Promise<void> {
    if (this.#signal?.aborted === true) throw new StorageError('aborted', `The client went away while it sent ${this.#named.key}`, this.#named);
    const step = await this.#iterator.next();
    const { size } = this.#body;
    if (step.done === true) {
      this.#isDone = true;
      if (size !== undefined && this.#size + filled < size) {
        throw new StorageError('size-mismatch', `The body ended after ${this.#size + filled} of ${size} bytes`, this.#named);
      }
      return;
    }
    this.#rest = step.value;
    if (size !== undefined && this.#size + filled + this.#rest.length > size) {
      throw new StorageError('size-mismatch', `The body goes on after the declared ${size} bytes`, this.#named);
    }
  }
}
