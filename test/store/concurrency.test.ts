import { describe, expect, it } from 'vitest';
import { isStorageError } from '../../src/base/index.js';
import { deleteObject } from '../../src/store/delete.js';
import { Life, BUCKET, content, litter } from './life.js';

describe('requests for one key at the same time', () => {
  it('see whole objects only, never an older one after a newer one, and the last writer stays', async () => {
    await using life = await Life.begin(4);
    const sizes = [700, 300_000, 5000, 1_200_000];
    const bodies = Array.from({ length: 24 }, (_, i) => content(sizes[i % sizes.length]!, 100 + i));
    const numberOf = (bytes: Buffer): number => bodies.findIndex((bytesPut) => bytesPut.equals(bytes));
    await life.put('k', bodies[0]!);
    let acknowledged = 0;
    let isWriting = true;
    const write = async (): Promise<void> => {
      for (let i = 1; i < bodies.length; i++) {
        await life.put('k', bodies[i]!);
        acknowledged = i;
      }
      isWriting = false;
    };
    const read = async (): Promise<number> => {
      let count = 0;
      let last = 0;
      while (isWriting) {
        const atLeast = acknowledged;
        const seen = numberOf(await life.get('k'));
        expect(seen, 'a torn object').toBeGreaterThanOrEqual(0);
        expect(seen, 'an acknowledged write was not seen').toBeGreaterThanOrEqual(atLeast);
        expect(seen, 'an older object after a newer one').toBeGreaterThanOrEqual(last);
        last = seen;
        count++;
      }
      return count;
    };
    const [, ...counts] = await Promise.all([write(), read(), read(), read()]);
    expect(Math.min(...counts)).toBeGreaterThan(3);
    expect(numberOf(await life.get('k'))).toBe(bodies.length - 1);

    // Writers and removers against each other: what is left is one of them, the same on all drives.
    await Promise.all(bodies.map(async (bytes, i) => (i % 5 === 4 ? deleteObject(life.context, BUCKET, 'many', { versioning: 'unversioned' }) : life.put('many', bytes))));
    await life.idle();
    const outcome = await life.get('many').then(numberOf, (error: unknown) => (isStorageError(error, 'object-not-found') ? 'gone' : error));
    expect(outcome === 'gone' || Number(outcome) >= 0).toBe(true);
    for (const pair of [[0, 1], [1, 2], [2, 3]]) {
      for (const slot of pair) life.naughty[slot]!.pretend('offline');
      expect(await life.get('many').then(numberOf, (error: unknown) => (isStorageError(error, 'object-not-found') ? 'gone' : error))).toBe(outcome);
      for (const slot of pair) life.naughty[slot]!.behave();
    }
    expect(litter(life)).toEqual([]);

    // With versioning every one of them stays.
    const versions = await Promise.all(bodies.map((bytes) => life.put('versions', bytes, { versioning: 'enabled' })));
    for (const [i, { versionId }] of versions.entries()) expect(numberOf(await life.get('versions', { versionId }))).toBe(i);
    expect(new Set(versions.map(({ modTimeNs }) => modTimeNs)).size).toBe(versions.length);
  });

  it('give a write a newer mod time than the object it replaces, whatever the clock says', async () => {
    await using life = await Life.begin(4);
    const first = await life.put('clock', content(400_000, 1));
    const late = { ...life.context.clock, now: () => 0, monotonicMs: () => 0, nextModTimeNs: () => 1_000_000_000n };
    life.context = { ...life.context, clock: late };
    for (const bytes of [content(10, 2), content(500_000, 3)]) {
      const info = await life.put('clock', bytes);
      expect(info.modTimeNs).toBeGreaterThan(first.modTimeNs);
      expect((await life.get('clock')).equals(bytes)).toBe(true);
    }
    await deleteObject(life.context, BUCKET, 'clock', { versioning: 'enabled' });
    await expect(life.get('clock')).rejects.toMatchObject({ code: 'delete-marker' });
    await life.idle();
    expect(litter(life)).toEqual([]);
  });
});
