import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePartSize, parseSize, partSize, planParts } from '../../../src/client/transfer/parts.js';

const MIB = 1024 * 1024;

describe('planning parts', () => {
  it('covers every byte once, in order, with at most 10,000 parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), fc.integer({ min: 5 * MIB, max: 512 * MIB }), (size, wanted) => {
        const partBytes = choosePartSize(size, wanted);
        const count = Math.ceil(size / partBytes);
        expect(count).toBeLessThanOrEqual(10_000);
        expect(partBytes % wanted).toBe(0);
        const parts = planParts(size, partBytes);
        expect(parts).toHaveLength(count);
        expect(parts.every((part, index) => part.number === index + 1 && part.first === index * partBytes)).toBe(true);
        expect(parts.reduce((sum, part) => sum + partSize(part), 0)).toBe(size);
      }),
      { numRuns: 30 },
    );
  });

  it('cuts 20,000,000 bytes into two parts of 16 MiB, as mc does', () => {
    expect(planParts(20_000_000, choosePartSize(20_000_000)).map(partSize)).toEqual([16 * MIB, 20_000_000 - 16 * MIB]);
  });

  it('plans nothing for an empty object', () => {
    expect(planParts(0, 16 * MIB)).toEqual([]);
  });
});

describe('reading sizes', () => {
  it.each([
    ['64MiB', 64 * MIB], ['1GB', 1e9], ['10k', 10_000], ['10ki', 10_240], ['4096', 4096], ['1.5 KiB', 1536], ['16mib', 16 * MIB], ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text, 'a test')).toBe(bytes);
  });

  it.each(['', 'MiB', '-1', '12 potatoes', '1.2.3K'])('refuses %j', (text) => {
    expect(() => parseSize(text, 'a test')).toThrow(/is not a size/);
  });
});
