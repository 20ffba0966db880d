/**
 * The `aws-chunked` body encoding, as a parser that is fed bytes and gives back the payload's. Chunk layout:
 *
 *   <hex size>[;chunk-signature=<64 hex>] CRLF <size bytes> CRLF      repeated; the last has size 0 and no data
 *   [<trailer name>:<value> CRLF]...  [x-amz-trailer-signature:<64 hex> CRLF]  CRLF
 *
 * Each signature covers the one before it, so pieces cannot be left out, repeated or exchanged. Sources: "Signature
 * calculations: transferring payload in multiple chunks" and "Including trailing headers" of the S3 API reference.
 */
import { createHash, type Hash } from 'node:crypto';
import { S3Error } from '../errors.js';
import { EMPTY_SHA256 } from './canonical.js';
import { sign, signaturesEqual } from './signing-key.js';
import type { SeedSignature } from './verify.js';

/** A chunk header is at most 16 digits and a signature; a trailer a name and a base64 digest. */
const LINE_BYTES_MAX = 4096;
/** Five checksum algorithms exist; nobody sends more than one and its signature. */
const TRAILERS_MAX = 16;

export interface ChunkedEncoding {
  /** Set where chunks are signed. */
  readonly seed?: SeedSignature;
  /** Lower-case names that may come as trailers; empty where the encoding has none. */
  readonly trailerNames: readonly string[];
  /** x-amz-decoded-content-length */
  readonly size: number;
}

type State = 'chunk-header' | 'data' | 'data-end' | 'trailer' | 'done';

export class ChunkParser {
  /** Trailers by lower-case name; complete after `finish`. */
  readonly trailers = new Map<string, string>();
  #state: State = 'chunk-header';
  #line = '';
  #remaining = 0;
  #total = 0;
  #hash: Hash | undefined;
  #chunkSignature = '';
  #previousSignature: string;

  constructor(readonly encoding: ChunkedEncoding) {
    this.#previousSignature = encoding.seed?.signature ?? '';
  }

  /**
   * @returns slices of `bytes` that are payload. A chunk's signature is checked when its last byte has been seen: bytes
   * handed out are not to be trusted before `finish` has returned.
   * @throws S3Error SignatureDoesNotMatch, IncompleteBody, InvalidRequest
   */
  feed(bytes: Buffer): Buffer[] {
    const payload: Buffer[] = [];
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(offset, offset + this.#remaining);
        this.#takeData(piece);
        payload.push(piece);
        offset += piece.length;
      } else {
        offset = this.#readLine(bytes, offset);
      }
    }
    return payload;
  }

  /** Called at the end of the request's body. */
  finish(): void {
    // Some old clients leave out the empty line at the end.
    const isComplete = this.#state === 'done' || (this.#state === 'trailer' && this.#line === '' && this.encoding.trailerNames.length === 0);
    if (!isComplete || this.#total !== this.encoding.size) {
      throw new S3Error('IncompleteBody', 'The body ended before its last chunk, or holds fewer bytes than x-amz-decoded-content-length says.');
    }
  }

  #takeData(piece: Buffer): void {
    this.#hash?.update(piece);
    this.#remaining -= piece.length;
    if (this.#remaining > 0) return;
    if (this.#hash) this.#checkChunk(this.#hash.digest('hex'));
    this.#state = 'data-end';
  }

  /** Takes bytes up to and including the next line feed. @returns the offset behind them */
  #readLine(bytes: Buffer, offset: number): number {
    if (this.#state === 'done') throw malformedChunk('there are bytes behind the last chunk');
    const end = bytes.indexOf(0x0a, offset);
    const stop = end < 0 ? bytes.length : end;
    if (this.#line.length + stop - offset > LINE_BYTES_MAX) throw malformedChunk('a line is too long');
    this.#line += bytes.toString('latin1', offset, stop);
    if (end < 0) return bytes.length;
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#takeLine(line);
    return end + 1;
  }

  #takeLine(line: string): void {
    if (this.#state === 'chunk-header') this.#startChunk(line);
    else if (this.#state === 'data-end') {
      if (line !== '') throw malformedChunk('a chunk is longer than its header says');
      this.#state = 'chunk-header';
    } else if (line === '') this.#endTrailers();
    else this.#takeTrailer(line);
  }

  #startChunk(line: string): void {
    const semicolon = line.indexOf(';');
    const digits = semicolon < 0 ? line : line.slice(0, semicolon);
    if (!/^[0-9a-fA-F]{1,12}$/.test(digits)) throw malformedChunk('a chunk header does not start with a size');
    const size = Number.parseInt(digits, 16);
    if (this.#total + size > this.encoding.size) {
      throw new S3Error('IncompleteBody', 'The chunks hold more bytes than x-amz-decoded-content-length says.');
    }
    this.#total += size;
    if (this.encoding.seed) {
      const extension = line.slice(digits.length);
      if (!extension.startsWith(';chunk-signature=')) throw malformedChunk('a chunk header holds no signature');
      this.#chunkSignature = extension.slice(';chunk-signature='.length);
    }
    if (size > 0) {
      this.#remaining = size;
      if (this.encoding.seed) this.#hash = createHash('sha256');
      this.#state = 'data';
    } else {
      if (this.encoding.seed) this.#checkChunk(EMPTY_SHA256);
      this.#state = 'trailer';
    }
  }

  #checkChunk(payloadHash: string): void {
    this.#advance('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${payloadHash}`, this.#chunkSignature);
  }

  /** Checks a signature that covers the previous one, and takes its place. */
  #advance(algorithm: string, covered: string, given: string): void {
    const { seed } = this.encoding;
    if (!seed) return;
    const text = `${algorithm}\n${seed.amzDate}\n${seed.scope}\n${this.#previousSignature}\n${covered}`;
    if (!signaturesEqual(sign(seed.key, text), given)) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk does not match its data.');
    }
    this.#previousSignature = given;
  }

  #takeTrailer(line: string): void {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const isSignature = name === 'x-amz-trailer-signature';
    if (!isSignature && !this.encoding.trailerNames.includes(name)) throw malformedChunk('a trailer was not announced in x-amz-trailer');
    if (this.trailers.has(name) || this.trailers.size >= TRAILERS_MAX) throw malformedChunk('a trailer came twice');
    this.trailers.set(name, line.slice(colon + 1).trim());
  }

  #endTrailers(): void {
    const { seed, trailerNames } = this.encoding;
    const signature = this.trailers.get('x-amz-trailer-signature');
    this.trailers.delete('x-amz-trailer-signature');
    for (const name of trailerNames) {
      if (!this.trailers.has(name)) throw malformedChunk(`the trailer ${name} is missing`);
    }
    if (seed && trailerNames.length > 0) {
      let text = '';
      for (const [name, value] of this.trailers) text += `${name}:${value}\n`;
      this.#advance('AWS4-HMAC-SHA256-TRAILER', createHash('sha256').update(text, 'latin1').digest('hex'), signature ?? '');
    }
    this.#state = 'done';
  }
}

function malformedChunk(what: string): S3Error {
  return new S3Error('InvalidRequest', `The chunked body is malformed: ${what}.`);
}
