/**
 * Shared memory for data that comes in or goes out, used again and again: a drive's thread reads and writes it in place, and
 * fresh memory would cost as much as the copy that is saved.
 */

/** Kept unused at most. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const SMALLEST_BYTES = 4096;

export class SharedMemory {
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  #freeBytes = 0;

  /** Memory of exactly this length, with anything in it. */
  take(lengthBytes: number): Uint8Array {
    const size = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(lengthBytes)));
    const buffer = this.#free.get(size)?.pop();
    if (buffer !== undefined) this.#freeBytes -= size;
    return new Uint8Array(buffer ?? new SharedArrayBuffer(size), 0, lengthBytes);
  }

  /** Gives back what `take` gave. Only for memory that nobody touches any more. */
  give(memory: Uint8Array): void {
    const { buffer } = memory;
    if (!(buffer instanceof SharedArrayBuffer) || this.#freeBytes + buffer.byteLength > KEPT_BYTES_MAX) return;
    const free = this.#free.get(buffer.byteLength);
    if (free === undefined) this.#free.set(buffer.byteLength, [buffer]);
    else free.push(buffer);
    this.#freeBytes += buffer.byteLength;
  }
}

export const sharedMemory = new SharedMemory();
