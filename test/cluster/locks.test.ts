import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LocalLocker, type LockHandle, type LockMode } from '../../src/cluster/locks.js';

const request = { timeoutMs: 60_000 };

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const marker = Symbol('pending');
  const first = await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, marker))]);
  return first === marker;
}

describe('a lock', () => {
  it('lets several readers hold a name together, and a writer alone', async () => {
    const locker = new LocalLocker();
    const readers = [await locker.acquire(['k'], 'read', request), await locker.acquire(['k'], 'read', request)];
    const writer = locker.acquire(['k'], 'write', request);
    readers[0]!.release();
    expect(await isPending(writer)).toBe(true);
    readers[1]!.release();
    (await writer).release();
    expect(locker.size).toBe(0);
  });

  it('serves a waiting writer before readers that ask later', async () => {
    const locker = new LocalLocker();
    const order: string[] = [];
    const first = await locker.acquire(['k'], 'read', request);
    const writer = locker.acquire(['k'], 'write', request).then((lock) => (order.push('writer'), lock));
    const late = locker.acquire(['k'], 'read', request).then((lock) => (order.push('reader'), lock));
    expect(await isPending(late)).toBe(true);
    first.release();
    (await writer).release();
    (await late).release();
    expect(order).toEqual(['writer', 'reader']);
  });

  it('is given up with timed-out, naming what was waited for, and holds nothing then', async () => {
    const locker = new LocalLocker();
    const holder = await locker.acquire(['b'], 'write', request);
    await expect(locker.acquire(['a', 'b'], 'write', { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timed-out', message: expect.stringContaining('b') as string });
    (await locker.acquire(['a'], 'write', request)).release();
    holder.release();
    expect(locker.size).toBe(0);
  });

  it('is given up with aborted when the signal fires, also before it asks', async () => {
    const locker = new LocalLocker();
    const holder = await locker.acquire(['k'], 'write', request);
    const abort = new AbortController();
    const waiting = locker.acquire(['k'], 'read', { ...request, signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(locker.acquire(['other'], 'read', { ...request, signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' });
    holder.release();
    expect(locker.size).toBe(0);
  });

  it('that a waiting writer gives up no longer holds readers back', async () => {
    const locker = new LocalLocker();
    const reader = await locker.acquire(['k'], 'read', request);
    const abort = new AbortController();
    const writer = locker.acquire(['k'], 'write', { ...request, signal: abort.signal });
    const second = locker.acquire(['k'], 'read', request);
    abort.abort();
    await expect(writer).rejects.toMatchObject({ code: 'aborted' });
    (await second).release();
    reader.release();
    expect(locker.size).toBe(0);
  });

  it('may be released twice, and names may repeat', async () => {
    const locker = new LocalLocker();
    const lock = await locker.acquire(['a', 'b', 'a'], 'write', request);
    lock.release();
    const next = await locker.acquire(['a'], 'write', request);
    lock.release();
    expect(await isPending(locker.acquire(['a'], 'read', request).then((late) => late.release()))).toBe(true);
    next.release();
  });

  it('never lets a writer share a name, never deadlocks and leaves nothing behind, whatever is asked in whatever order', async () => {
    const claim = fc.record({
      names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
      mode: fc.constantFrom<LockMode>('read', 'write'),
      turns: fc.nat(4),
      abortAfter: fc.option(fc.nat(4)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(claim, { maxLength: 25 }), async (claims) => {
        const locker = new LocalLocker();
        const held = new Map<string, { readers: number; writers: number }>();
        const enter = (names: string[], mode: LockMode, step: 1 | -1): void => {
          for (const name of names) {
            const state = held.get(name) ?? { readers: 0, writers: 0 };
            if (mode === 'read') state.readers += step;
            else state.writers += step;
            held.set(name, state);
            expect(state.writers).toBeLessThanOrEqual(1);
            if (state.writers === 1) expect(state.readers).toBe(0);
          }
        };
        await Promise.all(
          claims.map(async ({ names, mode, turns, abortAfter }) => {
            const abort = new AbortController();
            if (abortAfter !== null) void pause(abortAfter).then(() => abort.abort());
            let lock: LockHandle;
            try {
              lock = await locker.acquire(names, mode, { timeoutMs: 10_000, signal: abort.signal });
            } catch (error) {
              expect(error).toMatchObject({ code: 'aborted' });
              return;
            }
            enter(names, mode, 1);
            await pause(turns);
            enter(names, mode, -1);
            lock.release();
          }),
        );
        expect(locker.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

async function pause(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
