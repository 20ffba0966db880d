/**
 * A version stripe by stripe with every shard that is good, however few: what reading in pieces, saving the readable ranges of
 * a lost object, and comparing data with parity have in common.
 */
import { StorageError } from '../../base/index.js';
import { FRAME_HASH_SIZE, erasureCodec } from '../../erasure/index.js';
import type { ObjectVersion } from '../../format/index.js';
import { planBlocks, type BlockRead } from '../block-plan.js';
import { goodShard, inlineStream, isInlineVersion } from '../inline-reader.js';
import type { FoundVersion } from '../read-version.js';
import { ownVersion, ShardReader } from '../shard-reader.js';
import type { SalvageRead } from './open.js';

export interface HeldStripe {
  readonly block: BlockRead;
  /** Of the block's first byte in the object. */
  readonly start: number;
  /** By 0-based shard index; undefined where no drive has it, or its hash does not match. */
  readonly shards: readonly (Uint8Array | undefined)[];
}

interface ShardSource {
  readonly shard: number;
  read(block: BlockRead): Promise<Uint8Array | undefined>;
  close(): void;
}

/** All stripes, in order. */
export async function* heldStripes({ found, version, volume, path }: SalvageRead): AsyncGenerator<HeldStripe, void> {
  const { dataShards, parityShards } = version.erasure;
  const sources = isInlineVersion(found, version) ? inlineSources(found, version) : fileSources(found, version, volume, path);
  try {
    let start = 0;
    for (const block of planBlocks(version, { start: 0, length: version.size })) {
      const shards = new Array<Uint8Array | undefined>(dataShards + parityShards).fill(undefined);
      await Promise.all(sources.map(async (source) => (shards[source.shard] = await source.read(block))));
      yield { block, start, shards };
      start += block.size;
    }
  } finally {
    for (const source of sources) source.close();
  }
}

function inlineSources(found: FoundVersion, version: ObjectVersion): ShardSource[] {
  return found.slots.map((slot) => {
    const stream = inlineStream(found.metas[slot], version);
    return { shard: (version.erasure.distribution[slot] ?? 1) - 1, read: (block) => Promise.resolve(goodShard(stream, block)), close: () => undefined };
  });
}

function fileSources(found: FoundVersion, version: ObjectVersion, volume: string, path: string): ShardSource[] {
  return found.set.drives.flatMap((drive, slot): ShardSource[] => {
    const own = ownVersion(found.metas[slot], found.entry, version);
    if (drive === undefined || own === undefined) return [];
    const reader = new ShardReader(drive.openData(volume, path, own.dataDir), own);
    const read = async (block: BlockRead): Promise<Uint8Array | undefined> => {
      const frame = new Uint8Array(new SharedArrayBuffer(FRAME_HASH_SIZE + block.shardSize));
      try {
        await reader.read(block, frame, (call) => call);
      } catch (error) {
        if (error instanceof StorageError) return undefined;
        throw error;
      }
      return frame.subarray(FRAME_HASH_SIZE);
    };
    return [{ shard: (version.erasure.distribution[slot] ?? 1) - 1, read, close: () => reader.close() }];
  });
}

/** True where every stripe has enough good shards, whichever drives they are on. */
export async function isReadableInPieces(read: SalvageRead): Promise<boolean> {
  for await (const { shards } of heldStripes(read)) if (countOf(shards) < read.version.erasure.dataShards) return false;
  return true;
}

/** A stretch of an object; without bytes it is a hole. */
export interface SalvagedRange {
  readonly start: number;
  readonly length: number;
  readonly bytes: Uint8Array | undefined;
}

/** The whole object in order, as ranges that could be read and holes. Of a stripe with too few shards the data shards that are left are given. */
export async function* salvagedRanges(read: SalvageRead): AsyncGenerator<SalvagedRange, void> {
  const { dataShards, parityShards } = read.version.erasure;
  for await (const { block, start, shards } of heldStripes(read)) {
    const data = shards.slice(0, dataShards);
    const missing = data.flatMap((shard, i) => (shard === undefined ? [i] : []));
    if (missing.length > 0 && countOf(shards) >= dataShards) {
      const targets = missing.map(() => new Uint8Array(block.shardSize));
      erasureCodec(dataShards, parityShards).reconstruct(firstOf(shards, dataShards), missing, targets);
      missing.forEach((shard, at) => (data[shard] = targets[at]));
    }
    for (let i = 0; i < dataShards && i * block.shardSize < block.size; i++) {
      const length = Math.min(block.shardSize, block.size - i * block.shardSize);
      yield { start: start + i * block.shardSize, length, bytes: data[i]?.subarray(0, length) };
    }
  }
}

function countOf(shards: readonly (Uint8Array | undefined)[]): number {
  return shards.filter((shard) => shard !== undefined).length;
}

/** The shards with all but the first `count` good ones left out. */
function firstOf(shards: readonly (Uint8Array | undefined)[], count: number): (Uint8Array | undefined)[] {
  let left = count;
  return shards.map((shard) => (shard !== undefined && left-- > 0 ? shard : undefined));
}
