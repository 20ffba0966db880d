import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteFeed } from '../../src/content/byte-feed.js';
import { decodeBlock } from '../../src/content/s2/block.js';
import { decodeFrames } from '../../src/content/s2/frames.js';
import { findInIndex } from '../../src/content/s2/seek.js';
import { chunk, dataChunk, encodeBlock, S2_BEGIN, streamOf, uvarint, type Element } from './sealing.js';

const MAX = 4 * 1024 * 1024;

const literal = fc.record({ kind: fc.constant('literal' as const), bytes: fc.uint8Array({ maxLength: 400 }), extra: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const) });
const copy = fc.record({ kind: fc.constant('copy' as const), form: fc.constantFrom(1 as const, 2 as const, 3 as const), offset: fc.nat(100_000), length: fc.nat(63) });
const repeat = fc.record({ kind: fc.constant('repeat' as const), length: fc.oneof(fc.integer({ min: 4, max: 300 }), fc.constantFrom(8, 9, 12, 263, 264, 265, 65_795, 65_796, 70_000)) });
const elements: fc.Arbitrary<Element[]> = fc.array(fc.oneof({ weight: 3, arbitrary: literal }, { weight: 3, arbitrary: copy }, { weight: 1, arbitrary: repeat }), { maxLength: 60 });

async function frames(bytes: Uint8Array, piece = 1000): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const one of decodeFrames(new ByteFeed(streamOf(bytes, piece)))) chunks.push(Buffer.from(one));
  return Buffer.concat(chunks);
}

describe('a compressed block', () => {
  it('gives back what any sequence of elements says', () => {
    let sizeMax = 0;
    fc.assert(
      fc.property(elements, (list) => {
        const { block, bytes } = encodeBlock(list);
        sizeMax = Math.max(sizeMax, bytes.length);
        expect(Buffer.compare(Buffer.from(decodeBlock(block, MAX)), bytes)).toBe(0);
      }),
      { numRuns: 400 },
    );
    expect(sizeMax).toBeGreaterThan(65_540);
  });

  it('is refused, never read past its ends, whatever is done to it', () => {
    let [refused, read] = [0, 0];
    fc.assert(
      fc.property(elements, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 }), fc.nat(), (list, changes, cut) => {
        const { block } = encodeBlock(list);
        for (const [at, value] of changes) block[at % block.length] = value;
        try {
          expect(decodeBlock(block.subarray(0, cut % 3 === 0 ? cut % (block.length + 1) : block.length), MAX).length).toBeLessThanOrEqual(MAX);
          read++;
        } catch (error) {
          expect(error).toMatchObject({ code: 'content-corrupt' });
          refused++;
        }
      }),
      { numRuns: 600 },
    );
    expect(Math.min(refused, read)).toBeGreaterThan(20);
  });

  it('of one byte each repeats with an offset of one', () => {
    expect(Buffer.from(decodeBlock(Buffer.from([10, 0, 0x61, (8 << 2) | 2, 1, 0]), MAX)).toString()).toBe('aaaaaaaaaa');
  });

  it('does not begin with a repeat, point before its start, or say more than it has', () => {
    for (const block of [[4, 1, 0], [5, 0, 0x61, 2, 2, 0], [3, 0, 0x61], [1, 0, 0x61, 0, 0x62], [9, 32, 0x61], [0xff, 0xff, 0xff, 0xff, 0x0f], []]) {
      expect(() => decodeBlock(Buffer.from(block), MAX), block.join(' ')).toThrow(expect.objectContaining({ code: 'content-corrupt' }));
    }
  });
});

describe('a compressed stream', () => {
  const { block, bytes } = encodeBlock([{ kind: 'literal', bytes: Buffer.from('hello, hello'), extra: 0 }, { kind: 'repeat', length: 5 }, { kind: 'copy', form: 1, offset: 6, length: 3 }]);

  it('is read over its padding, index and several beginnings, in pieces of any size', async () => {
    const raw = Buffer.from('kept as it is');
    const stream = Buffer.concat([S2_BEGIN, dataChunk(bytes, block), chunk(0xfe, Buffer.alloc(300)), chunk(0x99, Buffer.from('index')), chunk(0xff, Buffer.from('sNaPpY')), dataChunk(raw)]);
    for (const piece of [1, 3, 7, 64, 5000]) expect((await frames(stream, piece)).equals(Buffer.concat([bytes, raw]))).toBe(true);
    expect((await frames(Buffer.alloc(0))).length).toBe(0);
  });

  it('is refused with a bit flipped in its data or its checksum, and where it ends too early', async () => {
    const stream = Buffer.concat([S2_BEGIN, dataChunk(bytes, block), dataChunk(Buffer.from('end'))]);
    let refused = 0;
    for (let bit = 10 * 8; bit < stream.length * 8; bit++) {
      const flipped = Buffer.from(stream);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      // A chunk's type may become that of one that is passed over; its bytes are then missing, which their number tells.
      const got = await frames(flipped).catch((error: unknown) => (expect(error).toMatchObject({ code: 'content-corrupt' }), undefined));
      if (got === undefined) refused++;
      else expect(got.length).not.toBe(bytes.length + 3);
    }
    expect(refused).toBeGreaterThan(stream.length * 6);
    for (let cut = 1; cut < stream.length; cut++) {
      const got = await frames(stream.subarray(0, cut)).catch(() => undefined);
      if (got !== undefined) expect(got.length).toBeLessThan(bytes.length + 3);
    }
  });

  it('with chunks of unknown kinds is refused', async () => {
    await expect(frames(Buffer.concat([S2_BEGIN, chunk(2, Buffer.from('x'))]))).rejects.toMatchObject({ code: 'content-corrupt' });
    await expect(frames(chunk(0xff, Buffer.from('zipped')))).rejects.toMatchObject({ code: 'content-corrupt' });
  });
});

describe('the index of a compressed stream', () => {
  const signed = (value: number): Buffer => uvarint(value < 0 ? -value * 2 - 1 : value * 2);
  it('finds the last chunk before a byte', () => {
    const MIB = 1024 * 1024;
    // Three entries a MiB apart, at 10, 200,010 and 350,010.
    const index = Buffer.concat([signed(3 * MIB), signed(500_000), signed(MIB), signed(3), Buffer.from([0]), signed(10), signed(200_000 - MIB / 2), signed(150_000 - (MIB / 2 + Math.trunc((200_000 - MIB / 2) / 2)))]);
    expect(findInIndex(index, 0)).toEqual({ compressed: 10, uncompressed: 0 });
    expect(findInIndex(index, MIB - 1)).toEqual({ compressed: 10, uncompressed: 0 });
    expect(findInIndex(index, MIB)).toEqual({ compressed: 200_010, uncompressed: MIB });
    expect(findInIndex(index, 3 * MIB - 1)).toEqual({ compressed: 350_010, uncompressed: 2 * MIB });
  });

  it('is refused where it makes no sense', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(10_000_000), (bytes, offset) => {
        try {
          expect(findInIndex(bytes, offset).uncompressed).toBeLessThanOrEqual(offset);
        } catch (error) {
          expect(error).toMatchObject({ code: 'content-corrupt' });
        }
      }),
    );
  });
});
