import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sealPayload, unsealPayload, UnsealError, type SealKind } from '../../src/hash/index.js';

const SECRET = 'admin12345';
const salt = Uint8Array.from({ length: 32 }, (_, i) => i);
const nonce = Buffer.from('a0a1a2a3a4a5a6a7', 'hex');
const PLAIN = '{"secretKey":"alice12345","status":"enabled"}';
const seal = (bytes: Uint8Array, kind: SealKind = 'argon2id-aes') => sealPayload(SECRET, bytes, { kind, salt, nonce });
const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i % 251);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('sealed admin bodies', () => {
  it.each<[SealKind, string]>([
    ['argon2id-aes', '20663c0cbcb3160fe0e64c27baf70c834784df3c5e9ecf2181aeffb0c3badd2f6416104ac6deb8ecfc8c957c7587c632c6077cfba560b7d89bf9e93d4a'],
    ['argon2id-chacha', 'd733ab16865d52a397d2b0cd8bb1f96fe57559aead47c99784fff880de9bbf3bfbe3d7b1efc043fa1ff1915aa47e993b31a300df54dc3aba6b4d4a8ac0'],
    ['pbkdf2-aes', '5f76fc24912994719470f054e9015c890b49ad5f55b3439fecd2b649593a8837281934270fc9d6f7da62b1d00bac113d9524e7d98dd3d9837787cba1c8'],
  ])('are what real servers take: %s', async (kind, tail) => {
    const sealed = await seal(Buffer.from(PLAIN), kind);
    expect(sealed.subarray(41).toString('hex')).toBe(tail);
    expect((await unsealPayload(SECRET, sealed)).toString()).toBe(PLAIN);
  });

  it.each([
    [32768, 32841, '1e0551cc3e07560bf85fcd7b279e75bab2b0450f3c36cd66adc1657fb55f348c'],
    [40000, 40089, 'b7093313b82ff925e3e9449a8faccbd04b1065c8c8a906d023cac8b8a2768ee6'],
  ])('of %i bytes are cut into chunks as real servers cut them', async (size, sealedSize, digest) => {
    const sealed = await seal(pattern(size));
    expect([sealed.length, sha256(sealed)]).toEqual([sealedSize, digest]);
    expect(await unsealPayload(SECRET, sealed)).toEqual(Buffer.from(pattern(size)));
  });

  it('may be empty', async () => {
    const sealed = await seal(new Uint8Array(0));
    expect(sealed.subarray(41).toString('hex')).toBe('ae8c7e6d41ea416db9dd5ed2401ed713');
    expect(await unsealPayload(SECRET, sealed)).toHaveLength(0);
  });

  it('are refused when a byte is changed, a chunk is cut off, or the secret is another', async () => {
    const sealed = await seal(pattern(40000));
    const flipped = Buffer.from(sealed);
    flipped[200]! ^= 1;
    const bad: [string, Uint8Array][] = [[SECRET, flipped], [SECRET, sealed.subarray(0, 41 + 16400)], ['other-secret', sealed], [SECRET, sealed.subarray(0, 40)]];
    for (const [secret, bytes] of bad) await expect(unsealPayload(secret, bytes)).rejects.toBeInstanceOf(UnsealError);
  });
});
