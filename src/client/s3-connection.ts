/**
 * One server as an alias names it: where a bucket's requests go, how they are signed, and when they are tried again.
 * The operations themselves are in s3.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Alias } from './alias-config.js';
import { chunkedSizeBytes, ChunkSigner } from './chunk-signer.js';
import { ConnectionError, errorFromAnswer, S3Error } from './errors.js';
import {
  canonicalQuery, EMPTY_SHA256, encodeStrict, presignQuery, sha256Hex, signHeaders, STREAMING_PAYLOAD, UNSIGNED_PAYLOAD,
  type SignableRequest, type SigningContext,
} from './sign.js';
import { presignQueryV2, signHeadersV2 } from './sign-v2.js';
import { Transport, type ConnectionOptions, type HttpAnswer, type HttpTarget } from './transport.js';
import { readText } from './body.js';

/** Attempts of one request, the first included. */
const ATTEMPTS_MAX = 5;
/** Wait before the second attempt; doubled for each further one, with up to as much again by chance. */
const BACKOFF_FIRST_MS = 100;
/** Redirects and corrected regions followed for one request. */
const REROUTES_MAX = 3;
/** Health checks need no signature, metrics bring a token of their own. */
const UNSIGNED_PATH = /^\/minio\/(health|v2\/metrics)\//;
const RETRIED_STATUS = new Set([408, 429, 500, 502, 503, 504]);
const RETRIED_NETWORK = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT']);
/** Hosts whose buckets are addressed as `bucket.host` when an alias leaves the style open. */
const VIRTUAL_HOSTS = /(^|\.)(amazonaws\.com(\.cn)?|storage\.googleapis\.com|aliyuncs\.com)$/;

/**
 * A request body: bytes, or a stream that can be opened again for another attempt. `sizeBytes` is exact.
 * The connection destroys the stream it opened when the request fails.
 */
export type S3Body = Uint8Array | { readonly sizeBytes: number; open(): Readable };

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** Lower-case names; an undefined value is left out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: S3Body | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Path on the server instead of bucket and key; health checks (`/minio/health/...`) and metrics are sent unsigned. */
  readonly plainPath?: string | undefined;
  /** 1 sends the request once only. */
  readonly attempts?: number | undefined;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end or destroyed. */
  readonly body: IncomingMessage;
}

export class S3Connection {
  readonly alias: Alias;
  readonly transport: Transport;
  readonly #endpoint: URL;
  readonly #regions = new Map<string, string>();
  readonly #endpoints = new Map<string, URL>();

  constructor(alias: Alias, options: ConnectionOptions = {}, transport?: Transport) {
    this.alias = alias;
    this.#endpoint = new URL(alias.url);
    this.transport = transport ?? new Transport(options);
  }

  /** The region that signatures for this bucket name, as far as it is known without asking. */
  regionFor(bucket: string): string {
    return this.#regions.get(bucket) ?? (process.env['MC_REGION'] || process.env['AWS_REGION'] || 'us-east-1');
  }

  /** Notes a bucket's region, which GetBucketLocation told. */
  setRegion(bucket: string, region: string): void {
    this.#regions.set(bucket, region);
    if (/(^|\.)amazonaws\.com$/.test(this.#endpoint.hostname) && region !== 'us-east-1') {
      this.#endpoints.set(bucket, new URL(`${this.#endpoint.protocol}//s3.${region}.amazonaws.com`));
    }
  }

  /** Sends a request, again where that may help. Throws S3Error for a status from 300 on, and ConnectionError. */
  async request(request: S3Request): Promise<S3Answer> {
    const attempts = request.attempts ?? ATTEMPTS_MAX;
    let reroutes = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#sendOnce(request);
      } catch (error) {
        if (reroutes < REROUTES_MAX && (this.#learnRoute(request, error) || (await this.#askForRegion(request, error)))) {
          reroutes += 1;
          attempt -= 1;
        } else if (attempt >= attempts || !isWorthAnotherTry(error) || request.signal?.aborted === true) {
          throw error;
        } else {
          const waitMs = BACKOFF_FIRST_MS * 2 ** (attempt - 1);
          await sleep(waitMs + Math.random() * waitMs, undefined, request.signal === undefined ? {} : { signal: request.signal });
        }
      }
    }
  }

  /** A URL that does the request without further authorisation for `expirySeconds`. */
  presign(method: 'GET' | 'PUT' | 'HEAD', bucket: string, key: string, expirySeconds: number, query: S3Request['query'] = {}): string {
    const now = new Date();
    const { target, signable, bucketInHost } = this.#address({ method, bucket, key, query });
    const signed =
      this.alias.api === 's3v2'
        ? presignQueryV2(signable, this.alias, new Date(now.getTime() + expirySeconds * 1000), bucketInHost)
        : presignQuery(signable, this.signingContext(bucket, now), expirySeconds);
    return `${target.origin.origin}${signable.path}?${canonicalQuery(signed)}`;
  }

  /** URL of a bucket or object as people read it: endpoint, bucket and key in path or host style, nothing encoded. */
  plainUrl(bucket: string, key: string): string {
    const base = this.#isVirtual(bucket) ? `${this.#endpoint.protocol}//${bucket}.${this.#endpoint.host}/` : `${this.#endpoint.origin}/${bucket}/`;
    return `${base}${key}`;
  }

  signingContext(bucket: string, date: Date): SigningContext {
    return { credentials: this.alias, region: this.regionFor(bucket), date };
  }

  async #sendOnce(request: S3Request): Promise<S3Answer> {
    const { target, signable, bucketInHost } = this.#address(request);
    const body = request.body;
    const isStream = body !== undefined && !(body instanceof Uint8Array);
    const { headers, seed, context, isChunked } = this.#authorise(request, signable, bucketInHost);
    const answer = await this.transport.send({
      method: request.method,
      target,
      headers,
      signal: request.signal,
      body: isStream ? openBody(body, isChunked ? new ChunkSigner(context, seed) : undefined) : body,
    });
    if (answer.status >= 200 && answer.status < 300) return { status: answer.status, headers: answer.headers, body: answer.body };
    throw await refusal(answer, request);
  }

  #authorise(request: S3Request, signable: SignableRequest, bucketInHost: string) {
    const { body } = request;
    const context = this.signingContext(request.bucket ?? '', new Date());
    const isV2 = this.alias.api === 's3v2';
    const isAnonymous = this.alias.accessKey === '' || (request.plainPath !== undefined && UNSIGNED_PATH.test(request.plainPath));
    const isStream = body !== undefined && !(body instanceof Uint8Array);
    const isChunked = isStream && !isV2 && !isAnonymous && this.#endpoint.protocol === 'http:';
    const size = body === undefined ? undefined : body instanceof Uint8Array ? body.byteLength : body.sizeBytes;
    const length: Record<string, string> =
      size === undefined
        ? request.method === 'PUT' || request.method === 'POST' ? { 'content-length': '0' } : {}
        : { 'content-length': String(isChunked ? chunkedSizeBytes(size) : size) };
    if (isAnonymous) return { headers: { ...signable.headers, ...length }, seed: '', context, isChunked };
    if (isV2) {
      return { headers: { ...signHeadersV2(signable, this.alias, context.date, bucketInHost), ...length }, seed: '', context, isChunked };
    }
    const payloadHash = isChunked ? STREAMING_PAYLOAD : isStream ? UNSIGNED_PAYLOAD : body === undefined ? EMPTY_SHA256 : sha256Hex(body);
    const signed = signHeaders(
      isChunked ? { ...signable, headers: { ...signable.headers, 'x-amz-decoded-content-length': String(size) } } : signable,
      context,
      payloadHash,
    );
    return { headers: { ...signed.headers, ...length }, seed: signed.signature, context, isChunked };
  }

  #address(request: Pick<S3Request, 'method' | 'bucket' | 'key' | 'query' | 'headers' | 'plainPath'>) {
    const { bucket = '', key = '', query = {} } = request;
    const endpoint = this.#endpoints.get(bucket) ?? this.#endpoint;
    const isVirtual = bucket !== '' && this.#isVirtual(bucket);
    const host = isVirtual ? `${bucket}.${endpoint.host}` : endpoint.host;
    const inBucket = key === '' ? '' : encodeStrict(key, true);
    const path = request.plainPath ?? (isVirtual || bucket === '' ? `/${inBucket}` : `/${bucket}/${inBucket}`);
    const search = canonicalQuery(query);
    const target: HttpTarget = { origin: new URL(`${endpoint.protocol}//${host}`), path: search === '' ? path : `${path}?${search}` };
    const headers = Object.fromEntries(Object.entries(request.headers ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined));
    const signable: SignableRequest = { method: request.method, host, path, query, headers };
    return { target, signable, bucketInHost: isVirtual ? bucket : '' };
  }

  #isVirtual(bucket: string): boolean {
    if (this.#endpoint.protocol === 'https:' && bucket.includes('.')) return false;
    switch (this.alias.path) {
      case 'on':
        return false;
      case 'off':
      case 'dns':
        return true;
      case 'auto':
        return VIRTUAL_HOSTS.test(this.#endpoint.hostname);
    }
  }

  /** A HEAD that was refused had no body to name the region in: a GET is answered with words. True when that told one. */
  async #askForRegion({ method, bucket = '' }: S3Request, error: unknown): Promise<boolean> {
    if (method !== 'HEAD' || bucket === '' || this.#regions.has(bucket) || !(error instanceof S3Error) || error.status !== 400) return false;
    const answer = await this.request({ method: 'GET', bucket, query: { location: '' }, attempts: 1 }).catch(() => undefined);
    answer?.body.resume();
    return this.#regions.has(bucket);
  }

  /** True when the error names a region or endpoint that was not used yet; the next attempt will. */
  #learnRoute(request: S3Request, error: unknown): boolean {
    const bucket = request.bucket ?? '';
    if (!(error instanceof S3Error)) return false;
    const { Region: region } = error.fields;
    const isMisrouted = [301, 307].includes(error.status) || ['AuthorizationHeaderMalformed', 'InvalidRegion'].includes(error.code);
    if (!isMisrouted) return false;
    const before = `${this.regionFor(bucket)} ${this.#endpoints.get(bucket)?.host ?? ''}`;
    if (region !== '') this.setRegion(bucket, region);
    const host = error.endpoint?.startsWith(`${bucket}.`) === true ? error.endpoint.slice(bucket.length + 1) : error.endpoint;
    if (host !== undefined && !this.#endpoints.has(bucket)) this.#endpoints.set(bucket, new URL(`${this.#endpoint.protocol}//${host}`));
    return before !== `${this.regionFor(bucket)} ${this.#endpoints.get(bucket)?.host ?? ''}`;
  }
}

function openBody(body: { open(): Readable }, signer: ChunkSigner | undefined): Readable {
  const source = body.open();
  if (signer === undefined) return source;
  source.once('error', (error) => signer.destroy(error));
  signer.once('close', () => source.destroy());
  return source.pipe(signer);
}

async function refusal(answer: HttpAnswer, request: S3Request): Promise<S3Error> {
  const body = request.method === 'HEAD' ? '' : await readText(answer.body);
  const { status, statusText, headers } = answer;
  return errorFromAnswer({ status, statusText, headers, body, bucket: request.bucket ?? '', key: request.key ?? '' });
}

function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof S3Error) return RETRIED_STATUS.has(error.status);
  return error instanceof ConnectionError && RETRIED_NETWORK.has(error.code);
}
