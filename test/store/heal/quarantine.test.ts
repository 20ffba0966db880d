import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { Clock } from '../../../src/base/index.js';
import { healObject } from '../../../src/store/heal/heal-object.js';
import { DriveQuarantine } from '../../../src/store/heal/quarantine.js';
import type { HealItem } from '../../../src/store/heal/types.js';
import { BUCKET, Life, content, litter } from '../life.js';
import { ObjectFiles } from './damage.js';

const MINUTE_MS = 60_000;

class LaterClock implements Clock {
  aheadMs = 0;
  now = (): number => Date.now() + this.aheadMs;
  nextModTimeNs = (): bigint => BigInt(this.now()) * 1_000_000n;
  monotonicMs = (): number => performance.now() + this.aheadMs;
}

/** A life in which three of four copies of an object were removed by hand. */
async function stranded(size = 300_000): Promise<{ life: Life; files: ObjectFiles; quarantine: DriveQuarantine; clock: LaterClock; heal: () => Promise<HealItem[]> } & AsyncDisposable> {
  const life = await Life.begin(4);
  await life.put('dir/key', content(size));
  await life.idle();
  const files = new ObjectFiles(life, BUCKET, 'dir/key');
  for (const slot of [0, 1, 2]) files.damage(slot, 'no folder');
  const clock = new LaterClock();
  const quarantine = new DriveQuarantine({ ...life.context, clock });
  const set = life.context.deployment.pools[0]!.sets[0]!;
  const heal = (): Promise<HealItem[]> =>
    healObject({ context: life.context, set, volume: BUCKET, path: 'dir/key' }, { isDryRun: false, scan: 'normal', onStray: (stray) => quarantine.judge(stray) });
  return { life, files, quarantine, clock, heal, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() };
}

describe('the quarantine', () => {
  it.each([5000, 300_000])('takes a version of %d bytes after two looks and an hour, and gives it back as it was', async (size) => {
    await using stuck = await stranded(size);
    const { life, files, quarantine, clock, heal } = stuck;
    expect((await heal())[0]?.outcome).toBe('dangling');
    clock.aheadMs = 11 * MINUTE_MS;
    expect((await heal())[0]?.outcome, 'too young').toBe('dangling');
    clock.aheadMs = 61 * MINUTE_MS;
    expect((await heal())[0]?.outcome).toBe('quarantined');
    expect(files.isThere(3)).toBe(false);
    expect(await heal()).toEqual([]);

    const [entry, ...others] = await quarantine.list();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ bucket: BUCKET, object: 'dir/key', versionId: 'null', size, drives: [life.paths[3]] });

    await quarantine.restore(entry!.id);
    expect(files.changed()).toEqual([0, 1, 2]);
    expect(await quarantine.list()).toEqual([]);
    files.restore();
    expect(await life.get('dir/key')).toEqual(content(size));
    expect(litter(life)).toEqual([]);
  });

  it('keeps an entry whose age cannot be read, and lists the others all the same', async () => {
    await using stuck = await stranded();
    const { life, quarantine, clock, heal } = stuck;
    await heal();
    clock.aheadMs = 61 * MINUTE_MS;
    await heal();
    const [entry] = await quarantine.list();
    const about = join(life.paths[3]!, '.minio.sys/mts/quarantine', entry!.id, 'about.json');
    const right = readFileSync(about);
    clock.aheadMs = 1000 * MINUTE_MS;
    writeFileSync(about, right.subarray(0, 20));
    expect(await quarantine.list()).toEqual([]);
    expect(await quarantine.empty({ olderThanMs: MINUTE_MS })).toBe(0);
    writeFileSync(about, right);
    life.naughty[3]!.misbehave('readFile', { fail: 'drive-timeout' });
    expect(await quarantine.empty({ olderThanMs: MINUTE_MS })).toBe(0);
    life.naughty[3]!.behave();
    expect(await quarantine.list()).toHaveLength(1);
    await quarantine.restore(entry!.id);
  });

  it('takes nothing that was seen once, and nothing while a drive is away', async () => {
    await using stuck = await stranded();
    const { life, files, clock, heal } = stuck;
    clock.aheadMs = 2 * 61 * MINUTE_MS;
    expect((await heal())[0]?.outcome).toBe('dangling');
    clock.aheadMs += 11 * MINUTE_MS;
    life.naughty[0]!.pretend('offline');
    expect((await heal())[0]?.outcome).toBe('failed');
    expect(files.isThere(3)).toBe(true);
    await expect(life.get('dir/key')).rejects.toMatchObject({ code: 'object-not-found' });
    expect(files.isThere(3), 'a GET deletes nothing').toBe(true);
  });

  it('leaves the other versions of the object alone', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(300_000, 1), { versioning: 'enabled' });
    const old = await life.put('key', content(300_000, 2), { versioning: 'enabled' });
    await life.put('key', content(300_000, 3), { versioning: 'enabled' });
    await life.idle();
    const files = new ObjectFiles(life, BUCKET, 'key');
    for (const slot of [0, 1, 2]) rmSync(`${files.folders[slot]!}/${old.dataDir}`, { recursive: true });
    const quarantine = new DriveQuarantine(life.context);
    const set = life.context.deployment.pools[0]!.sets[0]!;
    const items = await healObject(
      { context: life.context, set, volume: BUCKET, path: 'key' },
      { isDryRun: false, scan: 'normal', onStray: (stray) => quarantine.put(stray) },
    );
    expect(items.map(({ outcome }) => outcome)).toEqual(['ok', 'quarantined', 'ok']);
    expect(await life.get('key')).toEqual(content(300_000, 3));
    await quarantine.restore((await quarantine.list())[0]!.id);
    expect(files.changed()).toEqual([0, 1, 2]);
    files.restore();
    expect(await life.get('key', { versionId: old.versionId })).toEqual(content(300_000, 2));
  });

  it('does not put back what was written anew, and is emptied by age', async () => {
    await using stuck = await stranded();
    const { life, quarantine, clock, heal } = stuck;
    await heal();
    clock.aheadMs = 61 * MINUTE_MS;
    await heal();
    const [entry] = await quarantine.list();
    await life.put('dir/key', content(100));
    await expect(quarantine.restore(entry!.id)).rejects.toMatchObject({ code: 'precondition-failed' });
    await expect(quarantine.restore('nothing')).rejects.toMatchObject({ code: 'object-not-found' });
    expect(await quarantine.empty({ olderThanMs: MINUTE_MS })).toBe(0);
    clock.aheadMs += 2 * MINUTE_MS;
    expect(await quarantine.empty({ olderThanMs: MINUTE_MS })).toBe(1);
    expect(await quarantine.list()).toEqual([]);
    expect(await life.get('dir/key')).toEqual(content(100));
  });
});
