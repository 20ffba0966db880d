/**
 * A kernel multiplies shards by a matrix over GF(2^8); encoding and reconstruction are both that. Three bodies implement
 * it (SIMD, the wasm package, plain TypeScript) and one contract suite holds them to the same answers.
 */
export interface Kernel {
  readonly name: 'simd' | 'wasm' | 'reference';
  /**
   * outputs[r][x] = XOR over c of rows[r][c] * inputs[c][x]. All inputs and outputs have the same length; outputs do not
   * overlap inputs. Buffers that lie in the arena are worked on in place, others are copied in and out.
   */
  multiply(rows: readonly Uint8Array[], inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void;
}

/** Shards with one k+m shape. Shard arrays are in shard-index order: data first, then parity. */
export interface Codec {
  readonly dataShards: number;
  readonly parityShards: number;
  /** Computes the m parity shards from the k data shards. */
  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void;
  /**
   * Rebuilds the shards whose indexes (0-based) are in `wanted` into `targets`, from any k present ones.
   * Throws an assertion where fewer than k are present.
   */
  reconstruct(shards: readonly (Uint8Array | undefined)[], wanted: readonly number[], targets: readonly Uint8Array[]): void;
  /** True where the parity shards fit the data shards. All k+m are present. */
  verify(shards: readonly Uint8Array[]): boolean;
}
