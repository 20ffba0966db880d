/** `trace`, `log` and `metrics`: JSON values one after the other for as long as the client listens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceEvent, TraceKind, Tracer } from '../../base/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import type { KeptLog, LogRecord } from '../kept-log.js';
import { nanoseconds, wireTime } from '../wire.js';

const STREAM_TYPE = 'text/event-stream';
const TRACE_KEEPALIVE_MS = 1000;
const LOG_KEEPALIVE_MS = 500;

/** Query flags and MinIO's bit of each kind of event; flags without one here are accepted and give nothing. */
const KINDS: Readonly<Record<TraceKind, { readonly flag: string; readonly bit: number }>> = {
  storage: { flag: 'storage', bit: 2 },
  http: { flag: 's3', bit: 4 },
  internal: { flag: 'internal', bit: 8 },
  scanner: { flag: 'scanner', bit: 16 },
  healing: { flag: 'healing', bit: 64 },
};

/** Which events somebody wants. */
export interface TraceWish {
  readonly kinds: readonly TraceKind[];
  readonly onlyErrors: boolean;
  readonly thresholdMs: number;
}

/** How many lines of before somebody wants. */
export interface LogWish {
  readonly limit: number;
}

export function trace(room: AdminRoom, request: AdminRequest): AdminAnswer {
  const { query } = request;
  const wish: TraceWish = {
    kinds: (Object.keys(KINDS) as TraceKind[]).filter((kind) => query.get(KINDS[kind].flag) === 'true'),
    onlyErrors: query.get('err') === 'true',
    thresholdMs: parseGoDurationMs(query.get('threshold') ?? '0s'),
  };
  return {
    contentType: STREAM_TYPE,
    stream: (write, signal) =>
      pushed(write, signal, TRACE_KEEPALIVE_MS, (push) => {
        room.nodes.follow('trace', wish, (node, event) => push(JSON.stringify(wireTrace(event as TraceEvent, node))), signal);
        return listenTrace(room.tracer, wish, (event) => push(JSON.stringify(wireTrace(event, room.nodes.self))));
      }),
  };
}

/** Events of this node that are wished for, until the result is called. */
export function listenTrace(tracer: Tracer, { kinds, onlyErrors, thresholdMs }: TraceWish, listener: (event: TraceEvent) => void): () => void {
  return tracer.listen(kinds, (event) => {
    if (event.durationMs >= thresholdMs && (!onlyErrors || isFailure(event))) listener(event);
  });
}

function isFailure(event: TraceEvent): boolean {
  return event.http === undefined ? event.error !== undefined : event.http.status >= 400;
}

function wireTrace(event: TraceEvent, node: string): object {
  const { http } = event;
  const time = wireTime(event.startedMs);
  return {
    type: KINDS[event.kind].bit,
    nodename: node,
    funcname: event.name,
    time,
    path: event.path,
    dur: nanoseconds(event.durationMs),
    ...(event.bytes !== undefined && { bytes: event.bytes }),
    ...(event.error !== undefined && { error: event.error }),
    ...(http !== undefined && {
      http: {
        request: { time, proto: http.protocol, method: http.method, path: http.path, rawquery: hideSignature(http.rawQuery), headers: wireHeaders(http.requestHeaders), client: http.client },
        response: { time: wireTime(event.startedMs + event.durationMs), headers: wireHeaders(http.responseHeaders), statuscode: http.status },
        stats: { inputbytes: http.receivedBytes, outputbytes: http.sentBytes, latency: nanoseconds(event.durationMs), timetofirstbyte: nanoseconds(http.firstByteMs) },
      },
    }),
  };
}

/** What gives its holder power is never shown. */
const SECRET_HEADER = /^(authorization|cookie|x-amz-security-token|.*customer-key)$/i;

function wireHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      const shown = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
      return [[shown, SECRET_HEADER.test(name) ? ['*REDACTED*'] : [value].flat().map(String)] as const];
    }),
  );
}

function hideSignature(rawQuery: string): string {
  return rawQuery.replace(/((?:X-Amz-Signature|Signature|X-Amz-Credential|X-Amz-Security-Token)=)[^&]*/g, '$1*REDACTED*');
}

export function consoleLog(room: AdminRoom, request: AdminRequest): AdminAnswer {
  const { query } = request;
  const wish: LogWish = { limit: Number(query.get('limit') ?? 10) || 0 };
  const node = query.get('node') ?? '';
  return {
    contentType: STREAM_TYPE,
    stream: (write, signal) =>
      pushed(write, signal, LOG_KEEPALIVE_MS, (push) => {
        const show = (from: string, record: LogRecord): void => {
          if (node === '' || node === from) push(JSON.stringify(wireLog(room, from, record)));
        };
        room.nodes.follow('log', wish, (from, record) => show(from, record as LogRecord), signal);
        return listenLog(room.log, wish, (record) => show(room.nodes.self, record));
      }),
  };
}

/** Records of this node, those of before first, until the result is called. */
export function listenLog(log: KeptLog, { limit }: LogWish, listener: (record: LogRecord) => void): () => void {
  log.last(limit).forEach(listener);
  return log.listen(listener);
}

function wireLog({ deployment }: AdminRoom, node: string, { level, timeMs, message, fields }: LogRecord): object {
  const texts = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value instanceof Error ? value.message : typeof value === 'string' ? value : JSON.stringify(value)] as const]));
  const common = { deploymentid: deployment.id, level, errKind: level === 'INFO' ? '' : 'ALL', time: wireTime(timeMs), node };
  if (level === 'INFO') return { ...common, ConsoleMsg: `${message}${texts.length === 0 ? '' : ` ${texts.map(([name, value]) => `${name}=${value}`).join(' ')}`}\n` };
  return { ...common, ConsoleMsg: '', api: { name: 'SYSTEM', args: {} }, error: { message, source: [], variables: Object.fromEntries(texts) } };
}

/** MinIO's bits of realtime metrics. */
const SCANNER = 1;
const DISK = 2;
const NET = 32;
const MEMORY = 64;
const CPU = 128;

export function realtimeMetrics(room: AdminRoom, request: AdminRequest): AdminAnswer {
  const { query } = request;
  const types = Number(query.get('types') ?? 0) || SCANNER + DISK + NET + MEMORY + CPU;
  const rounds = Number(query.get('n') ?? 0) || Infinity;
  const intervalMs = Math.max(100, parseGoDurationMs(query.get('interval') ?? '3s'));
  return {
    contentType: 'application/json',
    stream: async (write, signal) => {
      for (let round = 1; round <= rounds && !signal.aborted; round++) {
        write(`${JSON.stringify(await realtime(room, query.get('by-host') === 'true', types, round === rounds))}\n`);
        if (round < rounds) await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

async function realtime(room: AdminRoom, isByHost: boolean, types: number, isFinal: boolean): Promise<object> {
  const reports = (await room.nodes.reports()).filter(({ state }) => state === 'online');
  const collected = wireTime(room.clock.now());
  const section = <T>(bit: number, name: string, value: () => T): object => ((types & bit) === 0 ? {} : { [name]: value() });
  const of = (chosen: typeof reports): object => ({
    ...section(SCANNER, 'scanner', () => scannerMetrics(chosen, collected)),
    ...section(DISK, 'disk', () => ({ collected, n_disks: chosen.flatMap(({ drives }) => drives).length, ...driveOperations(chosen) })),
    ...section(NET, 'net', () => {
      const [first] = chosen.flatMap(({ process }) => process?.networks.filter(({ name }) => name !== 'lo') ?? []);
      return { collected, interfaceName: first?.name ?? '', netstats: { name: first?.name ?? '', rx_bytes: first?.receivedBytes ?? 0, tx_bytes: first?.sentBytes ?? 0 } };
    }),
    ...section(MEMORY, 'mem', () => {
      const total = sum(chosen.map(({ process }) => process?.memoryTotalBytes ?? 0));
      const available = sum(chosen.map(({ process }) => process?.memoryAvailableBytes ?? 0));
      return { collected, nodes: chosen.length, memInfo: { total, available, used: total - available, free: sum(chosen.map(({ process }) => process?.memoryFreeBytes ?? 0)) } };
    }),
    ...section(CPU, 'cpu', () => {
      const [load1 = 0, load5 = 0, load15 = 0] = chosen[0]?.process?.load ?? [];
      return { collected, cpuCount: sum(chosen.map(({ process }) => process?.cpuCount ?? 0)), loadStat: { load1, load5, load15 } };
    }),
  });
  return {
    hosts: reports.map(({ endpoint }) => endpoint),
    aggregated: of(reports),
    ...(isByHost && { by_host: Object.fromEntries(reports.map((report) => [report.endpoint, of([report])])) }),
    final: isFinal,
  };
}

function scannerMetrics(reports: readonly { readonly scanner: AdminRoomScanner }[], collected: string): object {
  const scanner = reports.map((report) => report.scanner).find((one) => one?.isLeader === true) ?? reports[0]?.scanner;
  return {
    collected,
    current_cycle: scanner?.cycle ?? 0,
    current_started: wireTime(scanner?.startedMs),
    cycle_complete_times: scanner?.finishedMs === undefined ? [] : [wireTime(scanner.finishedMs)],
    ongoing_buckets: scanner?.isRunning === true ? 1 : 0,
    life_time_ops: { ScanObject: scanner?.scanned ?? 0, HealCheck: scanner?.checked ?? 0 },
    last_minute: { actions: {} },
    ...(scanner?.isRunning === true && { active: [scanner.bucket] }),
  };
}

type AdminRoomScanner = Awaited<ReturnType<AdminRoom['nodes']['reports']>>[number]['scanner'];

function driveOperations(reports: Awaited<ReturnType<AdminRoom['nodes']['reports']>>): object {
  const lifeTime: Record<string, number> = {};
  const operations: Record<string, { count: number; acc_time_ns: number }> = {};
  for (const { calls } of reports.flatMap(({ drives }) => drives)) {
    for (const [name, { count }] of Object.entries(calls?.total ?? {})) lifeTime[name] = (lifeTime[name] ?? 0) + count;
    for (const [name, { count, totalMs }] of Object.entries(calls?.recent ?? {})) {
      const before = operations[name] ?? { count: 0, acc_time_ns: 0 };
      operations[name] = { count: before.count + count, acc_time_ns: before.acc_time_ns + nanoseconds(totalMs) };
    }
  }
  return { life_time_ops: lifeTime, last_minute: { operations } };
}

/**
 * Writes what `listen` pushes, and a blank as often as nothing was pushed for a while. A client that does not read as fast
 * loses what does not fit: nobody's requests wait for somebody who watches.
 */
async function pushed(write: (text: string) => boolean, signal: AbortSignal, keepAliveMs: number, listen: (push: (json: string) => void) => () => void): Promise<void> {
  let isQuiet = true;
  const stop = listen((json) => {
    isQuiet = false;
    write(`${json}\n`);
  });
  try {
    while (!signal.aborted) {
      await sleep(keepAliveMs, undefined, { signal }).catch(() => undefined);
      if (isQuiet && !signal.aborted) write(' ');
      isQuiet = true;
    }
  } finally {
    stop();
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `1m30s`, `5ms`; 0 for what is none. */
export function parseGoDurationMs(text: string): number {
  return sum([...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)].map(([, count = '0', unit = '']) => Number(count) * (UNIT_MS[unit] ?? 0)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
