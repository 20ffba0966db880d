/**
 * CRCs of joined pieces, from the pieces' CRCs and lengths: appending n zero bytes is a linear map over GF(2), applied by
 * squaring (Mark Adler's method of zlib's crc32_combine), here for reflected CRCs of 32 and 64 bits.
 */
import { assert } from '../base/index.js';

interface Combiner {
  /** @param parts raw checksums, big endian, in the order of the pieces */
  combine(parts: readonly { readonly raw: Uint8Array; readonly size: number }[]): Uint8Array;
  /** The CRC of a short run of bytes (checksums of parts); a table walk, not for bulk data. */
  compute(bytes: Uint8Array): Uint8Array;
}

class ReflectedCrc implements Combiner {
  readonly #mask: bigint;
  readonly #table: bigint[] = [];
  /** `#operators[i]` appends 2^i zero bytes. */
  readonly #operators: bigint[][] = [];

  constructor(
    readonly polynomial: bigint,
    readonly bits: 32 | 64,
  ) {
    this.#mask = (1n << BigInt(bits)) - 1n;
    for (let byte = 0n; byte < 256n; byte++) {
      let crc = byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
      this.#table.push(crc);
    }
  }

  compute(bytes: Uint8Array): Uint8Array {
    let crc = this.#mask;
    for (const byte of bytes) crc = (this.#table[Number((crc ^ BigInt(byte)) & 0xffn)] ?? 0n) ^ (crc >> 8n);
    return this.#write(crc ^ this.#mask);
  }

  combine(parts: readonly { readonly raw: Uint8Array; readonly size: number }[]): Uint8Array {
    let crc = 0n;
    for (const part of parts) crc = this.#appendZeros(crc, part.size) ^ this.#read(part.raw);
    return this.#write(crc);
  }

  #appendZeros(crc: bigint, count: number): bigint {
    let result = crc;
    let remaining = count;
    for (let power = 0; remaining > 0; power++) {
      if (remaining % 2 === 1) result = apply(this.#operator(power), result);
      remaining = Math.floor(remaining / 2);
    }
    return result;
  }

  #operator(power: number): bigint[] {
    for (let next = this.#operators.length; next <= power; next++) {
      const previous = this.#operators[next - 1];
      this.#operators.push(previous === undefined ? this.#oneByte() : previous.map((column) => apply(previous, column)));
    }
    const operator = this.#operators[power];
    assert(operator, 'operators are built up to the power asked for');
    return operator;
  }

  /** Column i is what the CRC register with only bit i set becomes after eight zero bits. */
  #oneByte(): bigint[] {
    return Array.from({ length: this.bits }, (_, bit) => {
      const register = 1n << BigInt(bit);
      return (this.#table[Number(register & 0xffn)] ?? 0n) ^ (register >> 8n);
    });
  }

  #read(raw: Uint8Array): bigint {
    assert(raw.length * 8 === this.bits, 'a raw checksum has the length of its algorithm');
    return BigInt(`0x${Buffer.from(raw).toString('hex')}`);
  }

  #write(crc: bigint): Uint8Array {
    return Buffer.from(crc.toString(16).padStart(this.bits / 4, '0'), 'hex');
  }
}

function apply(operator: readonly bigint[], vector: bigint): bigint {
  let result = 0n;
  let rest = vector;
  for (let bit = 0; rest !== 0n; bit++, rest >>= 1n) if (rest & 1n) result ^= operator[bit] ?? 0n;
  return result;
}

const combiners = {
  CRC32: new ReflectedCrc(0xedb88320n, 32),
  CRC32C: new ReflectedCrc(0x82f63b78n, 32),
  CRC64NVME: new ReflectedCrc(0x9a6c9329ac4bc9b5n, 64),
};

export function crcCombiner(name: string): Combiner {
  const combiner = combiners[name as keyof typeof combiners] as Combiner | undefined;
  assert(combiner, `${name} is a CRC`);
  return combiner;
}
