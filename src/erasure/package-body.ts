/**
 * The portable body: the package @subspace/reed-solomon-erasure.wasm, which needs no SIMD. It knows one matrix (MinIO's), wants its
 * shards in one piece and rebuilds data shards only, so it is a codec of its own rather than a kernel.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReedSolomonErasure } from '@subspace/reed-solomon-erasure.wasm';
import { assert } from '../base/index.js';
import type { Codec, ErasureBody } from './kernel.js';

export function openPackageBody(): ErasureBody {
  const path = createRequire(import.meta.url).resolve('@subspace/reed-solomon-erasure.wasm/dist/reed_solomon_erasure_bg.wasm');
  const implementation = ReedSolomonErasure.fromBytes(readFileSync(path));
  return { name: 'wasm', codec: (dataShards, parityShards) => new PackageCodec(implementation, dataShards, parityShards) };
}

class PackageCodec implements Codec {
  readonly #implementation: ReedSolomonErasure;
  readonly #shardCount: number;

  constructor(
    implementation: ReedSolomonErasure,
    readonly dataShards: number,
    readonly parityShards: number,
  ) {
    this.#implementation = implementation;
    this.#shardCount = dataShards + parityShards;
  }

  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void {
    assert(data.length === this.dataShards && parity.length === this.parityShards, 'shard arrays have the shape of their codec');
    const size = data[0]?.length ?? 0;
    if (size === 0 || parity.length === 0) return;
    const joined = this.#join(data, size);
    this.#encode(joined);
    parity.forEach((target, index) => target.set(pieceOf(joined, this.dataShards + index, size)));
  }

  reconstruct(shards: readonly (Uint8Array | undefined)[], wanted: readonly number[], targets: readonly Uint8Array[]): void {
    assert(shards.length === this.#shardCount, 'shard arrays have the shape of their codec');
    assert(wanted.length === targets.length, 'there is a target for each wanted shard');
    const present = shards.filter((shard) => shard !== undefined);
    assert(present.length >= this.dataShards, `reconstruction needs ${this.dataShards} shards, ${present.length} are present`);
    const size = present[0]?.length ?? 0;
    if (size === 0 || wanted.length === 0) return;
    const joined = this.#join(shards, size);
    if (present.length < this.#shardCount) {
      const result = this.#implementation.reconstruct(
        joined,
        this.dataShards,
        this.parityShards,
        shards.map((shard) => shard !== undefined),
      );
      assert(result === RESULT_OK, `the wasm package reconstructs (it answered ${result})`);
      if (wanted.some((index) => index >= this.dataShards)) this.#encode(joined);
    }
    wanted.forEach((index, i) => targets[i]?.set(pieceOf(joined, index, size)));
  }

  verify(shards: readonly Uint8Array[]): boolean {
    const parity = shards.slice(this.dataShards);
    const expected = parity.map((shard) => new Uint8Array(shard.length));
    this.encode(shards.slice(0, this.dataShards), expected);
    return parity.every((shard, index) => Buffer.compare(shard, expected[index] ?? shard) === 0);
  }

  #encode(joined: Uint8Array): void {
    const result = this.#implementation.encode(joined, this.dataShards, this.parityShards);
    assert(result === RESULT_OK, `the wasm package encodes (it answered ${result})`);
  }

  #join(shards: readonly (Uint8Array | undefined)[], size: number): Uint8Array {
    const joined = new Uint8Array(this.#shardCount * size);
    shards.forEach((shard, index) => {
      if (shard) joined.set(shard, index * size);
    });
    return joined;
  }
}

const RESULT_OK = 0;

function pieceOf(joined: Uint8Array, index: number, size: number): Uint8Array {
  return joined.subarray(index * size, (index + 1) * size);
}
