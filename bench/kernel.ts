/**
 * The bodies of the erasure code on one core, shape by shape: GB/s of object bytes, in stripes of 1 MiB in the arena, beside copying the
 * same memory. Processor time is what counts, so that others may use the machine. `--json` prints one line for each figure.
 */
import { pathToFileURL } from 'node:url';
import { openBody } from '../src/erasure/codec.js';
import { Arena, type BodyName, type Codec, type Slab } from '../src/erasure/index.js';
import { KERNEL_RESERVED_SIZE } from '../src/erasure/simd-body.js';

const SHAPES = [
  [2, 2],
  [4, 2],
  [4, 4],
  [8, 4],
  [12, 4],
  [8, 8],
] as const;
const BODIES: readonly BodyName[] = ['simd', 'wasm', 'reference'];
const BLOCK_SIZE = 1024 * 1024;
/** Each figure is the best of a few runs of this length. */
const RUN_MS = 20;
const RUN_COUNT = 3;

type Operation = 'encode' | 'reconstruct';

export interface KernelRow {
  readonly body: BodyName | 'copy';
  readonly shape: string;
  readonly operation: Operation | 'copy';
  /** Object bytes, 10^9 a second. */
  readonly gbPerSecond: number;
  /** As many times as fast as the wasm package. */
  readonly timesPackage?: number;
}

/** Measures and prints; a few seconds. */
export function run(): KernelRow[] {
  const arena = new Arena({ reservedBytes: KERNEL_RESERVED_SIZE });
  const rows: KernelRow[] = [];
  for (const [k, m] of SHAPES) {
    for (const operation of ['encode', 'reconstruct'] as const) {
      const rates = new Map(BODIES.map((name) => [name, rateOf(openBody(name, arena.memory).codec(k, m), operation, arena)]));
      const ofPackage = rates.get('wasm') ?? Number.NaN;
      for (const [body, rate] of rates) rows.push({ body, shape: `${k}+${m}`, operation, gbPerSecond: rate, timesPackage: rate / ofPackage });
    }
  }
  rows.push({ body: 'copy', shape: '', operation: 'copy', gbPerSecond: copyRate(arena) });
  if (process.argv.includes('--json')) for (const row of rows) console.log(JSON.stringify(row));
  else printTable(rows);
  return rows;
}

function rateOf(codec: Codec, operation: Operation, arena: Arena): number {
  const { dataShards: k, parityShards: m } = codec;
  const size = Math.ceil(BLOCK_SIZE / k);
  const slab = take(arena, size * (k + m));
  slab.bytes.forEach((_, at) => (slab.bytes[at] = at * 31 + (at >> 8)));
  const shards = Array.from({ length: k + m }, (_, i) => slab.bytes.subarray(i * size, (i + 1) * size));
  const [data, parity] = [shards.slice(0, k), shards.slice(k)];
  codec.encode(data, parity);
  const lost = Array.from({ length: Math.min(k, m) }, (_, i) => i);
  const kept = shards.map((shard, i) => (i < lost.length ? undefined : shard));
  const targets = data.slice(0, lost.length);
  const rate = bestRate(() => (operation === 'encode' ? codec.encode(data, parity) : codec.reconstruct(kept, lost, targets)));
  slab.release();
  return rate;
}

function copyRate(arena: Arena): number {
  const [from, to] = [take(arena, BLOCK_SIZE), take(arena, BLOCK_SIZE)];
  const rate = bestRate(() => to.bytes.set(from.bytes));
  from.release();
  to.release();
  return rate;
}

function bestRate(work: () => void): number {
  let best = 0;
  for (let i = 0; i < RUN_COUNT; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    let count = 0;
    for (; performance.now() - start < RUN_MS; count++) work();
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, (BLOCK_SIZE * count) / (user + system) / 1e3);
  }
  return best;
}

function take(arena: Arena, size: number): Slab {
  const slab = arena.tryAcquire(size);
  if (!slab) throw new Error(`no slab of ${size} bytes`);
  return slab;
}

function printTable(rows: readonly KernelRow[]): void {
  console.log('erasure code, GB/s of object bytes on one core (times the wasm package)');
  for (const operation of ['encode', 'reconstruct'] as const) {
    console.log(`\n${operation.padEnd(12)}${BODIES.map((body) => body.padStart(16)).join('')}`);
    for (const [k, m] of SHAPES) {
      const cells = BODIES.map((body) => {
        const row = rows.find((candidate) => candidate.body === body && candidate.shape === `${k}+${m}` && candidate.operation === operation);
        return row ? `${row.gbPerSecond.toFixed(2)} (${row.timesPackage?.toFixed(1) ?? '-'}x)`.padStart(16) : '';
      });
      console.log(`${`${k}+${m}`.padEnd(12)}${cells.join('')}`);
    }
  }
  console.log(`\nmemory copy ${rows.find((row) => row.body === 'copy')?.gbPerSecond.toFixed(1) ?? '-'} GB/s`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) run();
