/**
 * erasure: Reed-Solomon over GF(2^8) with MinIO's matrix, the arithmetic of blocks and shards, and the arena whose memory
 * the SIMD kernel works in. It does no I/O.
 */
export * from './kernel.js';
