import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, keyAfter, keyAfterPrefix } from '../../src/base/key-order.js';

const key = fc.string({ unit: 'binary', maxLength: 12 });

describe('order of keys', () => {
  it('is the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 2000 },
    );
  });

  it('puts an emoji after the last character of the basic plane', () => {
    expect(compareKeys('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  });

  it('has nothing between a key and the key after it', () => {
    expect(compareKeys('a', keyAfter('a'))).toBeLessThan(0);
    expect(compareKeys(keyAfter('a'), 'a\0\0')).toBeLessThan(0);
  });

  it('has every key of a prefix below the bound after that prefix', () => {
    fc.assert(
      fc.property(key, key, (prefix, rest) => {
        fc.pre(!rest.startsWith('\u{10FFFF}'));
        expect(compareKeys(prefix + rest, keyAfterPrefix(prefix))).toBeLessThan(0);
      }),
    );
  });
});
