/** A request as handlers see it, and what they answer. */
import type { IncomingMessage } from 'node:http';
import type { ObjectStore } from '../store/index.js';
import type { Clock } from '../base/index.js';
import type { KmsKey } from '../content/index.js';
import type { RequestBody } from './body.js';
import type { RequestTarget, Query } from './query.js';
import type { OperationName } from './operations.js';

/** Before anything is known but the request line and the headers. */
export interface RawRequest {
  readonly message: IncomingMessage;
  readonly method: string;
  readonly target: RequestTarget;
}

export interface Identity {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** What handlers may use, the same for all requests. */
export interface Room {
  readonly store: ObjectStore;
  /** Opens objects that a MinIO server encrypted. */
  readonly kms?: KmsKey | undefined;
  readonly clock: Clock;
  /** Answered by GetBucketLocation and demanded in signatures; empty accepts any. */
  readonly region: string;
}

export interface S3Request extends RawRequest {
  readonly operation: OperationName;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  readonly identity: Identity;
  readonly body: RequestBody;
  /** Aborted when the client hangs up before the answer is complete. */
  readonly signal: AbortSignal;
}

export interface StreamedBody {
  /** Each buffer is valid until the next one is asked for. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Exactly what the stream gives. */
  readonly length: number;
}

export interface S3Response {
  readonly status: number;
  /** In the order and case in which they are sent; values in node's latin1. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8. */
  readonly body?: string | Uint8Array | StreamedBody;
}

export type Handler = (room: Room, request: S3Request) => Promise<S3Response> | S3Response;

/** The header's value as node gives it (one string), undefined where it was not sent or is empty. */
export function header(request: RawRequest, name: string): string | undefined {
  const value = request.message.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
