import { describe, expect, it } from 'vitest';

import { chooseSetSize } from '../../src/cluster/set-size.js';

const size = (driveCount: number, leftmostLength?: number, wanted?: number) => chooseSetSize({ commandLine: 'x', driveCount, leftmostLength, wanted });

describe('the size of erasure sets', () => {
  it.each([
    [3, 7, 3],
    [2, 18, 12],
    [4, 8, 16],
    [3, 2, 6],
    [6, 5, 6],
    [2, 180, 12],
    [2, 17, 2],
    [1, 16, 16],
    [4, 1, 4],
  ])('%i hosts with %i drives each make sets of %i', (leftmost, next, expected) => {
    expect(size(leftmost * next, leftmost)).toBe(expected);
  });

  it.each([2, 3, 4, 5, 6, 8, 12, 16])('%i drives listed one by one make one set', (count) => expect(size(count)).toBe(count));
  it('32 drives make two sets of 16', () => expect(size(32, 32)).toBe(16));
  it.each([17, 19, 23, 289])('%i drives cannot be divided', (count) => expect(() => size(count, count)).toThrow('cannot be divided'));
  it('17 hosts of 2 drives have no symmetric size', () => expect(() => size(34, 17)).toThrow('spreads evenly'));
  it('a wanted size wins over symmetry', () => expect(size(34, 17, 2)).toBe(2));
  it('a wanted size must divide', () => expect(() => size(8, 8, 5)).toThrow('[2 4 8]'));
});
