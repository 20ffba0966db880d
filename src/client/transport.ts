/**
 * HTTP for the S3 client: kept-alive connections, fixed name resolution, proxies, extra headers, and the debug trace.
 * It knows nothing of S3 and retries nothing.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { readFileSync, readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Readable } from 'node:stream';
import { connectionError } from './errors.js';
import { proxyFor, tunnelThrough } from './proxy.js';

/** Connections kept to one server at most; transfers run fewer requests than this at once. */
const CONNECTIONS_MAX = 256;
/** No byte in either direction for this long ends a request. */
const IDLE_TIMEOUT_MS = 120_000;

/** What the global flags say about connections. */
export interface ConnectionOptions {
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** `host[:port]` -> address, from `--resolve`. */
  readonly resolve?: ReadonlyMap<string, string>;
  /** Sent with every request, from `--custom-header`. */
  readonly customHeaders?: Readonly<Record<string, string>>;
  /** Folder with certs/CAs/*.crt: authorities trusted beside Node's own. */
  readonly configDir?: string;
  /** Receives the lines of the `--debug` trace. */
  readonly trace?: (text: string) => void;
}

/** The URL class folds "." and ".." segments, even encoded ones, which keys may hold: the path stays apart, as it was signed. */
export interface HttpTarget {
  readonly origin: URL;
  /** Path and query, encoded, beginning with `/`. */
  readonly path: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly target: HttpTarget;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

export class Transport {
  readonly #options: ConnectionOptions;
  #plainAgent: http.Agent | undefined;
  #tlsAgent: https.Agent | undefined;

  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
  }

  /** The agents, for clients that bring their own request code. */
  get agents(): { readonly http: http.Agent; readonly https: https.Agent } {
    return { http: this.#plain(), https: this.#tls() };
  }

  /**
   * Sends one request and gives its answer as soon as the headers are here; the caller reads or destroys the body.
   * A body stream is destroyed when the request fails. Throws ConnectionError, or the signal's reason when aborted.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const startedMs = performance.now();
    const headers = { ...request.headers, ...this.#options.customHeaders };
    this.#options.trace?.(describeRequest(request, headers));
    const answer = await this.#exchange(request, headers);
    this.#options.trace?.(describeAnswer(answer, performance.now() - startedMs));
    return answer;
  }

  /** Closes idle connections; running requests go on. */
  close(): void {
    this.#plainAgent?.destroy();
    this.#tlsAgent?.destroy();
  }

  #exchange(request: HttpRequest, headers: Record<string, string>): Promise<HttpAnswer> {
    const { target, method, body, signal } = request;
    const url = target.origin;
    const isTls = url.protocol === 'https:';
    const proxy = proxyFor(url);
    const throughProxy = proxy !== undefined && !isTls;
    return new Promise<HttpAnswer>((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (body !== undefined && !(body instanceof Uint8Array)) body.destroy();
        reject(signal?.aborted === true ? asError(signal.reason) : connectionError(error, `${titleCase(method)} "${url.origin}${target.path}"`));
      };
      const outgoing = (isTls ? https : http).request({
        method,
        host: throughProxy ? proxy.hostname : unbracket(url.hostname),
        port: throughProxy ? proxy.port || 80 : url.port || (isTls ? 443 : 80),
        path: throughProxy ? `${url.origin}${target.path}` : target.path,
        headers: throughProxy && proxy.authorization !== undefined ? { ...headers, 'proxy-authorization': proxy.authorization } : headers,
        agent: isTls ? this.#tls() : this.#plain(),
        ...(isTls && proxy !== undefined ? { agent: false, createConnection: tunnelThrough(proxy, url, this.#tlsOptions()) as NonNullable<http.RequestOptions['createConnection']> } : {}),
        ...(signal === undefined ? {} : { signal }),
      });
      outgoing.setTimeout(IDLE_TIMEOUT_MS, () => outgoing.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
      outgoing.once('error', fail);
      outgoing.once('response', (incoming) => {
        // A server may refuse before it has read the body: nobody will read the rest.
        incoming.once('end', () => {
          if (outgoing.writableFinished) return;
          if (body !== undefined && !(body instanceof Uint8Array)) body.destroy();
          outgoing.destroy();
        });
        resolve({ status: incoming.statusCode ?? 0, statusText: incoming.statusMessage ?? '', headers: incoming.headers, body: incoming });
      });
      if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
      else {
        body.once('error', (error) => outgoing.destroy(error));
        body.pipe(outgoing);
      }
    });
  }

  #plain(): http.Agent {
    this.#plainAgent ??= new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, ...this.#lookup() });
    return this.#plainAgent;
  }

  #tls(): https.Agent {
    this.#tlsAgent ??= new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, ...this.#tlsOptions(), ...this.#lookup() });
    return this.#tlsAgent;
  }

  #tlsOptions(): { rejectUnauthorized: boolean; ca?: string[] } {
    const own = this.#options.configDir === undefined ? [] : readAuthorities(this.#options.configDir);
    return { rejectUnauthorized: this.#options.insecure !== true, ...(own.length === 0 ? {} : { ca: [...rootCertificates, ...own] }) };
  }

  #lookup(): object {
    const fixed = this.#options.resolve;
    if (fixed === undefined || fixed.size === 0) return {};
    return {
      lookup: (host: string, options: { all?: boolean }, done: (error: Error | null, address?: unknown, family?: number) => void) => {
        const address = [...fixed].find(([name]) => name === host || name.startsWith(`${host}:`))?.[1];
        if (address === undefined) {
          void import('node:dns').then(({ lookup }) => lookup(host, options as object, done as never));
          return;
        }
        const family = isIP(address) === 6 ? 6 : 4;
        if (options.all === true) done(null, [{ address, family }]);
        else done(null, address, family);
      },
    };
  }
}

function readAuthorities(configDir: string): string[] {
  const folder = join(configDir, 'certs', 'CAs');
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .filter((text) => text.includes('BEGIN CERTIFICATE'));
  } catch {
    return [];
  }
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error('aborted'));
const titleCase = (method: string): string => method.charAt(0) + method.slice(1).toLowerCase();
const unbracket = (host: string): string => host.replace(/^\[|\]$/g, '');

/** Signatures, tokens and customer keys give their holder power: the trace never shows one. */
const redact = (name: string, value: string): string =>
  /security-token|customer-key$|^proxy-authorization$/.test(name) ? '**REDACTED**' : name === 'authorization' ? value.replace(/Credential=[^/,]*/, 'Credential=**REDACTED**').replace(/(Signature=|:)\S+$/, '$1**REDACTED**') : value;

function describeRequest(request: HttpRequest, headers: Record<string, string>): string {
  const path = request.target.path.replace(/(X-Amz-(?:Signature|Credential)|Signature)=[^&]*/g, '$1=**REDACTED**');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${redact(name.toLowerCase(), value)}`);
  return [`${request.method} ${path} HTTP/1.1`, `host: ${request.target.origin.host}`, ...lines, ''].join('\n');
}

function describeAnswer(answer: HttpAnswer, elapsedMs: number): string {
  const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
  return [`HTTP/1.1 ${answer.status} ${answer.statusText}`, ...lines, '', `Response Time:  ${elapsedMs.toFixed(3)}ms`, ''].join('\n');
}
