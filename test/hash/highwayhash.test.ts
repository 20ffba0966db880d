import fc from 'fast-check';
import { HighwayHash, WasmHighwayHash } from 'highwayhasher';
import { describe, expect, it } from 'vitest';
import { HIGHWAY_HASH_SIZE, highwayHash256, highwayHash256Into } from '../../src/hash/index.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const counting = (size: number) => Uint8Array.from({ length: size }, (_, i) => i);

describe('highwayHash256', () => {
  it.each([
    ['no bytes', new Uint8Array(), '5e76d207cf4ab20866fdc03c83e8a0f4e8f458e880777956ec0bae4e9f23f6c5'],
    ['one zero', new Uint8Array(1), '824f232288e3a62a106404a8adb9e641d7a606fef3b0c81e8b4e10ab6d4944f6'],
    ['abc', Buffer.from('abc'), '5a26e667b2ceff3c7a5ed30a9258ed2d5a996f328cff13c9f3f7a040676034f5'],
    ['hello world', Buffer.from('hello world'), '0fa412b0e0e75ea950db8f0e5a92b2df61834d1d2f51ddca7245eaae6edb2596'],
    ['one packet', counting(32), '3c224e72ba74571f41044698f79123ba6481c70051b379b4413d42214f78c513'],
    ['one packet and a byte', counting(33), 'e0300cc02538626ed1c398901bea1b4b686a7d79f2fada3730985303ab3faf22'],
    ['two packets', counting(64), '8c8b584226c40f7286e247d70d013bba9a4b56a4be68efb96b0901a1842c2694'],
    ['1 MiB of zeros', new Uint8Array(1024 * 1024), '6ff8eed723b2a497b35a0afea99816a92eef51d43fd7b0e2a7ffaf9db47066b8'],
    ['all byte values 4096 times', counting(1024 * 1024), '655ac5e9dbfc3448bdf9dab8a3b8097f9c201245e21b2b6767a856b5b30cd648'],
  ])('hashes %s as real servers do', (_, data, hash) => {
    expect(hex(highwayHash256(data))).toBe(hash);
  });

  it('passes the chained self test', () => {
    let message = Buffer.alloc(0);
    for (let i = 0; i < 32; i++) message = Buffer.concat([message, highwayHash256(message)]);
    expect(hex(message.subarray(-HIGHWAY_HASH_SIZE))).toBe('39c0407ed3f01b18d22c85db4aeff11e060ca5f43131b0126731ca197cd42313');
  });

  it('gives the same from the native hasher and from wasm, on both sides of the size where one takes over', async () => {
    const key = Buffer.from('4be734fa8e238acd263e83e6bb968552040f935da39f441497e09d1322de36a0', 'hex');
    const bodies = [await HighwayHash.loadModule(), await WasmHighwayHash.loadModule()];
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1900, max: 2300 }), fc.constant(70_001)), (size) => {
        const data = counting(size);
        for (const body of bodies) expect(hex(highwayHash256(data))).toBe(hex(body.hash256(key, data)));
      }),
    );
  });

  it.each([100, 5000])('reads %i bytes from the middle of shared memory', (size) => {
    const shared = new Uint8Array(new SharedArrayBuffer(size + 20)).subarray(7, 7 + size);
    shared.set(counting(size));
    expect(hex(highwayHash256(shared))).toBe(hex(highwayHash256(counting(size))));
  });

  it('writes the hash to the head of a frame', () => {
    const frame = new Uint8Array(new SharedArrayBuffer(HIGHWAY_HASH_SIZE + 3));
    frame.set([1, 2, 3], HIGHWAY_HASH_SIZE);
    highwayHash256Into(frame, frame.subarray(HIGHWAY_HASH_SIZE));
    expect(hex(frame)).toBe(hex(highwayHash256(Uint8Array.of(1, 2, 3))) + '010203');
  });
});
