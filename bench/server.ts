/**
 * PUT, GET, STAT, LIST and DELETE through a server process on four local drives, beside the floor measured in the same run
 * and, with MTS_BENCH_VS=http://ACCESS:SECRET@HOST:PORT, beside another S3 server in alternating slices.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPerf, type PerfEndpoint, type PerfOp, type PerfResult } from '../src/client/index.js';
import { rawWrites, staticReads, type FloorRow } from './floor.js';

const KEYS = { accessKey: 'bench-operator', secretKey: 'bench-operator-secret' };
const MIB = 1024 * 1024;

interface Load {
  readonly op: PerfOp;
  readonly sizeBytes: number;
  readonly concurrency: number;
  readonly objects: number;
}

const LOADS: readonly Load[] = [
  { op: 'put', sizeBytes: 10 * MIB, concurrency: 8, objects: 0 },
  { op: 'get', sizeBytes: 10 * MIB, concurrency: 8, objects: 40 },
  { op: 'put', sizeBytes: MIB, concurrency: 8, objects: 0 },
  { op: 'get', sizeBytes: MIB, concurrency: 8, objects: 200 },
  { op: 'put', sizeBytes: 4096, concurrency: 16, objects: 0 },
  { op: 'get', sizeBytes: 4096, concurrency: 16, objects: 2000 },
  { op: 'stat', sizeBytes: 4096, concurrency: 16, objects: 2000 },
  { op: 'list', sizeBytes: 4096, concurrency: 4, objects: 4000 },
  { op: 'delete', sizeBytes: 4096, concurrency: 16, objects: 4000 },
];

/** A server process on four drives below a folder. */
export class BenchServer {
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    readonly endpoint: PerfEndpoint,
  ) {
    this.#child = child;
  }

  static async start(folder: string): Promise<BenchServer> {
    const port = await freePort();
    const drives = [1, 2, 3, 4].map((n) => join(folder, `d${n}`));
    const child = spawn(process.execPath, [join(import.meta.dirname, '../bin/run.js'), 'server', '--quiet', '--address', `127.0.0.1:${port}`, ...drives], {
      env: { ...process.env, MINIO_ROOT_USER: KEYS.accessKey, MINIO_ROOT_PASSWORD: KEYS.secretKey },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const url = `http://127.0.0.1:${port}`;
    for (let i = 0; i < 200; i++) {
      if ((await fetch(`${url}/minio/health/cluster`).catch(() => undefined))?.ok) break;
      await sleep(50);
    }
    return new BenchServer(child, endpointOf('mts', new URL(url), KEYS));
  }

  /** Highest resident memory so far, MB. */
  get peakMb(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function endpointOf(name: string, url: URL, keys: typeof KEYS): PerfEndpoint {
  return { name, url: new URL(url.origin), region: 'us-east-1', isInsecure: false, ...keys };
}

function otherEndpoint(): PerfEndpoint | undefined {
  const given = process.env['MTS_BENCH_VS'];
  if (given === undefined) return undefined;
  const url = new URL(given);
  return endpointOf('other', url, { accessKey: decodeURIComponent(url.username), secretKey: decodeURIComponent(url.password) });
}

export interface ServerRow {
  readonly load: Load;
  readonly result: PerfResult;
  readonly floor?: FloorRow;
}

/** Runs all loads for `durationMs` each; prints a row as each is done. */
export async function run(durationMs: number, print: (row: ServerRow) => void): Promise<{ readonly peakMb: number }> {
  const folder = mkdtempSync(join(process.env['MTS_BENCH_DIR'] ?? tmpdir(), 'mts-bench-'));
  const server = await BenchServer.start(folder);
  const other = otherEndpoint();
  const only = process.env['MTS_BENCH_ONLY']?.split(',');
  try {
    for (const load of LOADS) {
      if (only && !only.includes(load.op)) continue;
      execFileSync('sync');
      const floor =
        load.op === 'put'
          ? await rawWrites(folder, load.sizeBytes, load.concurrency, durationMs / 2)
          : load.op === 'get'
            ? await staticReads(folder, load.sizeBytes, load.concurrency, durationMs / 2)
            : undefined;
      const options = { ...load, ops: [load.op], durationMs, signal: new AbortController().signal, onStage: () => {} };
      for await (const result of runPerf(other ? [server.endpoint, other] : [server.endpoint], options)) {
        print({ load, result, ...(floor && { floor }) });
      }
    }
    return { peakMb: server.peakMb };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}
