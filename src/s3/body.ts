/** A request's body: how long it is, how it is signed, and its payload as a stream or (for documents) as a whole. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { PUT_SIZE_MAX } from '../base/index.js';
import { S3Error } from './errors.js';
import { MessageReader } from './message-reader.js';
import { ChunkParser } from './sigv4/chunk-parser.js';
import type { SeedSignature, Verified } from './sigv4/verify.js';

type PayloadKind =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly hex: string }
  | { readonly kind: 'chunked'; readonly seed?: SeedSignature; readonly hasTrailer: boolean };

/** @throws S3Error where the payload hash is none that S3 knows */
export function payloadKind(verified: Verified): PayloadKind {
  const { payloadHash, seed } = verified;
  switch (payloadHash) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', hasTrailer: true };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      if (!seed) throw new S3Error('InvalidRequest', 'Signed chunks need a signature of version 4.');
      return { kind: 'chunked', seed, hasTrailer: payloadHash.endsWith('-TRAILER') };
    default:
      if (/^[0-9a-fA-F]{64}$/.test(payloadHash)) return { kind: 'sha256', hex: payloadHash.toLowerCase() };
      if (payloadHash.startsWith('STREAMING-')) throw new S3Error('NotImplemented', `The payload encoding ${payloadHash.slice(0, 100)} is not implemented.`);
      throw new S3Error('XAmzContentSHA256Mismatch', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING name or a SHA-256 in hex.');
  }
}

export class RequestBody {
  /** Payload bytes; undefined where the client did not say. */
  readonly size: number | undefined;
  /** Hex SHA-256 that the payload must have, where the client signed one. */
  readonly sha256Hex: string | undefined;
  /** Lower-case names of the trailers that were announced. */
  readonly trailerNames: readonly string[];
  #parser: ChunkParser | undefined;
  #wasStarted = false;

  constructor(
    readonly message: IncomingMessage,
    readonly response: ServerResponse,
    readonly payload: PayloadKind,
  ) {
    const { headers } = message;
    this.sha256Hex = payload.kind === 'sha256' ? payload.hex : undefined;
    this.trailerNames = payload.kind === 'chunked' && payload.hasTrailer ? splitNames(headers['x-amz-trailer']) : [];
    this.size = payload.kind === 'chunked' ? parseLength(headers['x-amz-decoded-content-length'], 'x-amz-decoded-content-length') : contentLength(message);
  }

  /** What came behind the chunks; complete when the stream has ended. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#parser?.trailers ?? new Map<string, string>();
  }

  /** True once somebody asked for a byte (and the client was told to go on). */
  get wasStarted(): boolean {
    return this.#wasStarted;
  }

  /** The payload's size. @throws S3Error MissingContentLength, EntityTooLarge */
  requireSize(): number {
    if (this.size === undefined) throw new S3Error('MissingContentLength');
    if (this.size > PUT_SIZE_MAX) {
      throw new S3Error('EntityTooLarge', undefined, {
        fields: { ProposedSize: String(this.size), MaxSizeAllowed: String(PUT_SIZE_MAX) },
      });
    }
    return this.size;
  }

  /** The payload, to be read once. Chunk signatures are checked on the way; a wrong one makes the stream throw. */
  stream(): AsyncIterable<Uint8Array> {
    if (this.size === 0 && this.payload.kind !== 'chunked') return NOTHING;
    this.#wasStarted = true;
    if (this.message.headers.expect !== undefined) this.response.writeContinue();
    const reader = new MessageReader(this.message);
    if (this.payload.kind !== 'chunked') return reader;
    if (this.size === undefined) throw new S3Error('MissingContentLength');
    this.#parser = new ChunkParser({
      ...(this.payload.seed === undefined ? {} : { seed: this.payload.seed }),
      trailerNames: this.trailerNames,
      size: this.size,
    });
    return decodeChunks(reader, this.#parser);
  }

  /**
   * The whole payload, for documents, checked against the signed SHA-256.
   *
   * @throws S3Error MalformedXML where it is longer than the limit, IncompleteBody, XAmzContentSHA256Mismatch
   */
  async readAll(sizeMax: number): Promise<Buffer> {
    if (this.size !== undefined && this.size > sizeMax) throw tooLong(sizeMax);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.stream()) {
      size += piece.length;
      if (size > sizeMax) throw tooLong(sizeMax);
      pieces.push(piece);
    }
    if (this.size !== undefined && size !== this.size) throw new S3Error('IncompleteBody');
    const bytes = pieces.length === 1 && pieces[0] instanceof Buffer ? pieces[0] : Buffer.concat(pieces);
    if (this.sha256Hex !== undefined && createHash('sha256').update(bytes).digest('hex') !== this.sha256Hex) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    return bytes;
  }
}

async function* decodeChunks(reader: MessageReader, parser: ChunkParser): AsyncGenerator<Uint8Array> {
  for await (const bytes of reader) yield* parser.feed(bytes);
  parser.finish();
}

const NOTHING: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

function contentLength(message: IncomingMessage): number | undefined {
  const text = message.headers['content-length'];
  if (text !== undefined) return parseLength(text, 'Content-Length');
  // Without either header a request has no body.
  return message.headers['transfer-encoding'] === undefined ? undefinedForPut(message) : undefined;
}

/** A PUT or POST that says nothing about its length is asked to; for other methods it means no body. */
function undefinedForPut(message: IncomingMessage): number | undefined {
  return message.method === 'PUT' ? undefined : 0;
}

function parseLength(header: string | string[] | undefined, name: string): number | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw new S3Error('InvalidArgument', `The header ${name} must be a number of bytes.`);
  return Number(header);
}

function splitNames(header: string | string[] | undefined): string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function tooLong(sizeMax: number): S3Error {
  return new S3Error('MalformedXML', `The document is longer than ${sizeMax} bytes.`);
}
