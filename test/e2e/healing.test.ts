import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';

import { decodeHealingTracker } from '../../src/format/index.js';
import { filesBelow } from '../store/heal/damage.js';
import { content } from '../store/life.js';
import { ACCESS_KEY, SECRET_KEY, ServerProcess, temporaryFolder } from './server-process.js';

const BUCKET = 'healing-test';
const SLOT = 1;

function drivesIn(root: string): string[] {
  const drives = Array.from({ length: 4 }, (_, i) => join(root, `d${i + 1}`));
  for (const drive of drives) mkdirSync(drive);
  return drives;
}

function clientOf(server: ServerProcess): S3Client {
  return new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY } });
}

const put = (s3: S3Client, key: string, size: number): Promise<unknown> => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content(size) }));

/** Objects and settings on a drive. */
const lasting = (drive: string): Map<string, Buffer> => new Map([...filesBelow(drive)].filter(([name]) => !/^\.minio\.sys\/(tmp|mts)|\.healing\.bin$|\.usage\.json/.test(name)));

async function until(condition: () => boolean, limitMs: number, what: string): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}

function isHealed(drive: string): boolean {
  try {
    return decodeHealingTracker(readFileSync(join(drive, '.minio.sys/buckets/.healing.bin'))).isFinished;
  } catch {
    return false;
  }
}

describe('a server that is killed again and again', () => {
  it('fills an emptied drive all the same, byte for byte', { timeout: 90_000 }, async () => {
    using root = temporaryFolder('healing');
    const drives = drivesIn(String(root));
    await using server = await ServerProcess.start(drives, { MINIO_CI_CD: '1' });
    const s3 = clientOf(server);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (let i = 0; i < 120; i++) await put(s3, `dir-${i % 4}/key-${i}`, i % 4 === 0 ? 700_000 : 4000);
    await server.end();
    const before = lasting(drives[SLOT]!);
    for (const name of readdirSync(drives[SLOT]!)) rmSync(join(drives[SLOT]!, name), { recursive: true });

    for (let round = 0; round < 5; round++) {
      await server.start();
      await sleep(round * 60);
      await server.end('SIGKILL');
    }
    await server.start();
    await until(() => isHealed(drives[SLOT]!), 30_000, 'the drive is healed');
    await server.end();
    const after = lasting(drives[SLOT]!);
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, bytes] of before) expect(after.get(name)?.equals(bytes), name).toBe(true);
    expect(readdirSync(join(drives[SLOT]!, '.minio.sys/tmp'))).toEqual([]);
  });

  it('brings a drive that was away what it missed, within 30 seconds of its return and without a read', { timeout: 90_000 }, async () => {
    using root = temporaryFolder('healing');
    const drives = drivesIn(String(root));
    await using server = await ServerProcess.start(drives, { MINIO_CI_CD: '1' });
    const s3 = clientOf(server);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const key of ['kept', 'overwritten', 'deleted']) await put(s3, key, 300_000);
    await sleep(200);
    // Damage might be evidence of another disk: the drive is left out until the file is right again.
    const format = join(drives[SLOT]!, '.minio.sys/format.json');
    const identity = readFileSync(format);
    writeFileSync(format, '{}');
    await sleep(1500);
    await put(s3, 'overwritten', 400_000);
    await put(s3, 'new', 2000);
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'deleted' }));
    await server.end('SIGKILL');

    await server.start();
    await put(s3, 'newer', 900_000);
    await server.end('SIGKILL');
    await server.start();
    writeFileSync(format, identity);
    const others = (): string[] => readdirSync(join(drives[0]!, BUCKET)).sort();
    const own = (): string[] => readdirSync(join(drives[SLOT]!, BUCKET)).sort();
    await until(() => JSON.stringify(own()) === JSON.stringify(others()), 30_000, 'the drive has the same objects as the others');
    expect(own()).toEqual(['kept', 'new', 'newer', 'overwritten']);
    const missed = join(drives[0]!, '.minio.sys/mts/missed', String(SLOT));
    await until(() => readdirSync(missed).length === 0, 30_000, 'nothing is noted any more');
    await server.end();
    const names = (drive: string): string[] => [...lasting(drive).keys()].filter((name) => name.startsWith(BUCKET));
    expect(names(drives[SLOT]!)).toEqual(names(drives[0]!));
  });
});
