/**
 * The fast body: the AssemblyScript kernel of assembly/kernel.ts, which works in the arena's memory. Shards that lie elsewhere are
 * copied through windows at the start of that memory.
 */
import { readFileSync } from 'node:fs';
import { assert } from '../base/index.js';
import { multiply } from './galois.js';
import type { ErasureBody, Kernel } from './kernel.js';
import { MatrixCodec } from './matrix-codec.js';
import type { Matrix } from './matrix.js';

/*
 * The start of the memory:
 *
 *   offset   bytes
 *   0x1000   64       addresses of the inputs, 32 bits each
 *   0x1040   64       addresses of the outputs
 *   0x2000   8 KiB    the plan: 32 bytes of tables for each of at most 16 x 16 coefficients
 *   0x4000   512 KiB  windows: up to 32 shards' pieces of 16 KiB
 */
const INPUTS_OFFSET = 0x1000;
const OUTPUTS_OFFSET = 0x1040;
const PLAN_OFFSET = 0x2000;
const WINDOWS_OFFSET = 0x4000;
const WINDOW_SIZE = 16 * 1024;
const SHARD_COUNT_MAX = 16;

/** Bytes at the start of the memory that the kernel needs for itself. */
export const KERNEL_RESERVED_SIZE = WINDOWS_OFFSET + 2 * SHARD_COUNT_MAX * WINDOW_SIZE;

const VECTOR_SIZE = 16;
const TABLES_SIZE = 32;

interface KernelExports {
  multiply(inputs: number, inputCount: number, outputs: number, outputCount: number, plan: number, length: number): void;
}

/** True where this machine's WebAssembly knows 128-bit SIMD: a module of one function that uses it is valid. */
export function hasWasmSimd(): boolean {
  const module = '0061736d01000000010501600001' + '7b' + '03020100' + '0a0a010800' + '4100fd0ffd62' + '0b';
  return WebAssembly.validate(Buffer.from(module, 'hex'));
}

/** `memory` is shared and not larger than 4 GiB; its first KERNEL_RESERVED_SIZE bytes are the kernel's. */
export function openSimdBody(memory: WebAssembly.Memory): ErasureBody {
  const kernel = new SimdKernel(memory);
  return { name: 'simd', codec: (dataShards, parityShards) => new MatrixCodec(kernel, dataShards, parityShards) };
}

class SimdKernel implements Kernel {
  readonly #buffer: SharedArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #inputs: Uint32Array;
  readonly #outputs: Uint32Array;
  readonly #exports: KernelExports;
  /** The matrix whose tables the plan holds. */
  #planned: Matrix | undefined;

  constructor(memory: WebAssembly.Memory) {
    const module = new WebAssembly.Module(readKernel());
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
    this.#buffer = memory.buffer;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#inputs = new Uint32Array(memory.buffer, INPUTS_OFFSET, SHARD_COUNT_MAX);
    this.#outputs = new Uint32Array(memory.buffer, OUTPUTS_OFFSET, SHARD_COUNT_MAX);
  }

  multiply(rows: Matrix, inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void {
    const length = outputs[0]?.length ?? 0;
    assert(inputs.length <= SHARD_COUNT_MAX && outputs.length <= SHARD_COUNT_MAX, 'a set has at most 16 shards');
    assert([...inputs, ...outputs].every((shard) => shard.length === length), 'shards that are coded together have the same length');
    if (length === 0) return;
    this.#plan(rows, inputs.length);
    if (length >= VECTOR_SIZE && this.#owns(inputs) && this.#owns(outputs)) {
      inputs.forEach((input, index) => (this.#inputs[index] = input.byteOffset));
      outputs.forEach((output, index) => (this.#outputs[index] = output.byteOffset));
      this.#run(inputs.length, outputs.length, length);
      return;
    }
    this.#multiplyInWindows(inputs, outputs, length);
  }

  #owns(shards: readonly Uint8Array[]): boolean {
    return shards.every((shard) => shard.buffer === this.#buffer);
  }

  #multiplyInWindows(inputs: readonly Uint8Array[], outputs: readonly Uint8Array[], length: number): void {
    const windowOf = (index: number): number => WINDOWS_OFFSET + index * WINDOW_SIZE;
    inputs.forEach((_, index) => (this.#inputs[index] = windowOf(index)));
    outputs.forEach((_, index) => (this.#outputs[index] = windowOf(inputs.length + index)));
    for (let start = 0; start < length; start += WINDOW_SIZE) {
      const end = Math.min(start + WINDOW_SIZE, length);
      inputs.forEach((input, index) => this.#bytes.set(input.subarray(start, end), windowOf(index)));
      // What is left over in the window beyond a short piece is multiplied along and not copied out.
      this.#run(inputs.length, outputs.length, Math.max(end - start, VECTOR_SIZE));
      outputs.forEach((output, index) => {
        const window = windowOf(inputs.length + index);
        output.set(this.#bytes.subarray(window, window + end - start), start);
      });
    }
  }

  #run(inputCount: number, outputCount: number, length: number): void {
    this.#exports.multiply(INPUTS_OFFSET, inputCount, OUTPUTS_OFFSET, outputCount, PLAN_OFFSET, length);
  }

  /** Lays out the tables in the order in which the kernel walks: groups of four, two and one outputs, inputs, outputs of the group. */
  #plan(rows: Matrix, inputCount: number): void {
    if (this.#planned === rows) return;
    let offset = PLAN_OFFSET;
    for (let first = 0; first < rows.length; ) {
      const left = rows.length - first;
      const groupSize = left >= 4 ? 4 : left >= 2 ? 2 : 1;
      for (let column = 0; column < inputCount; column++) {
        for (let row = first; row < first + groupSize; row++, offset += TABLES_SIZE) {
          const factor = rows[row]?.[column] ?? 0;
          this.#bytes.set(productTables.subarray(factor * TABLES_SIZE, (factor + 1) * TABLES_SIZE), offset);
        }
      }
      first += groupSize;
    }
    this.#planned = rows;
  }
}

/** For each factor 32 bytes: its products with 0x00 to 0x0f, then with 0x00, 0x10 to 0xf0. */
const productTables = Uint8Array.from({ length: 256 * TABLES_SIZE }, (_, at) => {
  const entry = at % TABLES_SIZE;
  return multiply(Math.floor(at / TABLES_SIZE), entry < 16 ? entry : (entry - 16) << 4);
});

function readKernel(): Uint8Array {
  const file = new URL('./kernel.wasm', import.meta.url);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`cannot read ${file.pathname}: build it with \`npm run build:wasm\``, { cause });
  }
}
