/** Bodies of unknown hash over plain HTTP: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, each chunk signed after the one before. */
import { Transform, type TransformCallback } from 'node:stream';
import { amzDate, EMPTY_SHA256, hmac, sha256Hex, signingKey, type SigningContext } from './sign.js';

/** Data bytes of a chunk; MinIO and AWS want at least 8 KiB. */
const CHUNK_BYTES = 64 * 1024;
const SIGNATURE_CHARACTERS = 64;

const frameBytes = (dataBytes: number): number =>
  dataBytes.toString(16).length + ';chunk-signature='.length + SIGNATURE_CHARACTERS + 2 + dataBytes + 2;

/** Bytes on the wire for a body of `sizeBytes`. */
export function chunkedSizeBytes(sizeBytes: number): number {
  const full = Math.floor(sizeBytes / CHUNK_BYTES);
  const rest = sizeBytes % CHUNK_BYTES;
  return full * frameBytes(CHUNK_BYTES) + (rest > 0 ? frameBytes(rest) : 0) + frameBytes(0);
}

/** Turns a body into signed chunks. `seed` is the signature of the request's headers. */
export class ChunkSigner extends Transform {
  readonly #key: Buffer;
  readonly #prefix: string;
  #previous: string;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(context: SigningContext, seed: string) {
    super();
    this.#key = signingKey(context);
    const date = amzDate(context.date);
    this.#prefix = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${date.slice(0, 8)}/${context.region}/s3/aws4_request`;
    this.#previous = seed;
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#held.push(data);
    this.#heldBytes += data.length;
    if (this.#heldBytes >= CHUNK_BYTES) {
      const all = this.#held.length === 1 ? data : Buffer.concat(this.#held);
      let start = 0;
      for (; all.length - start >= CHUNK_BYTES; start += CHUNK_BYTES) this.#emit(all.subarray(start, start + CHUNK_BYTES));
      this.#held = start < all.length ? [all.subarray(start)] : [];
      this.#heldBytes = all.length - start;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#heldBytes > 0) this.#emit(Buffer.concat(this.#held));
    this.#emit(Buffer.alloc(0));
    done();
  }

  #emit(data: Buffer): void {
    const text = `${this.#prefix}\n${this.#previous}\n${EMPTY_SHA256}\n${sha256Hex(data)}`;
    this.#previous = hmac(this.#key, text).toString('hex');
    this.push(`${data.length.toString(16)};chunk-signature=${this.#previous}\r\n`);
    if (data.length > 0) this.push(data);
    this.push('\r\n');
  }
}
