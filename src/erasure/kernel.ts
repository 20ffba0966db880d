/**
 * What the bodies of the erasure code agree on. Three implement it (SIMD, the wasm package, plain TypeScript) and one contract
 * suite, test/contracts/kernel.ts, holds them to the same answers.
 */
export type BodyName = 'simd' | 'wasm' | 'reference';

/** One way of computing shards. */
export interface ErasureBody {
  readonly name: BodyName;
  /** k = `dataShards` >= 1, m = `parityShards` >= 0, k+m <= 16. */
  codec(dataShards: number, parityShards: number): Codec;
}

/**
 * Shards of one k+m shape. Shard arrays are in shard-index order: data first, then parity. All shards of a call have the same
 * length, which may be 0. They may lie anywhere; in the arena they are worked on in place, elsewhere they are copied in and out.
 */
export interface Codec {
  readonly dataShards: number;
  readonly parityShards: number;
  /** Computes the m parity shards from the k data shards, which stay as they are. */
  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void;
  /**
   * Rebuilds the shards whose indexes (0-based) are in `wanted` into `targets`, from any k present ones; targets do not overlap
   * them. Throws an assertion where fewer than k are present.
   */
  reconstruct(shards: readonly (Uint8Array | undefined)[], wanted: readonly number[], targets: readonly Uint8Array[]): void;
  /** True where the parity shards fit the data shards. All k+m are present. */
  verify(shards: readonly Uint8Array[]): boolean;
}

/** Multiplies shards by a matrix over GF(2^8): encoding and reconstruction are both that. */
export interface Kernel {
  /** outputs[r][x] = XOR over c of rows[r][c] * inputs[c][x]. Outputs do not overlap inputs. All have the same length. */
  multiply(rows: readonly Uint8Array[], inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void;
}

/** `Codec.verify` by encoding once more. */
export function parityFits(codec: Codec, shards: readonly Uint8Array[]): boolean {
  const parity = shards.slice(codec.dataShards);
  const expected = parity.map((shard) => new Uint8Array(shard.length));
  codec.encode(shards.slice(0, codec.dataShards), expected);
  return parity.every((shard, index) => Buffer.compare(shard, expected[index] ?? shard) === 0);
}
