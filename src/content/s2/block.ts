/**
 * A block of S2, the extension of Snappy: its length as a uvarint, then elements that each say bytes or point back at bytes
 * that were said before. The two lowest bits of an element's first byte:
 *
 * | bits | element                                                                                                      |
 * |------|--------------------------------------------------------------------------------------------------------------|
 * | 00   | literal: length - 1 in the upper six bits; 60 to 63 there: in 1 to 4 bytes (LE) behind                           |
 * | 01   | copy: length - 4 in bits 2-4, offset of 11 bits: bits 5-7, then a byte. Offset 0: S2's repeat of the last offset,|
 * |      | length code 0-4: + 4; 5: a byte + 8; 6: u16 LE + 260; 7: u24 LE + 65540                                      |
 * | 10   | copy: length - 1 in the upper six bits, offset u16 LE                                                        |
 * | 11   | copy: the same with a u32 LE                                                                                 |
 */
import { StorageError } from '../../base/index.js';

/** The bytes of a block. Throws content-corrupt for what no encoder writes, and for more than `sizeMax`. */
export function decodeBlock(block: Uint8Array, sizeMax: number): Uint8Array {
  const { value: size, length: start } = readUvarint(block, 0);
  if (size > sizeMax) throw damaged('a block is larger than any may be');
  const out = new Uint8Array(size);
  if (decodeElements(block, start, out) !== size) throw damaged('a block is shorter than it says');
  return out;
}

/** Gives the bytes written. */
function decodeElements(block: Uint8Array, start: number, out: Uint8Array): number {
  let at = start;
  let filled = 0;
  let offset = 0;
  const byte = (i: number): number => {
    const value = block[i];
    if (value === undefined) throw damaged('a block ends within an element');
    return value;
  };
  while (at < block.length) {
    const tag = byte(at);
    let length: number;
    switch (tag & 3) {
      case 0: {
        length = tag >> 2;
        at++;
        if (length >= 60) {
          const extra = length - 59;
          length = 0;
          for (let i = 0; i < extra; i++) length += byte(at + i) * 2 ** (8 * i);
          at += extra;
        }
        length++;
        if (length > out.length - filled || length > block.length - at) throw damaged('a literal goes past the end');
        out.set(block.subarray(at, at + length), filled);
        at += length;
        filled += length;
        continue;
      }
      case 1: {
        const near = ((tag & 0xe0) << 3) | byte(at + 1);
        length = (tag >> 2) & 7;
        at += 2;
        if (near !== 0) offset = near;
        else if (length >= 5) {
          const extra = length - 4;
          const base = [4, 256, 65536][extra - 1] ?? 0;
          length = base;
          for (let i = 0; i < extra; i++) length += byte(at + i) << (8 * i);
          at += extra;
        }
        length += 4;
        break;
      }
      case 2:
        length = (tag >> 2) + 1;
        offset = byte(at + 1) | (byte(at + 2) << 8);
        at += 3;
        break;
      default:
        length = (tag >> 2) + 1;
        offset = (byte(at + 1) | (byte(at + 2) << 8) | (byte(at + 3) << 16)) + byte(at + 4) * 0x100_0000;
        at += 5;
    }
    if (offset === 0 || offset > filled || length > out.length - filled) throw damaged('a copy points outside of the block');
    copyWithin(out, filled, offset, length);
    filled += length;
  }
  return filled;
}

/** What is copied may overlap what it is copied to: the bytes then repeat. */
function copyWithin(out: Uint8Array, filled: number, offset: number, length: number): void {
  if (length > 64 && offset >= length) {
    out.copyWithin(filled, filled - offset, filled - offset + length);
    return;
  }
  for (let to = filled, from = filled - offset; to < filled + length; to++, from++) out[to] = out[from] ?? 0;
}

/** Throws content-corrupt where there is none of at most 53 bits. */
export function readUvarint(bytes: Uint8Array, at: number): { readonly value: number; readonly length: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80 && value <= Number.MAX_SAFE_INTEGER) return { value, length: i + 1 };
  }
  throw damaged('a number has no end');
}

function damaged(why: string): StorageError {
  return new StorageError('content-corrupt', `The compressed content is damaged: ${why}`);
}
