import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLog } from '../../src/base/index.js';
import { findName } from '../../src/format/index.js';
import { convertDrives } from '../../src/offline/convert/index.js';
import { openSource } from '../../src/offline/convert/open-drives.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';

let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'mts-test-convert-'))));
afterEach(() => rmSync(root, { recursive: true }));

const listener = { onVersion: () => undefined, onFailure: () => undefined, onDifference: () => undefined };

function run(fixture: Fixture, target: string, more: { readonly isDryRun?: boolean; readonly signal?: AbortSignal; readonly onVersion?: () => void } = {}): ReturnType<typeof convertDrives> {
  const { isDryRun = false, signal = new AbortController().signal, onVersion = () => undefined } = more;
  return convertDrives({ sources: fixture.layout, target: [target], isDryRun, log: silentLog, setDriveCount: fixture.manifest.env['MINIO_ERASURE_SET_DRIVE_COUNT'], listener: { ...listener, onVersion }, signal });
}

/** What the manifest promises, read from the target's drives. */
async function expectAll(fixture: Fixture, target: string): Promise<void> {
  const opened = await openSource([target], { log: silentLog, setDriveCount: undefined });
  const { store } = opened;
  const source = await openSource(fixture.layout, { log: silentLog, setDriveCount: fixture.manifest.env['MINIO_ERASURE_SET_DRIVE_COUNT'] });
  try {
    expect((await store.listBuckets()).map(({ name }) => name)).toEqual(Object.keys(fixture.manifest.buckets).sort());
    for (const [bucket, { objects, versioning }] of Object.entries(fixture.manifest.buckets)) {
      const policy = (await source.store.bucketSettings(bucket)).documents.get('PolicyConfigJSON');
      expect(Buffer.from((await store.bucketSettings(bucket)).documents.get('PolicyConfigJSON') ?? [])).toEqual(Buffer.from(policy ?? []));
      for (const [key, versions] of Object.entries(objects)) {
        for (const version of versioning === undefined ? versions.slice(-1) : versions) {
          if (version.deleteMarker === true) continue;
          const options = version.versionId === undefined ? {} : { versionId: version.versionId };
          const object = await store.open(bucket, key, options);
          const hash = createHash('sha256');
          for await (const chunk of object.read()) hash.update(chunk);
          expect(hash.digest('hex'), `${bucket}/${key}`).toBe(version.sha256);
          expect(findName(object.info.metaUser, 'etag'), `${bucket}/${key}`).toBe(version.etag);
          const before = await source.store.open(bucket, key, options);
          before.close();
          expect(object.info.modTimeNs, `${bucket}/${key}`).toBe(before.info.modTimeNs);
          expect(new Map(object.info.metaUser), `${bucket}/${key}`).toEqual(new Map(before.info.metaUser));
        }
      }
    }
  } finally {
    await source.close();
    await opened.close();
  }
}

describe.each([
  ['2017-fs', 4],
  ['2020-fs', 8],
  ['2018-xl4', 8],
  ['2021-xl4', 4],
  // Objects of several parts that are together smaller than a block of their time.
  ['life-xl6', 4],
])('the drives of %s', (name, count) => {
  it(`come to ${count} drives with every version, time and etag, and stay as they are`, async () => {
    const fixture = unpackFixture(name, root);
    const before = fixture.drives.map(snapshotOf);
    const target = join(root, `new{1...${count}}`);
    const dry = await run(fixture, target, { isDryRun: true });
    expect(readdirSync(root)).toEqual([name]);
    const report = await run(fixture, target);
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ doneCount: dry.versionCount, foundCount: 0, versionCount: dry.versionCount, sizeBytes: dry.sizeBytes });
    expect(report.doneCount).toBeGreaterThan(10);
    await expectAll(fixture, target);
    fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
  });
});

it('a conversion that was stopped half way is completed by the same call, which writes nothing twice', async () => {
  const fixture = unpackFixture('2017-fs', root);
  const target = join(root, 'new{1...4}');
  let seen = 0;
  await expect(
    run(fixture, target, {
      onVersion: () => {
        if (++seen === 6) throw new Error('killed');
      },
    }),
  ).rejects.toThrow('killed');
  const report = await run(fixture, target);
  expect(report.failures).toEqual([]);
  expect(report.foundCount).toBeGreaterThan(0);
  expect(report.doneCount).toBe(report.versionCount);
  await expectAll(fixture, target);
  // What is removed from the target afterwards stays removed, until the source changes.
  expect((await run(fixture, target)).completed).toBeDefined();
  writeFileSync(join(fixture.drives[0]!, 'kryvf-empty/new.txt'), 'hello');
  const later = await run(fixture, target);
  expect(later).toMatchObject({ failures: [], versionCount: report.versionCount + 1, foundCount: report.versionCount });
  expect(later.completed).toBeUndefined();
});

it('bytes that do not match the ETag they were written with are not brought', async () => {
  const fixture = unpackFixture('2020-fs', root);
  const [drive = ''] = fixture.drives;
  const [bucket, key] = anyObject(fixture);
  const file = join(drive, bucket, key);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const target = join(root, 'new{1...4}');
  const report = await run(fixture, target);
  expect(report.failures).toEqual([{ bucket, key, versionId: 'null', reason: expect.stringContaining('ETag') as string }]);
  const opened = await openSource([target], { log: silentLog, setDriveCount: undefined });
  try {
    const { versions } = await opened.store.listVersions(bucket, { prefix: '', delimiter: '', limit: 1000, after: '' });
    expect(versions.map((version) => version.key)).not.toContain(key);
    expect(versions.length).toBeGreaterThan(0);
  } finally {
    await opened.close();
  }
});

/** Bucket and key of an object of one PUT with contents. */
function anyObject({ manifest }: Fixture): [string, string] {
  for (const [bucket, { objects }] of Object.entries(manifest.buckets)) {
    for (const [key, versions] of Object.entries(objects)) {
      const version = versions.at(-1);
      if (version !== undefined && version.size > 1000 && !version.etag.includes('-')) return [bucket, key];
    }
  }
  throw new Error('there is no such object');
}
