/**
 * The CRCs of S3's additional checksums: CRC-32, CRC-32C and CRC-64/NVME, in one go, in pieces, and of joined parts from the
 * parts' own. Values are big-endian bytes, as the checksum headers carry them in base64.
 */
import { crc32 } from 'node:zlib';
import bundle32 from 'hash-wasm/dist/crc32.umd.min.js';
import bundle64 from 'hash-wasm/dist/crc64.umd.min.js';
import { assert } from '../base/index.js';

export type CrcName = 'crc32' | 'crc32c' | 'crc64nvme';

/** A CRC being computed over pieces that come in order. */
export interface Crc {
  update(chunk: Uint8Array): void;
  /** 4 bytes, 8 for crc64nvme. */
  finish(): Uint8Array;
}

/** Polynomials without their highest term, lowest power in the highest bit (reflected). */
const CRC32_POLYNOMIAL = 0xedb88320;
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = { high: 0x9a6c9329, low: 0xac4bc9b5 };

const hashers = {
  crc32c: await bundle32.createCRC32(CRC32C_POLYNOMIAL),
  crc64nvme: await bundle64.createCRC64('9a6c9329ac4bc9b5'),
};

export function createCrc(name: CrcName): Crc {
  return name === 'crc32' ? new ZlibCrc() : new WasmCrc(name);
}

/** The CRC of `data`. */
export function crc(name: CrcName, data: Uint8Array): Uint8Array {
  return name === 'crc32' ? writeWord(crc32(data)) : hashers[name].init().update(data).digest('binary');
}

class ZlibCrc implements Crc {
  #value = 0;

  update(chunk: Uint8Array): void {
    // zlib takes the null pointer of an empty array for a request to start anew.
    if (chunk.length > 0) this.#value = crc32(chunk, this.#value);
  }

  finish(): Uint8Array {
    return writeWord(this.#value);
  }
}

/** All CRCs of one kind share one hasher; what lies between two pieces is its state of a few bytes. */
class WasmCrc implements Crc {
  readonly #name: 'crc32c' | 'crc64nvme';
  #state: Uint8Array;

  constructor(name: 'crc32c' | 'crc64nvme') {
    this.#name = name;
    this.#state = hashers[name].init().save();
  }

  update(chunk: Uint8Array): void {
    this.#state = hashers[this.#name].load(this.#state).update(chunk).save();
  }

  finish(): Uint8Array {
    return hashers[this.#name].load(this.#state).digest('binary');
  }
}

/** One of the pieces that `combineCrcs` joins. */
export interface CrcPart {
  readonly crc: Uint8Array;
  /** Bytes that the CRC covers. */
  readonly size: number;
}

/**
 * The CRC of the parts' bytes joined in order. The CRC of A followed by B is A's, multiplied by x^(8 * size of B) modulo the
 * polynomial, plus B's.
 */
export function combineCrcs(name: CrcName, parts: readonly CrcPart[]): Uint8Array {
  const field = fields[name];
  let joined: Word64 = { high: 0, low: 0 };
  for (const part of parts) {
    assert(part.crc.length * 8 === field.width, `a ${name} has ${field.width / 8} bytes`);
    joined = add(field.multiply(field.shift(part.size), joined), readValue(part.crc));
  }
  return writeValue(joined, field.width);
}

/** A polynomial over GF(2) of at most 64 terms: the lowest power is in the highest bit of `width`. */
interface Word64 {
  readonly high: number;
  readonly low: number;
}

class CrcField {
  /** Entry i is x^(2^i). */
  readonly #squares: Word64[];
  /** The parts of an upload mostly have one size. */
  #lastShift: { readonly size: number; readonly factor: Word64 } | undefined;

  constructor(
    readonly polynomial: Word64,
    readonly width: 32 | 64,
  ) {
    this.#squares = [width === 64 ? { high: 1 << 30, low: 0 } : { high: 0, low: 1 << 30 }];
  }

  /** x^(8 * size) */
  shift(size: number): Word64 {
    if (this.#lastShift?.size === size) return this.#lastShift.factor;
    let factor: Word64 = this.width === 64 ? { high: 1 << 31, low: 0 } : { high: 0, low: 1 << 31 };
    let remaining = size;
    for (let power = 3; remaining > 0; power++) {
      if (remaining % 2 === 1) factor = this.multiply(this.#square(power), factor);
      remaining = Math.floor(remaining / 2);
    }
    this.#lastShift = { size, factor };
    return factor;
  }

  #square(power: number): Word64 {
    let last = this.#squares.at(-1);
    while (last && this.#squares.length <= power) {
      last = this.multiply(last, last);
      this.#squares.push(last);
    }
    const square = this.#squares[power];
    assert(square, 'squares are computed up to the power asked for');
    return square;
  }

  multiply(left: Word64, right: Word64): Word64 {
    let high = 0;
    let low = 0;
    let shiftedHigh = right.high;
    let shiftedLow = right.low;
    for (let bit = this.width - 1; bit >= 0; bit--) {
      const isSet = bit >= 32 ? (left.high >>> (bit - 32)) & 1 : (left.low >>> bit) & 1;
      if (isSet) {
        high ^= shiftedHigh;
        low ^= shiftedLow;
      }
      const overflows = shiftedLow & 1;
      shiftedLow = (shiftedLow >>> 1) | (shiftedHigh << 31);
      shiftedHigh >>>= 1;
      if (overflows) {
        shiftedHigh ^= this.polynomial.high;
        shiftedLow ^= this.polynomial.low;
      }
    }
    return { high, low };
  }
}

const fields: Readonly<Record<CrcName, CrcField>> = {
  crc32: new CrcField({ high: 0, low: CRC32_POLYNOMIAL }, 32),
  crc32c: new CrcField({ high: 0, low: CRC32C_POLYNOMIAL }, 32),
  crc64nvme: new CrcField(CRC64NVME_POLYNOMIAL, 64),
};

function add(left: Word64, right: Word64): Word64 {
  return { high: left.high ^ right.high, low: left.low ^ right.low };
}

function readValue(bytes: Uint8Array): Word64 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length === 8 ? { high: view.getInt32(0), low: view.getInt32(4) } : { high: 0, low: view.getInt32(0) };
}

function writeValue(value: Word64, width: 32 | 64): Uint8Array {
  const bytes = new Uint8Array(width / 8);
  const view = new DataView(bytes.buffer);
  if (width === 64) view.setInt32(0, value.high);
  view.setInt32(width / 8 - 4, value.low);
  return bytes;
}

function writeWord(value: number): Uint8Array {
  return writeValue({ high: 0, low: value }, 32);
}
