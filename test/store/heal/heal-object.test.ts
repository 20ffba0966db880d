import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { encodeObjectPath } from '../../../src/format/index.js';
import { deleteObject } from '../../../src/store/delete.js';
import { healObject, type ObjectHealOptions } from '../../../src/store/heal/heal-object.js';
import type { HealItem } from '../../../src/store/heal/types.js';
import { updateMetadata } from '../../../src/store/update-metadata.js';
import { BUCKET, Life, content, litter } from '../life.js';
import { DAMAGES, META_DAMAGES, ObjectFiles, choices, type Damage } from './damage.js';

function heal(life: Life, key: string, options: Partial<ObjectHealOptions> = {}): Promise<HealItem[]> {
  const set = life.context.deployment.pools[0]!.sets[0]!;
  return healObject({ context: life.context, set, volume: BUCKET, path: encodeObjectPath(key) }, { isDryRun: false, scan: 'deep', ...options });
}

const states = (item: HealItem | undefined, when: 'before' | 'after'): string => (item?.drives ?? []).map((drive) => drive[when]).join(' ');
const PARITY: Readonly<Record<number, number>> = { 4: 2, 6: 3, 8: 4, 16: 4 };

/** Damages for the chosen slots that differ from choice to choice. */
const rotate = (damages: readonly Damage[], slots: readonly number[], turn: number): [number, Damage][] =>
  slots.map((slot, i) => [slot, damages[(turn + i * (1 + (turn % 3))) % damages.length]!]);

describe('healing an object', () => {
  it('mends every pair of damages on 4 drives, byte for byte', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const [a, b] of choices(4, 2) as [number, number][]) {
      for (const [turn, first] of DAMAGES.entries()) {
        // Each pair of damages comes up on some pair of drives.
        for (const second of DAMAGES.filter((_, i) => (i + turn) % 2 === a % 2)) {
          files.damage(a, first);
          files.damage(b, second);
          const [item] = await heal(life, 'key');
          expect(item?.outcome, `${first} on ${a}, ${second} on ${b}: ${item?.reason}`).toBe('healed');
          expect(files.changed(), `${first} on ${a}, ${second} on ${b}`).toEqual([]);
        }
      }
    }
    expect(litter(life)).toEqual([]);
  });

  it.each([
    [6, 2_500_000, 1],
    [8, 1_500_000, 3],
    [16, 2_500_000, 100],
  ])('mends damages up to parity on %d drives, byte for byte', async (size, bytes, step) => {
    await using life = await Life.begin(size);
    await life.put('key', content(bytes));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    const all = choices(size, PARITY[size]!);
    for (let turn = 0; turn < all.length; turn += step) {
      const damages = rotate(DAMAGES, all[turn]!, turn);
      for (const [slot, damage] of damages) files.damage(slot, damage);
      const [item] = await heal(life, 'key');
      expect(item?.outcome, `${JSON.stringify(damages)}: ${item?.reason}`).toBe('healed');
      expect(files.changed(), JSON.stringify(damages)).toEqual([]);
    }
  });

  it.each([4, 16])('mends inline objects on %d drives', async (size) => {
    await using life = await Life.begin(size);
    await life.put('key', content(5000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    const all = choices(size, PARITY[size]!);
    for (let turn = 0; turn < all.length; turn += size === 16 ? 40 : 1) {
      const damages = rotate(META_DAMAGES, all[turn]!, turn);
      for (const [slot, damage] of damages) files.damage(slot, damage);
      const [item] = await heal(life, 'key', { scan: 'normal' });
      expect(item?.outcome, `${JSON.stringify(damages)}: ${item?.reason}`).toBe('healed');
      expect(files.changed(), JSON.stringify(damages)).toEqual([]);
    }
  });

  it.each([
    [4, 300_000],
    [6, 500_000],
    [8, 5000],
    [16, 5000],
  ])('beyond parity on %d drives changes nothing and says why', async (size, bytes) => {
    await using life = await Life.begin(size);
    await life.put('key', content(bytes));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    const slots = Array.from({ length: PARITY[size]! + 1 }, (_, i) => (i * (size === 6 ? 1 : 3) + 1) % size);
    const damages: readonly Damage[] = bytes > 200_000 ? DAMAGES : META_DAMAGES;
    for (const damage of damages) {
      for (const slot of slots) files.damage(slot, damage);
      const damaged = new ObjectFiles(life, BUCKET, 'key');
      for (const item of await heal(life, 'key')) {
        expect(['failed', 'dangling']).toContain(item.outcome);
        expect(item.reason).not.toBe('');
      }
      expect(damaged.changed()).toEqual([]);
      files.restore();
    }
    expect(await life.get('key')).toEqual(content(bytes));
  });

  it('brings a drive a large object where it still has a small one, inline and of the same version id', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(5000));
    await life.idle();
    life.naughty[3]!.pretend('offline');
    await life.put('key', content(600_000));
    await life.idle();
    life.naughty[3]!.behave();
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(item?.outcome, item?.reason).toBe('healed');
    expect(states(item, 'before')).toBe('ok ok ok outdated');
    for (const slot of [0, 1]) life.naughty[slot]!.pretend('offline');
    expect(await life.get('key')).toEqual(content(600_000));
  });

  it('says what a dry run would do, and does nothing', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    files.damage(1, 'no folder');
    files.damage(3, 'short part');
    const [item] = await heal(life, 'key', { isDryRun: true, scan: 'normal' });
    expect(item).toMatchObject({ type: 'object', bucket: BUCKET, object: 'key', versionId: 'null', size: 300_000, dataShards: 2, parityShards: 2, outcome: 'healable' });
    expect(states(item, 'before')).toBe('ok missing ok corrupt');
    expect(states(item, 'after')).toBe('ok missing ok corrupt');
    expect(files.changed()).toEqual([1, 3]);
  });

  it('finds rotten bits by a normal heal where it reads them, and mends those too', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    files.damage(0, 'no folder');
    files.damage(1, 'flipped part');
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(item?.outcome).toBe('healed');
    expect(files.changed()).not.toContain(0);
    await heal(life, 'key');
    expect(files.changed()).toEqual([]);
  });

  it('brings back all versions and delete markers, in their order', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(1000, 1), { versioning: 'enabled' });
    await life.put('key', content(300_000, 2), { versioning: 'enabled' });
    await deleteObject(life.context, BUCKET, 'key', { versioning: 'enabled' });
    await life.put('key', content(400_000, 3), { versioning: 'enabled' });
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const damages of [['no folder', 'flipped xl.meta'], ['empty xl.meta', 'no xl.meta'], ['short xl.meta', 'short xl.meta'], ['no part', 'flipped part']] as const) {
      files.damage(1, damages[0]);
      files.damage(2, damages[1]);
      const items = await heal(life, 'key');
      expect(items.map(({ isDeleteMarker }) => isDeleteMarker)).toEqual([false, true, false, false]);
      expect(files.changed(), damages.join()).toEqual([]);
    }
    expect(litter(life)).toEqual([]);
  });

  it('carries what one drive missed to it: an overwrite, changed metadata', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000, 1));
    await life.idle();
    life.naughty[2]!.pretend('offline');
    await life.put('key', content(200_000, 2));
    await life.idle();
    await updateMetadata(life.context, BUCKET, 'key', {}, ({ metaSys }) => ({ metaUser: new Map([['etag', 'x'], ['tag', 'new']]), metaSys }));
    await life.idle();
    life.naughty[2]!.pretend(undefined);
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(states(item, 'before')).toBe('ok ok outdated ok');
    expect(item?.outcome).toBe('healed');
    for (const slot of [0, 1]) life.naughty[slot]!.pretend('offline');
    expect(await life.get('key')).toEqual(content(200_000, 2));
  });

  it.each([['in part files', 1_500_000], ['in metadata', 900]])('reads past what other drives of the set should hold, and puts each shard back where it belongs: %s', async (_, size) => {
    await using life = await Life.begin(4);
    const bytes = content(size);
    await life.put('key', bytes);
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const [a, b] of choices(4, 2) as [number, number][]) {
      // As where two drives change places while something is written, or somebody copies folders.
      files.swap(a, b);
      expect((await life.get('key')).equals(bytes), `drives ${a} and ${b}`).toBe(true);
      await updateMetadata(life.context, BUCKET, 'key', {}, (current) => current).catch((error: unknown) => expect(error).toMatchObject({ code: 'write-quorum' }));
      await life.idle();
      expect((await life.get('key')).equals(bytes), `drives ${a} and ${b}`).toBe(true);
      const [item] = await heal(life, 'key', { scan: 'normal' });
      expect(item?.outcome, item?.reason).toBe('healed');
      expect(files.changed(), `drives ${a} and ${b}`).toEqual([]);
    }
  });

  it('only writes metadata where the data is whole', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000, 1));
    await life.idle();
    life.naughty[2]!.pretend('offline');
    await updateMetadata(life.context, BUCKET, 'key', {}, ({ metaSys }) => ({ metaUser: new Map([['etag', 'x'], ['tag', 'new']]), metaSys }));
    await life.idle();
    life.naughty[2]!.pretend(undefined);
    rmSync(join(life.paths[3]!, BUCKET, 'key', 'xl.meta'));
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(item?.outcome).toBe('healed');
    expect(life.naughty.map((drive) => drive.counts.get('writePart') ?? 0)).toEqual([1, 1, 1, 1]);
    expect(readFileSync(join(life.paths[2]!, BUCKET, 'key', 'xl.meta')).length).toBe(readFileSync(join(life.paths[0]!, BUCKET, 'key', 'xl.meta')).length);
    expect(await life.get('key')).toEqual(content(300_000, 1));
  });

  it('leaves drives that are offline alone and says so', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    new ObjectFiles(life, BUCKET, 'key').damage(0, 'no folder');
    life.naughty[3]!.pretend('offline');
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(states(item, 'before')).toBe('missing ok ok offline');
    expect(states(item, 'after')).toBe('ok ok ok offline');
  });

  it('says of each drive why it could not be healed', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    files.damage(0, 'no folder');
    files.damage(1, 'no folder');
    life.naughty[0]!.misbehave('writePart', { fail: 'drive-full' });
    const [item] = await heal(life, 'key', { scan: 'normal' });
    expect(item?.outcome).toBe('failed');
    expect(item?.reason).toContain('drive-full');
    expect(states(item, 'after')).toBe('missing ok ok ok');
    expect(item?.drives[0]?.reason).toContain('drive-full');
    life.naughty[0]!.behave();
    expect((await heal(life, 'key'))[0]?.outcome).toBe('healed');
    expect(files.changed()).toEqual([]);
    expect(litter(life)).toEqual([]);
  });

  it('removes metadata that cannot be read from a drive that missed the removal of its object, once every other drive has told so', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(3000));
    await life.idle();
    const damaged = join(life.paths[2]!, BUCKET, 'key', 'xl.meta');
    writeFileSync(damaged, 'rotten');
    await deleteObject(life.context, BUCKET, 'key', { versioning: 'unversioned' });
    await life.idle();
    // Nobody knows that it missed anything: its folder may have been lost elsewhere, and come back.
    expect(await heal(life, 'key')).toMatchObject([{ outcome: 'failed' }]);
    expect(await heal(life, 'key', { isLikely: true, missedBy: new Set([1]) })).toMatchObject([{ outcome: 'failed' }]);
    life.naughty[0]!.pretend('offline');
    await heal(life, 'key', { isLikely: true, missedBy: new Set([2]) });
    expect(existsSync(damaged)).toBe(true);
    life.naughty[0]!.pretend(undefined);
    expect(await heal(life, 'key', { isLikely: true, missedBy: new Set([2]) })).toMatchObject([{ outcome: 'healed', drives: [{}, {}, { before: 'corrupt', after: 'missing' }, {}] }]);
    expect(await heal(life, 'key')).toEqual([]);
    expect(existsSync(damaged)).toBe(false);
    expect(litter(life)).toEqual([]);
  });

  it('keeps metadata that cannot be read while half of the drives have some', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(3000));
    await life.idle();
    const paths = life.paths.map((path) => join(path, BUCKET, 'key', 'xl.meta'));
    for (const path of paths.slice(0, 2)) writeFileSync(path, 'rotten');
    for (const path of paths.slice(2)) rmSync(path);
    await heal(life, 'key', { isLikely: true, missedBy: new Set([0, 1]) });
    expect(paths.map((path) => existsSync(path))).toEqual([true, true, false, false]);
  });

  it('hands a version that too few drives have to whoever judges strays', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const slot of [0, 1, 2]) files.damage(slot, 'no folder');
    const strays: unknown[] = [];
    const onStray: NonNullable<ObjectHealOptions['onStray']> = (stray) => {
      strays.push({ holders: stray.holders, isCertain: stray.isCertain });
      return Promise.resolve(stray.verdict);
    };
    expect(await heal(life, 'key', { onStray })).toMatchObject([{ outcome: 'dangling' }]);
    life.naughty[0]!.pretend('offline');
    expect(await heal(life, 'key', { onStray })).toMatchObject([{ outcome: 'failed' }]);
    expect(strays).toEqual([{ holders: [3], isCertain: true }, { holders: [3], isCertain: false }]);
    expect(files.isThere(3)).toBe(true);
  });

  it('heals under concurrent overwrites without losing any', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000));
    await life.idle();
    let last = 0;
    const writes = (async () => {
      for (let seed = 2; seed < 20; seed++) {
        await life.put('key', content(250_000, seed));
        last = seed;
        rmSync(join(life.paths[seed % 4]!, BUCKET, 'key'), { recursive: true, force: true });
      }
    })();
    const heals = (async () => {
      for (let i = 0; i < 30; i++) await heal(life, 'key', { scan: 'normal' });
    })();
    await Promise.all([writes, heals]);
    await life.idle();
    await heal(life, 'key');
    expect(await life.get('key')).toEqual(content(250_000, last));
  });
});
