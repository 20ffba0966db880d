/**
 * The client's bytes of an object that MinIO keeps compressed, encrypted, or both: compressed first, then encrypted, each part a
 * stream of its own. Ranges read no more of the stored bytes than they need.
 */
import { StorageError } from '../base/index.js';
import { findName, CHECKSUM_RECORD_KEY } from '../format/index.js';
import { ByteFeed } from './byte-feed.js';
import { openPackages, packagesOf } from './dare.js';
import { clientParts, isCompressed, type ClientPart, type StoredObject } from './facts.js';
import { encryptionKind, isEncryptedInParts, openObjectKey, openValue, partKey, type ContentKeys, type EncryptionKind, type ObjectName } from './object-key.js';
import { decodeFrames } from './s2/frames.js';
import { findInIndex } from './s2/seek.js';

/** Smaller parts have no index that counts. */
const INDEXED_BYTES_MIN = 8 * 1024 * 1024;

export interface ContentRange {
  readonly start: number;
  readonly length: number;
}

/** Gives stored bytes; asked for one range, once. Each buffer is valid until the next is asked for. */
export type ReadStored = (range: ContentRange) => AsyncIterable<Uint8Array>;

/** A part and what is wanted of it: from `from` to before `to`, in the client's bytes. */
interface Piece extends ClientPart {
  readonly storedStart: number;
  readonly from: number;
  readonly to: number;
}

/** Where to enter a part's stream, before and after encryption, and how many of the client's bytes come before what is wanted. */
interface Entry {
  /** Of the stored bytes, and the bytes to pass over once they are decrypted. */
  readonly start: number;
  readonly end: number;
  readonly firstPackage: number;
  readonly skipOpened: number;
  readonly skip: number;
}

export class Content {
  readonly size: number;
  /** By the client's sizes. */
  readonly parts: readonly ClientPart[];
  readonly encryption: EncryptionKind | undefined;
  readonly #isCompressed: boolean;
  readonly #objectKey: Uint8Array | undefined;
  readonly #stored: StoredObject;

  /** Throws kms-key-missing, customer-key-missing, customer-key-needless, key-wrong, content-unknown, content-corrupt. */
  constructor(stored: StoredObject, name: ObjectName, keys: ContentKeys) {
    this.#stored = stored;
    this.encryption = encryptionKind(stored.metaSys);
    if (keys.customer !== undefined && this.encryption !== 'SSE-C') {
      throw new StorageError('customer-key-needless', `${name.bucket}/${name.key} was not encrypted with a key of its client`, name);
    }
    this.#objectKey = this.encryption && openObjectKey(this.encryption, stored.metaSys, name, keys);
    this.#isCompressed = isCompressed(stored);
    this.parts = clientParts(stored);
    this.size = this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** The checksum record kept with the object, open; undefined where there is none. Throws content-corrupt. */
  checksumRecord(): Uint8Array | undefined {
    const kept = findName(this.#stored.metaSys, CHECKSUM_RECORD_KEY);
    return kept === undefined || this.#objectKey === undefined || kept.length === 0 ? kept : openValue(this.#objectKey, 'object-checksum', kept);
  }

  /** The client's bytes of a range, each buffer valid until the next is asked for. Throws range-invalid, content-corrupt, and what `read` throws. */
  async *read(read: ReadStored, range: ContentRange = { start: 0, length: this.size }): AsyncGenerator<Uint8Array, void> {
    if (range.start < 0 || range.start + range.length > this.size) throw new StorageError('range-invalid', `Bytes ${range.start} to ${range.start + range.length} are not within the ${this.size} bytes of the object`);
    const pieces = this.#piecesOf(range).map((piece) => ({ piece, entry: this.#entryOf(piece) }));
    const [first, last] = [pieces[0], pieces.at(-1)];
    if (first === undefined || last === undefined) return;
    const start = first.piece.storedStart + first.entry.start;
    const feed = new ByteFeed(read({ start, length: last.piece.storedStart + last.entry.end - start }));
    try {
      for (const { piece, entry } of pieces) {
        const isLast = piece === last.piece;
        yield* this.#readPiece(feed, piece, entry, isLast);
      }
    } finally {
      await feed.close();
    }
  }

  #piecesOf({ start, length }: ContentRange): Piece[] {
    const pieces: Piece[] = [];
    let [at, storedStart] = [0, 0];
    for (const part of this.parts) {
      const [from, to] = [Math.max(0, start - at), Math.min(part.size, start + length - at)];
      if (from < to) pieces.push({ ...part, storedStart, from, to });
      at += part.size;
      storedStart += part.storedSize;
    }
    return pieces;
  }

  #entryOf({ from, to, size, storedSize, index }: Piece): Entry {
    if (!this.#isCompressed) {
      const { start, end, firstPackage, skip } = packagesOf(storedSize, from, to);
      return { start, end, firstPackage, skipOpened: 0, skip };
    }
    // Releases of 2023-12 to 2024-10 wrote wrong ones for parts of up to 8 MiB, where nothing is gained by one.
    const seek = from === 0 || index === undefined || size <= INDEXED_BYTES_MIN ? undefined : this.#find(index, from);
    const { compressed, uncompressed } = seek ?? { compressed: 0, uncompressed: 0 };
    const skip = from - uncompressed;
    if (this.#objectKey === undefined) return { start: compressed, end: storedSize, firstPackage: 0, skipOpened: 0, skip };
    const { start, firstPackage, skip: skipOpened } = packagesOf(storedSize, compressed, compressed + 1);
    return { start, end: storedSize, firstPackage, skipOpened, skip };
  }

  /** An index that cannot be read is done without. */
  #find(index: Uint8Array, from: number): { readonly compressed: number; readonly uncompressed: number } | undefined {
    try {
      return findInIndex(this.#objectKey === undefined ? index : openValue(this.#objectKey, 'compression-index', index), from);
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  /** A stream that is not the last must be read to its end, for the next part begins there. */
  async *#readPiece(feed: ByteFeed, piece: Piece, entry: Entry, isLast: boolean): AsyncGenerator<Uint8Array, void> {
    const { number, from, to, size, storedSize } = piece;
    const own = new ByteFeed(feed.take(entry.end - entry.start));
    const opened = this.#objectKey === undefined ? undefined : openPackages(own, this.#keyOf(number), storedSize, entry);
    let bytes: AsyncGenerator<Uint8Array, void>;
    if (this.#isCompressed) {
      const compressed = opened === undefined ? own : new ByteFeed(opened);
      await compressed.skip(entry.skipOpened);
      bytes = decodeFrames(compressed);
    } else if (opened !== undefined) bytes = opened;
    else throw new StorageError('content-unknown', 'The object is neither encrypted nor compressed');
    let at = from - entry.skip;
    for await (const chunk of bytes) {
      const wanted = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += chunk.length;
      if (at > size) throw wrongSize(number);
      if (wanted.length > 0) yield wanted;
      if (at >= to && isLast && to < size) return;
    }
    if (at < size && (at < to || this.#isCompressed)) throw wrongSize(number);
  }

  #keyOf(partNumber: number): Uint8Array {
    if (this.#objectKey === undefined) throw new StorageError('content-unknown', 'The object is not encrypted');
    return isEncryptedInParts(this.#stored.metaSys) ? partKey(this.#objectKey, partNumber) : this.#objectKey;
  }
}

function wrongSize(partNumber: number): StorageError {
  return new StorageError('content-corrupt', `Part ${partNumber} holds another number of bytes than its metadata says`);
}
