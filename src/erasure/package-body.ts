/**
 * The portable body: the wasm of the package @subspace/reed-solomon-erasure.wasm, which needs no SIMD. It knows one matrix (MinIO's),
 * wants its shards in one piece and rebuilds data shards only, so it is a codec of its own rather than a kernel.
 *
 * Its wasm is called directly: the package's own wrapper frees the flags that it passes to `reconstruct`, although the callee has done so
 * already, and from the second call on the heap is corrupt (version 0.2.5). It also saves two copies.
 */
import { readFileSync } from 'node:fs';
import { assert } from '../base/index.js';
import { parityFits, type Codec, type ErasureBody } from './kernel.js';

interface PackageExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  __wbindgen_malloc(size: number): number;
  __wbindgen_free(address: number, size: number): void;
  /** Works in place on k+m shards in one piece, which stay the caller's. */
  encode(shards: number, size: number, dataShards: number, parityShards: number): number;
  /** As `encode`; takes over the flags, one byte for each shard, 1 for a present one, and frees them. */
  reconstruct(shards: number, size: number, dataShards: number, parityShards: number, flags: number, flagCount: number): number;
}

const RESULT_OK = 0;

export function openPackageBody(): ErasureBody {
  const file = import.meta.resolve('@subspace/reed-solomon-erasure.wasm/dist/reed_solomon_erasure_bg.wasm');
  const exports = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL(file))), {}).exports as PackageExports;
  return { name: 'wasm', codec: (dataShards, parityShards) => new PackageCodec(exports, dataShards, parityShards) };
}

class PackageCodec implements Codec {
  readonly #exports: PackageExports;
  readonly #shardCount: number;

  constructor(
    exports: PackageExports,
    readonly dataShards: number,
    readonly parityShards: number,
  ) {
    this.#exports = exports;
    this.#shardCount = dataShards + parityShards;
  }

  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[]): void {
    assert(data.length === this.dataShards && parity.length === this.parityShards, 'shard arrays have the shape of their codec');
    const size = data[0]?.length ?? 0;
    if (size === 0 || parity.length === 0) return;
    this.#withShards(data, size, (address) => {
      this.#encode(address, size);
      parity.forEach((target, index) => target.set(this.#shardAt(address, this.dataShards + index, size)));
    });
  }

  reconstruct(shards: readonly (Uint8Array | undefined)[], wanted: readonly number[], targets: readonly Uint8Array[]): void {
    assert(shards.length === this.#shardCount, 'shard arrays have the shape of their codec');
    assert(wanted.length === targets.length, 'there is a target for each wanted shard');
    const present = shards.filter((shard) => shard !== undefined);
    assert(present.length >= this.dataShards, `reconstruction needs ${this.dataShards} shards, ${present.length} are present`);
    const size = present[0]?.length ?? 0;
    if (size === 0 || wanted.length === 0) return;
    this.#withShards(shards, size, (address) => {
      if (present.length < this.#shardCount) this.#rebuild(address, size, shards);
      targets.forEach((target, i) => target.set(this.#shardAt(address, wanted[i] ?? 0, size)));
    });
  }

  verify(shards: readonly Uint8Array[]): boolean {
    return parityFits(this, shards);
  }

  /** Copies the shards into the wasm's memory, one behind the other, room being left for missing ones. */
  #withShards(shards: readonly (Uint8Array | undefined)[], size: number, work: (address: number) => void): void {
    const total = this.#shardCount * size;
    const address = this.#exports.__wbindgen_malloc(total);
    shards.forEach((shard, index) => {
      if (shard) this.#shardAt(address, index, size).set(shard);
    });
    work(address);
    this.#exports.__wbindgen_free(address, total);
  }

  #encode(address: number, size: number): void {
    const result = this.#exports.encode(address, this.#shardCount * size, this.dataShards, this.parityShards);
    assert(result === RESULT_OK, `the wasm package encodes (it answered ${result})`);
  }

  #rebuild(address: number, size: number, shards: readonly (Uint8Array | undefined)[]): void {
    const flags = this.#exports.__wbindgen_malloc(this.#shardCount);
    new Uint8Array(this.#exports.memory.buffer, flags, this.#shardCount).set(shards.map((shard) => (shard ? 1 : 0)));
    const result = this.#exports.reconstruct(address, this.#shardCount * size, this.dataShards, this.parityShards, flags, this.#shardCount);
    assert(result === RESULT_OK, `the wasm package reconstructs (it answered ${result})`);
    // Parity that is missing follows from the data, parity that is there comes out the same.
    if (shards.slice(this.dataShards).includes(undefined)) this.#encode(address, size);
  }

  /** The memory moves when it grows: a view is good until the next allocation. */
  #shardAt(address: number, index: number, size: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, address + index * size, size);
  }
}
