import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { silentLog } from '../../../src/base/index.js';
import { decodeHealingTracker, encodeHealingTracker, newHealingTracker } from '../../../src/format/index.js';
import { createStore, type Store } from '../../../src/store/index.js';
import { BUCKET, Life, content } from '../life.js';
import { filesBelow } from './damage.js';
import { hurry, notes, until } from './healing-life.js';

const SLOT = 1;

function storeOver(life: Life): Store {
  const { deployment, locker, clock, random } = life.context;
  return createStore({ deployment, locker, clock, random, log: silentLog, schedule: hurry });
}

const trackerOf = (life: Life): ReturnType<typeof decodeHealingTracker> => decodeHealingTracker(readFileSync(join(life.paths[SLOT]!, '.minio.sys/buckets/.healing.bin')));

/** What a replaced drive is when the cluster has given it its identity: empty, with a tracker. */
async function replaceDrive(life: Life): Promise<void> {
  await life.idle();
  rmSync(life.paths[SLOT]!, { recursive: true });
  mkdirSync(join(life.paths[SLOT]!, '.minio.sys'), { recursive: true });
  const endpoint = life.paths[SLOT]!;
  const tracker = newHealingTracker({ driveId: '', poolIndex: 0, setIndex: 0, slot: SLOT, path: endpoint, endpoint, startedNs: BigInt(Date.now()) * 1_000_000n });
  await life.drives[SLOT]!.writeFile('.minio.sys', 'buckets/.healing.bin', encodeHealingTracker(tracker));
  setHealing(life);
}

function setHealing(life: Life): void {
  const [set] = life.context.deployment.pools[0]!.sets;
  set!.setHealing(set!.drives[SLOT]!, true);
}

const lasting = (life: Life): Map<string, Buffer> => new Map([...filesBelow(life.paths[SLOT]!)].filter(([name]) => !/^\.minio\.sys\/(tmp|mts)|\.healing\.bin$|\.usage\.json/.test(name)));

async function populated(life: Life): Promise<Map<string, Buffer>> {
  const store = storeOver(life);
  await store.makeBucket('older', {});
  for (let i = 0; i < 30; i++) await life.put(`dir-${i % 3}/key-${i}`, content(i % 5 === 0 ? 300_000 : 3000, i));
  await life.put('versions', content(1000, 50), { versioning: 'enabled' });
  await life.put('versions', content(300_000, 51), { versioning: 'enabled' });
  await life.idle();
  return lasting(life);
}

describe('an emptied drive', () => {
  it('is filled again, system first, and its tracker tells how', async () => {
    await using life = await Life.begin(4);
    const before = await populated(life);
    await replaceDrive(life);
    const store = storeOver(life);
    expect(await life.get('versions')).toEqual(content(300_000, 51));
    store.healing.start();
    await until(() => store.healing.driveHeals()[0]?.isFinished === true);
    await store.healing.close();
    await store.idle();

    expect([...lasting(life).keys()]).toEqual([...before.keys()]);
    for (const [name, bytes] of before) expect(lasting(life).get(name)?.equals(bytes), name).toBe(true);
    const tracker = trackerOf(life);
    expect(tracker).toMatchObject({ isFinished: true, queuedBuckets: [] });
    expect(tracker.healedBuckets.slice(0, 2)).toEqual(['.minio.sys/config', '.minio.sys/buckets']);
    expect(new Set(tracker.healedBuckets.slice(2))).toEqual(new Set([BUCKET, 'older']));
    expect(store.healing.driveHeals()[0]).toMatchObject({ slot: SLOT, itemsHealed: 33, itemsFailed: 0, failures: [] });
    const [set] = life.context.deployment.pools[0]!.sets;
    expect(set!.isHealing(set!.drives[SLOT]!)).toBe(false);
  });

  it('goes on after a crash where its tracker was saved', async () => {
    await using life = await Life.begin(4);
    const before = await populated(life);
    await replaceDrive(life);
    const first = storeOver(life);
    life.naughty[SLOT]!.misbehave('commit', { delayMs: 20 });
    first.healing.start();
    await until(() => (first.healing.driveHeals()[0]?.itemsHealed ?? 0) >= 10);
    await first.healing.close();
    expect(trackerOf(life)).toMatchObject({ isFinished: false, bucket: BUCKET });
    const { object, counters } = trackerOf(life);
    expect(object).toMatch(/^dir-/);

    await life.restart();
    setHealing(life);
    const second = storeOver(life);
    second.healing.start();
    await until(() => second.healing.driveHeals()[0]?.isFinished === true);
    await second.healing.close();
    await second.idle();
    expect([...lasting(life).keys()]).toEqual([...before.keys()]);
    const staged = life.naughty[SLOT]!.counts.get('stage') ?? 0;
    expect(staged).toBeLessThanOrEqual(33 - counters.get('ItemsHealed')! + 16);
    expect(trackerOf(life).counters.get('RetryAttempts')).toBe(1);
  });

  it('is finished despite objects that fail; those are tried again by themselves', async () => {
    await using life = await Life.begin(4);
    const before = await populated(life);
    await replaceDrive(life);
    const store = storeOver(life);
    life.naughty[SLOT]!.misbehave('commit', { fail: 'drive-faulty' }, 7).misbehave('commit', { fail: 'drive-faulty' }, 12);
    store.healing.start();
    await until(() => store.healing.driveHeals()[0]?.isFinished === true);
    const [status] = store.healing.driveHeals();
    expect(status).toMatchObject({ itemsFailed: 2, itemsHealed: 31 });
    expect(status?.failures).toHaveLength(2);
    expect(status?.failures[0]?.reason).toContain('drive-faulty');
    await until(async () => (await notes(life)) === 0);
    await store.healing.close();
    await store.idle();
    expect([...lasting(life).keys()]).toEqual([...before.keys()]);
  });

  it('proves nothing by what it lacks until it is filled', async () => {
    await using life = await Life.begin(4);
    await populated(life);
    await replaceDrive(life);
    rmSync(join(life.paths[0]!, BUCKET, 'versions'), { recursive: true });
    life.naughty[2]!.pretend('offline');
    await expect(life.get('versions')).rejects.toMatchObject({ code: 'read-quorum' });
    expect(existsSync(join(life.paths[3]!, BUCKET, 'versions'))).toBe(true);
  });
});
