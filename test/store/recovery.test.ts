import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { encodeVersion, withShardIndex, type ObjectVersion } from '../../src/format/index.js';
import { recover } from '../../src/store/recovery.js';
import { encodeInline } from '../../src/store/inline-shards.js';
import type { ObjectInfo } from '../../src/store/types.js';
import { BUCKET, Life, content, litter } from './life.js';

const OLD = content(3000, 1);
const NEW = content(3500, 2);

/** How far a crash let a transaction come on each drive. */
type Reached = 'nothing' | 'staged' | 'committed' | 'settled';

/** Carries a change of an object as far on each drive as `reached` says. */
async function interrupt(life: Life, before: ObjectInfo, reached: readonly Reached[], isRemoval: boolean): Promise<void> {
  const id = randomUUID();
  const { key } = before;
  const version: ObjectVersion = { ...before, dataDir: randomUUID(), size: NEW.length, parts: [{ number: 1, size: NEW.length, actualSize: NEW.length }], modTimeNs: before.modTimeNs + 1000n };
  const streams = encodeInline(NEW, version.erasure);
  const entry = encodeVersion(version, { shardIndex: 1 });
  for (const [slot, state] of reached.entries()) {
    if (state === 'nothing') continue;
    const drive = life.drives[slot]!;
    const shard = version.erasure.distribution[slot]!;
    await drive.stage(id, BUCKET, key, isRemoval ? { kind: 'remove', versionId: 'null' } : { kind: 'put', entry: withShardIndex(entry, shard), inline: streams[shard - 1]! });
    if (state === 'staged') continue;
    await drive.commit(id);
    if (state === 'settled') await drive.settle(id);
  }
}

const cases: readonly (readonly [string, readonly Reached[], 'old' | 'new'])[] = [
  ['staged on all, committed nowhere', ['staged', 'staged', 'staged', 'staged'], 'old'],
  ['staged on some', ['nothing', 'staged', 'staged', 'nothing'], 'old'],
  ['committed on one', ['staged', 'committed', 'staged', 'staged'], 'new'],
  ['committed on a quorum, so maybe acknowledged', ['committed', 'committed', 'staged', 'committed'], 'new'],
  ['settled on some', ['settled', 'committed', 'settled', 'staged'], 'new'],
  ['settled on all but one, which is behind', ['settled', 'settled', 'staged', 'settled'], 'new'],
  ['committed everywhere', ['committed', 'committed', 'committed', 'committed'], 'new'],
];

describe('after a crash', () => {
  it('each change is either there on all drives or on none, acknowledged ones are there, and nothing is left over', async () => {
    await using life = await Life.begin(4);
    for (const [i, [, reached]] of cases.entries()) {
      for (const kind of ['put', 'remove'] as const) await interrupt(life, await life.put(`${kind}-${i}`, OLD), reached, kind === 'remove');
    }
    // Large ones: the part files move as well.
    const large = content(1_500_000, 5);
    await life.put('large', OLD);
    for (const slot of [0, 2, 3]) life.naughty[slot]!.misbehave('commit', { fail: 'drive-faulty' });
    await expect(life.put('large', large)).rejects.toMatchObject({ code: 'write-quorum' });

    await life.restart();
    const first = await recover(life.context);
    expect(first).toMatchObject({ unread: [] });
    expect(first.dropped).toBeGreaterThanOrEqual(4);
    expect(litter(life)).toEqual([]);
    for (const [i, [name, , expected]] of cases.entries()) {
      expect((await life.get(`put-${i}`)).equals(expected === 'new' ? NEW : OLD), name).toBe(true);
      const removed = life.get(`remove-${i}`);
      if (expected === 'new') await expect(removed, name).rejects.toMatchObject({ code: 'object-not-found' });
      else expect((await removed).equals(OLD), name).toBe(true);
      // On every drive the same.
      const lists = await Promise.all(life.drives.map((drive) => drive.readXlMeta(BUCKET, `put-${i}`, { inline: true })));
      expect(new Set(lists.map((bytes) => bytes.length)).size, name).toBe(1);
    }
    expect((await life.get('large')).equals(large)).toBe(true);
    for (const pair of [[0, 1], [2, 3]]) {
      for (const slot of pair) life.naughty[slot]!.pretend('offline');
      expect((await life.get('large')).equals(large)).toBe(true);
      for (const slot of pair) life.naughty[slot]!.behave();
    }
    expect(await recover(life.context)).toEqual({ completed: 0, dropped: 0, unread: [] });
  });

  it('a change that was left staged on one drive does not undo what came after it', async () => {
    await using life = await Life.begin(4);
    const before = await life.put('later', OLD);
    await interrupt(life, before, ['staged', 'committed', 'nothing', 'nothing'], false);
    const later = content(2000, 9);
    await life.put('later', later);
    await life.restart();
    await recover(life.context);
    await vi.waitFor(() => expect(litter(life)).toEqual([]));
    expect((await life.get('later')).equals(later)).toBe(true);
    for (const slot of [1, 2]) life.naughty[slot]!.pretend('offline');
    expect((await life.get('later')).equals(later)).toBe(true);
  });

  it('a change that one drive refuses, because another came after it there, is noted for that drive and left alone', async () => {
    await using life = await Life.begin(4);
    const before = await life.put('key', OLD);
    await interrupt(life, before, ['committed', 'committed', 'committed', 'staged'], true);
    const [staged] = await life.drives[3]!.listStaged({ abandonedMs: 0 });
    expect(staged?.state).toBe('staged');
    // A later change came as far as being staged there, and was given up.
    await life.drives[3]!.stage('later', BUCKET, 'key', { kind: 'remove', versionId: 'null' });
    await life.drives[3]!.settle('later');
    await recover(life.context, { abandonedMs: 0 });
    expect(await life.drives[3]!.listStaged({ abandonedMs: 0 })).toEqual([]);
    await vi.waitFor(() => expect(litter(life)).toEqual([]));
    expect((await life.drives[0]!.listMissed(10)).map(({ slot }) => slot)).toContain(3);
  });
});
