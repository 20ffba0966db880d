import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { SystemClock, silentLog } from '../../../src/base/index.js';
import { decodeUsageJson } from '../../../src/format/index.js';
import { deleteObject } from '../../../src/store/delete.js';
import { createStore, type Store } from '../../../src/store/index.js';
import { BUCKET, Life, body, content, judgeByMd5, readAll } from '../life.js';
import { ObjectFiles } from './damage.js';
import { hurry, until } from './healing-life.js';

class MovedClock extends SystemClock {
  aheadMs = 0;
  override now(): number {
    return super.now() + this.aheadMs;
  }
}

function storeOver(life: Life, clock: SystemClock = new SystemClock()): Store {
  const { deployment, locker, random } = life.context;
  return createStore({ deployment, locker, clock, random, log: silentLog, schedule: hurry });
}

const put = (store: Store, key: string, size: number): Promise<unknown> =>
  store.put(BUCKET, key, body(content(size)), { versioning: 'unversioned', metaUser: new Map(), judge: judgeByMd5 });

describe('the scanner', () => {
  it('counts what buckets hold, keeps the count as real servers do, and knows it after a restart', async () => {
    await using life = await Life.begin(4);
    await life.put('small', content(100));
    await life.put('large', content(2_000_000));
    await life.put('versions', content(1000), { versioning: 'enabled' });
    await life.put('versions', content(2000), { versioning: 'enabled' });
    await deleteObject(life.context, BUCKET, 'versions', { versioning: 'enabled' });
    await life.idle();
    const store = storeOver(life);
    store.healing.start();
    await until(() => store.healing.scanner().cycle > 0);
    await store.healing.close();
    const usage = store.healing.usage().buckets.get(BUCKET);
    expect(usage).toMatchObject({ size: 2_003_100, objects: 3, versions: 4, deleteMarkers: 1 });
    expect(usage?.sizeHistogram.get('LESS_THAN_1024_B')).toBe(2);
    expect(usage?.sizeHistogram.get('BETWEEN_1_MB_AND_10_MB')).toBe(1);
    expect(usage?.versionHistogram.get('BETWEEN_2_AND_10')).toBe(1);

    const bytes = await readAll(life.context, '.minio.sys', 'buckets/.usage.json');
    expect(JSON.parse(bytes.toString())).toMatchObject({ objectsCount: 3, versionsCount: 4, bucketsCount: 1, bucketsSizes: { [BUCKET]: 2_003_100 } });
    expect(decodeUsageJson(bytes).buckets.get(BUCKET)?.size).toBe(2_003_100);
    const again = storeOver(life);
    again.healing.start();
    await until(() => again.healing.usage().lastUpdateMs !== undefined);
    await again.healing.close();
    expect(again.healing.usage().buckets.get(BUCKET)?.size).toBe(2_003_100);
  });

  it('heals what drives disagree on, without any read', async () => {
    await using life = await Life.begin(4);
    for (let i = 0; i < 20; i++) await life.put(`key-${i}`, content(3000, i));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key-7');
    files.damage(2, 'no folder');
    rmSync(join(life.paths[0]!, BUCKET, 'key-11'), { recursive: true });
    const store = storeOver(life);
    store.healing.start();
    await until(() => store.healing.scanner().cycle > 0);
    await store.healing.close();
    expect(files.changed()).toEqual([]);
    expect(store.healing.background().itemsHealed).toBe(2);
  });

  it('looks at every object in so many cycles, and at every hash within a month', async () => {
    await using life = await Life.begin(4);
    await life.put('lost', content(300_000, 1));
    await life.put('rotten', content(300_000, 2));
    await life.idle();
    const lost = new ObjectFiles(life, BUCKET, 'lost');
    const rotten = new ObjectFiles(life, BUCKET, 'rotten');
    lost.damage(3, 'no part');
    rotten.damage(1, 'flipped part');
    const clock = new MovedClock();
    const store = storeOver(life, clock);
    store.healing.start();
    for (let cycle = 1; cycle <= 16; cycle++) {
      await until(() => store.healing.scanner().cycle >= cycle);
      await put(store, 'changing', 10);
    }
    expect(lost.changed()).toEqual([]);
    expect(rotten.changed()).toEqual([1]);
    clock.aheadMs = 31 * 24 * 3_600_000;
    await until(() => rotten.changed().length === 0);
    await store.healing.close();
  });

  it('touches nothing while nothing changes', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(3000));
    await life.idle();
    const store = storeOver(life);
    store.healing.start();
    await until(() => store.healing.scanner().cycle > 0);
    const before = store.healing.scanner().cycle;
    const walks = life.naughty.map((drive) => drive.counts.get('walk'));
    await new Promise((resolve) => setTimeout(resolve, 3 * (60_000 / 50)));
    expect(store.healing.scanner().cycle).toBe(before);
    expect(life.naughty.map((drive) => drive.counts.get('walk'))).toEqual(walks);
    await put(store, 'new', 10);
    await until(() => store.healing.scanner().cycle > before);
    await store.healing.close();
  });
});
