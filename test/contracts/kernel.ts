/**
 * What every body of the erasure code must do, whatever it is made of. `expected` computes the same another way.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Codec } from '../../src/erasure/index.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export interface BodyUnderTest {
  codec(dataShards: number, parityShards: number): Codec;
  /** Memory for one shard; each body is tried with shards in its own memory and elsewhere. */
  allocate(size: number): Uint8Array;
  /** Ends the use of all memory that was allocated. */
  release(): void;
  /** The judge. */
  expected: { codec(dataShards: number, parityShards: number): Codec };
}

/** Known answers: k, m, data shards, parity shards. The first eight are what a server checks when it starts. */
const vectors: readonly (readonly [number, number, string, string])[] = [
  [1, 1, '00010203', '00010203'],
  [2, 2, '00010203 04050607', '08090a0b 0c0d0e0f'],
  [3, 3, '01020304 05060708 090a0b0c', '0d0e0f00 11121354 15161758'],
  [3, 2, '68656c6c 6f20776f 726c6400', '75297f03 0c418401'],
  [4, 2, '00010203 04050607 08090a0b 0c0d0e0f', '10111213 14151617'],
  [5, 3, '000102 030405 060708 090a00 000000', '2b3525 664672 417b58'],
  [8, 8, '0001 0203 0405 0607 0809 0a0b 0c0d 0e0f', '1011 1213 1415 1617 1819 1a1b 1c1d 1e1f'],
  [
    12,
    4,
    '00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f',
    '30313233 34353637 38393a3b 3c3d3e3f',
  ],
];

/** All shapes of 1 to 16 shards. */
const shapes: readonly (readonly [number, number])[] = Array.from({ length: 16 }, (_, n) =>
  Array.from({ length: n + 1 }, (_, m) => [n + 1 - m, m] as const),
).flat();

/** Lengths on both sides of what bodies work in: vectors of 16, tiles of 4 KiB, windows of 16 KiB. */
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 4080, max: 4130 }),
  fc.integer({ min: 16_370, max: 16_420 }),
  fc.constantFrom(8192, 33_000),
);

/** Bytes that depend on a seed. */
export function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed | 0) ^ 0x9e3779b9 || 1;
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Declares the suite. `open` is called for each test. */
export function testErasureBody(open: () => BodyUnderTest): void {
  const withBody = (test: (body: BodyUnderTest) => void): void => {
    const body = open();
    try {
      test(body);
    } finally {
      body.release();
    }
  };
  const place = (body: BodyUnderTest, bytes: Uint8Array): Uint8Array => {
    const memory = body.allocate(bytes.length);
    memory.set(bytes);
    return memory;
  };

  it.each(vectors)('computes the parity of %i+%i that real servers compute', (k, m, data, parity) => {
    withBody((body) => {
      const shards = data.split(' ').map((text) => place(body, Buffer.from(text, 'hex')));
      const targets = Array.from({ length: m }, () => body.allocate(shards[0]?.length ?? 0));
      body.codec(k, m).encode(shards, targets);
      expect(targets.map(hex)).toEqual(parity.split(' '));
      expect(shards.map(hex)).toEqual(data.split(' '));
      expect(body.codec(k, m).verify([...shards, ...targets])).toBe(true);
    });
  });

  it.each(shapes)('codes shards of any length at %i+%i, and rebuilds any that are missing', (k, m) => {
    fc.assert(
      fc.property(lengths, fc.integer(), fc.shuffledSubarray([...Array(k + m).keys()], { maxLength: m }), (length, seed, missing) => {
        withBody((body) => {
          const codec = body.codec(k, m);
          const data = Array.from({ length: k }, (_, i) => place(body, noise(length, seed + i)));
          const parity = Array.from({ length: m }, () => place(body, noise(length, seed - 1)));
          codec.encode(data, parity);
          const expected = Array.from({ length: m }, () => new Uint8Array(length));
          body.expected.codec(k, m).encode(data, expected);
          expect(parity.map(hex)).toEqual(expected.map(hex));

          const all = [...data, ...parity];
          const kept = all.map((shard, index) => (missing.includes(index) ? undefined : shard));
          const rebuilt = missing.map(() => place(body, noise(length, seed - 2)));
          codec.reconstruct(kept, missing, rebuilt);
          expect(rebuilt.map(hex)).toEqual(missing.map((index) => hex(all[index]!)));
        });
      }),
      { numRuns: 3 },
    );
  });

  it.each([0, 1, 15, 16, 17, 4097])('leaves the bytes around targets of %i bytes alone', (length) => {
    withBody((body) => {
      const codec = body.codec(3, 2);
      const data = [1, 2, 3].map((seed) => place(body, noise(length, seed)));
      const memories = [body.allocate(length + 64), body.allocate(length + 64)];
      for (const memory of memories) memory.fill(0xee);
      const targets = memories.map((memory) => memory.subarray(31, 31 + length));
      codec.encode(data, targets);
      codec.reconstruct([...data, undefined, undefined], [4, 3], targets);
      for (const memory of memories) {
        expect(hex(memory.subarray(0, 31))).toBe('ee'.repeat(31));
        expect(hex(memory.subarray(31 + length))).toBe('ee'.repeat(33));
      }
    });
  });

  it('rebuilds only what is wanted, in the order that is asked for', () => {
    withBody((body) => {
      const codec = body.codec(4, 3);
      const data = [1, 2, 3, 4].map((seed) => place(body, noise(100, seed)));
      const parity = [0, 0, 0].map(() => body.allocate(100));
      codec.encode(data, parity);
      const targets = [body.allocate(100), body.allocate(100)];
      codec.reconstruct([undefined, data[1], data[2], data[3], parity[0], undefined, parity[2]], [5, 0], targets);
      expect(targets.map(hex)).toEqual([parity[1]!, data[0]!].map(hex));
    });
  });

  it('notices a changed byte in any shard', () => {
    withBody((body) => {
      const codec = body.codec(4, 2);
      const all = [1, 2, 3, 4, 0, 0].map((seed) => place(body, noise(200, seed)));
      codec.encode(all.slice(0, 4), all.slice(4));
      for (const shard of all) {
        shard[77]! ^= 1;
        expect(codec.verify(all)).toBe(false);
        shard[77]! ^= 1;
      }
      expect(codec.verify(all)).toBe(true);
    });
  });

  it('refuses to rebuild from fewer shards than hold data', () => {
    withBody((body) => {
      const shard = body.allocate(16);
      expect(() => body.codec(3, 2).reconstruct([shard, shard, undefined, undefined, undefined], [2], [body.allocate(16)])).toThrow('3 shards, 2 are present');
    });
  });

  it('has nothing to do without parity', () => {
    withBody((body) => {
      const codec = body.codec(1, 0);
      const data = place(body, noise(50, 1));
      codec.encode([data], []);
      expect(codec.verify([data])).toBe(true);
      codec.reconstruct([data], [], []);
      expect(hex(data)).toBe(hex(noise(50, 1)));
    });
  });
}
