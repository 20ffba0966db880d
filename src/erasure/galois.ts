/**
 * GF(2^8) modulo x^8+x^4+x^3+x^2+1 (0x11D), generator 2: bytes that add by XOR.
 */
import { assert } from '../base/index.js';

const POLYNOMIAL = 0x11d;
const ORDER = 255;

/** 2^n for n up to twice the order, so that sums of two logarithms need no reduction. */
const powers = new Uint8Array(2 * ORDER);
const logarithms = new Uint8Array(256);

let power = 1;
for (let exponent = 0; exponent < ORDER; exponent++) {
  powers[exponent] = power;
  powers[exponent + ORDER] = power;
  logarithms[power] = exponent;
  power <<= 1;
  if (power > 0xff) power ^= POLYNOMIAL;
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return at(powers, at(logarithms, a) + at(logarithms, b));
}

export function inverse(a: number): number {
  assert(a !== 0, 'zero has no inverse');
  return at(powers, ORDER - at(logarithms, a));
}

/** base^exponent, with 0^0 = 1. */
export function raise(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (base === 0) return 0;
  return at(powers, (at(logarithms, base) * exponent) % ORDER);
}

function at(table: Uint8Array, index: number): number {
  return table[index] ?? 0;
}
