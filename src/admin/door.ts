/**
 * The admin door: everything below `/minio/admin/` and `/minio/v2/metrics/`. A request's life: route, signature, call,
 * answer; failures are JSON here.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isStorageError } from '../base/index.js';
import { createAuthenticator, decodeComponent, parseTarget, S3Error, toS3Error, type Identity, type SignedRequest } from '../s3/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from './context.js';
import { AdminError } from './errors.js';
import { checkMetricsToken } from './prometheus/token.js';
import { METRIC_KINDS, metricsText } from './prometheus/metrics.js';
import { routeCall } from './routes.js';

export interface AdminHandlerOptions {
  readonly room: AdminRoom;
  readonly lookup: (accessKey: string) => Identity | undefined;
  /** MINIO_PROMETHEUS_AUTH_TYPE is `public`: metrics without a token. */
  readonly arePublicMetrics: boolean;
  readonly serverName: string;
  /** Aborted when the server closes: streams end then. */
  readonly closing: AbortSignal;
}

const ADMIN = '/minio/admin/';
const VERSION = 'v3/';
const METRICS = '/minio/v2/metrics/';
/** Smaller answers gain nothing from being compressed. */
const GZIP_SIZE_MIN = 1024;
/** What a slow listener may have waiting before it loses events. */
const STREAM_BUFFER_MAX = 4 * 1024 * 1024;
/** What is left of a refused body is thrown away up to this long. */
const LINGER_MS = 1000;

/** True where a path belongs to this door. */
export function isAdminPath(url: string): boolean {
  return url.startsWith(ADMIN) || url.startsWith(METRICS);
}

export function createAdminHandler(options: AdminHandlerOptions): (message: IncomingMessage, response: ServerResponse) => void {
  const door = new AdminDoor(options);
  return (message, response) => void door.answer(message, response);
}

class AdminDoor {
  readonly #options: AdminHandlerOptions;
  readonly #authenticate: (message: IncomingMessage, response: ServerResponse) => SignedRequest;
  readonly #hostId: string;

  constructor(options: AdminHandlerOptions) {
    this.#options = options;
    this.#authenticate = createAuthenticator({ lookup: options.lookup, clock: options.room.clock });
    this.#hostId = Buffer.from(options.room.random.bytes(32)).toString('hex');
  }

  /** Never rejects. */
  async answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { room } = this.#options;
    message.on('error', ignore);
    response.on('error', ignore);
    const startedMs = room.clock.monotonicMs();
    let name = 'Unknown';
    let failure: unknown;
    try {
      const { name: found, run } = this.#route(message, response);
      name = found;
      await this.#send(message, response, await run());
    } catch (error) {
      failure = error;
      this.#fail(message, response, error);
    }
    if (!room.tracer.wants('internal')) return;
    const durationMs = room.clock.monotonicMs() - startedMs;
    const path = (message.url ?? '').split('?')[0] ?? '';
    room.tracer.publish({
      kind: 'internal', name: `admin.${name}`, startedMs: room.clock.now() - durationMs, durationMs, path,
      ...(failure instanceof Error && { error: failure.message }),
    });
  }

  #route(message: IncomingMessage, response: ServerResponse): { readonly name: string; readonly run: () => Promise<AdminAnswer> } {
    const target = parseTarget(message.url ?? '/');
    const path = decodeComponent(target.rawPath, false);
    const method = message.method ?? '';
    if (path.startsWith(METRICS)) return { name: 'Prometheus', run: () => this.#metrics(message, path.slice(METRICS.length)) };
    const version = path.slice(ADMIN.length);
    const route = version.startsWith(VERSION) ? routeCall(method, version.slice(VERSION.length)) : undefined;
    if (route === undefined) throw unknownCall(version);
    return {
      name: route.row.name,
      run: async () => {
        const signed = this.#authenticate(message, response);
        const request: AdminRequest = {
          message, method, rest: route.rest, query: target.query, identity: signed.identity, signal: hangUpSignal(response, this.#options.closing),
          body: (sizeMax) => signed.body.readAll(sizeMax),
        };
        return route.row.call(this.#options.room, request);
      },
    };
  }

  async #metrics(message: IncomingMessage, name: string): Promise<AdminAnswer> {
    const { room, lookup, arePublicMetrics } = this.#options;
    const kind = METRIC_KINDS.find((candidate) => candidate === name);
    if (kind === undefined) throw unknownCall(name);
    if (message.method !== 'GET') throw new S3Error('MethodNotAllowed');
    if (!arePublicMetrics) checkMetricsToken(message.headers.authorization, lookup, room.clock.now());
    return { bytes: Buffer.from(await metricsText(room, kind)), contentType: 'text/plain; version=0.0.4; charset=utf-8' };
  }

  async #send(message: IncomingMessage, response: ServerResponse, answer: AdminAnswer): Promise<void> {
    if ('stream' in answer) {
      response.writeHead(200, { ...this.#headers(), 'Content-Type': answer.contentType, 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' });
      response.flushHeaders();
      const write = (text: string): boolean => {
        if (response.destroyed || response.writableLength > STREAM_BUFFER_MAX) return false;
        response.write(text);
        return true;
      };
      await answer.stream(write, hangUpSignal(response, this.#options.closing));
      response.end();
      return;
    }
    const isJson = 'json' in answer;
    const bytes = isJson ? Buffer.from(JSON.stringify(answer.json)) : answer.bytes;
    const isSmall = bytes.length < GZIP_SIZE_MIN || !/\bgzip\b/.test(String(message.headers['accept-encoding'] ?? '')) || (!isJson && answer.contentType === 'application/octet-stream');
    const body = isSmall ? bytes : await promisify(gzip)(bytes);
    response.writeHead(200, {
      ...this.#headers(),
      'Content-Type': isJson ? 'application/json' : answer.contentType,
      ...(!isSmall && { 'Content-Encoding': 'gzip' }),
      'Content-Length': String(body.length),
    });
    response.end(body, () => {
      if (isJson) answer.afterwards?.();
    });
  }

  #fail(message: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { room } = this.#options;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const { code, status, text } = describe(error);
    if (status >= 500 && status !== 501) room.log.error(`admin call ${message.method ?? ''} ${message.url ?? ''} failed: ${code}`, { cause: error instanceof Error ? (error.stack ?? error.message) : error });
    const resource = (message.url ?? '').split('?')[0] ?? '';
    const isUnknown = code === 'XMinioAdminVersionMismatch';
    const headers = this.#headers();
    const body = Buffer.from(JSON.stringify({ Code: code, Message: text, Resource: resource, RequestId: isUnknown ? '' : headers['X-Amz-Request-Id'], HostId: isUnknown ? '' : this.#hostId }));
    response.writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': String(body.length), ...(!message.complete && { Connection: 'close' }) });
    response.end(body);
    // The client may still be sending: it sees the answer only when somebody reads on.
    message.resume();
    if (!message.complete) setTimeout(() => message.destroy(), LINGER_MS).unref();
  }

  #headers(): Record<string, string> {
    return {
      Server: this.#options.serverName,
      'X-Amz-Request-Id': Buffer.from(this.#options.room.random.bytes(8)).toString('hex').toUpperCase(),
      'X-Amz-Id-2': this.#hostId,
      Vary: 'Origin,Accept-Encoding',
      'X-Content-Type-Options': 'nosniff',
    };
  }
}

function describe(error: unknown): { readonly code: string; readonly status: number; readonly text: string } {
  if (error instanceof AdminError) return { code: error.code, status: error.status, text: error.message };
  const s3 = toS3Error(error);
  // A storage error's own sentence says more to an operator than S3's.
  return { code: s3.code, status: s3.status, text: isStorageError(error) ? error.message : s3.message };
}

function unknownCall(path: string): AdminError {
  const call = path.replace(/^v3\//, '').slice(0, 100);
  return new AdminError('XMinioAdminVersionMismatch', `This server does not know the admin call "${call}"${call === path ? '; it serves those of version v3' : ''}.`);
}

function hangUpSignal(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const abort = new AbortController();
  const stop = (): void => {
    if (!response.writableFinished) abort.abort(new Error('the client hung up'));
  };
  if (response.destroyed) stop();
  else response.once('close', stop);
  return AbortSignal.any([abort.signal, closing]);
}

function ignore(): void {
  // Heard so that it does not end the process.
}
