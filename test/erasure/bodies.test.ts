import { describe, expect, it } from 'vitest';
import { xxh64 } from '../../src/hash/index.js';
import { Arena, erasureBodyName, erasureCodec, type Slab } from '../../src/erasure/index.js';
import { chooseBody, openBody } from '../../src/erasure/codec.js';
import { KERNEL_RESERVED_SIZE } from '../../src/erasure/simd-body.js';
import { noise, testErasureBody } from '../contracts/kernel.js';

const arena = new Arena({ sizeBytes: 16 * 1024 * 1024, reservedBytes: KERNEL_RESERVED_SIZE });
const bodies = {
  simd: openBody('simd', arena.memory),
  wasm: openBody('wasm', arena.memory),
  reference: openBody('reference', arena.memory),
};

/** Shards one behind the other in one slab, at odd addresses. */
function arenaMemory(): { allocate(size: number): Uint8Array; release(): void } {
  let slab: Slab | undefined;
  let used = 1;
  return {
    allocate(size) {
      slab ??= arena.tryAcquire(2 * 1024 * 1024);
      const start = used;
      used += size + 3;
      return slab!.bytes.subarray(start, start + size);
    },
    release: () => slab?.release(),
  };
}

const plainMemory = { allocate: (size: number) => new Uint8Array(size), release: () => undefined };

describe('the SIMD body, in the arena', () => testErasureBody(() => ({ ...bodies.simd, ...arenaMemory(), expected: bodies.wasm })));
describe('the SIMD body, outside the arena', () => testErasureBody(() => ({ ...bodies.simd, ...plainMemory, expected: bodies.wasm })));
describe('the wasm package', () => testErasureBody(() => ({ ...bodies.wasm, ...plainMemory, expected: bodies.reference })));
describe('the reference', () => testErasureBody(() => ({ ...bodies.reference, ...plainMemory, expected: bodies.wasm })));

describe.each(Object.values(bodies))('the self test of a server, with the $name body', (body) => {
  it.each([
    [2, 2, 0x23fb21be2496f5d3n],
    [4, 2, 0x62b9552945504fefn],
    [4, 4, 0x09a07581dcd03da8n],
    [8, 4, 0x03ba5e9b41bf07f0n],
    [12, 3, 0xd5ce58368ae90b13n],
    [8, 7, 0x50748e0099d657e8n],
  ])('passes at %i+%i', (k, m, hash) => {
    const size = Math.ceil(256 / k);
    const block = Uint8Array.from({ length: size * k }, (_, i) => (i < 256 ? i : 0));
    const data = Array.from({ length: k }, (_, i) => block.subarray(i * size, (i + 1) * size));
    const parity = Array.from({ length: m }, () => new Uint8Array(size));
    const codec = body.codec(k, m);
    codec.encode(data, parity);
    expect(xxh64(Buffer.concat([...data, ...parity].flatMap((shard, i) => [Uint8Array.of(i), shard])))).toBe(hash);
    const rebuilt = new Uint8Array(size);
    codec.reconstruct([undefined, ...data.slice(1), ...parity], [0], [rebuilt]);
    expect(rebuilt).toEqual(data[0]);
  });
});

describe('whole blocks', () => {
  it.each([
    [2, 2],
    [3, 3],
    [12, 4],
  ])('of 1 MiB at %i+%i come out as the package has them', (k, m) => {
    const size = Math.ceil((1024 * 1024) / k);
    const slab = arena.tryAcquire(size * (k + m))!;
    slab.bytes.set(noise(size * k, k));
    const shards = Array.from({ length: k + m }, (_, i) => slab.bytes.subarray(i * size, (i + 1) * size));
    bodies.simd.codec(k, m).encode(shards.slice(0, k), shards.slice(k));
    expect(bodies.wasm.codec(k, m).verify(shards)).toBe(true);
    slab.release();
  });
});

describe('the SIMD body', () => {
  it('codes shards that lie partly in the arena', () => {
    const slab = arena.tryAcquire(100)!;
    slab.bytes.set(noise(100, 1));
    const data = [slab.bytes, noise(100, 2)];
    const parity = [new Uint8Array(100), slab.bytes.slice()];
    bodies.simd.codec(2, 2).encode(data, parity);
    expect(bodies.reference.codec(2, 2).verify([...data, ...parity])).toBe(true);
    slab.release();
  });

  it('refuses shards of different lengths', () => {
    expect(() => bodies.simd.codec(2, 1).encode([new Uint8Array(5), new Uint8Array(6)], [new Uint8Array(5)])).toThrow('same length');
  });

  it('keeps apart the matrices of shapes that are used by turns', () => {
    for (let turn = 0; turn < 3; turn++) {
      for (const [k, m] of [[2, 2], [3, 1], [2, 2], [8, 8]] as const) {
        const data = Array.from({ length: k }, (_, i) => noise(64, i + turn));
        const parity = Array.from({ length: m }, () => new Uint8Array(64));
        bodies.simd.codec(k, m).encode(data, parity);
        expect(bodies.reference.codec(k, m).verify([...data, ...parity])).toBe(true);
      }
    }
  });
});

describe('the body of a process', () => {
  it('is SIMD where the machine has it', () => {
    expect(chooseBody(undefined)).toBe('simd');
    expect(chooseBody('')).toBe('simd');
  });

  it('is the one that MTS_ERASURE names', () => {
    expect(chooseBody('wasm')).toBe('wasm');
    expect(chooseBody('reference')).toBe('reference');
    expect(() => chooseBody('magic')).toThrow('MTS_ERASURE is magic');
  });

  it('codes with one codec for each shape', () => {
    expect(erasureBodyName()).toBe(chooseBody(process.env['MTS_ERASURE']));
    expect(erasureCodec(4, 2)).toBe(erasureCodec(4, 2));
    expect(erasureCodec(4, 2)).toMatchObject({ dataShards: 4, parityShards: 2 });
    expect(() => erasureCodec(16, 1)).toThrow('at most 16');
    expect(() => erasureCodec(0, 1)).toThrow('16 shards');
  });
});
