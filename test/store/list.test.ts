import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { listObjects, listObjectVersions } from '../../src/store/list.js';
import { SystemClock, silentLog, systemRandom } from '../../src/base/index.js';
import { LocalLocker } from '../../src/cluster/index.js';
import { createStore } from '../../src/store/index.js';
import { FixtureDeployment, FreshDeployment } from './deployment.js';

const clock = new SystemClock();
const ALL = { prefix: '', delimiter: '', after: '', limit: 1000 };
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Live keys of a bucket, sorted, as its manifest says. */
function liveKeys(deployment: FixtureDeployment, bucket: string): string[] {
  return Object.entries(deployment.fixture.manifest.buckets[bucket]!.objects)
    .filter(([, versions]) => !versions.at(-1)!.deleteMarker)
    .map(([key]) => key)
    .sort(byBytes);
}

describe.each(['2025-xl1', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'])('listing %s', (name) => {
  it('gives every live key of every bucket once, in order, page by page', async () => {
    await using drives = new FixtureDeployment(name);
    for (const bucket of Object.keys(drives.fixture.manifest.buckets)) {
      const keys: string[] = [];
      let after = '';
      for (;;) {
        const page = await listObjects(drives.deployment, bucket, { ...ALL, after, limit: 3, mayHoldDeleteMarkers: true });
        keys.push(...page.objects.map(({ key }) => key));
        if (!page.isTruncated) break;
        expect(page.objects.length).toBe(3);
        after = page.next!;
      }
      expect(keys).toEqual(liveKeys(drives, bucket));
    }
  });

  it('gives every version, newest first, also when pages end inside a key', async () => {
    await using drives = new FixtureDeployment(name);
    for (const [bucket, { versioning, objects }] of Object.entries(drives.fixture.manifest.buckets)) {
      if (versioning === undefined) continue;
      const listed: string[] = [];
      let marker: { after: string; afterVersionId?: string } = { after: '' };
      for (;;) {
        const page = await listObjectVersions(drives.deployment, bucket, { ...ALL, ...marker, limit: 2 });
        listed.push(...page.versions.map(({ key, versionId, isLatest }) => `${key} ${versionId} ${isLatest}`));
        if (!page.isTruncated) break;
        marker = { after: page.nextKey!, ...(page.nextVersionId !== undefined && { afterVersionId: page.nextVersionId }) };
      }
      const expected = Object.keys(objects)
        .sort(byBytes)
        .flatMap((key) => objects[key]!.toReversed().map((version, i) => `${key} ${version.versionId ?? 'null'} ${i === 0}`));
      expect(listed).toEqual(expected);
    }
  });

  it('rolls keys up at the delimiter', async () => {
    await using drives = new FixtureDeployment(name);
    for (const bucket of Object.keys(drives.fixture.manifest.buckets)) {
      for (const delimiter of ['/', 'o', '.t']) {
        for (const mayHoldDeleteMarkers of [true, false]) {
          const page = await listObjects(drives.deployment, bucket, { ...ALL, delimiter, mayHoldDeleteMarkers });
          const expected = new Set<string>();
          for (const key of liveKeys(drives, bucket)) {
            const end = key.indexOf(delimiter);
            expected.add(end < 0 ? key : key.slice(0, end + delimiter.length));
          }
          const live = [...page.objects.map(({ key }) => key), ...page.prefixes].sort(byBytes);
          // Without the look below prefixes, one that holds delete markers only may show; fixtures have none such.
          expect(live).toEqual([...expected].sort(byBytes));
        }
      }
    }
  });
});

describe('listing with a drive that lost its files', () => {
  it('still gives every key', async () => {
    await using drives = new FixtureDeployment('2025-xl4');
    const bucket = Object.keys(drives.fixture.manifest.buckets).find((name) => name.endsWith('photos'))!;
    rmSync(join(drives.fixture.drives[2]!, bucket, 'docs'), { recursive: true });
    rmSync(join(drives.fixture.drives[1]!, bucket, 'zero'), { recursive: true });
    for (let round = 0; round < 4; round++) {
      const page = await listObjects(drives.deployment, bucket, { ...ALL, mayHoldDeleteMarkers: false });
      expect(page.objects.map(({ key }) => key)).toEqual(liveKeys(drives, bucket));
    }
  });

  it('answers read-quorum rather than short when too few drives are left', async () => {
    await using drives = new FixtureDeployment('2025-xl4');
    const bucket = Object.keys(drives.fixture.manifest.buckets)[0]!;
    for (const drive of drives.fixture.drives.slice(0, 3)) rmSync(drive, { recursive: true });
    await expect(listObjects(drives.deployment, bucket, { ...ALL, mayHoldDeleteMarkers: false })).rejects.toMatchObject({ code: 'read-quorum' });
  });
});

describe('a key whose versions lie in two pools', () => {
  it('is listed once, with the versions of both, newest first', async () => {
    await using one = new FreshDeployment(4);
    await using two = new FreshDeployment(4);
    const pools = [one.deployment.pools[0]!, { ...two.deployment.pools[0]!, index: 1 }];
    const versionIds: string[] = [];
    for (const pool of [pools[0]!, pools[1]!, pools[0]!]) {
      const store = createStore({ deployment: { id: one.deployment.id, pools: [pool] }, locker: new LocalLocker(), clock, random: systemRandom, log: silentLog });
      await store.makeBucket('united', {}).catch(() => undefined);
      const body = { size: 1, stream: Readable.from([Buffer.from('x')]), digests: [] };
      const put = await store.put('united', 'key', body, { versioning: 'enabled', metaUser: new Map(), judge: () => ({ etag: 'e' }) });
      versionIds.unshift(put.versionId);
      await store.idle();
    }
    const listed = await listObjectVersions({ id: one.deployment.id, pools }, 'united', ALL);
    expect(listed.versions.map(({ versionId, isLatest }) => [versionId, isLatest])).toEqual(versionIds.map((id, i) => [id, i === 0]));
  });
});
