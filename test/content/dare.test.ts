import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteFeed } from '../../src/content/byte-feed.js';
import { openedSize, openPackages, openSealed, packagesOf, PACKAGE_BYTES } from '../../src/content/dare.js';
import { seal, streamOf } from './sealing.js';

const key = Buffer.from('0123456789abcdef0123456789abcdef');

async function openRange(sealed: Uint8Array, from: number, to: number, piece = 10_000): Promise<Buffer> {
  const range = packagesOf(sealed.length, from, to);
  const chunks: Uint8Array[] = [];
  for await (const chunk of openPackages(new ByteFeed(streamOf(sealed.subarray(range.start, range.end), piece)), key, sealed.length, range)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).subarray(range.skip, range.skip + to - from);
}

describe('encrypted packages', () => {
  it.each([0, 1, 100, 65_535, 65_536, 65_537, 131_072, 200_000])('%i bytes open again, with either cipher', async (size) => {
    const plain = randomBytes(size);
    for (const cipher of [0, 1] as const) {
      const sealed = seal(plain, key, { cipher });
      expect(openedSize(sealed.length)).toBe(size);
      expect((await openRange(sealed, 0, size)).equals(plain)).toBe(true);
      expect(Buffer.from(openSealed(sealed, key)).equals(plain)).toBe(true);
    }
  });

  it('open from any byte to any other, and read no more packages than they must', async () => {
    const plain = randomBytes(300_000);
    const sealed = seal(plain, key);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: plain.length }), fc.integer({ min: 0, max: plain.length }), fc.integer({ min: 1, max: 100_000 }), async (a, b, piece) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        if (from === to) return;
        expect((await openRange(sealed, from, to, piece)).equals(plain.subarray(from, to))).toBe(true);
        const { start, end } = packagesOf(sealed.length, from, to);
        expect(end - start).toBeLessThanOrEqual((Math.ceil((to - from) / 65_536) + 1) * PACKAGE_BYTES);
      }),
      { numRuns: 50 },
    );
  });

  it('of early 2018 open too, and not out of their order', async () => {
    const plain = randomBytes(150_000);
    const sealed = seal(plain, key, { version: 1 });
    expect((await openRange(sealed, 70_000, 140_000)).equals(plain.subarray(70_000, 140_000))).toBe(true);
    const swapped = Buffer.concat([sealed.subarray(PACKAGE_BYTES, 2 * PACKAGE_BYTES), sealed.subarray(0, PACKAGE_BYTES), sealed.subarray(2 * PACKAGE_BYTES)]);
    await expect(openRange(swapped, 0, 150_000)).rejects.toMatchObject({ code: 'content-corrupt' });
  });

  it('do not open with a bit flipped anywhere, cut, swapped, or of two streams', async () => {
    const plain = randomBytes(140_000);
    const sealed = seal(plain, key);
    const corrupt = { code: 'content-corrupt' };
    for (let bit = 0; bit < 8 * 20; bit += 3) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await expect(openRange(flipped, 0, 140_000), `bit ${bit}`).rejects.toMatchObject(corrupt);
    }
    for (const at of [20_000, 65_560, 65_567, 65_568, sealed.length - 1]) {
      const flipped = Buffer.from(sealed);
      flipped[at]! ^= 1;
      await expect(openRange(flipped, 0, 140_000), `byte ${at}`).rejects.toMatchObject(corrupt);
    }
    await expect(openRange(sealed.subarray(0, 2 * PACKAGE_BYTES), 0, 131_072)).rejects.toMatchObject(corrupt);
    const swapped = Buffer.concat([sealed.subarray(PACKAGE_BYTES, 2 * PACKAGE_BYTES), sealed.subarray(0, PACKAGE_BYTES), sealed.subarray(2 * PACKAGE_BYTES)]);
    await expect(openRange(swapped, 0, 140_000)).rejects.toMatchObject(corrupt);
    const mixed = Buffer.concat([sealed.subarray(0, PACKAGE_BYTES), seal(plain, key).subarray(PACKAGE_BYTES)]);
    await expect(openRange(mixed, 0, 140_000)).rejects.toMatchObject(corrupt);
    expect(() => openSealed(sealed, Buffer.alloc(32))).toThrow(/does not open/);
  });

  it('of no possible size are refused', () => {
    for (const size of [1, 32, PACKAGE_BYTES + 32]) expect(() => openedSize(size)).toThrow(/size/);
  });
});
