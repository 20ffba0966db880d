import fc from 'fast-check';
import siphash from 'siphash';
import { describe, expect, it } from 'vitest';
import { sipHash24 } from '../../src/hash/index.js';

describe('sipHash24', () => {
  const deploymentId = Buffer.from('7d3f4c63373a4d1ba89ce7e930f93cfc', 'hex');

  it.each([
    ['docs.txt', 0x0a64ead4fdd121b4n],
    ['edge-1m', 0x593f9b113a215fe8n],
    ['one-byte', 0xb12ffebc1317ac0en],
    ['zero', 0xb5f88379c2c3601en],
    ['a/b/c', 0x09859cc533b4fa33n],
    ['unicode/文件-é.txt', 0xec7a7ede42c2d1b4n],
    ['v/three', 0x5bff4093b7fb7c87n],
    ['config/config.json', 0x0aa8703ddfa69a11n],
    ['dir__XLDIR__', 0x8c7ec16de7e67fadn],
  ])('hashes the key %s as real servers do', (key, hash) => {
    expect(sipHash24(deploymentId, Buffer.from(key))).toBe(hash);
  });

  it('gives the value of the paper for the bytes 0 to 14', () => {
    expect(sipHash24(Uint8Array.from({ length: 16 }, (_, i) => i), Uint8Array.from({ length: 15 }, (_, i) => i))).toBe(0xa129ca6149be45e5n);
  });

  it('agrees with an independent implementation for any key and data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ maxLength: 70 }), (key, data) => {
        const view = new DataView(key.buffer, key.byteOffset);
        const oracle = siphash.hash([0, 4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number, number], data);
        expect(sipHash24(key, data)).toBe((BigInt(oracle.h) << 32n) | BigInt(oracle.l));
      }),
    );
  });

  it('refuses a key of another length', () => {
    expect(() => sipHash24(new Uint8Array(15), new Uint8Array())).toThrow('16 bytes');
  });
});
