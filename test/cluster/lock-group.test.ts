import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { systemRandom, type StorageError } from '../../src/base/index.js';
import type { LockHandle, LockMode } from '../../src/cluster/index.js';
import { lockQuorum } from '../../src/cluster/lock-group.js';
import { LockNet } from '../doubles/lock-net.js';

const THREE = ['a', 'b', 'c'];
let net: LockNet;

beforeEach(() => {
  vi.useFakeTimers();
  net = new LockNet([], systemRandom);
});
afterEach(() => {
  net.close();
  vi.useRealTimers();
});

/** Three nodes that know each other, as after a start. */
async function started(names: readonly string[] = THREE): Promise<LockNet> {
  net = new LockNet(names, systemRandom);
  await vi.advanceTimersByTimeAsync(3000);
  return net;
}

/** Outcome of a wish for a lock, with how long it took in virtual time. */
interface Wish {
  lock?: LockHandle;
  error?: StorageError;
  tookMs?: number;
}
function wish(node: string, name = 'bucket/key', mode: LockMode = 'write', timeoutMs = 60_000): Wish {
  const result: Wish = {};
  const startedMs = performance.now();
  net
    .node(node)
    .group.acquire([name], mode, { timeoutMs })
    .then(
      (lock) => Object.assign(result, { lock, tookMs: performance.now() - startedMs }),
      (error: unknown) => Object.assign(result, { error, tookMs: performance.now() - startedMs }),
    );
  return result;
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
async function locked(node: string, name?: string, mode?: LockMode): Promise<LockHandle> {
  const wished = wish(node, name, mode);
  await pass(50);
  expect(wished.error).toBeUndefined();
  return wished.lock!;
}

describe('the quorum of nodes', () => {
  it.each([
    [1, 1, 1],
    [2, 1, 2],
    [3, 2, 2],
    [4, 2, 3],
    [5, 3, 3],
    [6, 3, 4],
    [16, 8, 9],
  ])('of %i is %i to read and %i to write', (count, read, write) => {
    expect([lockQuorum(count, 'read'), lockQuorum(count, 'write')]).toEqual([read, write]);
  });
});

describe('a lock of several nodes', () => {
  it('is held by one writer, and goes to the next when it is released', async () => {
    await started();
    const first = await locked('a');
    const second = wish('b');
    await pass(3000);
    expect(second.lock).toBeUndefined();
    first.release();
    await pass(20);
    expect(second.lock).toBeDefined();
    second.lock!.check();
    second.lock!.release();
    await pass(20);
    expect(THREE.map((name) => net.node(name).table.size)).toEqual([0, 0, 0]);
  });

  it('is shared by readers, and a writer that waits comes before later readers', async () => {
    await started();
    const readers = [await locked('a', 'k', 'read'), await locked('b', 'k', 'read')];
    const writer = wish('c', 'k');
    await pass(100);
    const late = wish('a', 'k', 'read');
    await pass(500);
    for (const reader of readers) reader.release();
    await pass(600);
    expect(writer.lock).toBeDefined();
    expect(late.lock).toBeUndefined();
    writer.lock!.release();
    await pass(600);
    expect(late.lock).toBeDefined();
  });

  it('lasts as long as it is held, whatever its leases', async () => {
    await started();
    const first = await locked('a');
    const second = wish('b', 'bucket/key', 'write', 300_000);
    await pass(120_000);
    first.check();
    expect(first.signal.aborted).toBe(false);
    expect(second.lock).toBeUndefined();
  });

  it('is waited for no longer than asked', async () => {
    await started();
    await locked('a');
    const second = wish('b', 'bucket/key', 'write', 4000);
    await pass(6000);
    expect(second.error?.code).toBe('timed-out');
  });

  it('of many contenders goes to one after the other', async () => {
    await started();
    let holders = 0;
    let served = 0;
    const run = async (node: string): Promise<void> => {
      const lock = await net.node(node).group.acquire(['hot'], 'write', { timeoutMs: 60_000 });
      expect(++holders).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      holders--;
      served++;
      lock.release();
    };
    const runs = Promise.all(Array.from({ length: 60 }, (_, i) => run(THREE[i % 3]!)));
    await pass(30_000);
    await runs;
    expect(served).toBe(60);
  });
});

describe('the lock of a node that is killed', () => {
  it('is free within ten seconds', async () => {
    await started();
    await locked('a');
    net.node('a').kill();
    const next = wish('b');
    await pass(10_000);
    expect(next.lock).toBeDefined();
    expect(next.tookMs).toBeLessThan(10_000);
  });

  it('is free at once when the node stopped in order', async () => {
    await started();
    await locked('a');
    net.node('a').group.close();
    const next = wish('b');
    await pass(100);
    expect(next.lock).toBeDefined();
  });

  it('is free as soon as the node runs again', async () => {
    await started();
    await locked('a');
    net.node('a').kill();
    await pass(500);
    net.start('a');
    const next = wish('b');
    await pass(3000);
    expect(next.lock).toBeDefined();
  });
});

describe('a lock whose holder is cut off', () => {
  it('is given up by the holder before somebody else gets it', async () => {
    await started();
    const first = await locked('a');
    net.cut('a', 'b');
    net.cut('a', 'c');
    const next = wish('b');
    let lostMs: number | undefined;
    first.signal.addEventListener('abort', () => (lostMs = performance.now()));
    for (let waitedMs = 0; next.lock === undefined && waitedMs < 12_000; waitedMs += 10) {
      if (next.lock === undefined) await pass(10);
    }
    expect(next.lock).toBeDefined();
    expect(lostMs).toBeLessThan(performance.now());
    expect(() => first.check()).toThrow('was lost');
    expect(next.tookMs).toBeLessThan(10_000);
  });

  it('is lost to a holder that stood still, the moment it goes on', async () => {
    await started();
    const first = await locked('a');
    net.node('a').jumpMs = 30_000;
    expect(() => first.check()).toThrow('was lost');
  });

  it('cannot be had on the smaller side, which is said within ten seconds, and at once when it is known', async () => {
    await started();
    net.cut('a', 'b');
    net.cut('a', 'c');
    const first = wish('a');
    await pass(10_000);
    expect(first.error?.code).toBe('write-quorum');
    const second = wish('a', 'another');
    await pass(2500);
    expect(second.error?.code).toBe('write-quorum');
    net.heal();
    expect(await locked('a')).toBeDefined();
  });
});

describe('a node that starts again', () => {
  it('grants nothing before it knows what it granted, so that a lock that it forgot stays held', async () => {
    await started();
    net.cut('a', 'c');
    const first = await locked('a'); // By a and b.
    net.node('b').kill();
    net.start('b');
    const second = wish('c');
    await pass(100);
    expect(second.lock).toBeUndefined();
    await pass(5000);
    first.check();
    expect(second.lock).toBeUndefined();
    first.release();
    await pass(6000);
    expect(second.lock).toBeDefined();
  });

  it('waits for one lease where a node does not tell', async () => {
    await started();
    net.node('c').kill();
    net.node('b').kill();
    net.start('b');
    const early = wish('a', 'k', 'write', 4000);
    await pass(5000);
    expect(early.error).toBeDefined();
    await pass(5000);
    expect(await locked('a', 'k')).toBeDefined();
  });
});

describe('whatever happens', () => {
  it('no two writers, and no reader beside a writer, hold a name at once', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('wish' as const), node: fc.nat(2), name: fc.nat(1), mode: fc.constantFrom<LockMode>('read', 'write', 'write'), holdMs: fc.integer({ min: 1, max: 15_000 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), node: fc.nat(2), afterMs: fc.nat(4000) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), a: fc.nat(2), b: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('heal' as const) }) },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3000) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.integer({ min: 1, max: 400 }), async (steps, latencyMs) => {
        await started();
        let tick = 0;
        net.latencyMs = () => 1 + ((tick += 37) % latencyMs);
        const held = new Map<LockHandle, { readonly name: string; readonly mode: LockMode; readonly isAlive: () => boolean }>();
        const isValid = (lock: LockHandle): boolean => {
          try {
            lock.check();
            return true;
          } catch {
            return false;
          }
        };
        const look = (): void => {
          const valid = [...held].filter(([lock, { isAlive }]) => isAlive() && isValid(lock)).map(([, facts]) => facts);
          for (const name of ['0', '1']) {
            const modes = valid.filter((facts) => facts.name === name).map(({ mode }) => mode);
            if (modes.includes('write')) expect(modes, `holders of ${name}`).toEqual(['write']);
          }
        };
        for (const one of steps) {
          switch (one.kind) {
            case 'wish': {
              const node = net.node(THREE[one.node]!);
              const { mode } = one;
              const name = String(one.name);
              void node.group.acquire([name], mode, { timeoutMs: 20_000 }).then(
                (lock) => {
                  held.set(lock, { name, mode, isAlive: () => node.isAlive });
                  look();
                  setTimeout(() => {
                    held.delete(lock);
                    lock.release();
                  }, one.holdMs);
                },
                () => undefined,
              );
              break;
            }
            case 'restart': {
              const name = THREE[one.node]!;
              net.node(name).kill();
              await pass(one.afterMs);
              net.start(name);
              break;
            }
            case 'cut':
              if (one.a !== one.b) net.cut(THREE[one.a]!, THREE[one.b]!);
              break;
            case 'heal':
              net.heal();
              break;
            case 'pass':
              await pass(one.ms);
          }
          await pass(1);
          look();
        }
        net.heal();
        await pass(60_000);
        expect(THREE.map((name) => net.node(name).table.size)).toEqual([0, 0, 0]);
        net.close();
      }),
      { numRuns: 60 },
    );
  });
});
