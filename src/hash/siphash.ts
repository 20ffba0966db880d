/**
 * SipHash-2-4 with a 64-bit result (Aumasson, Bernstein, 2012): short inputs such as object keys. The 64-bit words are kept in
 * 32-bit halves because BigInt arithmetic would be some thirty times slower.
 */
import { assert } from '../base/index.js';

/** @param key 16 bytes: k0, then k1, little endian */
export function sipHash24(key: Uint8Array, data: Uint8Array): bigint {
  assert(key.length === 16, 'a SipHash key has 16 bytes');
  const k0Low = readWord(key, 0);
  const k0High = readWord(key, 4);
  const k1Low = readWord(key, 8);
  const k1High = readWord(key, 12);
  let v0Low = k0Low ^ 0x70736575;
  let v0High = k0High ^ 0x736f6d65;
  let v1Low = k1Low ^ 0x6e646f6d;
  let v1High = k1High ^ 0x646f7261;
  let v2Low = k0Low ^ 0x6e657261;
  let v2High = k0High ^ 0x6c796765;
  let v3Low = k1Low ^ 0x79746573;
  let v3High = k1High ^ 0x74656462;

  // The last block is padded with zeros and carries the length in its highest byte; one more step finishes.
  const blockCount = Math.floor(data.length / 8) + 1;
  for (let block = 0; block <= blockCount; block++) {
    const isFinish = block === blockCount;
    const isLast = block === blockCount - 1;
    const low = isFinish ? 0 : readWord(data, block * 8);
    const high = isFinish ? 0 : readWord(data, block * 8 + 4) | (isLast ? data.length << 24 : 0);
    v3Low ^= low;
    v3High ^= high;
    if (isFinish) v2Low ^= 0xff;
    for (let round = isFinish ? 4 : 2; round > 0; round--) {
      let sum = (v0Low >>> 0) + (v1Low >>> 0);
      v0High = (v0High + v1High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v0Low = sum | 0;
      let kept = v1High;
      v1High = ((v1High << 13) | (v1Low >>> 19)) ^ v0High;
      v1Low = ((v1Low << 13) | (kept >>> 19)) ^ v0Low;
      kept = v0High;
      v0High = v0Low;
      v0Low = kept;

      sum = (v2Low >>> 0) + (v3Low >>> 0);
      v2High = (v2High + v3High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v2Low = sum | 0;
      kept = v3High;
      v3High = ((v3High << 16) | (v3Low >>> 16)) ^ v2High;
      v3Low = ((v3Low << 16) | (kept >>> 16)) ^ v2Low;

      sum = (v0Low >>> 0) + (v3Low >>> 0);
      v0High = (v0High + v3High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v0Low = sum | 0;
      kept = v3High;
      v3High = ((v3High << 21) | (v3Low >>> 11)) ^ v0High;
      v3Low = ((v3Low << 21) | (kept >>> 11)) ^ v0Low;

      sum = (v2Low >>> 0) + (v1Low >>> 0);
      v2High = (v2High + v1High + (sum > 0xffffffff ? 1 : 0)) | 0;
      v2Low = sum | 0;
      kept = v1High;
      v1High = ((v1High << 17) | (v1Low >>> 15)) ^ v2High;
      v1Low = ((v1Low << 17) | (kept >>> 15)) ^ v2Low;
      kept = v2High;
      v2High = v2Low;
      v2Low = kept;
    }
    v0Low ^= low;
    v0High ^= high;
  }
  const high = (v0High ^ v1High ^ v2High ^ v3High) >>> 0;
  const low = (v0Low ^ v1Low ^ v2Low ^ v3Low) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Four bytes, little endian; bytes beyond the end count as zero. */
function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
