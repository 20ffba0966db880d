/** The two streams of a remote drive. Each belongs to one connection: what it had open there is gone when that breaks. */
import { StorageError } from '../base/index.js';
import type { CallOptions } from '../net/index.js';
import type { DataReader, ShardWriter } from './drive.js';
import { SHARD_BYTES_MAX } from './remote-calls.js';

/** How a remote drive's streams make calls: the operation without `drive.`, and what follows the drive's address. */
export interface RemoteCalls {
  /** Number of the connection there is; undefined where there is none. */
  readonly connection: number | undefined;
  callOn(operation: string, args: readonly unknown[], options: CallOptions): Promise<void>;
  /** Part files of a transaction are written on a connection; with that, the other side forgets them. */
  wroteOn(transaction: string, connection: number): void;
}

let lastNumber = 0;

export class RemoteShardWriter implements ShardWriter {
  /** Unique in this process, for whichever drive. */
  readonly #number = ++lastNumber;
  #connection: number | undefined;
  #position = 0;
  #failure: Error | undefined;

  constructor(
    private readonly calls: RemoteCalls,
    private readonly transaction: string,
    private readonly dataDir: string,
    private readonly partNumber: number,
  ) {}

  async write(buffers: readonly Uint8Array[]): Promise<void> {
    // Shared memory is sent from where it is; the rest is copied now, so that the caller gets it back at once.
    const kept = buffers.map((buffer) => (buffer.buffer instanceof SharedArrayBuffer ? buffer : Uint8Array.from(buffer)));
    await Promise.all(portionsOf(kept).map((data) => this.#call('writePart', data)));
  }

  close(): Promise<void> {
    return this.#call('closePart', []);
  }

  async abort(): Promise<void> {
    this.#failure ??= new StorageError('file-not-found', 'cannot write to a part file that was given up');
    try {
      await this.#send('abortPart', []);
    } catch {
      // The transaction's folder goes with settle or listStaged, and this file with it.
    }
  }

  async #call(operation: string, data: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#send(operation, data);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }

  #send(operation: string, data: readonly Uint8Array[]): Promise<void> {
    // -1: no connection has that number, so the call is refused with the reason.
    if (this.#connection === undefined) {
      this.#connection = this.calls.connection ?? -1;
      this.calls.wroteOn(this.transaction, this.#connection);
    }
    const position = this.#position;
    for (const piece of data) this.#position += piece.length;
    return this.calls.callOn(operation, [this.#number, this.transaction, this.dataDir, this.partNumber, position], { data, inOrder: true, connection: this.#connection });
  }
}

/** The same bytes in order, in lists of a message each. */
function portionsOf(buffers: readonly Uint8Array[]): Uint8Array[][] {
  const portions: Uint8Array[][] = [[]];
  let room = SHARD_BYTES_MAX;
  for (const buffer of buffers) {
    for (let from = 0; from < buffer.length; ) {
      if (room === 0) {
        portions.push([]);
        room = SHARD_BYTES_MAX;
      }
      const piece = buffer.subarray(from, from + room);
      portions.at(-1)?.push(piece);
      from += piece.length;
      room -= piece.length;
    }
  }
  return portions;
}

export class RemoteDataReader implements DataReader {
  readonly #number = ++lastNumber;
  readonly #connection: number;
  /** Gives why it could not be opened; never rejects. */
  readonly #opening: Promise<unknown>;
  #isClosed = false;

  constructor(
    private readonly calls: RemoteCalls,
    volume: string,
    path: string,
    dataDir: string,
  ) {
    this.#connection = calls.connection ?? -1;
    // Nobody waits for it: the first read says what is wrong.
    this.#opening = this.#call('openData', [this.#number, volume, path, dataDir]).catch((error: unknown) => error);
  }

  async read(partNumber: number, offset: number, target: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new StorageError('file-not-found', 'cannot read from a data dir that was closed');
    const reads: Promise<void>[] = [];
    for (let from = 0; from < target.length || from === 0; from += SHARD_BYTES_MAX) {
      const into = target.subarray(from, from + SHARD_BYTES_MAX);
      reads.push(this.#call('readData', [this.#number, partNumber, offset + from, into.length], into));
    }
    try {
      await Promise.all(reads);
    } catch (error) {
      throw (await this.#opening) ?? error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#call('closeData', [this.#number]).catch(() => undefined);
  }

  #call(operation: string, args: readonly unknown[], into?: Uint8Array): Promise<void> {
    return this.calls.callOn(operation, args, { connection: this.#connection, ...(into !== undefined && { into }) });
  }
}
