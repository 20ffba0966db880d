import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockAt, blockCount, blocksOf, framedFileSize, FRAME_HASH_SIZE, shardFileSize, shardSize, type BlockShape } from '../../src/erasure/index.js';

const MIB = 1024 * 1024;

describe('sizes of shard files', () => {
  it.each([
    ['2017', 10_486_898, 10 * MIB, 2, 5_242_880 + 569],
    ['empty', 0, MIB, 2, 0],
    ['one byte', 1, MIB, 4, 1],
    ['one block', MIB, MIB, 3, 349_526],
    ['one block and a byte', MIB + 1, MIB, 3, 349_527],
  ])('without hashes: %s', (_, partSize, blockSizeBytes, dataShards, size) => {
    expect(shardFileSize(partSize, { dataShards, blockSizeBytes })).toBe(size);
  });

  it.each([
    ['2020', 10_509_257, 10 * MIB, 2, 5_254_693],
    ['2025', 10_491_019, MIB, 2, 5_245_862],
    ['empty', 0, MIB, 2, 0],
    ['one byte', 1, MIB, 2, 33],
  ])('with hashes: %s', (_, partSize, blockSizeBytes, dataShards, size) => {
    expect(framedFileSize(partSize, { dataShards, blockSizeBytes })).toBe(size);
  });

  it('rounds the piece of a block up', () => {
    expect(shardSize(MIB, 3)).toBe(349_526);
    expect(shardSize(0, 3)).toBe(0);
  });
});

const part = fc.record({
  shape: fc.record({ dataShards: fc.integer({ min: 1, max: 16 }), blockSizeBytes: fc.constantFrom(1, 7, 64, MIB, 10 * MIB) }),
  blocks: fc.integer({ min: 0, max: 4 }),
  tail: fc.integer({ min: 0, max: 10 * MIB }),
});
const sizeOf = ({ shape, blocks, tail }: { shape: BlockShape; blocks: number; tail: number }) => blocks * shape.blockSizeBytes + (tail % shape.blockSizeBytes);

describe('blocks', () => {
  it('lie one behind the other in the part, and so do their frames in the shard file', () => {
    fc.assert(
      fc.property(part, (drawn) => {
        const { shape } = drawn;
        const partSize = sizeOf(drawn);
        let offset = 0;
        let frameOffset = 0;
        for (let index = 0; index < blockCount(partSize, shape); index++) {
          const block = blockAt(index, partSize, shape);
          expect(block).toMatchObject({ index, offset, frameOffset });
          expect(block.shardSize * shape.dataShards).toBeGreaterThanOrEqual(block.size);
          expect((block.shardSize - 1) * shape.dataShards).toBeLessThan(block.size);
          offset += block.size;
          frameOffset += FRAME_HASH_SIZE + block.shardSize;
        }
        expect(offset).toBe(partSize);
        expect(frameOffset).toBe(framedFileSize(partSize, shape));
      }),
    );
  });

  it('that hold a range cover exactly its bytes', () => {
    fc.assert(
      fc.property(part, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (drawn, from, to) => {
        const partSize = sizeOf(drawn);
        const start = Math.floor(partSize * Math.min(from, to));
        const end = Math.ceil(partSize * Math.max(from, to));
        let position = start;
        for (const { offset, from: first, to: last, size } of blocksOf(partSize, start, end - start, drawn.shape)) {
          expect(offset + first).toBe(position);
          expect(last).toBeGreaterThan(first);
          expect(last).toBeLessThanOrEqual(size);
          position = offset + last;
        }
        expect(position).toBe(end);
      }),
    );
  });

  it('of a range inside one block are that block', () => {
    expect([...blocksOf(3 * MIB, MIB + 5, 10, { dataShards: 2, blockSizeBytes: MIB })]).toEqual([
      { index: 1, offset: MIB, size: MIB, shardSize: MIB / 2, frameOffset: 32 + MIB / 2, from: 5, to: 15 },
    ]);
  });

  it('of no bytes are none', () => {
    expect([...blocksOf(MIB, 5, 0, { dataShards: 2, blockSizeBytes: MIB })]).toEqual([]);
    expect([...blocksOf(0, 0, 0, { dataShards: 2, blockSizeBytes: MIB })]).toEqual([]);
  });

  it('beyond the part are refused', () => {
    expect(() => blockAt(1, MIB, { dataShards: 2, blockSizeBytes: MIB })).toThrow('no block 1');
    expect(() => [...blocksOf(10, 5, 6, { dataShards: 2, blockSizeBytes: MIB })]).toThrow('within a part of 10');
  });
});
