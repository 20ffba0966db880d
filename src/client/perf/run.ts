/**
 * A load run: prepares buckets, runs each operation at one endpoint or, in alternating slices, at two, and cleans up.
 * Alternating means that whatever else the machine does meanwhile weighs on both endpoints alike.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { UsageError } from '../../base/index.js';
import { makePayload, type LightClient } from './light-client.js';
import type { PerfEndpoint } from './light-signer.js';
import { emptyBucket, fillPool, runSlice, Station, Tally } from './slice.js';
import type { PerfOp } from './workload.js';

export interface PerfOptions {
  readonly ops: readonly PerfOp[];
  /** Bytes per object. */
  readonly sizeBytes: number;
  /** Requests in flight per endpoint. */
  readonly concurrency: number;
  /** Load time per operation and endpoint, milliseconds. */
  readonly durationMs: number;
  /** Objects to read, list or delete. */
  readonly objects: number;
  /** An existing or new bucket; only objects under `perf/` are touched and removed. A bucket of its own when undefined. */
  readonly bucket?: string | undefined;
  readonly signal: AbortSignal;
  /** Hears what happens, for people who wait. */
  readonly onStage: (text: string) => void;
}

/** One operation at one endpoint. */
export interface PerfRow {
  readonly op: PerfOp;
  readonly endpoint: string;
  readonly sizeBytes: number;
  readonly concurrency: number;
  readonly requests: number;
  readonly errors: number;
  readonly firstError: string;
  readonly elapsedMs: number;
  /** Payload bytes per second. */
  readonly bytesPerSecond: number;
  /** Requests per second; for listings, keys per second. */
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

/** An operation's rows; `ratio` is the first endpoint's rate over the second's, when there are two. */
export interface PerfResult {
  readonly op: PerfOp;
  readonly rows: readonly PerfRow[];
  readonly ratio?: number | undefined;
}

/** Slices of this length alternate between two endpoints; short enough that noise hits both, long enough to get going. */
const SLICE_MS = 1_000;
/** Each endpoint gets at least this many slices, so that a short run alternates too. */
const SLICE_COUNT_MIN = 4;
/** A short run of each operation before it counts: connections open, caches and compilers warm. */
const WARM_UP_MS = 300;

/** Runs the operations one after another; yields each one's result as it is there. */
export async function* runPerf(endpoints: readonly PerfEndpoint[], options: PerfOptions): AsyncGenerator<PerfResult> {
  const payload = makePayload(randomBytes(options.sizeBytes));
  const bucket = options.bucket ?? `mts-perf-${randomUUID().slice(0, 8)}`;
  const stations = endpoints.map((endpoint) => new Station(endpoint, bucket, options.concurrency));
  const made: Station[] = [];
  try {
    for (const station of stations) {
      const client = firstClient(station);
      if (await client.hasBucket(bucket)) {
        await refuseForeignObjects(station, client);
        continue;
      }
      await client.makeBucket(bucket);
      made.push(station);
    }
    for (const op of options.ops) {
      for (const station of stations) {
        options.onStage(`${station.endpoint.name}: preparing ${op}`);
        await fillPool(station, payload, op === 'put' ? 0 : options.objects, options.signal);
      }
      yield await runOp(op, stations, payload, options);
      options.signal.throwIfAborted();
    }
  } finally {
    options.onStage('cleaning up');
    for (const station of stations) {
      await cleanUp(station, made.includes(station));
      station.close();
    }
  }
}

async function runOp(
  op: PerfOp,
  stations: readonly Station[],
  payload: ReturnType<typeof makePayload>,
  options: PerfOptions,
): Promise<PerfResult> {
  const tallies = new Map(stations.map((station) => [station, new Tally()]));
  const sliceCount = Math.max(SLICE_COUNT_MIN, Math.ceil(options.durationMs / SLICE_MS));
  // Deletions use up their objects, so they neither warm up nor run longer than the objects last.
  if (op !== 'delete') {
    for (const station of stations) await runSlice(station, op, payload, WARM_UP_MS, new Tally(), options.signal);
  }
  for (let slice = 0; slice < sliceCount; slice += 1) {
    // A B, B A, A B ...: a steady drift of the machine favours neither.
    const order = slice % 2 === 0 ? stations : [...stations].reverse();
    for (const station of order) {
      options.signal.throwIfAborted();
      options.onStage(`${station.endpoint.name}: ${op}, slice ${slice + 1} of ${sliceCount}`);
      const tally = tallies.get(station);
      if (tally) await runSlice(station, op, payload, options.durationMs / sliceCount, tally, options.signal);
    }
  }
  const rows = stations.map((station) => toRow(op, station, tallies.get(station) ?? new Tally(), options));
  const [first, second] = rows;
  const ratio = first && second && second.opsPerSecond > 0 ? first.opsPerSecond / second.opsPerSecond : undefined;
  return { op, rows, ratio };
}

function toRow(op: PerfOp, station: Station, tally: Tally, options: PerfOptions): PerfRow {
  const seconds = tally.elapsedMs / 1000;
  const perSecond = (count: number): number => (seconds > 0 ? count / seconds : 0);
  return {
    op,
    endpoint: station.endpoint.name,
    sizeBytes: options.sizeBytes,
    concurrency: options.concurrency,
    requests: tally.latencies.count,
    errors: tally.errors,
    firstError: tally.firstError,
    elapsedMs: tally.elapsedMs,
    bytesPerSecond: perSecond(tally.bytes),
    opsPerSecond: perSecond(tally.items),
    p50Ms: tally.latencies.percentileMs(0.5),
    p90Ms: tally.latencies.percentileMs(0.9),
    p99Ms: tally.latencies.percentileMs(0.99),
  };
}

async function refuseForeignObjects(station: Station, client: LightClient): Promise<void> {
  const { keys } = await client.list(station.bucket, 'perf%2F', '');
  if (keys.length > 0) {
    throw new UsageError(
      `Bucket \`${station.endpoint.name}/${station.bucket}\` already holds objects under perf/, which a load run would overwrite and remove.`,
      'Choose another bucket, or leave --bucket out to get a temporary one.',
    );
  }
}

async function cleanUp(station: Station, isOwnBucket: boolean): Promise<void> {
  try {
    if (station.pool.size > 0 || isOwnBucket) await emptyBucket(station);
    if (isOwnBucket) await firstClient(station).removeBucket(station.bucket);
  } catch {
    // The run's own error, if any, says more; what is left is named after the tool and holds nothing else.
  }
}

function firstClient(station: Station): LightClient {
  const [client] = station.clients;
  if (!client) throw new UsageError('At least one request must be in flight.', 'Use --concurrency 1 or more.');
  return client;
}
