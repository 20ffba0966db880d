/**
 * MessagePack byte for byte as MinIO's Go code writes it. Go has signed and unsigned integers and encodes them with
 * different tags, which matters because encodings are hashed: `int` and `uint` say which one a field is.
 */
import { NS_PER_SECOND } from '../time.js';

const MAX_U32 = 0xffff_ffff;
const scratch = new DataView(new ArrayBuffer(8));

export class MsgpackWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacityBytes = 512) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written; views given out before become invalid. */
  reset(): void {
    this.#length = 0;
  }

  /** What was written so far: valid until the next write. */
  view(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#length);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.view());
  }

  /** A signed integer of Go: 0..127 and -32..-1 in the tag, then D0 (negative only), D1, D2, D3. */
  int(value: number): void {
    if (value >= -32 && value <= 127) this.#u8(value & 0xff);
    else if (value >= -128 && value < 0) this.#tagged8(0xd0, value);
    else if (value >= -0x8000 && value <= 0x7fff) this.#tagged16(0xd1, value);
    else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) this.#tagged32(0xd2, value);
    else this.#int64(BigInt(value));
  }

  /** A signed integer of Go that may need all 64 bits. */
  int64(value: bigint): void {
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) this.int(Number(value));
    else this.#int64(value);
  }

  /** An unsigned integer of Go: 0..127 in the tag, then CC, CD, CE, CF. */
  uint(value: number): void {
    if (value <= 0x7f) this.#u8(value);
    else if (value <= 0xff) this.#tagged8(0xcc, value);
    else if (value <= 0xffff) this.#tagged16(0xcd, value);
    else if (value <= MAX_U32) this.#tagged32(0xce, value);
    else {
      this.#u8(0xcf);
      this.#u32(Math.floor(value / (MAX_U32 + 1)));
      this.#u32(value >>> 0);
    }
  }

  nil(): void {
    this.#u8(0xc0);
  }

  bool(value: boolean): void {
    this.#u8(value ? 0xc3 : 0xc2);
  }

  text(value: string): void {
    const length = value.length;
    // Nearly every text is short and ASCII: one loop that gives up at the first other character.
    if (length <= 31) {
      const bytes = this.#reserve(1 + length);
      const start = this.#length + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        bytes[start - 1] = 0xa0 | length;
        this.#length = start + length;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    if (size <= 31) this.#u8(0xa0 | size);
    else if (size <= 0xff) this.#tagged8(0xd9, size);
    else if (size <= 0xffff) this.#tagged16(0xda, size);
    else this.#tagged32(0xdb, size);
    this.#reserve(size).write(value, this.#length, 'utf8');
    this.#length += size;
  }

  bin(value: Uint8Array): void {
    const size = value.length;
    if (size <= 0xff) this.#tagged8(0xc4, size);
    else if (size <= 0xffff) this.#tagged16(0xc5, size);
    else this.#tagged32(0xc6, size);
    this.raw(value);
  }

  /** A byte string with a 32-bit length, however short: the head of xl.meta's index. */
  bin32Length(size: number): void {
    this.#tagged32(0xc6, size);
  }

  /** An unsigned integer with 32 bits, however small: checksums. */
  uint32(value: number): void {
    this.#tagged32(0xce, value);
  }

  arrayLength(count: number): void {
    if (count <= 15) this.#u8(0x90 | count);
    else if (count <= 0xffff) this.#tagged16(0xdc, count);
    else this.#tagged32(0xdd, count);
  }

  mapLength(count: number): void {
    if (count <= 15) this.#u8(0x80 | count);
    else if (count <= 0xffff) this.#tagged16(0xde, count);
    else this.#tagged32(0xdf, count);
  }

  /** MinIO's time extension, from nanoseconds since 1970. */
  time(ns: bigint): void {
    let seconds = ns / NS_PER_SECOND;
    let rest = ns % NS_PER_SECOND;
    if (rest < 0n) {
      rest += NS_PER_SECOND;
      seconds -= 1n;
    }
    this.#u8(0xc7);
    this.#u8(12);
    this.#u8(5);
    this.#big64(seconds);
    this.#u32(Number(rest));
  }

  /** Overwrites four bytes written before: a length that was not known yet. */
  patchU32(offset: number, value: number): void {
    this.#bytes.writeUInt32BE(value, offset);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length).set(value, this.#length);
    this.#length += value.length;
  }

  #int64(value: bigint): void {
    this.#u8(0xd3);
    this.#big64(value);
  }

  #big64(value: bigint): void {
    scratch.setBigInt64(0, value);
    this.#u32(scratch.getUint32(0));
    this.#u32(scratch.getUint32(4));
  }

  #tagged8(tag: number, value: number): void {
    this.#u8(tag);
    this.#u8(value & 0xff);
  }

  #tagged16(tag: number, value: number): void {
    const bytes = this.#reserve(3);
    bytes[this.#length++] = tag;
    bytes[this.#length++] = value >> 8;
    bytes[this.#length++] = value;
  }

  #tagged32(tag: number, value: number): void {
    this.#u8(tag);
    this.#u32(value);
  }

  #u8(value: number): void {
    this.#reserve(1)[this.#length++] = value;
  }

  #u32(value: number): void {
    const bytes = this.#reserve(4);
    bytes[this.#length++] = value >>> 24;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value;
  }

  #reserve(count: number): Buffer {
    if (this.#length + count > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + count));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}
