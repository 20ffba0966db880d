import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { silentLog } from '../../../src/base/index.js';
import { createStore, type Store } from '../../../src/store/index.js';
import { deleteObject } from '../../../src/store/delete.js';
import { recover } from '../../../src/store/recovery.js';
import { updateMetadata } from '../../../src/store/update-metadata.js';
import { BUCKET, Life, content, litter } from '../life.js';
import { healingOf, hurry, notes, until, wanting } from './healing-life.js';

/** Objects of every kind, as they are before some drive goes away. */
async function populate(life: Life): Promise<void> {
  await life.put('gone', content(300_000, 1));
  await life.put('overwritten', content(300_000, 2));
  await life.put('tagged', content(300_000, 3));
  await life.put('versions', content(300_000, 4), { versioning: 'enabled' });
  await life.idle();
}

async function change(life: Life): Promise<void> {
  await deleteObject(life.context, BUCKET, 'gone', { versioning: 'unversioned' });
  await life.put('overwritten', content(280_000, 12));
  await updateMetadata(life.context, BUCKET, 'tagged', {}, ({ metaSys }) => ({ metaUser: new Map([['etag', 'x'], ['tag', 'new']]), metaSys }));
  await deleteObject(life.context, BUCKET, 'versions', { versioning: 'enabled' });
  await life.put('new/inline', content(5000, 15));
  await life.put('new/striped', content(300_000, 16));
  await life.idle();
}

function storeOver(life: Life): Store {
  const { deployment, locker, clock, random } = life.context;
  return createStore({ deployment, locker, clock, random, log: silentLog, schedule: hurry });
}

describe('what a drive missed', () => {
  it('is brought to it when it is back, without any read: overwrites, deletions, markers, metadata', async () => {
    await using life = await Life.begin(4);
    await populate(life);
    life.naughty[2]!.pretend('offline');
    await change(life);
    expect(await notes(life, 2)).toBe(6 * 3);
    const healing = healingOf(life);
    healing.start();
    await until(() => healing.journal()[0]?.drives.find(({ slot }) => slot === 2)?.missed === 6);
    expect(existsSync(join(life.paths[2]!, BUCKET, 'gone'))).toBe(true);

    life.naughty[2]!.pretend(undefined);
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
    expect(readdirSync(join(life.paths[2]!, BUCKET)).sort()).toEqual(['new', 'overwritten', 'tagged', 'versions']);
    expect(litter(life)).toEqual([]);
    for (const slot of [0, 1]) life.naughty[slot]!.pretend('offline');
    expect(await life.get('overwritten')).toEqual(content(280_000, 12));
    expect(await life.get('new/inline')).toEqual(content(5000, 15));
  });

  it('is known after a crash right behind the answers, when nothing was noted yet', async () => {
    await using life = await Life.begin(4);
    await populate(life);
    const before = await notes(life, 1);
    life.naughty[1]!.pretend('offline');
    for (const drive of life.naughty) drive.misbehave('noteMissed', { fail: 'drive-faulty' }).misbehave('settle', { fail: 'drive-faulty' });
    await change(life);
    expect(await notes(life, 1)).toBe(before);
    await life.restart();
    life.naughty[1]!.pretend('offline');
    await recover(life.context);
    expect(await notes(life, 1)).toBeGreaterThanOrEqual(6);
    expect(litter(life)).toEqual([]);

    life.naughty[1]!.pretend(undefined);
    const healing = healingOf(life);
    healing.start();
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
    expect(existsSync(join(life.paths[1]!, BUCKET, 'gone'))).toBe(false);
  });

  it('because the metadata there had rotted is brought to it: a removal, too', async () => {
    await using life = await Life.begin(4);
    await populate(life);
    const rotten = ['gone', 'overwritten'].map((key) => join(life.paths[2]!, BUCKET, key, 'xl.meta'));
    for (const path of rotten) writeFileSync(path, 'rotten');
    await change(life);
    const healing = healingOf(life);
    healing.start();
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
    expect(rotten.map((path) => existsSync(path))).toEqual([false, true]);
  });

  it('survives a restart while the drive is away', async () => {
    await using life = await Life.begin(4);
    await populate(life);
    life.naughty[3]!.pretend('offline');
    await change(life);
    await life.restart();
    await recover(life.context);
    const healing = healingOf(life);
    healing.start();
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
  });

  it('because it failed or was full is brought to it as well', async () => {
    await using life = await Life.begin(4);
    const healing = healingOf(life);
    healing.start();
    life.naughty[0]!.misbehave('writePart', { fail: 'drive-full' });
    await life.put('striped', content(300_000));
    life.naughty[0]!.behave();
    life.naughty[3]!.misbehave('stage', { fail: 'drive-faulty' }, 1);
    await life.put('inline', content(5000));
    await life.idle();
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
  });

  it('by two drives is brought to both, a removal included', async () => {
    await using life = await Life.begin(6);
    await populate(life);
    for (const slot of [1, 4]) life.naughty[slot]!.pretend('offline');
    await change(life);
    const healing = healingOf(life);
    healing.start();
    life.naughty[1]!.pretend(undefined);
    await until(async () => (await notes(life, 1)) === 0);
    life.naughty[4]!.pretend(undefined);
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
    for (const slot of [1, 4]) expect(existsSync(join(life.paths[slot]!, BUCKET, 'gone'))).toBe(false);
  });

  it('of buckets is made up for: made ones and removed ones', async () => {
    await using life = await Life.begin(4);
    const store = storeOver(life);
    await store.makeBucket('removed', {});
    life.naughty[2]!.pretend('offline');
    await store.makeBucket('made', {});
    await store.deleteBucket('removed', { force: false });
    await store.idle();
    expect(existsSync(join(life.paths[2]!, 'removed'))).toBe(true);
    store.healing.start();
    life.naughty[2]!.pretend(undefined);
    await until(async () => (await notes(life)) === 0);
    await store.healing.close();
    expect(readdirSync(life.paths[2]!).sort()).toEqual(['.minio.sys', BUCKET, 'made'].sort());
    expect(existsSync(join(life.paths[2]!, '.minio.sys/buckets/made/.metadata.bin/xl.meta'))).toBe(true);
    expect(existsSync(join(life.paths[2]!, '.minio.sys/buckets/removed'))).toBe(false);
  });

  it('is not forgotten while too few drives can tell what is right', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000, 1));
    await life.idle();
    life.naughty[0]!.pretend('offline');
    await life.put('key', content(300_000, 2));
    await life.idle();
    for (const slot of [1, 2]) life.naughty[slot]!.pretend('offline');
    life.naughty[0]!.pretend(undefined);
    const healing = healingOf(life);
    healing.start();
    await until(() => life.naughty[3]!.counts.get('listMissed')! > 4);
    expect((await life.drives[3]!.listMissed(0)).map(({ slot }) => slot)).toContain(0);
    for (const slot of [1, 2]) life.naughty[slot]!.pretend(undefined);
    await until(async () => (await notes(life)) === 0);
    await healing.close();
    expect(await wanting(healing)).toEqual([]);
  });
});

describe('what a read notices', () => {
  it.each([5000, 300_000])('is healed soon after: a copy of %d bytes that is missing or rotten', async (size) => {
    await using life = await Life.begin(4);
    await life.put('key', content(size));
    await life.idle();
    const healing = healingOf(life);
    const { ObjectFiles } = await import('./damage.js');
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const damage of ['no folder', size > 100_000 ? 'flipped part' : 'flipped xl.meta', 'no xl.meta'] as const) {
      for (const slot of [0, 1, 2, 3]) {
        files.damage(slot, damage);
        // Not every read looks at every drive: those that hold parity are looked at where others cannot say.
        await life.get('key');
        await healing.notices.idle();
        if (files.changed().length > 0) files.restore();
        else expect(healing.background().itemsHealed).toBeGreaterThan(0);
      }
    }
    expect(healing.background().itemsHealed).toBeGreaterThanOrEqual(6);
    await healing.close();
  });
});
