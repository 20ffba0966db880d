import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xxh3, xxh64, xxh64Low32 } from '../../src/hash/index.js';

describe('xxHash', () => {
  it.each([
    ['', 0xef46db3751d8e999n, 0x2d06800538d394c2n],
    ['hello world', 0x45ab6734b21e6968n, 0xd447b1ea40e6988bn],
  ])('hashes "%s" as xl.meta needs it', (text, hash64, hash3) => {
    expect(xxh64(Buffer.from(text))).toBe(hash64);
    expect(xxh3(Buffer.from(text))).toBe(hash3);
  });

  it('gives the low half of XXH64 as an unsigned number', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (data) => void expect(BigInt(xxh64Low32(data))).toBe(xxh64(data) & 0xffffffffn)));
  });

  it('keeps nothing of what it hashed before', () => {
    const first = xxh3(Buffer.from('a'));
    xxh3(Buffer.alloc(1000, 1));
    expect(xxh3(Buffer.from('a'))).toBe(first);
  });
});
