/**
 * Where the bytes of a part are in its shard files.
 *
 * A part is cut into blocks; a block of n bytes into k pieces of ceil(n/k) bytes, the last ones padded with zeros. A shard file holds
 * one piece of each block, each as a frame: the piece's 32-byte hash, then the piece.
 */
import { assert } from '../base/index.js';

/** Bytes of the hash before each piece. */
export const FRAME_HASH_SIZE = 32;

/** What the arithmetic needs of an object's layout. */
export interface BlockShape {
  /** k >= 1 */
  readonly dataShards: number;
  /** 1 MiB; 10 MiB in objects written before 2021. */
  readonly blockSizeBytes: number;
}

/** Bytes of one shard's piece of a block of `blockSize` bytes. */
export function shardSize(blockSize: number, dataShards: number): number {
  return Math.ceil(blockSize / dataShards);
}

/** Bytes of one shard of a part of `partSize` bytes, hashes not counted. */
export function shardFileSize(partSize: number, { dataShards, blockSizeBytes }: BlockShape): number {
  const fullBlocks = Math.floor(partSize / blockSizeBytes);
  return fullBlocks * shardSize(blockSizeBytes, dataShards) + shardSize(partSize % blockSizeBytes, dataShards);
}

/** Bytes of a shard file with a hash before each piece: `part.N`, or the inline stream. 0 for an empty part. */
export function framedFileSize(partSize: number, shape: BlockShape): number {
  return shardFileSize(partSize, shape) + blockCount(partSize, shape) * FRAME_HASH_SIZE;
}

export function blockCount(partSize: number, { blockSizeBytes }: BlockShape): number {
  return Math.ceil(partSize / blockSizeBytes);
}

/** One block of a part. */
export interface Block {
  /** From 0. */
  readonly index: number;
  /** Of its first byte in the part. */
  readonly offset: number;
  /** Bytes of the part in it. */
  readonly size: number;
  /** Bytes of each shard's piece. */
  readonly shardSize: number;
  /** Of its frame in each framed shard file; the frame has FRAME_HASH_SIZE + `shardSize` bytes. */
  readonly frameOffset: number;
}

export function blockAt(index: number, partSize: number, { dataShards, blockSizeBytes }: BlockShape): Block {
  const offset = index * blockSizeBytes;
  assert(index >= 0 && offset < partSize, `a part of ${partSize} bytes has no block ${index}`);
  const size = Math.min(blockSizeBytes, partSize - offset);
  return {
    index,
    offset,
    size,
    shardSize: shardSize(size, dataShards),
    frameOffset: index * (FRAME_HASH_SIZE + shardSize(blockSizeBytes, dataShards)),
  };
}

/** Bytes that a range takes of a block: `from` to before `to`. */
export interface BlockSlice extends Block {
  readonly from: number;
  readonly to: number;
}

/** The blocks that hold `length` bytes from `start` of a part, in order. The range lies within the part. */
export function* blocksOf(partSize: number, start: number, length: number, shape: BlockShape): Generator<BlockSlice, void> {
  assert(start >= 0 && length >= 0 && start + length <= partSize, `bytes ${start} to ${start + length} lie within a part of ${partSize}`);
  const end = start + length;
  for (let position = start; position < end; ) {
    const block = blockAt(Math.floor(position / shape.blockSizeBytes), partSize, shape);
    const to = Math.min(block.size, end - block.offset);
    yield { ...block, from: position - block.offset, to };
    position = block.offset + to;
  }
}
