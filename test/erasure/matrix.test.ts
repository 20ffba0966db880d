import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverse, multiply, raise } from '../../src/erasure/galois.js';
import { decodingMatrix, encodingMatrix, invert, times } from '../../src/erasure/matrix.js';

const hex = (rows: readonly Uint8Array[]) => rows.map((row) => Buffer.from(row).toString('hex'));
const identity = (size: number) => Array.from({ length: size }, (_, row) => Uint8Array.from({ length: size }, (_, column) => Number(row === column)));
const byte = fc.integer({ min: 0, max: 255 });

/** Shift and add, reduced by 0x11D. */
function slowProduct(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= a << bit;
  }
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11d << (bit - 8);
  return product;
}

describe('GF(2^8)', () => {
  it('multiplies all pairs as polynomials modulo 0x11D', () => {
    for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) if (multiply(a, b) !== slowProduct(a, b)) throw new Error(`${a} * ${b}`);
  });

  it('has an inverse for everything but zero', () => {
    for (let a = 1; a < 256; a++) expect(multiply(a, inverse(a))).toBe(1);
    expect(() => inverse(0)).toThrow('zero');
  });

  it('raises as repeated multiplication does, zero to the zeroth being one', () => {
    fc.assert(
      fc.property(byte, fc.integer({ min: 0, max: 20 }), (base, exponent) => {
        expect(raise(base, exponent)).toBe(Array.from({ length: exponent }, () => base).reduce(multiply, 1));
      }),
    );
  });
});

describe('the encoding matrix', () => {
  it.each([
    [2, 2, '0302 0203'],
    [4, 4, '1b1c1214 1c1b1412 12141b1c 14121c1b'],
    [
      8,
      8,
      '1a84ba33e710c627 841a33ba10e727c6 ba331a84c627e710 33ba841a27c610e7 e710c6271a84ba33 10e727c6841a33ba c627e710ba331a84 27c610e733ba841a',
    ],
    [12, 4, 'afb4968cf5e8c4d81b1c1214 b4af8c96e8f5d8c41c1b1412 968cafb4c4d8f5e812141b1c 8c96b4afd8c4e8f514121c1b'],
  ])('of %i+%i is the one of the drive format', (k, m, rows) => {
    const matrix = encodingMatrix(k, m);
    expect(hex(matrix.slice(0, k))).toEqual(hex(identity(k)));
    expect(hex(matrix.slice(k))).toEqual(rows.split(' '));
  });
});

describe('inversion', () => {
  it('gives the matrix whose product is the identity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 }), fc.integer(), (k, m, seed) => {
        // Any k rows of the encoding matrix are regular.
        const rows = [...encodingMatrix(k, m)].sort((a, b) => ((a[0] ?? 0) ^ (seed & 255)) - ((b[0] ?? 0) ^ (seed & 255))).slice(0, k);
        expect(hex(times(rows, invert(rows)))).toEqual(hex(identity(k)));
      }),
    );
  });

  it('refuses a singular matrix', () => {
    expect(() => invert([Uint8Array.of(1, 2), Uint8Array.of(1, 2)])).toThrow('regular');
  });
});

describe('the decoding matrix', () => {
  it('gives back each of the shards that it decodes from', () => {
    const encoding = encodingMatrix(5, 3);
    const present = [0, 2, 5, 6, 7];
    const decoding = decodingMatrix(encoding, present);
    expect(hex(present.map((index) => decoding[index]!))).toEqual(hex(identity(5)));
  });
});
