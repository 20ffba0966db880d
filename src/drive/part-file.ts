/**
 * A part file being written. Its bytes are collected in a chunk of aligned memory; full chunks go past the page cache straight
 * to the drive while the next bytes still come, so that little is left to do for the sync at the end.
 */
import { closeSync, constants, openSync } from 'node:fs';

import type { AlignedMemory } from './aligned-memory.js';
import { isErrno } from './failures.js';
import { writeAll } from './file-steps.js';
import type { Syncs } from './syncs.js';

export class PartFile {
  readonly #fd: number;
  #chunk: Uint8Array | undefined;
  #used = 0;
  #position = 0;
  /** Descriptor for direct I/O: not opened yet, or refused by the file system. */
  #direct: number | 'not-opened' | 'refused' = 'not-opened';
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Creates the file, which must not be there. */
  constructor(
    readonly path: string,
    private readonly memory: AlignedMemory,
    private readonly syncs: Syncs,
  ) {
    this.#fd = openSync(path, 'wx');
    this.#chunk = memory.take();
  }

  /** Appends the buffers, in the order of the calls. Resolves when they are not needed any more. */
  append(buffers: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(() => this.#append(buffers));
  }

  /** Everything is written when this resolves; gives the open descriptor, for a sync. No call may follow. */
  async finish(): Promise<number> {
    await this.#inTurn(() => this.#writeRest());
    this.#release();
    return this.#fd;
  }

  /** Closes the file when no write uses it any more. Never rejects. */
  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    closeSync(this.#fd);
  }

  #inTurn(work: () => void | Promise<void>): Promise<void> {
    this.#last = this.#last.then(work);
    // Whoever called has it; the next in turn gets it too.
    this.#last.catch(() => undefined);
    return this.#last;
  }

  async #append(buffers: readonly Uint8Array[]): Promise<void> {
    const chunk = this.#chunk;
    if (chunk === undefined) {
      this.#position = writeAll(this.#fd, buffers, this.#position);
      return;
    }
    for (const buffer of buffers) {
      for (let offset = 0; offset < buffer.length; ) {
        const piece = buffer.subarray(offset, offset + chunk.length - this.#used);
        chunk.set(piece, this.#used);
        this.#used += piece.length;
        offset += piece.length;
        if (this.#used === chunk.length) await this.#writeChunk(chunk);
      }
    }
  }

  async #writeChunk(chunk: Uint8Array): Promise<void> {
    const direct = this.#openDirect();
    if (direct === undefined) writeAll(this.#fd, [chunk], this.#position);
    else await this.syncs.direct(direct, chunk, this.#position);
    this.#position += chunk.length;
    this.#used = 0;
  }

  /** Direct I/O takes whole blocks only: what is left goes through the page cache. */
  #writeRest(): void {
    if (this.#chunk === undefined || this.#used === 0) return;
    this.#position = writeAll(this.#fd, [this.#chunk.subarray(0, this.#used)], this.#position);
    this.#used = 0;
  }

  #openDirect(): number | undefined {
    if (this.#direct === 'not-opened') {
      try {
        this.#direct = openSync(this.path, constants.O_WRONLY | constants.O_DIRECT);
      } catch (error) {
        if (!isErrno(error, 'EINVAL', 'ENOTSUP')) throw error;
        this.#direct = 'refused';
      }
    }
    return typeof this.#direct === 'number' ? this.#direct : undefined;
  }

  #release(): void {
    if (typeof this.#direct === 'number') closeSync(this.#direct);
    this.#direct = 'refused';
    if (this.#chunk !== undefined) this.memory.give(this.#chunk);
    this.#chunk = undefined;
  }
}
