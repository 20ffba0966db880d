/** The two streams of a local drive: a part file being written, and a data dir being read. */
import { StorageError } from '../base/index.js';
import { arenaMemory } from '../erasure/index.js';
import type { DataReader, ShardWriter } from './drive.js';
import { ARENA, type BytesRef, type PartName } from './messages.js';
import type { ThreadLink } from './thread-link.js';

export class LocalShardWriter implements ShardWriter {
  #failure: Error | undefined;

  constructor(
    private readonly link: ThreadLink,
    private readonly part: PartName,
  ) {}

  write(buffers: readonly Uint8Array[]): Promise<void> {
    // Shared memory is written from where it is; the rest is copied now, so that the caller gets it back at once.
    const parts = buffers.map((buffer) => sharedRef(buffer) ?? this.link.pack(buffer));
    return this.#watched(() => this.link.call('writePart', [this.part, parts]));
  }

  close(): Promise<void> {
    return this.#watched(() => this.link.call('closePart', [this.part]));
  }

  async abort(): Promise<void> {
    try {
      await this.link.call('abortPart', [this.part]);
    } catch {
      // The transaction's folder goes with settle or listStaged, and this file with it.
    }
  }

  async #watched(call: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await call();
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}

export class LocalDataReader implements DataReader {
  #isClosed = false;

  constructor(
    private readonly link: ThreadLink,
    private readonly reader: number,
  ) {}

  async read(partNumber: number, offset: number, target: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new StorageError('file-not-found', 'cannot read from a data dir that was closed');
    const bytes = await this.link.call('readData', [this.reader, partNumber, offset, sharedRef(target) ?? target.length]);
    if (bytes !== undefined) target.set(bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.link.tell('closeData', [this.reader]);
  }
}

/** How the thread finds shared memory; undefined for memory that is not shared. */
function sharedRef(bytes: Uint8Array): BytesRef | Uint8Array | undefined {
  if (bytes.buffer === arenaMemory()) return [ARENA, bytes.byteOffset, bytes.length];
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : undefined;
}
