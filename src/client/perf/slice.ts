/**
 * One slice of load: so many clients, each sending its next request when the answer is there, for a given time.
 */
import { Histogram } from './histogram.js';
import { LightClient, type Payload } from './light-client.js';
import type { PerfEndpoint } from './light-signer.js';
import { ObjectPool, STEPS, type PerfOp } from './workload.js';

/** An endpoint under load: its bucket, its objects, its connections. */
export class Station {
  readonly pool = new ObjectPool();
  readonly clients: LightClient[];

  constructor(
    readonly endpoint: PerfEndpoint,
    readonly bucket: string,
    concurrency: number,
  ) {
    this.clients = Array.from({ length: concurrency }, () => new LightClient(endpoint));
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

/** What all slices of one operation at one endpoint add up to. */
export class Tally {
  readonly latencies = new Histogram();
  bytes = 0;
  items = 0;
  errors = 0;
  elapsedMs = 0;
  /** The first error, in words. */
  firstError = '';
}

/** After this many errors in a row a client gives up: the endpoint is down, not busy. */
const ERRORS_IN_A_ROW_MAX = 20;

/** Runs `op` for about `durationMs` and adds to `tally`. The time counted ends with the last answer. */
export async function runSlice(
  station: Station,
  op: PerfOp,
  payload: Payload,
  durationMs: number,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const step = STEPS[op];
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  await Promise.all(
    station.clients.map(async (client) => {
      const context = { client, bucket: station.bucket, pool: station.pool, payload };
      let errorsInARow = 0;
      for (let before = performance.now(); before < endMs && !signal.aborted; ) {
        try {
          const done = await step(context);
          if (done === undefined) return;
          const after = performance.now();
          tally.latencies.add(after - before);
          tally.bytes += done.bytes;
          tally.items += done.items;
          errorsInARow = 0;
          before = after;
        } catch (error) {
          tally.errors += 1;
          tally.firstError ||= error instanceof Error ? error.message : String(error);
          errorsInARow += 1;
          if (errorsInARow >= ERRORS_IN_A_ROW_MAX) return;
          before = performance.now();
        }
      }
    }),
  );
  tally.elapsedMs += performance.now() - startMs;
}

/** Uploads objects until the pool holds `count`. Rejects with the first error. */
export async function fillPool(station: Station, payload: Payload, count: number, signal: AbortSignal): Promise<void> {
  let missing = count - station.pool.size;
  await Promise.all(
    station.clients.map(async (client) => {
      while (missing > 0) {
        signal.throwIfAborted();
        missing -= 1;
        const key = station.pool.freshKey();
        await client.put(station.bucket, key, payload);
        station.pool.add(key);
      }
    }),
  );
}

/** Removes every object under `perf/`, page by page. */
export async function emptyBucket(station: Station): Promise<void> {
  const [client] = station.clients;
  if (!client) return;
  for (;;) {
    const { keys } = await client.list(station.bucket, 'perf%2F', '');
    if (keys.length === 0) return;
    await client.deleteMany(station.bucket, keys);
  }
}
