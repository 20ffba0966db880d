/**
 * The admin calls of one server. Failures are S3Errors (with MinIO's admin codes) and ConnectionErrors, as for S3.
 */
import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import type { S3 } from '../s3.js';
import { encodeStrict } from '../sign.js';
import { jsonObjects } from './json-stream.js';
import type {
  BackgroundHeal, DataUsageInfo, HealSettings, HealStart, HealStatus, InspectAnswer, LogLine, QuarantinedItem, ServerInfo, ServiceResult, StorageInfo, TraceLine, WireScannerMetrics,
} from './types.js';

export type TraceType =
  | 's3' | 'internal' | 'storage' | 'os' | 'scanner' | 'decommission' | 'healing' | 'batch-replication' | 'batch-keyrotation' | 'batch-expire' | 'rebalance'
  | 'replication-resync' | 'bootstrap' | 'ftp' | 'ilm' | 'kms' | 'formatting';

export const TRACE_TYPES: readonly TraceType[] = [
  's3', 'internal', 'storage', 'os', 'scanner', 'decommission', 'healing', 'batch-replication', 'batch-keyrotation', 'batch-expire', 'rebalance',
  'replication-resync', 'bootstrap', 'ftp', 'ilm', 'kms', 'formatting',
];

export interface TraceOptions {
  readonly types: readonly TraceType[];
  readonly onlyErrors?: boolean;
  /** Requests that took at least this long. */
  readonly thresholdMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export type MetricKind = 'cluster' | 'node' | 'bucket' | 'resource';

interface CallOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly attempts?: number;
}

/** Bit of the admin API's metrics that asks for the scanner's. */
const SCANNER_METRICS = 1;
/** Polls are repeated anyway: one that fails is not tried again behind its caller's back. */
const ONE_ATTEMPT = 1;

export class Admin {
  constructor(readonly s3: S3) {}

  info(signal?: AbortSignal): Promise<ServerInfo> {
    return this.#json('GET', 'info', { signal, query: { metrics: 'false' } });
  }

  storageInfo(signal?: AbortSignal): Promise<StorageInfo> {
    return this.#json('GET', 'storageinfo', { signal });
  }

  dataUsage(signal?: AbortSignal): Promise<DataUsageInfo> {
    return this.#json('GET', 'datausageinfo', { signal });
  }

  backgroundHeal(signal?: AbortSignal): Promise<BackgroundHeal> {
    return this.#json('POST', 'background-heal/status', { signal });
  }

  /** @param path `bucket/prefix`, empty for everything */
  startHeal(path: string, settings: HealSettings, options: { readonly force: boolean; readonly signal?: AbortSignal }): Promise<HealStart> {
    const body = { recreate: false, updateParity: false, nolock: false, ...settings };
    return this.#json('POST', healPath(path), { body, signal: options.signal, query: options.force ? { forceStart: 'true' } : {} });
  }

  pollHeal(path: string, clientToken: string, signal?: AbortSignal): Promise<HealStatus> {
    return this.#json('POST', healPath(path), { signal, query: { clientToken } });
  }

  stopHeal(path: string): Promise<HealStart> {
    return this.#json('POST', healPath(path), { query: { forceStop: 'true' } });
  }

  service(action: 'restart' | 'stop' | 'freeze' | 'unfreeze', isDryRun: boolean): Promise<ServiceResult> {
    return this.#json('POST', 'service', { query: { action, 'dry-run': String(isDryRun), type: '2' } });
  }

  /** Events until the signal aborts or the server ends the stream. */
  async *trace({ types, onlyErrors = false, thresholdMs = 0, signal }: TraceOptions): AsyncGenerator<TraceLine, void> {
    const flags = Object.fromEntries(TRACE_TYPES.map((type) => [type, String(types.includes(type))]));
    yield* this.#stream('trace', { ...flags, err: String(onlyErrors), threshold: `${Math.round(thresholdMs * 1e6)}ns` }, signal) as AsyncGenerator<TraceLine, void>;
  }

  /** The last `limit` lines of the server's log, then new ones. */
  async *logs({ node, limit, kind, signal }: { readonly node?: string | undefined; readonly limit: number; readonly kind: string; readonly signal?: AbortSignal }): AsyncGenerator<LogLine, void> {
    yield* this.#stream('log', { node: node ?? '', limit: String(limit), logType: kind }, signal) as AsyncGenerator<LogLine, void>;
  }

  /** What the scanner of a MinIO server does now; mts says it with its info. undefined where the server does not know. */
  async scanner(signal?: AbortSignal): Promise<WireScannerMetrics | undefined> {
    const once = { types: String(SCANNER_METRICS), n: '1', interval: '1s' };
    for await (const answer of this.#stream('metrics', once, signal) as AsyncGenerator<{ readonly aggregated?: { readonly scanner?: WireScannerMetrics } }, void>) return answer.aggregated?.scanner;
    return undefined;
  }

  /** Metrics in Prometheus' text format. */
  async metrics(kind: MetricKind, signal?: AbortSignal): Promise<string> {
    return this.#text(await this.#send('GET', `/minio/v2/metrics/${kind}`, { signal, attempts: ONE_ATTEMPT }, { authorization: `Bearer ${this.metricsToken()}` }));
  }

  /** The token that scrapers show: good for as long as the secret key is (a hundred years, as MinIO's client makes them). */
  metricsToken(nowMs = Date.now()): string {
    const { accessKey, secretKey } = this.s3.alias;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(nowMs / 1000) + 100 * 365 * 24 * 3600;
    const text = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ exp, sub: accessKey, iss: 'prometheus' })}`;
    return `${text}.${createHmac('sha512', secretKey).update(text).digest('base64url')}`;
  }

  /** A file as each drive has it, e.g. `.minio.sys`, `format.json`. */
  async inspect(volume: string, file: string, signal?: AbortSignal): Promise<InspectAnswer> {
    const answer = await this.#call('GET', 'inspect-data', { query: { volume, file }, signal });
    const { readInspectAnswer } = await import('./inspect.js');
    return readInspectAnswer(await buffer(answer.body));
  }

  /** Only mts has a quarantine. */
  listQuarantine(): Promise<QuarantinedItem[]> {
    return this.#json('GET', 'mts/quarantine');
  }

  restoreQuarantined(id: string): Promise<{ readonly id: string }> {
    return this.#json('POST', 'mts/quarantine/restore', { query: { id } });
  }

  emptyQuarantine(olderThanMs: number): Promise<{ readonly removed: number }> {
    return this.#json('POST', 'mts/quarantine/empty', { query: { olderThanMs: String(olderThanMs) } });
  }

  async #json<T>(method: 'GET' | 'POST', path: string, options: CallOptions = {}): Promise<T> {
    return JSON.parse(await this.#text(await this.#call(method, path, options))) as T;
  }

  async *#stream(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal | undefined): AsyncGenerator<unknown, void> {
    const answer = await this.#call('GET', path, { query, signal });
    try {
      yield* jsonObjects(answer.body);
    } finally {
      answer.body.destroy();
    }
  }

  #call(method: 'GET' | 'POST', path: string, options: CallOptions) {
    return this.#send(method, `/minio/admin/v3/${path}`, options, {});
  }

  #send(method: 'GET' | 'POST', plainPath: string, options: CallOptions, headers: Readonly<Record<string, string>>) {
    const { query, body, signal, attempts } = options;
    return this.s3.request({
      method, plainPath, query, signal, headers: { ...headers },
      ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
      ...(attempts !== undefined && { attempts }),
    });
  }

  async #text(answer: Awaited<ReturnType<S3['request']>>): Promise<string> {
    const bytes = await buffer(answer.body);
    return (answer.headers['content-encoding'] === 'gzip' ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
  }
}

function healPath(path: string): string {
  return `heal/${encodeStrict(path, true)}`;
}
