import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLog } from '../../src/base/index.js';
import { Session, type RemotePlace } from '../../src/client/index.js';
import { startServer, type RunningServer } from '../../src/index.js';
import { convertDrives } from '../../src/offline/convert/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';

let root: string;
let server: RunningServer;
let place: RemotePlace;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-convert-server-'));
  server = await startServer();
  const s3 = new Session({ configDir: root }).s3Of({ name: 'new', url: server.url, accessKey: server.accessKey, secretKey: server.secretKey, api: 's3v4', path: 'on', source: '' });
  place = { kind: 'remote', text: 'new', alias: 'new', s3, bucket: '', key: '' };
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

function run(fixture: Fixture, more: { readonly isDryRun?: boolean; readonly onVersion?: () => void } = {}): ReturnType<typeof convertDrives> {
  const { isDryRun = false, onVersion = () => undefined } = more;
  const listener = { onVersion, onFailure: () => undefined, onDifference: () => undefined };
  return convertDrives({ sources: fixture.layout, target: place, isDryRun, log: silentLog, setDriveCount: undefined, listener, signal: new AbortController().signal });
}

/** What the manifest promises, asked of the server; versions are found by their order. */
async function expectAll({ manifest }: Fixture, withOtherEtag: readonly string[] = []): Promise<number> {
  const { s3 } = place;
  let seen = 0;
  expect((await s3.listBuckets()).map(({ name }) => name)).toEqual(Object.keys(manifest.buckets).sort());
  for (const [bucket, { objects, versioning }] of Object.entries(manifest.buckets)) {
    expect(await s3.versioningOf(bucket)).toBe(versioning ?? '');
    for (const [key, all] of Object.entries(objects)) {
      const wanted = versioning === undefined ? all.slice(-1) : all;
      const there = (await s3.listVersions(bucket, { prefix: key })).entries.filter((entry) => entry.key === key).reverse();
      expect(there.map(({ isDeleteMarker, sizeBytes }) => [isDeleteMarker, sizeBytes]), key).toEqual(wanted.map(({ deleteMarker = false, size }) => [deleteMarker, deleteMarker ? 0 : size]));
      for (const [index, version] of wanted.entries()) {
        seen++;
        if (version.deleteMarker === true) continue;
        const { versionId } = there[index]!;
        const got = await s3.get(bucket, key, { versionId });
        const hash = createHash('sha256');
        for await (const chunk of got.body) hash.update(chunk as Buffer);
        expect(hash.digest('hex'), key).toBe(version.sha256);
        if (withOtherEtag.includes(key)) expect(got.etag, key).toMatch(/^[0-9a-f]{32}$/);
        else expect(got.etag, key).toBe(version.etag);
        if (version.contentType !== undefined) expect(got.contentType).toBe(version.contentType);
        for (const [name, value] of Object.entries(version.metadata ?? {})) expect(got.headers[`x-amz-meta-${name}`]).toBe(value);
        if (version.tagging !== undefined) expect(await s3.tagsOf(bucket, key, versionId)).toEqual(Object.fromEntries(new URLSearchParams(version.tagging)));
      }
    }
  }
  return seen;
}

describe.each([
  // A drive of 2017 without erasure coding does not tell part sizes; these are not such that they could be guessed.
  { name: '2017-fs', unknownParts: ['multi/three-parts'] },
  { name: '2020-xl4', unknownParts: [] },
  // These can.
  { name: 'life-fs', unknownParts: [] },
])('the drives of $name', ({ name, unknownParts }) => {
  it('come to a server of another make with every byte, and every ETag whose parts are known, once, and stay as they are', async () => {
    const fixture = unpackFixture(name, root);
    const before = fixture.drives.map(snapshotOf);
    expect(await run(fixture, { isDryRun: true })).toMatchObject({ isExact: false, doneCount: 0 });
    expect(await place.s3.listBuckets()).toEqual([]);
    const report = await run(fixture);
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ doneCount: report.versionCount, foundCount: 0, differences: { time: report.versionCount } });
    expect(report.differences).toEqual({ time: report.versionCount, ...(unknownParts.length > 0 && { etag: unknownParts.length }) });
    expect(await expectAll(fixture, unknownParts)).toBe(report.versionCount);
    const again = await run(fixture);
    expect(again).toMatchObject({ doneCount: report.versionCount, foundCount: report.versionCount, failures: [] });
    expect(await expectAll(fixture, unknownParts)).toBe(report.versionCount);
    fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
  });
});

it('versions and delete markers come in their order, also where a run was stopped between two versions', async () => {
  const fixture = unpackFixture('2021-xl4', root);
  const total = (await run(fixture, { isDryRun: true })).versionCount;
  for (const stopAt of [3, 5, 8]) {
    let count = 0;
    const onVersion = (): void => {
      if (++count === stopAt) throw new Error('killed');
    };
    await expect(run(fixture, { onVersion })).rejects.toThrow('killed');
  }
  const report = await run(fixture);
  // The locked bucket's objects keep their lock only where the server can lock.
  const failed = report.failures.map(({ bucket }) => bucket);
  expect(failed.every((bucket) => fixture.manifest.buckets[bucket]!.objectLock)).toBe(true);
  expect(report.foundCount).toBeGreaterThan(0);
  expect(report.doneCount + failed.length).toBe(total);
  const { buckets } = fixture.manifest;
  const unlocked = Object.fromEntries(Object.entries(buckets).filter(([, { objectLock }]) => objectLock !== true));
  for (const bucket of Object.keys(buckets)) if (!(bucket in unlocked)) await place.s3.deleteBucket(bucket, { force: true });
  expect(await expectAll({ ...fixture, manifest: { ...fixture.manifest, buckets: unlocked } })).toBeGreaterThan(20);
});

it('what the server has under the same name is not overwritten, and everything else comes', async () => {
  const fixture = unpackFixture('2017-fs', root);
  await place.s3.createBucket('lsdgys-photos');
  await place.s3.put('lsdgys-photos', 'docs.txt', Buffer.from('somebody else wrote this'));
  const report = await run(fixture);
  expect(report.failures).toMatchObject([{ bucket: 'lsdgys-photos', key: 'docs.txt', reason: expect.stringContaining('not overwritten') as string }]);
  expect(report.doneCount).toBe(report.versionCount - 1);
  const { body } = await place.s3.get('lsdgys-photos', 'docs.txt');
  expect(Buffer.concat(await body.toArray() as Buffer[]).toString()).toBe('somebody else wrote this');
});

it('a file put on an FS drive by hand comes with the ETag that its bytes have, and the report says so', async () => {
  const fixture = unpackFixture('2017-fs', root); // has one more with another ETag
  writeFileSync(join(fixture.drives[0]!, 'kryvf-empty/by-hand.txt'), 'hello');
  expect(existsSync(join(fixture.drives[0]!, '.minio.sys/buckets/kryvf-empty/by-hand.txt'))).toBe(false);
  const report = await run(fixture);
  expect(report.differences).toEqual({ time: report.versionCount, etag: 2 });
  expect((await place.s3.head('kryvf-empty', 'by-hand.txt')).etag).toBe('5d41402abc4b2a76b9719d911017c592');
});
