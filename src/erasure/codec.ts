/**
 * The body that this process codes with, and its codecs. Chosen once, when first asked: as the environment variable MTS_ERASURE says (simd,
 * wasm, reference), else SIMD where WebAssembly has it, else the wasm package.
 */
import { assert, SET_DRIVES_MAX, UsageError } from '../base/index.js';
import { Arena, type Slab } from './arena.js';
import type { BodyName, Codec, ErasureBody } from './kernel.js';
import { openPackageBody } from './package-body.js';
import { openReferenceBody } from './reference-body.js';
import { hasWasmSimd, KERNEL_RESERVED_SIZE, openSimdBody } from './simd-body.js';

let arena: Arena | undefined;
let body: ErasureBody | undefined;
const codecs = new Map<number, Codec>();

/** The codec of a shape; the same one for each call. k >= 1, m >= 0 (0 for a single drive), k+m <= 16. */
export function erasureCodec(dataShards: number, parityShards: number): Codec {
  assert(dataShards >= 1 && parityShards >= 0 && dataShards + parityShards <= SET_DRIVES_MAX, `${dataShards}+${parityShards} is a shape of at most 16 shards`);
  const key = dataShards * 100 + parityShards;
  let codec = codecs.get(key);
  if (!codec) {
    codec = processBody().codec(dataShards, parityShards);
    codecs.set(key, codec);
  }
  return codec;
}

/** Which body this process codes with. */
export function erasureBodyName(): BodyName {
  return processBody().name;
}

/**
 * A slab of the process's arena, when there is one; see Arena.acquire. Whoever holds a slab must not wait for another: that is what
 * `tryAcquireSlab` is for.
 */
export function acquireSlab(size: number, signal?: AbortSignal): Promise<Slab> {
  return processArena().acquire(size, signal);
}

/** A slab of the process's arena if one is free and nobody waits for one. */
export function tryAcquireSlab(size: number): Slab | undefined {
  return processArena().tryAcquire(size);
}

/** The memory of the process's arena: whoever hands it to a thread once can then speak of places in it. */
export function arenaMemory(): SharedArrayBuffer {
  return processArena().memory.buffer;
}

/** Opens a body by name. `memory` is the arena's, with KERNEL_RESERVED_SIZE bytes at its start kept free. */
export function openBody(name: BodyName, memory: WebAssembly.Memory): ErasureBody {
  switch (name) {
    case 'simd':
      return openSimdBody(memory);
    case 'wasm':
      return openPackageBody();
    case 'reference':
      return openReferenceBody();
  }
}

function processArena(): Arena {
  return (arena ??= new Arena({ reservedBytes: KERNEL_RESERVED_SIZE }));
}

function processBody(): ErasureBody {
  return (body ??= openBody(chooseBody(process.env['MTS_ERASURE']), processArena().memory));
}

/** @throws UsageError for a name that is none */
export function chooseBody(wanted: string | undefined): BodyName {
  switch (wanted) {
    case undefined:
    case '':
      return hasWasmSimd() ? 'simd' : 'wasm';
    case 'simd':
    case 'wasm':
    case 'reference':
      return wanted;
    default:
      throw new UsageError(`MTS_ERASURE is ${wanted}`, 'Set it to simd, wasm or reference, or leave it out.');
  }
}
