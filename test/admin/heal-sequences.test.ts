import { describe, expect, it } from 'vitest';
import { HealSequences } from '../../src/admin/heal-sequences.js';
import type { Nodes } from '../../src/admin/node-report.js';
import { startHeal } from '../../src/admin/start-heal.js';
import { LocalLocker } from '../../src/cluster/index.js';
import { silentLog, systemRandom, SystemClock } from '../../src/base/index.js';
import type { Healing, HealItem, HealOptions, HealTarget } from '../../src/store/index.js';

const OPTIONS = { recursive: true, isDryRun: false, scan: 'normal', remove: false } as const;
const itemOf = (index: number): HealItem => ({ type: 'object', bucket: 'b', object: `o${index}`, versionId: 'null', isDeleteMarker: false, size: 1, dataShards: 2, parityShards: 2, drives: [], outcome: 'ok', reason: '' });

class HandClock extends SystemClock {
  elapsedMs = 0;
  override monotonicMs(): number {
    return this.elapsedMs;
  }
}

/** Heals that give what a test says, and count what was given. */
function open(items: (target: HealTarget, options: HealOptions) => AsyncIterable<HealItem>) {
  const clock = new HandClock();
  const given = { count: 0 };
  const heal = async function* (target: HealTarget, options: HealOptions): AsyncGenerator<HealItem> {
    for await (const item of items(target, options)) {
      given.count++;
      yield item;
    }
  };
  const sequences = new HealSequences({ healing: { heal } as unknown as Healing, clock, random: systemRandom, log: silentLog });
  return { sequences, clock, given };
}

async function* some(count: number): AsyncGenerator<HealItem> {
  for (let index = 0; index < count; index++) yield await Promise.resolve(itemOf(index));
}

/** Ends when it is stopped. */
async function* endless(_target: HealTarget, { signal }: HealOptions): AsyncGenerator<HealItem> {
  for (let index = 0; signal?.aborted !== true; index++) yield await new Promise<HealItem>((resolve) => setImmediate(() => resolve(itemOf(index))));
}

describe('heals that clients started', () => {
  it('keep their results until they are fetched, each once, numbered from 1', async () => {
    const { sequences } = open(() => some(3));
    const { token } = await sequences.start({ bucket: 'b' }, OPTIONS, { recursive: true }, false);
    const ids: number[] = [];
    await expect.poll(() => {
      const status = sequences.poll({ bucket: 'b' }, token);
      ids.push(...status.items.map(({ id }) => id));
      return status.state;
    }).toBe('finished');
    expect(ids).toEqual([1, 2, 3]);
    expect(sequences.poll({ bucket: 'b' }, token)).toMatchObject({ state: 'finished', items: [], settings: { recursive: true } });
  });

  it('wait while 1,000 results are not fetched', async () => {
    const { sequences, given } = open(() => some(2500));
    const { token } = await sequences.start({}, OPTIONS, {}, false);
    await expect.poll(() => given.count).toBe(1000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(given.count).toBe(1000);
    expect(sequences.poll({}, token)).toMatchObject({ state: 'running', items: { length: 1000 } });
    await expect.poll(() => given.count).toBe(2000);
    expect(sequences.poll({}, token).items).toHaveLength(1000);
    await expect.poll(() => given.count).toBe(2500);
    expect(sequences.poll({}, token).items[0]?.id).toBe(2001);
  });

  it('are joined on the same path, refused on an overlapping one, and allowed beside each other', async () => {
    const { sequences } = open(endless);
    const first = await sequences.start({ bucket: 'photos', prefix: '2026/' }, OPTIONS, {}, false);
    expect((await sequences.start({ bucket: 'photos', prefix: '2026/' }, OPTIONS, {}, false)).token).toBe(first.token);
    for (const target of [{}, { bucket: 'photos' }, { bucket: 'photos', prefix: '2026/05/' }]) {
      await expect(sequences.start(target, OPTIONS, {}, false)).rejects.toMatchObject({ code: 'XMinioHealOverlappingPaths' });
    }
    await sequences.start({ bucket: 'photos2' }, OPTIONS, {}, false);
    await sequences.close();
  });

  it('can be stopped, and started anew with force', async () => {
    const { sequences } = open(endless);
    const first = await sequences.start({}, OPTIONS, {}, false);
    const second = await sequences.start({}, OPTIONS, {}, true);
    expect(second.token).not.toBe(first.token);
    expect((await sequences.stop({})).token).toBe(second.token);
    expect(sequences.poll({}, second.token)).toMatchObject({ state: 'stopped', detail: '' });
  });

  it('are known by their token only, and forgotten ten minutes after their end', async () => {
    const { sequences, clock } = open(() => some(1));
    const { token } = await sequences.start({ bucket: 'b' }, OPTIONS, {}, false);
    await expect.poll(() => sequences.poll({ bucket: 'b' }, token).state).toBe('finished');
    expect(() => sequences.poll({ bucket: 'b' }, 'other')).toThrow(expect.objectContaining({ code: 'XMinioHealInvalidClientToken' }) as Error);
    expect(() => sequences.poll({ bucket: 'c' }, token)).toThrow(expect.objectContaining({ code: 'XMinioHealNoSuchProcess' }) as Error);
    clock.elapsedMs += 10 * 60_000 + 1;
    expect(() => sequences.poll({ bucket: 'b' }, token)).toThrow(expect.objectContaining({ code: 'XMinioHealNoSuchProcess' }) as Error);
  });

  it('say why they ended where the store could not go on', async () => {
    const { sequences } = open(async function* () {
      yield await Promise.resolve(itemOf(0));
      throw new Error('too few drives of set 1 can be asked');
    });
    const { token } = await sequences.start({}, OPTIONS, {}, false);
    await expect.poll(() => sequences.poll({}, token)).toMatchObject({ state: 'stopped', detail: 'too few drives of set 1 can be asked' });
  });
});

describe('heals of several nodes', () => {
  /** Two nodes that can ask each other, with the locks of one cluster. */
  function twoNodes() {
    const locker = new LocalLocker();
    const sequences = [open(endless).sequences, open(endless).sequences] as const;
    const start = (index: 0 | 1, target: HealTarget, isForced = false) => {
      const other = sequences[1 - index]!;
      const askHeal: Nodes['askHeal'] = async ({ kind, target: asked, token }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return kind === 'overlap' ? other.overlapping(asked) : kind === 'stop' ? other.stop(asked) : other.poll(asked, token);
      };
      return startHeal({ sequences: sequences[index], nodes: { askHeal }, locker }, target, OPTIONS, {}, isForced);
    };
    return { sequences, start, close: () => Promise.all(sequences.map((one) => one.close())) };
  }

  it('are refused where they overlap one of another node, and joined where they are the same', async () => {
    const { start, close } = twoNodes();
    const first = await start(0, { bucket: 'photos' });
    for (const target of [{}, { bucket: 'photos', prefix: '2026/' }]) {
      await expect(start(1, target)).rejects.toMatchObject({ code: 'XMinioHealOverlappingPaths', message: expect.stringContaining('The heal of "photos/" is running') as string });
    }
    expect((await start(1, { bucket: 'photos' })).token).toBe(first.token);
    await start(1, { bucket: 'music' });
    await close();
  });

  it('end on the other node where they are started anew with force', async () => {
    const { sequences, start, close } = twoNodes();
    const first = await start(0, {});
    const second = await start(1, {}, true);
    expect(sequences[0].poll({}, first.token).state).toBe('stopped');
    expect(sequences[1].poll({}, second.token).state).toBe('running');
    await close();
  });

  it('start on one node only when both are asked at once', async () => {
    const { start, close } = twoNodes();
    const outcomes = await Promise.allSettled([start(0, {}), start(1, { bucket: 'photos' }), start(1, { bucket: 'photos', prefix: 'a' }), start(0, { bucket: 'photos' })]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await close();
  });
});
