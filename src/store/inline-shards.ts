/** A small object's shards as they are kept in xl.meta: for each block a hash and a piece, the same stream as in a part file. */
import { erasureCodec } from '../erasure/index.js';
import type { ErasureLayout } from '../format/index.js';
import { HIGHWAY_HASH_SIZE, highwayHash256Into } from '../hash/index.js';

/** The streams by shard index (from 0), each in memory of its own; empty ones for an empty object. */
export function encodeInline(body: Uint8Array, layout: ErasureLayout): Uint8Array[] {
  const { dataShards, parityShards, blockSizeBytes } = layout;
  const codec = erasureCodec(dataShards, parityShards);
  const blocks: { readonly start: number; readonly size: number; readonly shardSize: number }[] = [];
  let streamSize = 0;
  for (let start = 0; start < body.length; start += blockSizeBytes) {
    const size = Math.min(blockSizeBytes, body.length - start);
    const shardSize = Math.ceil(size / dataShards);
    blocks.push({ start, size, shardSize });
    streamSize += HIGHWAY_HASH_SIZE + shardSize;
  }
  const streams = Array.from({ length: dataShards + parityShards }, () => new Uint8Array(streamSize));
  let at = 0;
  for (const { start, size, shardSize } of blocks) {
    const pieces = streams.map((stream) => stream.subarray(at + HIGHWAY_HASH_SIZE, at + HIGHWAY_HASH_SIZE + shardSize));
    for (let i = 0; i < dataShards; i++) {
      const from = Math.min(i * shardSize, size);
      pieces[i]?.set(body.subarray(start + from, start + Math.min(from + shardSize, size)));
    }
    codec.encode(pieces.slice(0, dataShards), pieces.slice(dataShards));
    streams.forEach((stream, i) => highwayHash256Into(stream.subarray(at, at + HIGHWAY_HASH_SIZE), pieces[i] ?? stream.subarray(0, 0)));
    at += HIGHWAY_HASH_SIZE + shardSize;
  }
  return streams;
}
