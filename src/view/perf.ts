/**
 * What `perf` prints: one row per operation and endpoint, and the ratio where there are two.
 */
import type { PerfResult, PerfRow } from '../client/index.js';
import { formatPreciseSize } from './size.js';

export const PERF_COLUMNS = ['Operation', 'Endpoint', 'Throughput', 'Ops/s', 'p50', 'p90', 'p99', 'Requests', 'Errors', 'Ratio'] as const;

/** The cells of an operation's rows, as text. The ratio stands in the first endpoint's row. */
export function perfCells(result: PerfResult): string[][] {
  return result.rows.map((row, index) => [
    index === 0 ? row.op : '',
    row.endpoint,
    row.bytesPerSecond > 0 ? `${formatPreciseSize(Math.round(row.bytesPerSecond))}/s` : '-',
    rate(row.opsPerSecond),
    milliseconds(row.p50Ms),
    milliseconds(row.p90Ms),
    milliseconds(row.p99Ms),
    String(row.requests),
    row.errors === 0 ? '0' : `${row.errors} (${row.firstError})`,
    index === 0 && result.ratio !== undefined ? `${result.ratio.toFixed(2)}x` : '',
  ]);
}

const rate = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const milliseconds = (value: number): string => `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ms`;

/** A row as JSON; `ratio` only in a comparison. Durations are nanoseconds. */
export function perfRowJson(row: PerfRow, ratio: number | undefined): object {
  const ns = (ms: number): number => Math.round(ms * 1e6);
  return {
    status: 'success',
    op: row.op,
    endpoint: row.endpoint,
    size: row.sizeBytes,
    concurrency: row.concurrency,
    requests: row.requests,
    errors: row.errors,
    ...(row.errors > 0 ? { firstError: row.firstError } : {}),
    duration: ns(row.elapsedMs),
    bytesPerSecond: row.bytesPerSecond,
    opsPerSecond: row.opsPerSecond,
    p50: ns(row.p50Ms),
    p90: ns(row.p90Ms),
    p99: ns(row.p99Ms),
    ...(ratio === undefined ? {} : { ratio }),
  };
}
