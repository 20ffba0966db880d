import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEachParallel, readAhead, Slots } from '../../../src/client/transfer/parallel.js';

async function* numbers(count: number, onPull: (n: number) => void = () => {}): AsyncGenerator<number> {
  for (let n = 0; n < count; n += 1) {
    await tick();
    onPull(n);
    yield n;
  }
}

describe('parallel work', () => {
  it('runs every item, never more than the limit at once', async () => {
    let [running, most, done] = [0, 0, 0];
    await forEachParallel(Array.from({ length: 50 }), 4, async () => {
      most = Math.max(most, (running += 1));
      await tick();
      running -= 1;
      done += 1;
    });
    expect([done, most]).toEqual([50, 4]);
  });

  it('stops pulling after a failure and throws it when the rest has ended', async () => {
    let [pulled, ended] = [0, 0];
    const run = forEachParallel(numbers(1000, () => (pulled += 1)), 3, async (n) => {
      await tick();
      ended += 1;
      if (n === 5) throw new Error('five');
    });
    await expect(run).rejects.toThrow('five');
    expect(pulled).toBeLessThan(20);
    expect(ended).toBeGreaterThanOrEqual(6);
  });

  it('shares slots among all, and gives them back after failures', async () => {
    const slots = new Slots(2);
    let [running, most] = [0, 0];
    const task = async (fails: boolean): Promise<void> => {
      most = Math.max(most, (running += 1));
      await tick();
      running -= 1;
      if (fails) throw new Error('no');
    };
    await Promise.allSettled(Array.from({ length: 20 }, (_, i) => slots.run(() => task(i % 3 === 0))));
    expect(most).toBe(2);
    await expect(slots.run(() => Promise.resolve('free'))).resolves.toBe('free');
  });
});

describe('reading ahead', () => {
  it('gives all items in order and plans no further than the limit', async () => {
    let [known, read, widest] = [0, 0, 0];
    for await (const n of readAhead(numbers(200), 10, () => (known += 1))) {
      expect(n).toBe(read);
      read += 1;
      await tick();
      await tick();
      widest = Math.max(widest, known - read);
    }
    expect(read).toBe(200);
    expect(widest).toBeLessThanOrEqual(10);
  });

  it('throws a failure of the source after the items before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield* numbers(3);
      throw new Error('source');
    }
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of readAhead(failing(), 10, () => {})) seen.push(n);
    })();
    await expect(reading).rejects.toThrow('source');
    expect(seen).toEqual([0, 1, 2]);
  });
});
