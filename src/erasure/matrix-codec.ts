/**
 * A codec on top of a kernel: chooses the rows of the matrix, the kernel does the work.
 */
import { assert } from '../base/index.js';
import { parityFits, type Codec, type Kernel } from './kernel.js';
import { decodingMatrix, encodingMatrix, type Matrix } from './matrix.js';

/** Sets of present shards seen at a time are few: the drives that are missing. An inversion costs 10 to 50 us. */
const DECODING_MATRIX_COUNT_MAX = 128;

export class MatrixCodec implements Codec {
  readonly #kernel: Kernel;
  readonly #encoding: Matrix;
  readonly #parityRows: Matrix;
  /** By the bit set of the k shards that are decoded from. */
  readonly #decoding = new Map<number, Matrix>();

  constructor(
    kernel: Kernel,
    readonly dataShards: number,
    readonly parityShards: number,
  ) {
    this.#kernel = kernel;
    this.#encoding = encodingMatrix(dataShards, parityShards);
    this.#parityRows = this.#encoding.slice(dataShards);
  }

  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void {
    assert(data.length === this.dataShards && parity.length === this.parityShards, 'shard arrays have the shape of their codec');
    if (parity.length > 0) this.#kernel.multiply(this.#parityRows, data, parity);
  }

  reconstruct(shards: readonly (Uint8Array | undefined)[], wanted: readonly number[], targets: readonly Uint8Array[]): void {
    assert(shards.length === this.dataShards + this.parityShards, 'shard arrays have the shape of their codec');
    assert(wanted.length === targets.length, 'there is a target for each wanted shard');
    if (wanted.length === 0) return;
    const present: number[] = [];
    const inputs: Uint8Array[] = [];
    for (let index = 0; index < shards.length && present.length < this.dataShards; index++) {
      const shard = shards[index];
      if (!shard) continue;
      present.push(index);
      inputs.push(shard);
    }
    assert(present.length === this.dataShards, `reconstruction needs ${this.dataShards} shards, ${present.length} are present`);
    const matrix = this.#decodingMatrix(present);
    const rows = wanted.map((index) => {
      const row = matrix[index];
      assert(row, `a shape of ${shards.length} shards has no shard ${index}`);
      return row;
    });
    this.#kernel.multiply(rows, inputs, targets);
  }

  verify(shards: readonly Uint8Array[]): boolean {
    return parityFits(this, shards);
  }

  #decodingMatrix(present: readonly number[]): Matrix {
    const key = present.reduce((bits, index) => bits | (1 << index), 0);
    let matrix = this.#decoding.get(key);
    if (!matrix) {
      if (this.#decoding.size >= DECODING_MATRIX_COUNT_MAX) this.#decoding.clear();
      matrix = decodingMatrix(this.#encoding, present);
      this.#decoding.set(key, matrix);
    }
    return matrix;
  }
}
