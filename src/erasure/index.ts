/**
 * erasure: Reed-Solomon over GF(2^8) with MinIO's matrix, the arithmetic of blocks and shards, and the arena whose memory
 * the SIMD kernel works in. It opens no file but its own kernel, and knows neither hashes nor drives.
 */
export { Arena, LARGE_SLAB_SIZE, SMALL_SLAB_SIZE, type ArenaOptions, type Slab } from './arena.js';
export { acquireSlab, arenaMemory, erasureBodyName, erasureCodec, tryAcquireSlab } from './codec.js';
export * from './geometry.js';
export type { BodyName, Codec } from './kernel.js';
