/**
 * Everything a dashboard shows, as one value that is polled: the cluster, its traffic, heals, the scanner, recent errors and
 * slow requests, buckets by size. What cannot be had is left as it was, with the reason.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from './admin.js';
import { clusterState, type ClusterState } from './cluster-state.js';
import { trafficRates, trafficSample, type TrafficRates, type TrafficSample } from './prometheus.js';
import type { DataUsageInfo, TraceLine, WireScanner, WireScannerMetrics } from './types.js';

export interface SeenRequest {
  readonly atMs: number;
  readonly api: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly client: string;
  readonly node: string;
  readonly error: string;
}

export interface BucketSize {
  readonly name: string;
  readonly bytes: number;
  readonly objects: number;
}

export interface DashboardValue {
  /** When it was polled. */
  readonly atMs: number;
  /** Why the last poll failed; empty where it did not. Everything else is then of an earlier time. */
  readonly failure: string;
  /** undefined before the first answer. */
  readonly cluster: ClusterState | undefined;
  /** undefined before the second answer. */
  readonly traffic: TrafficRates | undefined;
  /** Newest last; one for each poll. */
  readonly trafficHistory: readonly TrafficRates[];
  readonly healing: { readonly itemsHealed: number; readonly bytesHealed: number; readonly itemsFailed: number; readonly queued: number };
  readonly scanner: WireScanner | undefined;
  /** Newest first. */
  readonly errors: readonly SeenRequest[];
  readonly slow: readonly SeenRequest[];
  /** Largest first. */
  readonly buckets: readonly BucketSize[];
  /** When objects were counted last; undefined where never. */
  readonly countedMs: number | undefined;
}

export interface FeedOptions {
  /** Requests that take at least this long are shown as slow. Default 500 ms. */
  readonly slowMs?: number;
  readonly now?: () => number;
}

const HISTORY_MAX = 240;
const SEEN_MAX = 50;
/** The scanner counts once a minute at best. */
const USAGE_EVERY_MS = 15_000;
const RECONNECT_MS = 2000;
/** A server that does not answer within this time is as good as gone. */
const POLL_LIMIT_MS = 10_000;

export class DashboardFeed {
  readonly #admin: Admin;
  readonly #now: () => number;
  readonly #slowMs: number;
  readonly #closed = new AbortController();
  #value: DashboardValue;
  #sample: TrafficSample | undefined;
  #usageAtMs = -Infinity;
  #polling: Promise<DashboardValue> | undefined;

  constructor(admin: Admin, options: FeedOptions = {}) {
    this.#admin = admin;
    this.#now = options.now ?? Date.now;
    this.#slowMs = options.slowMs ?? 500;
    this.#value = {
      atMs: this.#now(), failure: '', cluster: undefined, traffic: undefined, trafficHistory: [], healing: { itemsHealed: 0, bytesHealed: 0, itemsFailed: 0, queued: 0 },
      scanner: undefined, errors: [], slow: [], buckets: [], countedMs: undefined,
    };
  }

  get value(): DashboardValue {
    return this.#value;
  }

  /** Listens for errors and slow requests from now on, again and again where the server goes away. */
  listen(): void {
    void this.#follow('errors', { onlyErrors: true });
    void this.#follow('slow', { thresholdMs: this.#slowMs });
  }

  /** Asks the server anew; a call while one is under way joins it. Never rejects. */
  poll(): Promise<DashboardValue> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  close(): void {
    this.#closed.abort(new Error('closed'));
  }

  async #poll(): Promise<DashboardValue> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(POLL_LIMIT_MS)]);
    const startedMs = this.#now();
    try {
      const [info, storage, background, metrics, usage] = await Promise.all([
        this.#admin.info(signal),
        this.#admin.storageInfo(signal).catch(() => undefined),
        // Servers with a single drive have nothing to heal from.
        this.#admin.backgroundHeal(signal).catch(() => undefined),
        this.#admin.metrics('cluster', signal).catch(() => undefined),
        startedMs - this.#usageAtMs >= USAGE_EVERY_MS ? this.#admin.dataUsage(signal).catch(() => undefined) : undefined,
      ]);
      if (usage !== undefined) this.#usageAtMs = startedMs;
      const atMs = this.#now();
      const servers = info.servers ?? [];
      const mrf = Object.values(background?.mrf ?? {});
      const backgrounds = servers.flatMap(({ mts }) => mts?.background ?? []);
      const isOfMts = servers.some(({ mts }) => mts?.scanner !== undefined);
      const foreignScanner = usage === undefined || isOfMts ? undefined : await this.#admin.scanner(signal).catch(() => undefined);
      this.#value = {
        ...this.#value,
        ...this.#traffic(metrics, atMs),
        ...(usage !== undefined && bucketsOf(usage)),
        atMs,
        failure: '',
        cluster: clusterState({ info, storage, background, nowMs: atMs }),
        healing: {
          itemsHealed: sum(mrf.map(({ items_healed = 0 }) => items_healed)),
          bytesHealed: sum(mrf.map(({ bytes_healed = 0 }) => bytes_healed)),
          itemsFailed: sum(backgrounds.map(({ itemsFailed }) => itemsFailed)),
          queued: sum(backgrounds.map(({ queued }) => queued)),
        },
        ...(isOfMts && { scanner: servers.map(({ mts }) => mts?.scanner).find((scanner) => scanner?.isLeader === true) ?? servers[0]?.mts?.scanner }),
        ...(foreignScanner !== undefined && { scanner: scannerOf(foreignScanner) }),
      };
    } catch (error) {
      this.#value = { ...this.#value, failure: signal.aborted && !this.#closed.signal.aborted ? 'the server does not answer' : error instanceof Error ? error.message : String(error) };
    }
    return this.#value;
  }

  #traffic(metrics: string | undefined, atMs: number): Partial<DashboardValue> {
    if (metrics === undefined) return {};
    const before = this.#sample;
    const now = trafficSample(metrics, atMs);
    this.#sample = now;
    if (before === undefined) return {};
    const traffic = trafficRates(before, now);
    return { traffic, trafficHistory: [...this.#value.trafficHistory, traffic].slice(-HISTORY_MAX) };
  }

  async #follow(list: 'errors' | 'slow', options: { readonly onlyErrors?: boolean; readonly thresholdMs?: number }): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        for await (const line of this.#admin.trace({ types: ['s3'], ...options, signal })) {
          this.#value = { ...this.#value, [list]: [seenRequest(line), ...this.#value[list]].slice(0, SEEN_MAX) };
        }
      } catch {
        // Said by the poll; listened again when the server is back.
      }
      await sleep(RECONNECT_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/** A traced S3 request as it is shown. */
export function seenRequest({ time, funcname, path, dur, nodename, http, error }: TraceLine): SeenRequest {
  return {
    atMs: Date.parse(time), api: funcname, path: `${path}${http?.request.rawquery === undefined || http.request.rawquery === '' ? '' : `?${http.request.rawquery}`}`,
    status: http?.response.statuscode ?? 0, durationMs: dur / 1e6, client: http?.request.client ?? '', node: nodename, error: error ?? '',
  };
}

function bucketsOf(usage: DataUsageInfo): Pick<DashboardValue, 'buckets' | 'countedMs'> {
  const buckets = Object.entries(usage.bucketsUsageInfo ?? {}).map(([name, { size = 0, objectsCount = 0 }]) => ({ name, bytes: size, objects: objectsCount }));
  const countedMs = Date.parse(usage.lastUpdate ?? '');
  return { buckets: buckets.sort((a, b) => b.bytes - a.bytes), countedMs: countedMs > 0 ? countedMs : undefined };
}

function scannerOf({ current_started: started = '', cycle_complete_times: ends, life_time_ops: operations = {} }: WireScannerMetrics): WireScanner {
  const finishedMs = Date.parse(ends?.at(-1) ?? '');
  return { isRunning: Date.parse(started) > 0, cycle: operations['ScanCycle'] ?? 0, ...(finishedMs > 0 && { finishedMs }) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
