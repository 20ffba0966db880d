/** Trace lines as mc shows them. */
import type { TraceLine } from '../client/index.js';
import { formatCallTime } from './short-time.js';
import { formatSize } from './size.js';
import type { Palette } from './terminal.js';

/** `2026-11-22T19:05:19.626 [200 OK] s3.HeadBucket 127.0.0.1:9000/b1/ 127.0.0.1  191µs  ⇣  168µs  ↑ 77 B ↓ 0 B`. */
export function traceText(line: TraceLine, paint: Palette): string {
  const { http } = line;
  const time = paint.time(localTime(line.time));
  if (http === undefined) {
    const failure = line.error === undefined || line.error === '' ? '' : ` ${paint.bad(line.error)}`;
    return `${time} ${paint.strong(`[${kindName(line.type)}]`)} ${line.funcname} ${line.nodename} ${line.path} ${duration(line.dur)}${line.bytes === undefined ? '' : ` ${formatSize(line.bytes)}`}${failure}`;
  }
  const code = http.response.statuscode ?? 0;
  const status = (code >= 400 ? paint.bad : paint.good)(`[${code} ${statusText(code)}]`);
  const query = http.request.rawquery === undefined || http.request.rawquery === '' ? '' : `?${http.request.rawquery}`;
  const { timetofirstbyte = 0, inputbytes = 0, outputbytes = 0 } = http.stats;
  return `${time} ${status} ${paint.strong(line.funcname)} ${line.nodename}${line.path}${query} ${http.request.client ?? ''}  ${duration(line.dur)}  ⇣  ${duration(timetofirstbyte)}  ↑ ${formatSize(inputbytes)} ↓ ${formatSize(outputbytes)}`;
}

/** Request and answer with their headers, each line led by the node. */
export function traceVerboseText(line: TraceLine, paint: Palette): string {
  const { http } = line;
  if (http === undefined) return traceText(line, paint);
  const { request, response, stats } = http;
  const code = response.statuscode ?? 0;
  const rows = [
    `${paint.strong(`[REQUEST ${line.funcname}]`)} [${localTime(request.time)}] [Client IP: ${request.client ?? ''}]`,
    `${request.method} ${request.path ?? line.path}${request.rawquery === undefined || request.rawquery === '' ? '' : `?${request.rawquery}`}`,
    `Proto: ${request.proto}`,
    ...headerRows(request.headers),
    ...bodyRows(request.body),
    `${paint.strong('[RESPONSE]')} [${localTime(response.time)}] [ Duration ${duration(line.dur)} TTFB ${duration(stats.timetofirstbyte ?? 0)} ↑ ${formatSize(stats.inputbytes ?? 0)} ↓ ${formatSize(stats.outputbytes ?? 0)} ]`,
    (code >= 400 ? paint.bad : paint.good)(`${code} ${statusText(code)}`),
    ...headerRows(response.headers),
    ...bodyRows(response.body),
    '',
  ];
  return rows.map((row) => `${line.nodename} ${row}`.trimEnd()).join('\n');
}

function headerRows(headers: Readonly<Record<string, readonly string[]>> | undefined): string[] {
  return Object.entries(headers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, values]) => `${name}: ${values.join(', ')}`);
}

function bodyRows(base64: string | undefined): string[] {
  return base64 === undefined || base64 === '' ? [] : ['', ...Buffer.from(base64, 'base64').toString('utf8').split('\n')];
}

/** mc's object of an event; `isVerbose` keeps the headers. */
export function traceObject(line: TraceLine, isVerbose: boolean): object {
  const { http } = line;
  const callStats = { rx: http?.stats.inputbytes ?? 0, tx: http?.stats.outputbytes ?? 0, duration: line.dur, timeToFirstByte: http?.stats.timetofirstbyte ?? 0 };
  const type = kindName(line.type);
  if (isVerbose && http !== undefined) {
    const { request, response } = http;
    return {
      type, host: line.nodename, api: line.funcname, time: line.time, duration: line.dur, path: line.path,
      request: { time: request.time, proto: request.proto, method: request.method, path: request.path, rawQuery: request.rawquery, headers: request.headers ?? {}, body: request.body },
      response: { time: response.time, headers: response.headers ?? {}, body: response.body, statusCode: response.statuscode ?? 0 }, callStats,
    };
  }
  const code = http?.response.statuscode ?? 0;
  return {
    status: 'success', host: line.nodename, time: line.time, client: http?.request.client ?? '', callStats, duration: line.dur, timeToFirstByte: callStats.timeToFirstByte,
    api: line.funcname, path: line.path, query: http?.request.rawquery ?? '', statusCode: code, statusMsg: code === 0 ? '' : statusText(code), type,
    size: line.bytes ?? 0, error: line.error ?? '', extra: null,
  };
}

const KINDS: Readonly<Record<number, string>> = {
  1: 'OS', 2: 'STORAGE', 4: 'S3', 8: 'INTERNAL', 16: 'SCANNER', 32: 'DECOMMISSION', 64: 'HEALING', 128: 'BATCH-REPLICATION', 256: 'BATCH-KEYROTATION', 512: 'BATCH-EXPIRE',
  1024: 'REBALANCE', 2048: 'REPLICATION-RESYNC', 4096: 'BOOTSTRAP', 8192: 'FTP', 16384: 'ILM', 32768: 'KMS', 65536: 'FORMATTING',
};

function kindName(type: number): string {
  return KINDS[type] ?? String(type);
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'OK', 201: 'Created', 202: 'Accepted', 204: 'No Content', 206: 'Partial Content', 301: 'Moved Permanently', 304: 'Not Modified', 400: 'Bad Request', 401: 'Unauthorized',
  403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 408: 'Request Timeout', 409: 'Conflict', 411: 'Length Required', 412: 'Precondition Failed', 416: 'Requested Range Not Satisfiable',
  426: 'Upgrade Required', 499: 'Client Closed Request', 500: 'Internal Server Error', 501: 'Not Implemented', 503: 'Service Unavailable', 507: 'Insufficient Storage',
};

function statusText(code: number): string {
  return STATUS_TEXTS[code] ?? '';
}

const duration = (ns: number): string => formatCallTime(ns / 1e6);

function localTime(time: string): string {
  const date = new Date(time);
  const pad = (value: number, length = 2): string => String(value).padStart(length, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
