/**
 * How fast an emptied drive is filled again: a server process on four drives (2+2) gets small and large objects, is stopped, and
 * finds one drive empty when it starts; beside it a raw copy of the same files to the same disk, synced.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { decodeHealingTracker, type HealingTracker } from '../src/format/index.js';
import { BenchServer } from './server.js';

const MIB = 1024 * 1024;
const BUCKET = 'bench-heal';
const LOADS = [
  { name: 'heal 10 MiB objects', sizeBytes: 10 * MIB, count: 40 },
  { name: 'heal 4 KiB objects', sizeBytes: 4096, count: 2000 },
] as const;
const LIMIT_MS = 10 * 60_000;

export interface HealRow {
  readonly name: string;
  /** Bytes written to the drive, and objects, per second of the heal. */
  readonly bytesPerSecond: number;
  readonly objectsPerSecond: number;
  readonly rawBytesPerSecond: number;
  readonly rawObjectsPerSecond: number;
}

export async function run(print: (row: HealRow) => void): Promise<void> {
  for (const load of LOADS) print(await runLoad(load));
}

async function runLoad({ name, sizeBytes, count }: (typeof LOADS)[number]): Promise<HealRow> {
  const folder = mkdtempSync(join(process.env['MTS_BENCH_DIR'] ?? tmpdir(), 'mts-bench-'));
  try {
    await fill(folder, sizeBytes, count);
    const drive = join(folder, 'd2');
    const copy = join(folder, 'copy');
    execFileSync('sync');
    const copyStartedMs = performance.now();
    cpSync(drive, copy, { recursive: true });
    execFileSync('sync', ['-f', copy]);
    const copySeconds = (performance.now() - copyStartedMs) / 1000;
    const bytes = bytesBelow(join(copy, BUCKET));
    for (const entry of readdirSync(drive)) rmSync(join(drive, entry), { recursive: true });

    const server = await BenchServer.start(folder);
    try {
      const { startedNs, lastUpdateNs } = await untilHealed(drive);
      const seconds = Number(lastUpdateNs - startedNs) / 1e9;
      return {
        name,
        bytesPerSecond: bytes / seconds,
        objectsPerSecond: count / seconds,
        rawBytesPerSecond: bytes / copySeconds,
        rawObjectsPerSecond: count / copySeconds,
      };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(folder: string, sizeBytes: number, count: number): Promise<void> {
  const server = await BenchServer.start(folder);
  try {
    const { url, accessKey, secretKey } = server.endpoint;
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const s3 = new S3Client({ endpoint: url.origin, region: 'us-east-1', forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const body = Buffer.alloc(sizeBytes, 'mts');
    let next = 0;
    const put = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `dir-${i % 10}/key-${i}`, Body: body }));
    };
    await Promise.all(Array.from({ length: 8 }, put));
  } finally {
    await server.stop();
  }
}

async function untilHealed(drive: string): Promise<HealingTracker> {
  const endMs = performance.now() + LIMIT_MS;
  while (performance.now() < endMs) {
    const tracker = trackerOf(drive);
    if (tracker?.isFinished === true) return tracker;
    await sleep(50);
  }
  throw new Error(`the drive ${drive} was not healed within ${LIMIT_MS / 60_000} minutes`);
}

function trackerOf(drive: string): HealingTracker | undefined {
  try {
    return decodeHealingTracker(readFileSync(join(drive, '.minio.sys/buckets/.healing.bin')));
  } catch {
    return undefined;
  }
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
