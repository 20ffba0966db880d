/** A stream of buffers, each valid until the next is asked for, taken in pieces of the reader's choice. */
import { copyBytes } from '../base/index.js';

export class ByteFeed {
  readonly #buffers: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#buffers = stream[Symbol.asyncIterator]();
  }

  /** Fills `target` as far as the stream goes; gives the bytes filled. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    for (;;) {
      const taken = this.#rest.subarray(0, target.length - filled);
      copyBytes(taken, target.subarray(filled, filled + taken.length));
      this.#rest = this.#rest.subarray(taken.length);
      filled += taken.length;
      if (filled === target.length) return filled;
      const step = await this.#buffers.next();
      if (step.done === true) return filled;
      this.#rest = step.value;
    }
  }

  /** Passes over bytes; gives how many there were. */
  async skip(count: number): Promise<number> {
    const scratch = new Uint8Array(Math.min(count, 64 * 1024));
    let skipped = 0;
    while (skipped < count) {
      const got = await this.fill(scratch.subarray(0, count - skipped));
      if (got === 0) break;
      skipped += got;
    }
    return skipped;
  }

  /** The next `count` bytes as a stream of its own, to be read before this one goes on. */
  async *take(count: number): AsyncGenerator<Uint8Array, void> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) {
        const step = await this.#buffers.next();
        if (step.done === true) return;
        this.#rest = step.value;
      }
      const taken = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(taken.length);
      left -= taken.length;
      if (taken.length > 0) yield taken;
    }
  }

  /** The rest is not wanted. */
  async close(): Promise<void> {
    this.#rest = new Uint8Array();
    await this.#buffers.return?.();
  }
}
