/**
 * A request's whole life: id, signature, operation, handler, answer. Handlers give values back; only this file and
 * `send.ts` touch the response.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { isStorageError, type Clock, type Log, type Random, type Tracer } from '../base/index.js';
import type { KmsKey } from '../content/index.js';
import type { ObjectStore } from '../store/index.js';
import { authenticate } from './auth.js';
import { payloadKind, RequestBody } from './body.js';
import { corsHeaders, preflight } from './cors.js';
import { S3Error, toS3Error } from './errors.js';
import { errorResponse } from './error-response.js';
import { handlers } from './handlers/index.js';
import { refuseRepeatedHeaders } from './headers.js';
import { checkBucketName, trimKey } from './parameters.js';
import { parseTarget, Query, type RequestTarget } from './query.js';
import type { Identity, RawRequest, Room, S3Request, S3Response } from './request.js';
import { route } from './router.js';
import { HungUp, send } from './send.js';
import { SigningKeys } from './sigv4/signing-key.js';
import type { AuthContext } from './sigv4/verify.js';
import { Exchange } from './exchange.js';
import type { Traffic } from './traffic.js';

interface S3HandlerOptions {
  readonly store: ObjectStore;
  /** Of MINIO_KMS_SECRET_KEY. */
  readonly kms?: KmsKey | undefined;
  /** The identity of an access key; undefined where there is none. Asked once per request. */
  readonly lookup: (accessKey: string) => Identity | undefined;
  /** Region that signatures must name and GetBucketLocation answers; empty accepts any. */
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The Server header, e.g. `mts/0.1.0`. */
  readonly serverName: string;
  /** Counts what is served. */
  readonly traffic: Traffic;
  /** Hears of every request while somebody listens. */
  readonly tracer: Tracer;
}

/**
 * The S3 door. Listen with it for both `request` and `checkContinue`: a client that sends `Expect: 100-continue` is told to
 * go on only when its signature was found good and its body is wanted.
 */
export function createS3Handler(options: S3HandlerOptions): (message: IncomingMessage, response: ServerResponse) => void {
  const door = new Door(options);
  return (message, response) => void door.answer(message, response);
}

/** What is left of a refused upload is read up to this much, so that the client sees the answer and not a reset connection. */
const DRAIN_BYTES_MAX = 4 * 1024 * 1024;
const DRAIN_MS_MAX = 5000;

const NO_TARGET: RequestTarget = { rawPath: '/', rawQuery: '', bucket: '', key: '', query: Query.EMPTY };

class Door {
  readonly #options: S3HandlerOptions;
  readonly #room: Room;
  readonly #keys = new SigningKeys();
  readonly #hostId: string;
  readonly #idPrefix: string;
  #requestCount = 0;

  constructor(options: S3HandlerOptions) {
    this.#options = options;
    this.#room = { store: options.store, kms: options.kms, clock: options.clock, region: options.region };
    this.#hostId = createHash('sha256').update(options.random.bytes(16)).digest('hex');
    this.#idPrefix = Buffer.from(options.random.bytes(4)).toString('hex').toUpperCase();
  }

  /** Never rejects. */
  async answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = this.#nextId();
    const { clock, traffic, tracer } = this.#options;
    const exchange = new Exchange(message, response, clock.monotonicMs());
    // An error of the connection is seen where it matters: by the body's reader or by the writer.
    message.on('error', ignore);
    response.on('error', ignore);
    let request: RawRequest = { message, method: message.method ?? '', target: NO_TARGET };
    try {
      const early = preflight(message);
      if (early) {
        await this.#send(exchange, early, requestId);
        return;
      }
      request = { ...request, target: parseTarget(message.url ?? '/') };
      const answer = await this.#handle(request, exchange);
      await this.#send(exchange, answer, requestId);
    } catch (error) {
      await this.#fail(request, exchange, error, requestId);
    } finally {
      exchange.end(request.target, clock, traffic, tracer);
    }
  }

  #handle(raw: RawRequest, exchange: Exchange): Promise<S3Response> | S3Response {
    const { message, target } = raw;
    const { response } = exchange;
    refuseRepeatedHeaders(raw);
    const verified = authenticate(raw, this.#authContext());
    const operation = route(raw.method, target, message.headers);
    exchange.begin(operation, this.#options.traffic);
    if (target.bucket !== '') checkBucketName(target.bucket);
    const request = new DoorRequest(raw, operation, verified.identity, new RequestBody(message, response, payloadKind(verified)), response);
    const answer = handlers[operation](this.#room, request);
    return answer instanceof Promise ? answer.catch((error: unknown) => this.#explain(error, target.bucket)) : answer;
  }

  /** The store looks for objects without looking at their bucket first: where nothing was found, it may be the bucket that is missing. */
  async #explain(error: unknown, bucket: string): Promise<never> {
    if (isStorageError(error, 'object-not-found', 'version-not-found', 'upload-not-found', 'read-quorum')) {
      const name = error.bucket ?? bucket;
      // A list of all buckets, and what servers keep for themselves, are in no bucket of a client's.
      if (name === '' || name.startsWith('.')) throw error;
      await this.#room.store.bucketSettings(name).catch((settingsError: unknown) => {
        throw isStorageError(settingsError, 'bucket-not-found') ? settingsError : error;
      });
    }
    throw error;
  }

  #authContext(): AuthContext {
    const { clock, region, lookup } = this.#options;
    return { nowMs: clock.now(), region, keys: this.#keys, lookup };
  }

  async #fail(request: RawRequest, exchange: Exchange, error: unknown, requestId: string): Promise<void> {
    exchange.error = error;
    if (error instanceof HungUp) return;
    const { response } = exchange;
    const s3Error = toS3Error(error);
    exchange.error = s3Error;
    const { bucket, key, rawPath } = request.target;
    if (s3Error.status >= 500 && s3Error.status !== 501) {
      const cause = s3Error.cause instanceof Error ? (s3Error.cause.stack ?? s3Error.cause.message) : s3Error.cause;
      this.#options.log.error(`${request.method} ${rawPath} failed: ${s3Error.code}`, { requestId, bucket, key, cause });
    }
    if (response.headersSent || response.destroyed) {
      // The status is gone: only a broken connection tells the client that the body is not whole.
      response.destroy();
      return;
    }
    const context = { method: request.method, bucket, key, resource: rawPath, requestId, hostId: this.#hostId };
    try {
      await this.#send(exchange, errorResponse(s3Error, context), requestId);
    } catch (failure) {
      if (!(failure instanceof HungUp)) this.#options.log.error('an error could not be answered', { requestId, cause: failure });
      response.destroy();
    }
  }

  async #send(exchange: Exchange, answer: S3Response, requestId: string): Promise<void> {
    const { message, response } = exchange;
    const headers: Record<string, string> = {
      Server: this.#options.serverName,
      'x-amz-request-id': requestId,
      'x-amz-id-2': this.#hostId,
      Vary: 'Origin',
      'X-Content-Type-Options': 'nosniff',
      ...answer.headers,
    };
    corsHeaders(message, headers);
    const hasUnread = hasUnreadBody(message);
    if (hasUnread) headers['Connection'] = 'close';
    const { clock } = this.#options;
    const sent = await send(response, answer, headers, { isLast: !hasUnread, monotonicMs: () => clock.monotonicMs() });
    exchange.answered(answer.status, headers, sent);
    if (!hasUnread) return;
    await drain(message);
    response.end();
  }

  #nextId(): string {
    this.#requestCount = (this.#requestCount + 1) % 0x1_0000_0000;
    return this.#idPrefix + this.#requestCount.toString(16).toUpperCase().padStart(8, '0');
  }
}

/** A request as handlers see it. Its signal exists only once somebody asks for it. */
class DoorRequest implements S3Request {
  readonly message: IncomingMessage;
  readonly method: string;
  readonly target: RequestTarget;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  #abort: AbortController | undefined;

  constructor(
    raw: RawRequest,
    readonly operation: S3Request['operation'],
    readonly identity: Identity,
    readonly body: RequestBody,
    readonly response: ServerResponse,
  ) {
    this.message = raw.message;
    this.method = raw.method;
    this.target = raw.target;
    this.bucket = raw.target.bucket;
    this.key = trimKey(raw.target.key);
    this.query = raw.target.query;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      const onClose = (): void => {
        if (!this.response.writableFinished) abort.abort(new S3Error('IncompleteBody', 'The client hung up.'));
      };
      if (this.response.destroyed) onClose();
      else this.response.once('close', onClose);
    }
    return this.#abort.signal;
  }
}

function ignore(): void {
  // Heard so that it does not end the process.
}

function hasUnreadBody(message: IncomingMessage): boolean {
  if (message.complete || message.readableEnded) return false;
  const length = message.headers['content-length'];
  return (length !== undefined && length !== '0') || message.headers['transfer-encoding'] !== undefined;
}

/** Reads on, throwing away, until the body ends, the client hangs up, or a limit is reached. */
function drain(message: IncomingMessage): Promise<void> {
  // A client that still waits for "100 Continue" sends nothing.
  if (message.headers.expect !== undefined && message.readableFlowing === null) return Promise.resolve();
  return new Promise((resolve) => {
    let drained = 0;
    const timer = setTimeout(done, DRAIN_MS_MAX);
    function done(): void {
      clearTimeout(timer);
      message.off('data', onData);
      message.off('end', done);
      message.off('close', done);
      resolve();
    }
    function onData(chunk: Buffer): void {
      drained += chunk.length;
      if (drained > DRAIN_BYTES_MAX) done();
    }
    message.on('data', onData);
    message.on('end', done);
    message.on('close', done);
    message.resume();
  });
}
