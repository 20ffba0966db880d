import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { silentLog, SystemClock, systemRandom } from '../../../src/base/index.js';
import { LocalLocker } from '../../../src/cluster/index.js';
import { decodeVersion, parseXlMeta, xlMetaFileVersion } from '../../../src/format/index.js';
import { createStore, type HealItem, type Store } from '../../../src/store/index.js';
import { FixtureDeployment } from '../deployment.js';
import { filesBelow } from './damage.js';

function storeOver(fixture: FixtureDeployment): Store {
  return createStore({ deployment: fixture.deployment, locker: new LocalLocker(), clock: new SystemClock(), random: systemRandom, log: silentLog });
}

async function healAll(store: Store, isDryRun = false): Promise<HealItem[]> {
  const items: HealItem[] = [];
  for await (const item of store.healing.heal({}, { recursive: true, isDryRun, scan: 'deep', remove: false })) items.push(item);
  return items;
}

/** What a heal has to bring back: not the work areas, uploads under way and caches. */
function lasting(drive: string): Map<string, Buffer> {
  return new Map([...filesBelow(drive)].filter(([name]) => !/^\.minio\.sys\/(tmp|multipart|mts|ilm|buckets\/\.heal)|\.metacache|\.healing\.bin$|\.tracker\.bin$/.test(name)));
}

/** Real servers write the metadata of a version in any order, a different one on each drive: the content must be the same. */
function sameContent(name: string, a: Buffer | undefined, b: Buffer): boolean {
  if (a === undefined || a.equals(b)) return a !== undefined;
  if (!name.endsWith('xl.meta')) return false;
  const [x, y] = [parseXlMeta(a), parseXlMeta(b)];
  expect(x.versions.map(decodeVersion)).toEqual(y.versions.map(decodeVersion));
  expect(x.inline).toEqual(y.inline);
  // Files of 2021 have no version headers yet and are written anew in today's layout.
  return a.length === b.length || xlMetaFileVersion(b) !== '1.3';
}

it.each([
  ['2021-xl4', [0, 3]],
  ['2025-xl4', [1, 2]],
  ['2025-xl16', [1, 6, 7, 15]],
  ['2025-sets', [0, 5]],
  ['2025-pools', [1, 6]],
])('%s: drives %j emptied and healed are what a real server wrote', async (name, emptied) => {
  await using fixture = new FixtureDeployment(name);
  const drives = fixture.fixture.drives;
  const before = drives.map(lasting);
  const store = storeOver(fixture);
  expect((await healAll(store)).filter(({ outcome }) => outcome !== 'ok')).toEqual([]);

  for (const i of emptied) {
    for (const entry of readdirSync(drives[i]!)) if (entry !== '.minio.sys') rmSync(join(drives[i]!, entry), { recursive: true });
    for (const entry of readdirSync(join(drives[i]!, '.minio.sys'))) if (entry !== 'format.json') rmSync(join(drives[i]!, '.minio.sys', entry), { recursive: true });
  }
  const items = await healAll(store);
  expect(items.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'healed')).toEqual([]);
  expect(items.some(({ type, outcome }) => type === 'metadata' && outcome === 'healed')).toBe(true);

  drives.forEach((drive, i) => {
    const now = lasting(drive);
    expect([...now.keys()], drive).toEqual([...before[i]!.keys()]);
    for (const [path, bytes] of before[i]!) expect(sameContent(path, now.get(path), bytes), `${drive}/${path}`).toBe(true);
    expect(readdirSync(drive)).toEqual(expect.arrayContaining(Object.keys(fixture.fixture.manifest.buckets)));
  });
  expect((await healAll(store, true)).filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
});
