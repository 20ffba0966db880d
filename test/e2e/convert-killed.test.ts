import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';

import { startServer } from '../../src/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';
import { MTS, temporaryFolder } from './server-process.js';

interface Report {
  readonly versionCount: number;
  readonly doneCount: number;
  readonly foundCount: number;
  readonly failures: readonly unknown[];
  readonly completed?: string;
}

/** MTS_TEST_KILLS=40 for a long run by hand. */
const KILLS = Number(process.env['MTS_TEST_KILLS'] ?? 6);

/** Ends it by SIGKILL once the first drive has so many objects more than before; gives its report where it was done before. */
async function convert(fixture: Fixture, target: string, killAfterCount?: number): Promise<Report | undefined> {
  const first = target.replace('{1...8}', '1');
  const wanted = objectsOn(first) + (killAfterCount ?? 0);
  const child = spawn(process.execPath, [MTS, 'convert', '--json', join(fixture.drives[0]!, '..', 'd{1...4}'), target], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'close');
  if (killAfterCount !== undefined) {
    while (child.exitCode === null && objectsOn(first) < wanted) await sleep(1);
    // Anywhere in the next ones' steps.
    await Promise.race([gone, sleep(Math.random() * 20)]);
    child.kill('SIGKILL');
  }
  await gone;
  return child.signalCode === null ? (JSON.parse(output) as Report) : undefined;
}

function objectsOn(drive: string): number {
  try {
    return readdirSync(drive, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('/xl.meta') && !path.startsWith('.minio.sys')).length;
  } catch {
    // Not there yet, or a folder went while it was being looked at.
    return 0;
  }
}

async function expectAll(fixture: Fixture, target: string): Promise<number> {
  await using server = await startServer({ drives: [target], readOnly: true });
  const s3 = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey } });
  let seen = 0;
  for (const [Bucket, { objects, versioning }] of Object.entries(fixture.manifest.buckets)) {
    for (const [Key, all] of Object.entries(objects)) {
      for (const version of versioning === undefined ? all.slice(-1) : all) {
        seen++;
        if (version.deleteMarker === true) continue;
        const got = await s3.send(new GetObjectCommand({ Bucket, Key, ...(version.versionId !== undefined && { VersionId: version.versionId }) }));
        expect(createHash('sha256').update(await got.Body!.transformToByteArray()).digest('hex'), Key).toBe(version.sha256);
        expect(got.ETag, Key).toBe(`"${version.etag}"`);
      }
    }
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const wanted = Object.values(objects).flatMap((all) => (versioning === undefined ? all.slice(-1) : all));
    expect([Versions.length, DeleteMarkers.length]).toEqual([wanted.filter(({ deleteMarker }) => deleteMarker !== true).length, wanted.filter(({ deleteMarker }) => deleteMarker === true).length]);
  }
  s3.destroy();
  return seen;
}

it(`a conversion that is killed ${KILLS} times is completed by the next run, and then known as complete`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  using folder = temporaryFolder('convert-killed');
  const fixture = unpackFixture('2021-xl4', folder.toString());
  const before = fixture.drives.map(snapshotOf);
  const marker = (target: string): string => join(target.replace('{1...8}', '1'), '.minio.sys/mts/conversion.json');
  let target = '';
  let [killed, rounds, found] = [0, 0, 0];
  // Three kills on the same target, then a run that is left alone; and again with another.
  while (killed < KILLS) {
    rounds++;
    expect(rounds).toBeLessThan(KILLS * 2);
    target = join(folder.toString(), `new${rounds}-{1...8}`);
    for (let kill = 0; kill < 3 && killed < KILLS; kill++) {
      const ended = await convert(fixture, target, kill === 0 ? 2 : Math.floor(Math.random() * 5));
      if (ended !== undefined) break;
      killed++;
    }
    const report = await convert(fixture, target);
    expect(report?.failures).toEqual([]);
    if (report?.completed === undefined) expect(report?.doneCount).toBe(report?.versionCount);
    found += report?.foundCount ?? 0;
    expect(await expectAll(fixture, target)).toBe(report?.versionCount);
    expect(existsSync(marker(target))).toBe(true);
    expect(await convert(fixture, target)).toMatchObject({ completed: expect.any(String) as string, failures: [] });
    for (let number = 1; number <= 8; number++) rmSync(target.replace('{1...8}', String(number)), { recursive: true });
  }
  if (KILLS > 3) expect(found).toBeGreaterThan(0);
  console.log(`${killed} kills in ${rounds} conversions; ${found} versions were there already`);
  fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
});
