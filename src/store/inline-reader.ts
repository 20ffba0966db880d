/** A small object's bytes from the shard streams in its drives' xl.meta. */
import { FRAME_HASH_SIZE, erasureCodec } from '../erasure/index.js';
import type { ObjectVersion, XlMeta } from '../format/index.js';
import { highwayHash256 } from '../hash/index.js';
import { planBlocks, type BlockRead } from './block-plan.js';
import { sameBytes } from './quorum.js';
import type { FoundVersion } from './read-version.js';

/** A version's shard stream in one drive's xl.meta, undefined where it is not kept there. */
export function inlineStream(meta: XlMeta | undefined, version: ObjectVersion): Uint8Array | undefined {
  // Early servers of 2021 used the data dir as the name.
  return meta?.inline.get(version.versionId) ?? meta?.inline.get(version.dataDir);
}

/** True where the object's data is in xl.meta on the drives that answered. */
export function isInlineVersion(found: FoundVersion, version: ObjectVersion): boolean {
  return found.entry.header.isInline || found.slots.some((slot) => inlineStream(found.metas[slot], version) !== undefined);
}

/** The whole object, verified; undefined where the answers at hand hold too few good shards. `onBad` is told of shards that are missing or damaged. */
export function decodeInline(found: Pick<FoundVersion, 'metas' | 'slots'>, version: ObjectVersion, onBad?: () => void): Uint8Array | undefined {
  const { dataShards, parityShards, distribution } = version.erasure;
  const streams = new Array<Uint8Array | undefined>(dataShards + parityShards).fill(undefined);
  for (const slot of found.slots) {
    const shard = (distribution[slot] ?? 0) - 1;
    if (shard >= 0) streams[shard] = inlineStream(found.metas[slot], version);
  }
  if (version.size > 0 && found.slots.some((slot) => inlineStream(found.metas[slot], version) === undefined)) onBad?.();
  const body = new Uint8Array(version.size);
  let at = 0;
  for (const block of planBlocks(version, { start: 0, length: version.size })) {
    const data = decodeBlock(streams, block, { dataShards, parityShards, onBad });
    if (data === undefined) return undefined;
    for (let i = 0; i < dataShards && i * block.shardSize < block.size; i++) {
      body.set(data[i]?.subarray(0, block.size - i * block.shardSize) ?? EMPTY, at + i * block.shardSize);
    }
    at += block.size;
  }
  return body;
}

const EMPTY = new Uint8Array();

/** The data shards of one block, rebuilt where they are missing; undefined where too few shards are good. */
function decodeBlock(
  streams: readonly (Uint8Array | undefined)[],
  block: BlockRead,
  { dataShards, parityShards, onBad }: { readonly dataShards: number; readonly parityShards: number; readonly onBad: (() => void) | undefined },
): (Uint8Array | undefined)[] | undefined {
  const shards: (Uint8Array | undefined)[] = [];
  let good = 0;
  for (let i = 0; i < dataShards + parityShards && good < dataShards; i++) {
    shards[i] = goodShard(streams[i], block);
    if (shards[i] !== undefined) good++;
    else if (streams[i] !== undefined) onBad?.();
  }
  if (good < dataShards) return undefined;
  const wanted = Array.from({ length: dataShards }, (_, i) => i).filter((i) => shards[i] === undefined);
  if (wanted.length > 0) {
    const targets = wanted.map(() => new Uint8Array(block.shardSize));
    const present = Array.from({ length: dataShards + parityShards }, (_, i) => shards[i]);
    erasureCodec(dataShards, parityShards).reconstruct(present, wanted, targets);
    wanted.forEach((i, at) => (shards[i] = targets[at]));
  }
  return shards;
}

export function goodShard(stream: Uint8Array | undefined, { frameOffset, shardSize }: BlockRead): Uint8Array | undefined {
  if (stream === undefined) return undefined;
  const hash = stream.subarray(frameOffset, frameOffset + FRAME_HASH_SIZE);
  const shard = stream.subarray(frameOffset + FRAME_HASH_SIZE, frameOffset + FRAME_HASH_SIZE + shardSize);
  return shard.length === shardSize && sameBytes(highwayHash256(shard), hash) ? shard : undefined;
}
