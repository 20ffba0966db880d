/**
 * Records between two nodes. On plain TCP each carries a tag: AES-256-GCM over its bytes as additional data, keyed for
 * this connection and direction, with the record's number as nonce. So nothing can be changed, left out, repeated, moved
 * or put in, at the cost of one pass at some GB/s; the bytes themselves can be read by who listens, as S3 over http can. TLS gives
 * both, so there records have no tag.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

import { FRAME_HEADER_BYTES, ProtocolError, RECORD_BYTES_MAX } from './frames.js';

const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** Key of one direction; undefined under TLS. */
export type SealKey = Uint8Array | undefined;

function nonceOf(number: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
}

export class RecordWriter {
  #count = 0;

  constructor(private readonly key: SealKey) {}

  /** The record with these bytes as body, in pieces to be written one after the other. The pieces are not copied. */
  seal(pieces: readonly Uint8Array[]): Uint8Array[] {
    let length = this.key === undefined ? 0 : TAG_BYTES;
    for (const piece of pieces) length += piece.length;
    const header = Buffer.allocUnsafe(LENGTH_BYTES);
    header.writeUInt32BE(length);
    if (this.key === undefined) return [header, ...pieces];
    const cipher = createCipheriv(CIPHER, this.key, nonceOf(this.#count++), { authTagLength: TAG_BYTES });
    cipher.setAAD(header);
    for (const piece of pieces) cipher.setAAD(piece);
    cipher.final();
    return [header, ...pieces, cipher.getAuthTag()];
  }
}

export class RecordReader {
  readonly #tagBytes: number;
  #count = 0;
  /** The record that is coming in, and how much of it is there; before its length is known, just the length. */
  #pending: Buffer = Buffer.alloc(LENGTH_BYTES);
  #filled = 0;
  #hasLength = false;

  /** @param take given each body that is proved right; a view that stays as it is */
  constructor(
    private readonly key: SealKey,
    private readonly take: (body: Buffer) => void,
  ) {
    this.#tagBytes = key === undefined ? 0 : TAG_BYTES;
  }

  /** Takes bytes as they come. Throws a ProtocolError where they are not what the other side sealed. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      // Most small records lie whole in one chunk: no copy.
      if (this.#filled === 0 && !this.#hasLength && chunk.length - at >= LENGTH_BYTES) {
        const length = this.#checkLength(chunk.readUInt32BE(at));
        if (chunk.length - at >= LENGTH_BYTES + length) {
          this.#open(chunk.subarray(at, at + LENGTH_BYTES + length));
          at += LENGTH_BYTES + length;
          continue;
        }
      }
      at += this.#fill(chunk, at);
    }
  }

  #fill(chunk: Buffer, from: number): number {
    const count = Math.min(chunk.length - from, this.#pending.length - this.#filled);
    chunk.copy(this.#pending, this.#filled, from, from + count);
    this.#filled += count;
    if (this.#filled < this.#pending.length) return count;
    if (this.#hasLength) {
      const record = this.#pending;
      this.#pending = Buffer.alloc(LENGTH_BYTES);
      this.#filled = 0;
      this.#hasLength = false;
      this.#open(record);
    } else {
      const length = this.#checkLength(this.#pending.readUInt32BE());
      const record = Buffer.allocUnsafe(LENGTH_BYTES + length);
      this.#pending.copy(record);
      this.#pending = record;
      this.#hasLength = true;
    }
    return count;
  }

  #checkLength(length: number): number {
    const body = length - this.#tagBytes;
    if (body < FRAME_HEADER_BYTES || body > RECORD_BYTES_MAX) throw new ProtocolError(`a record of ${body} bytes, expected ${FRAME_HEADER_BYTES} to ${RECORD_BYTES_MAX}`);
    return length;
  }

  #open(record: Buffer): void {
    const end = record.length - this.#tagBytes;
    if (this.key !== undefined) {
      const decipher = createDecipheriv(CIPHER, this.key, nonceOf(this.#count++), { authTagLength: TAG_BYTES });
      decipher.setAAD(record.subarray(0, end));
      decipher.setAuthTag(record.subarray(end));
      try {
        decipher.final();
      } catch {
        throw new ProtocolError('a record was changed on its way');
      }
    }
    this.take(record.subarray(LENGTH_BYTES, end));
  }
}
