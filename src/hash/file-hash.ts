/** Hashes over whole shard files, as releases of 2016 to 2019 kept them beside the file instead of frame by frame in it. */
import { createHash } from 'node:crypto';
import { createHighwayHash } from './highwayhash.js';

export type FileHashAlgorithm = 'sha256' | 'highwayhash256' | 'blake2b';

export interface FileHasher {
  /** Takes the next bytes of the file, which may lie in shared memory. */
  update(chunk: Uint8Array): unknown;
  /** The hash of all bytes. Called once. */
  digest(): Uint8Array;
}

/** Bytes of a hash. `blake2b` is BLAKE2b-512, without a key. */
export const FILE_HASH_SIZES: Readonly<Record<FileHashAlgorithm, number>> = { sha256: 32, highwayhash256: 32, blake2b: 64 };

export function createFileHash(algorithm: FileHashAlgorithm): FileHasher {
  return algorithm === 'highwayhash256' ? createHighwayHash() : createHash(algorithm === 'blake2b' ? 'blake2b512' : algorithm);
}
