import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, LARGE_SLAB_SIZE, SMALL_SLAB_SIZE, acquireSlab, tryAcquireSlab, type Slab } from '../../src/erasure/index.js';

/** An arena with room for so many large slabs. */
const arenaOf = (slots: number) => new Arena({ sizeBytes: slots * LARGE_SLAB_SIZE });

describe('an arena', () => {
  it('holds the stripe of a 1 MiB block of any shape, with its hashes, in a large slab', () => {
    for (let k = 1; k <= 15; k++) {
      for (let m = 0; m <= Math.min(k, 16 - k); m++) expect((Math.ceil(2 ** 20 / k) + 32) * (k + m)).toBeLessThanOrEqual(LARGE_SLAB_SIZE);
    }
  });

  it('gives slabs of the size asked for in its one shared memory', async () => {
    const arena = arenaOf(2);
    const slab = await arena.acquire(1000);
    expect(slab.bytes.length).toBe(1000);
    expect(slab.bytes.buffer).toBe(arena.memory.buffer);
    expect(slab.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('keeps its reserved start to itself', () => {
    const arena = new Arena({ sizeBytes: LARGE_SLAB_SIZE, reservedBytes: 5000 });
    expect(arena.tryAcquire(10)!.bytes.byteOffset).toBe(8192);
  });

  it('puts seven small slabs in the place of a large one, and a large one again when all are back', () => {
    const arena = arenaOf(1);
    const small = Array.from({ length: 7 }, () => arena.tryAcquire(SMALL_SLAB_SIZE)!);
    expect(arena.tryAcquire(1)).toBeUndefined();
    small.slice(1).forEach((slab) => slab.release());
    expect(arena.tryAcquire(LARGE_SLAB_SIZE)).toBeUndefined();
    small[0]!.release();
    expect(arena.tryAcquire(LARGE_SLAB_SIZE)).toBeDefined();
  });

  it('gives out again what was released last', () => {
    const arena = arenaOf(10);
    const [first, second] = [arena.tryAcquire(LARGE_SLAB_SIZE)!, arena.tryAcquire(LARGE_SLAB_SIZE)!];
    second.release();
    first.release();
    expect(arena.tryAcquire(LARGE_SLAB_SIZE)!.bytes.byteOffset).toBe(first.bytes.byteOffset);
    expect(arena.tryAcquire(LARGE_SLAB_SIZE)!.bytes.byteOffset).toBe(second.bytes.byteOffset);
  });

  it('takes a second release of the same slab for nothing', () => {
    const arena = arenaOf(1);
    const slab = arena.tryAcquire(LARGE_SLAB_SIZE)!;
    slab.release();
    const next = arena.tryAcquire(LARGE_SLAB_SIZE)!;
    slab.release();
    expect(arena.tryAcquire(1)).toBeUndefined();
    next.release();
  });

  it('serves those who wait in turn, a large request before the small ones behind it', async () => {
    const arena = arenaOf(1);
    const held = Array.from({ length: 7 }, () => arena.tryAcquire(1)!);
    const served: string[] = [];
    const large = arena.acquire(LARGE_SLAB_SIZE).then((slab) => (served.push('large'), slab));
    const small = arena.acquire(1).then((slab) => (served.push('small'), slab));
    for (const slab of held) slab.release();
    (await large).release();
    (await small).release();
    expect(served).toEqual(['large', 'small']);
  });

  it('lets nobody overtake those who wait', async () => {
    const arena = arenaOf(1);
    const held = arena.tryAcquire(1)!;
    const large = arena.acquire(LARGE_SLAB_SIZE);
    expect(arena.tryAcquire(1)).toBeUndefined();
    held.release();
    (await large).release();
    expect(arena.tryAcquire(1)).toBeDefined();
  });

  it('rejects a wait that is aborted, with the reason, and serves those behind', async () => {
    const arena = arenaOf(1);
    const held = arena.tryAcquire(1)!;
    const impatient = new AbortController();
    const large = arena.acquire(LARGE_SLAB_SIZE, impatient.signal);
    const small = arena.acquire(1);
    impatient.abort(new Error('client went away'));
    await expect(large).rejects.toThrow('client went away');
    (await small).release();
    held.release();
    await expect(arena.acquire(1, impatient.signal)).rejects.toThrow('client went away');
    expect(arena.tryAcquire(LARGE_SLAB_SIZE)).toBeDefined();
  });

  it('gives memory of its own to requests above the large size', async () => {
    const arena = arenaOf(1);
    const held = arena.tryAcquire(LARGE_SLAB_SIZE)!;
    const slab = await arena.acquire(20 * 1024 * 1024);
    expect(slab.bytes.length).toBe(20 * 1024 * 1024);
    expect(slab.bytes.buffer).not.toBe(arena.memory.buffer);
    slab.release();
    held.release();
  });

  it('never gives the same bytes to two holders, and loses none', () => {
    const step = fc.oneof(
      fc.record({ take: fc.oneof(fc.integer({ min: 1, max: SMALL_SLAB_SIZE }), fc.integer({ min: SMALL_SLAB_SIZE + 1, max: LARGE_SLAB_SIZE })) }),
      fc.record({ give: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const arena = arenaOf(3);
        const held: Slab[] = [];
        for (const action of steps) {
          if ('take' in action) {
            const slab = arena.tryAcquire(action.take);
            if (slab) held.push(slab);
          } else if (held.length > 0) {
            held.splice(action.give % held.length, 1)[0]!.release();
          }
          const spans = held.map(({ bytes }) => [bytes.byteOffset, bytes.byteOffset + bytes.length] as const).sort((a, b) => a[0] - b[0]);
          for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBeGreaterThanOrEqual(spans[i - 1]![1]);
        }
        for (const slab of held) slab.release();
        expect([0, 1, 2].map(() => arena.tryAcquire(LARGE_SLAB_SIZE) !== undefined)).toEqual([true, true, true]);
      }),
    );
  });

  it('touches only the pages that are used', () => {
    const before = process.memoryUsage.rss();
    const arena = new Arena();
    for (let i = 0; i < 200; i++) {
      const slab = arena.tryAcquire(LARGE_SLAB_SIZE)!;
      slab.bytes.fill(i);
      slab.release();
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('the arena of the process', () => {
  it('gives slabs to wait for and slabs to try for', async () => {
    const first = await acquireSlab(100);
    const second = tryAcquireSlab(100);
    expect(second?.bytes.buffer).toBe(first.bytes.buffer);
    second?.release();
    first.release();
  });
});
