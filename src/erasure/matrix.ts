/**
 * Matrices over GF(2^8) as arrays of rows, and the two that matter: the one that encodes, and the one that decodes from any k shards.
 */
import { assert } from '../base/index.js';
import { inverse, multiply, raise } from './galois.js';

export type Matrix = readonly Uint8Array[];

/**
 * MinIO's systematic Vandermonde matrix, (k+m) rows by k columns: V[r][c] = r^c, times the inverse of its top k rows. The top
 * rows are then the identity, the lower m give the parity.
 */
export function encodingMatrix(dataShards: number, parityShards: number): Matrix {
  const vandermonde = Array.from({ length: dataShards + parityShards }, (_, row) => Uint8Array.from({ length: dataShards }, (_, column) => raise(row, column)));
  return times(vandermonde, invert(vandermonde.slice(0, dataShards)));
}

/**
 * The matrix that gives all k+m shards from the k whose indexes are in `present`: the encoding matrix times the inverse of its
 * rows for those. Any k rows of it can be inverted.
 */
export function decodingMatrix(encoding: Matrix, present: readonly number[]): Matrix {
  return times(encoding, invert(present.map((index) => rowOf(encoding, index))));
}

export function times(left: Matrix, right: Matrix): Matrix {
  return left.map((row) => {
    const product = new Uint8Array(right[0]?.length ?? 0);
    row.forEach((factor, index) => addMultiple(product, rowOf(right, index), factor));
    return product;
  });
}

/** Gauss and Jordan. The matrix must be regular. */
export function invert(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, index): Uint8Array => {
    const wide = new Uint8Array(2 * size);
    wide.set(row);
    wide[size + index] = 1;
    return wide;
  });
  for (let column = 0; column < size; column++) {
    const pivotIndex = rows.findIndex((row, index) => index >= column && row[column] !== 0);
    assert(pivotIndex >= 0, 'only a regular matrix is inverted');
    const pivot = rowOf(rows, pivotIndex);
    rows[pivotIndex] = rowOf(rows, column);
    const scale = inverse(pivot[column] ?? 0);
    rows[column] = Uint8Array.from(pivot, (value) => multiply(value, scale));
    for (let index = 0; index < size; index++) {
      const row = rowOf(rows, index);
      if (index !== column) addMultiple(row, rowOf(rows, column), row[column] ?? 0);
    }
  }
  return rows.map((row) => row.slice(size));
}

/** target += factor * row */
function addMultiple(target: Uint8Array, row: Uint8Array, factor: number): void {
  if (factor === 0) return;
  for (let column = 0; column < target.length; column++) target[column] = (target[column] ?? 0) ^ multiply(factor, row[column] ?? 0);
}

function rowOf(matrix: Matrix, index: number): Uint8Array {
  const row = matrix[index];
  assert(row, `a matrix of ${matrix.length} rows has no row ${index}`);
  return row;
}
