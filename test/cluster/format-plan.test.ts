import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/base/index.js';
import { planPool, type FormatAnswer, type PoolFormat, type PoolPlan } from '../../src/cluster/format-plan.js';

const id = (name: string) => `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0')}`;
const format = (setCount: number, setSize: number, deployment = 'dep'): PoolFormat => ({
  isSingle: setCount * setSize === 1,
  deploymentId: id(deployment),
  sets: Array.from({ length: setCount }, (_, set) => Array.from({ length: setSize }, (_, slot) => id(`${deployment[0]}${set}${slot}`))),
  algorithm: 'SIPMOD+PARITY',
});
const member = (of: PoolFormat, index: number, more: object = {}): FormatAnswer => ({ kind: 'formatted', format: of, driveId: of.sets.flat()[index]!, isEmpty: false, isRootDevice: false, ...more });
const unformatted: FormatAnswer = { kind: 'unformatted', isRootDevice: false };
const missing: FormatAnswer = { kind: 'missing' };
const offline: FormatAnswer = { kind: 'offline', reason: 'EIO' };
const damaged: FormatAnswer = { kind: 'damaged', reason: 'not JSON' };
const old: FormatAnswer = { kind: 'old', generation: 'erasure format version 1 (2016 to early 2018)', hint: 'h' };

function plan(answers: FormatAnswer[], setSize = answers.length, allowRootDrive = false): PoolPlan {
  return planPool({ commandLine: '/d{...}', drives: answers.map((_, index) => `/d${index + 1}`), setSize }, answers, { allowRootDrive });
}
function started(answers: FormatAnswer[], setSize?: number, allowRootDrive?: boolean): Extract<PoolPlan, { kind: 'start' }> {
  const result = plan(answers, setSize, allowRootDrive);
  if (result.kind !== 'start') throw new Error('not a start');
  return result;
}
const slots = (answers: FormatAnswer[], setSize?: number) => started(answers, setSize).drives.map(({ place }) => place && place.setIndex * (setSize ?? answers.length) + place.slot);
const four = format(1, 4);
const all = (of: PoolFormat) => of.sets.flat().map((_, index) => member(of, index));

describe('drives without any format', () => {
  it('are formatted when all of them are there, or only their folders are missing', () => {
    expect(plan([unformatted, unformatted]).kind).toBe('format-new');
    expect(plan([missing]).kind).toBe('format-new');
    expect(plan([missing, unformatted, missing, unformatted]).kind).toBe('format-new');
  });
  it.each([
    ['one cannot be read', offline, 'EIO'],
    ['one has a damaged format', damaged, 'damaged'],
    ['one is of an old generation', old, 'version 1'],
  ])('are not formatted where %s', (_, answer, words) => expect(() => plan([unformatted, answer, unformatted, unformatted])).toThrow(words));

  it('are not formatted where one looks like a mount point without its mount', () => {
    const bare: FormatAnswer = { kind: 'unformatted', isRootDevice: true };
    expect(() => plan([unformatted, unformatted, bare, unformatted])).toThrow('/d3 is on the root device');
    expect(plan([unformatted, unformatted, bare, unformatted], 4, true).kind).toBe('format-new');
    expect(plan([bare, bare, bare, bare]).kind).toBe('format-new');
    expect(plan([unformatted, unformatted, bare, bare], 2).kind).toBe('format-new');
  });
});

describe('drives with a format', () => {
  it('are served in their slots', () => expect(slots(all(format(2, 4)), 4)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]));

  it('given in any order are served by their identity and named as misplaced', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
        const eight = format(2, 4);
        const answers = order.map((index) => member(eight, index));
        expect(slots(answers, 4)).toEqual(order);
        expect(started(answers, 4).drives.map(({ isMisplaced }) => isMisplaced)).toEqual(order.map((slot, position) => slot !== position));
      }),
    );
  });

  it('start while half of them are readable, and not with fewer', () => {
    const half = [member(four, 0), member(four, 1), offline, missing];
    expect(started(half).drives.map(({ condition }) => condition)).toEqual(['ok', 'ok', 'offline', 'missing']);
    expect(() => plan([member(four, 0), offline, missing, damaged])).toThrow(/only 1 of 4 drives.*at least 2.*\/d2: EIO.*\/d3.*\/d4/);
  });

  it('an emptied drive gets the identity of its slot, to be healed', () => {
    const [, , third] = started([member(four, 0), member(four, 1), unformatted, member(four, 3)]).drives;
    expect(third).toMatchObject({ condition: 'unformatted', place: { setIndex: 0, slot: 2 }, isToFormat: true });
  });

  it('an emptied drive among drives in another order gets the one slot that is left', () => {
    expect(started([member(four, 3), unformatted, member(four, 1), member(four, 0)]).drives[1]).toMatchObject({ place: { slot: 2 }, isToFormat: true });
  });

  it('emptied drives among drives in another order are left alone where their slots are not certain', () => {
    const [, second, third] = started([member(four, 3), unformatted, unformatted, member(four, 0)]).drives;
    for (const drive of [second, third]) {
      expect(drive).toMatchObject({ condition: 'unformatted', isToFormat: false });
      expect(drive!.place).toBeUndefined();
    }
  });

  it('an emptied drive is left alone where it looks like a mount point without its mount', () => {
    const bare: FormatAnswer = { kind: 'unformatted', isRootDevice: true };
    expect(started([member(four, 0), member(four, 1), bare, member(four, 3)]).drives[2]).toMatchObject({ isToFormat: false, remark: expect.stringContaining('not mounted') as string });
    expect(started([member(four, 0), member(four, 1), bare, member(four, 3)], 4, true).drives[2]).toMatchObject({ isToFormat: true });
    const laptop = [0, 1, 3].map((index) => member(four, index, { isRootDevice: true }));
    expect(started([laptop[0]!, laptop[1]!, bare, laptop[2]!]).drives[2]).toMatchObject({ isToFormat: true });
  });

  it('a drive of another deployment is foreign and never formatted', () => {
    const other = started([member(four, 0), member(four, 1), member(format(1, 4, 'other'), 2), member(four, 3)]).drives[2];
    expect(other).toMatchObject({ condition: 'foreign', isToFormat: false, remark: expect.stringContaining(id('other')) as string });
  });

  it('of two drives with the same identity one serves, the one in its own place', () => {
    const plans = started([member(four, 2), member(four, 1), member(four, 2), member(four, 3)]).drives;
    expect(plans.map(({ condition }) => condition)).toEqual(['doubled', 'ok', 'ok', 'ok']);
  });

  it.each([
    ['damaged', damaged],
    ['old', old],
    ['offline', offline],
    ['missing', missing],
  ])('a drive that is %s is not written and is expected in its slot', (condition, answer) => {
    expect(started([member(four, 0), answer, member(four, 2), member(four, 3)]).drives[1]).toMatchObject({ condition, isToFormat: false, place: { slot: 1 } });
  });

  it('of two deployments without a majority are refused, naming both', () => {
    const other = format(1, 4, 'other');
    expect(() => plan([member(four, 0), member(four, 1), member(other, 2), member(other, 3)])).toThrow(/\/d1, \/d2.*\/d3, \/d4/);
  });

  it.each([
    ['fewer', [member(four, 0), member(four, 1)], 2, /pool of 4 drives.*gives 2/],
    ['more', [...all(four), unformatted, unformatted], 6, /pool of 4 drives.*gives 6/],
    ['one for a single-drive format and another', [member(format(1, 1), 0), unformatted], 2, /pool of 1 drive,.*gives 2/],
    ['one of four', [member(four, 0)], 1, /pool of 4 drives.*gives 1/],
  ])('%s than the format says are refused with both numbers', (_, answers, setSize, words) => expect(() => plan(answers, setSize)).toThrow(words));

  it('with another set size are refused, with what to set', () => {
    try {
      plan(all(format(2, 4)), 8);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ message: expect.stringMatching(/4 drives per erasure set.*sets of 8/) as string, hint: expect.stringContaining('MINIO_ERASURE_SET_DRIVE_COUNT=4') as string });
    }
  });

  it('of an interrupted first formatting are completed, unless anything is on them', () => {
    const answers = [member(four, 0, { isEmpty: true }), unformatted, unformatted, unformatted];
    const completed = started(answers);
    expect(completed.isFirstFormatting).toBe(true);
    expect(completed.drives.map(({ isToFormat }) => isToFormat)).toEqual([false, true, true, true]);
    expect(() => plan([member(four, 0), unformatted, unformatted, unformatted])).toThrow('only 1 of 4');
    expect(() => plan([member(four, 0, { isEmpty: true }), unformatted, offline, unformatted])).toThrow('only 1 of 4');
  });
});

describe('any mixture of drives', () => {
  it('is refused with a hint, or planned so that no slot is given twice and only empty drives are formatted', () => {
    const eight = format(2, 4);
    const other = format(2, 4, 'other');
    const answer = fc.oneof(
      { weight: 5, arbitrary: fc.nat(7).map((index) => member(eight, index)) },
      fc.nat(7).map((index) => member(other, index)),
      fc.constantFrom(unformatted, missing, offline, damaged, old, { kind: 'unformatted', isRootDevice: true } as const),
    );
    fc.assert(
      fc.property(fc.array(answer, { minLength: 8, maxLength: 8 }), (answers) => {
        let result: PoolPlan;
        try {
          result = plan(answers, 4);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).hint).toBeTruthy();
          return;
        }
        if (result.kind === 'format-new') {
          expect(answers.every(({ kind }) => kind === 'unformatted' || kind === 'missing')).toBe(true);
          return;
        }
        const { drives, format: reference } = result;
        const taken = drives.flatMap(({ place }) => (place === undefined ? [] : [place.setIndex * 4 + place.slot]));
        expect(new Set(taken).size).toBe(taken.length);
        drives.forEach((drive, position) => {
          const said = answers[position]!;
          if (drive.isToFormat) expect(said.kind).toBe('unformatted');
          if (drive.condition === 'ok') expect(said).toMatchObject({ kind: 'formatted', driveId: reference.sets[drive.place!.setIndex]![drive.place!.slot] });
          else expect(drive.remark).toContain(drive.path);
        });
        expect(drives.filter(({ condition }) => condition === 'ok').length).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });
});
