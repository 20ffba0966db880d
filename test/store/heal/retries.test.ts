import { describe, expect, it } from 'vitest';

import { LocalLocker } from '../../../src/cluster/index.js';
import { StorageError, silentLog } from '../../../src/base/index.js';
import { HealQueue } from '../../../src/store/heal/heal-queue.js';
import { Journal } from '../../../src/store/heal/journal.js';
import { Retries } from '../../../src/store/heal/retries.js';
import { BUCKET, Life } from '../life.js';

/** Numbers of the rounds in which something that always fails is tried. */
function triesOf(retries: Retries, rounds: number): number[] {
  const tries: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    retries.nextRound('');
    if (!retries.isDue('a')) continue;
    tries.push(round);
    retries.failed('a');
  }
  return tries;
}

describe('what fails again and again', () => {
  it('is tried less and less often, but never given up', () => {
    expect(triesOf(new Retries(), 260)).toEqual([1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
  });

  it('is tried as often as at first once it succeeded, and at once under other circumstances', () => {
    const retries = new Retries();
    triesOf(retries, 70);
    retries.succeeded('a');
    expect(triesOf(retries, 4)).toEqual([1, 2, 4]);
    expect(retries.isDue('a')).toBe(false);
    retries.nextRound('a drive is back');
    expect(retries.isDue('a')).toBe(true);
  });

  it('is forgotten when nobody wants it any more', () => {
    const retries = new Retries();
    for (const name of ['a', 'b']) retries.failed(name);
    retries.keepOnly(new Map([['b', {}]]));
    expect(retries.count).toBe(1);
  });
});

describe('the journal', () => {
  it('leaves an object that cannot be brought alone for longer and longer, and brings the others meanwhile', async () => {
    await using life = await Life.begin(4);
    const tried = new Map<string, number[]>();
    let round = 0;
    const journal = new Journal({
      deployment: life.context.deployment,
      queue: new HealQueue(4),
      locker: new LocalLocker(),
      log: silentLog,
      heal: async ({ path }, confirm) => {
        tried.set(path, [...(tried.get(path) ?? []), round]);
        if (path === 'broken') throw new StorageError('read-quorum', 'too few drives have it');
        await confirm([{ outcome: 'ok', drives: [] } as never, ]);
      },
      healWholeDrive: () => Promise.resolve(),
    });
    const note = (path: string): Promise<void> => life.drives[0]!.noteMissed([2], { volume: BUCKET, path });
    const rounds = async (count: number): Promise<void> => {
      for (const last = round + count; round < last; ) {
        round++;
        await journal.round(new AbortController().signal);
      }
    };
    await note('broken');
    await rounds(20);
    expect(tried.get('broken')).toEqual([1, 2, 4, 8, 16]);
    await note('whole');
    await rounds(1);
    expect(tried.get('whole')).toEqual([21]);
    expect(journal.status()[0]?.drives[0]?.missed).toBe(1);

    life.naughty[1]!.pretend('offline');
    await rounds(2);
    life.naughty[1]!.pretend(undefined);
    await rounds(1);
    expect(tried.get('broken')).toEqual([1, 2, 4, 8, 16, 22, 23, 24]);
  });
});
