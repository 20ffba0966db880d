/**
 * Watching bytes go by: counting, hashing and slowing them down on their way between a file and a socket.
 */
import { createHash } from 'node:crypto';
import type { RateLimit } from './rate-limit.js';
import { ShortBody } from './retry.js';

interface MeterOptions {
  readonly sizeBytes: number;
  readonly limits: readonly RateLimit[];
  /** Hears of every chunk; of a negative number when an attempt failed and its bytes count for nothing. */
  readonly onBytes: (count: number) => void;
  readonly signal: AbortSignal;
}

/** One attempt to move `sizeBytes` bytes: read `chunks` to the end, then ask for the hash. */
export class Meter {
  #count = 0;
  readonly #md5 = createHash('md5');

  constructor(private readonly options: MeterOptions) {}

  /** Yields the chunks of `source` unchanged. Fails with ShortBody unless exactly `sizeBytes` come. */
  async *chunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { sizeBytes, limits, onBytes, signal } = this.options;
    for await (const chunk of source) {
      signal.throwIfAborted();
      for (const limit of limits) await limit.take(chunk.length, signal);
      this.#count += chunk.length;
      if (this.#count > sizeBytes) throw new ShortBody(`The source gave more than the ${sizeBytes} bytes it announced.`);
      this.#md5.update(chunk);
      onBytes(chunk.length);
      yield chunk;
    }
    if (this.#count !== sizeBytes) {
      throw new ShortBody(`The source ended after ${this.#count} of ${sizeBytes} bytes.`);
    }
  }

  /** MD5 in hex of what went by; call once, at the end. */
  md5(): string {
    return this.#md5.digest('hex');
  }

  /** The attempt failed: its bytes are taken back. */
  undo(): void {
    if (this.#count > 0) this.options.onBytes(-this.#count);
    this.#count = 0;
  }
}
