/**
 * MessagePack as MinIO's Go code writes it, read from bytes that nobody vouches for: every length is checked against
 * what is left, so hostile input is refused (metadata-corrupt) at once and never allocates more than it brought along.
 */
import { corrupt } from '../corrupt.js';
import { NS_PER_SECOND } from '../time.js';
import { uuidText, versionIdText } from '../uuid.js';

const scratch = new DataView(new ArrayBuffer(8));
const TWO_32 = 0x1_0000_0000;
const TIME_EXTENSION = 5;
/** Member names are a few dozen words that repeat for ever: looked up by length and edge bytes, they need no new string each time. */
const NAME_SLOTS = 512;
const knownNames = new Array<{ readonly bytes: Uint8Array; readonly text: string } | undefined>(NAME_SLOTS).fill(undefined);

export class MsgpackReader {
  /** What is read from; offsets count from its start. */
  readonly bytes: Buffer;
  #offset: number;
  readonly #end: number;

  /** Reads `bytes` from `offset` up to `end`. Byte strings that it gives out are views of `bytes`. */
  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
    this.#end = end;
  }

  /** Where the next value begins. */
  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#end;
  }

  /** An integer of any width and signedness. Refuses what is beyond 2^53. */
  int(): number {
    const tag = this.#byte();
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#u16();
      case 0xce:
        return this.#u32();
      case 0xcf:
        return safe(this.#u32() * TWO_32 + this.#u32());
      case 0xd0:
        return (this.#byte() << 24) >> 24;
      case 0xd1:
        return (this.#u16() << 16) >> 16;
      case 0xd2:
        return this.#u32() | 0;
      case 0xd3:
        return safe((this.#u32() | 0) * TWO_32 + this.#u32());
      default:
        throw this.#unexpected('a number', tag);
    }
  }

  /** An integer that counts or measures something. */
  size(): number {
    const value = this.int();
    if (value < 0) throw corrupt(`a size of ${value} stands at byte ${this.#offset}`);
    return value;
  }

  /** A 64-bit integer, e.g. nanoseconds since 1970. */
  int64(): bigint {
    const tag = this.#peek();
    if (tag !== 0xd3 && tag !== 0xcf) return BigInt(this.int());
    this.#offset++;
    scratch.setInt32(0, this.#u32());
    scratch.setInt32(4, this.#u32());
    const value = scratch.getBigInt64(0);
    if (tag === 0xcf && value < 0n) throw corrupt(`a number beyond 2^63 stands at byte ${this.#offset - 8}`);
    return value;
  }

  bool(): boolean {
    const tag = this.#byte();
    if (tag !== 0xc2 && tag !== 0xc3) throw this.#unexpected('true or false', tag);
    return tag === 0xc3;
  }

  /** Takes a nil if one is next. */
  takeNil(): boolean {
    if (this.#peek() !== 0xc0) return false;
    this.#offset++;
    return true;
  }

  /** A byte string: a view, not a copy. A text stands for its bytes, as Go accepts too. */
  bin(): Uint8Array {
    const length = this.#binLength();
    const start = this.bytes.byteOffset + this.#offset;
    this.#offset += length;
    return new Uint8Array(this.bytes.buffer, start, length);
  }

  /** The place of a byte string of exactly `length` bytes, which is passed over. */
  fixedBin(length: number): number {
    const actual = this.#binLength();
    if (actual !== length) throw corrupt(`${actual} bytes stand before byte ${this.#offset} where ${length} belong`);
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  /** A byte string of 16 bytes as a UUID's text. */
  uuid(): string {
    return uuidText(this.bytes, this.fixedBin(16));
  }

  /** A byte string of 16 bytes as a version id: NULL_VERSION_ID for zeros. */
  versionId(): string {
    return versionIdText(this.bytes, this.fixedBin(16));
  }

  text(): string {
    const length = this.#textLength();
    const start = this.#offset;
    this.#offset += length;
    return length === 0 ? '' : this.bytes.toString('utf8', start, this.#offset);
  }

  /** A text that is likely to have come before, such as a member's name. */
  name(): string {
    const length = this.#textLength();
    const start = this.#offset;
    this.#offset += length;
    if (length === 0) return '';
    const bytes = this.bytes;
    const slot = (length * 31 + (bytes[start] ?? 0) * 7 + (bytes[start + length - 1] ?? 0) * 3 + (bytes[start + (length >> 1)] ?? 0)) % NAME_SLOTS;
    const known = knownNames[slot];
    if (known?.bytes.length === length) {
      let i = 0;
      while (i < length && known.bytes[i] === bytes[start + i]) i++;
      if (i === length) return known.text;
    }
    const text = bytes.toString('utf8', start, start + length);
    if (length <= 64) knownNames[slot] = { bytes: Uint8Array.prototype.slice.call(bytes, start, start + length), text };
    return text;
  }

  /** How many elements follow; each takes a byte or more, so the count is at most what is left. */
  arrayLength(): number {
    const tag = this.#byte();
    const length = tag >= 0x90 && tag <= 0x9f ? tag & 0x0f : tag === 0xdc ? this.#u16() : tag === 0xdd ? this.#u32() : -1;
    if (length < 0) throw this.#unexpected('an array', tag);
    return this.#within(length, length);
  }

  /** How many pairs follow. */
  mapLength(): number {
    const tag = this.#byte();
    const length = tag >= 0x80 && tag <= 0x8f ? tag & 0x0f : tag === 0xde ? this.#u16() : tag === 0xdf ? this.#u32() : -1;
    if (length < 0) throw this.#unexpected('a map', tag);
    return this.#within(length, length * 2);
  }

  /** MinIO's time extension, as nanoseconds since 1970 (the zero time of Go lies in year 1). */
  time(): bigint {
    const tag = this.#byte();
    if (tag !== 0xc7 || this.#byte() !== 12 || this.#byte() !== TIME_EXTENSION) throw this.#unexpected('a time', tag);
    scratch.setInt32(0, this.#u32());
    scratch.setInt32(4, this.#u32());
    const seconds = scratch.getBigInt64(0);
    return seconds * NS_PER_SECOND + BigInt(this.#u32());
  }

  /** Passes over one value of any kind, however deep. */
  skip(): void {
    let left = 1;
    while (left > 0) {
      left--;
      const tag = this.#byte();
      if (tag <= 0x7f || tag >= 0xe0) continue;
      if (tag <= 0x8f) left += (tag & 0x0f) * 2;
      else if (tag <= 0x9f) left += tag & 0x0f;
      else if (tag <= 0xbf) this.#pass(tag & 0x1f);
      else left += this.#skipTagged(tag);
      if (left > this.#end - this.#offset) throw this.#truncated();
    }
  }

  /** The encoding of the next value: a view, not a copy. */
  raw(): Uint8Array {
    const start = this.#offset;
    this.skip();
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, this.#offset - start);
  }

  /** The tag byte of the next value, which stays next. */
  #peek(): number {
    if (this.#offset >= this.#end) throw this.#truncated();
    return this.bytes[this.#offset] ?? 0;
  }

  /** Passes what belongs to a tag of C0..DF; returns how many values follow as its elements. */
  #skipTagged(tag: number): number {
    switch (tag) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return 0;
      case 0xc4:
      case 0xd9:
        this.#pass(this.#byte());
        return 0;
      case 0xc5:
      case 0xda:
        this.#pass(this.#u16());
        return 0;
      case 0xc6:
      case 0xdb:
        this.#pass(this.#u32());
        return 0;
      case 0xc7:
        this.#pass(this.#byte() + 1);
        return 0;
      case 0xc8:
        this.#pass(this.#u16() + 1);
        return 0;
      case 0xc9:
        this.#pass(this.#u32() + 1);
        return 0;
      case 0xcc:
      case 0xd0:
        this.#pass(1);
        return 0;
      case 0xcd:
      case 0xd1:
        this.#pass(2);
        return 0;
      case 0xca:
      case 0xce:
      case 0xd2:
        this.#pass(4);
        return 0;
      case 0xcb:
      case 0xcf:
      case 0xd3:
        this.#pass(8);
        return 0;
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        this.#pass(1 + (1 << (tag - 0xd4)));
        return 0;
      case 0xdc:
        return this.#u16();
      case 0xdd:
        return this.#u32();
      case 0xde:
        return this.#u16() * 2;
      case 0xdf:
        return this.#u32() * 2;
      default:
        throw this.#unexpected('a value', tag);
    }
  }

  #textLength(): number {
    const tag = this.#byte();
    if (tag >= 0xa0 && tag <= 0xbf) return this.#within(tag & 0x1f);
    if (tag === 0xd9) return this.#within(this.#byte());
    if (tag === 0xda) return this.#within(this.#u16());
    if (tag === 0xdb) return this.#within(this.#u32());
    throw this.#unexpected('a text', tag);
  }

  #binLength(): number {
    const tag = this.#peek();
    if (tag !== 0xc4 && tag !== 0xc5 && tag !== 0xc6) return this.#textLength();
    this.#offset++;
    return this.#within(tag === 0xc4 ? this.#byte() : tag === 0xc5 ? this.#u16() : this.#u32());
  }

  #pass(length: number): void {
    this.#offset += this.#within(length);
  }

  /** `length`, once it is known that `bytes` more bytes are there. */
  #within(length: number, bytes = length): number {
    if (bytes > this.#end - this.#offset) throw this.#truncated();
    return length;
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw this.#truncated();
    return this.bytes[this.#offset++] ?? 0;
  }

  #u16(): number {
    const at = this.#offset;
    if (at + 2 > this.#end) throw this.#truncated();
    this.#offset = at + 2;
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }

  #u32(): number {
    const at = this.#offset;
    if (at + 4 > this.#end) throw this.#truncated();
    this.#offset = at + 4;
    const bytes = this.bytes;
    return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
  }

  #truncated(): Error {
    return corrupt(`the data ends at byte ${this.#end}, in the middle of a value`);
  }

  #unexpected(wanted: string, tag: number): Error {
    return corrupt(`${wanted} belongs before byte ${this.#offset}, tag ${tag.toString(16)} is there`);
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw corrupt('a number beyond 2^53 stands where a size or count belongs');
  return value;
}

/** Reads the map that comes next: `read` takes the value of the members it knows and says so, the others are passed over. */
export function eachMember(reader: MsgpackReader, read: (name: string) => boolean): void {
  for (let left = reader.mapLength(); left > 0; left--) if (!read(reader.name())) reader.skip();
}
