/**
 * A body on its way into part files: cut into blocks, coded, hashed, written to all drives. Two stripes are in flight: while
 * the drives write one, the next is filled from the socket.
 */
import { erasureCodec, type Codec, type Slab } from '../erasure/index.js';
import { BLOCK_SIZE_BYTES } from '../base/index.js';
import { HIGHWAY_HASH_SIZE, createDigest, highwayHash256Into, type DigestValues } from '../hash/index.js';
import type { ErasureLayout } from '../format/index.js';
import type { BodyReader } from './body-reader.js';
import type { ShardWriters } from './shard-writers.js';
import { acquireSlab, trySpareSlab } from './slabs.js';
import type { Body } from './types.js';

/** Bodies up to this size are digested on the spot: a thread costs more than it saves. */
export const UNTHREADED_DIGEST_BYTES_MAX = 256 * 1024;

export interface StripedBody {
  readonly size: number;
  readonly digests: DigestValues;
}

/** One block's data, parity and hashes in one slab. */
class Stripe {
  /** Resolves when neither drives nor digests need the memory. */
  free: Promise<void> = Promise.resolve();
  readonly block: Uint8Array;
  readonly #parity: Uint8Array;
  readonly #hashes: Uint8Array;

  constructor(
    readonly slab: Slab,
    readonly blockSize: number,
    readonly layout: Pick<ErasureLayout, 'dataShards' | 'parityShards'>,
  ) {
    const { dataShards, parityShards } = layout;
    const shardSize = Math.ceil(blockSize / dataShards);
    const dataEnd = shardSize * dataShards;
    const parityEnd = dataEnd + shardSize * parityShards;
    this.block = slab.bytes.subarray(0, dataEnd);
    this.#parity = slab.bytes.subarray(dataEnd, parityEnd);
    this.#hashes = slab.bytes.subarray(parityEnd, parityEnd + HIGHWAY_HASH_SIZE * (dataShards + parityShards));
  }

  static slabSize(blockSize: number, layout: Pick<ErasureLayout, 'dataShards' | 'parityShards'>): number {
    const shardCount = layout.dataShards + layout.parityShards;
    return shardCount * (Math.ceil(blockSize / layout.dataShards) + HIGHWAY_HASH_SIZE);
  }

  /** Codes and hashes the first `size` bytes of the block; gives hash and shard by shard index (from 0). */
  encode(codec: Codec, size: number): (readonly [Uint8Array, Uint8Array])[] {
    const { dataShards, parityShards } = this.layout;
    const shardSize = Math.ceil(size / dataShards);
    this.block.fill(0, size, shardSize * dataShards);
    const data = cut(this.block, dataShards, shardSize);
    const parity = cut(this.#parity, parityShards, shardSize);
    codec.encode(data, parity);
    return [...data, ...parity].map((shard, i) => {
      const hash = this.#hashes.subarray(i * HIGHWAY_HASH_SIZE, (i + 1) * HIGHWAY_HASH_SIZE);
      highwayHash256Into(hash, shard);
      return [hash, shard] as const;
    });
  }
}

function cut(bytes: Uint8Array, count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/**
 * Writes the whole body. The part files are complete but not yet durable when it resolves (`ShardWriters.close`). Throws what
 * BodyReader and ShardWriters throw; the caller then aborts the writers.
 */
export async function writeStripes(reader: BodyReader, body: Body, layout: ErasureLayout, writers: ShardWriters): Promise<StripedBody> {
  const codec = erasureCodec(layout.dataShards, layout.parityShards);
  const digest = createDigest(body.digests, { threaded: body.size === undefined || body.size > UNTHREADED_DIGEST_BYTES_MAX });
  const blockSize = Math.min(Math.max(body.size ?? BLOCK_SIZE_BYTES, 1), BLOCK_SIZE_BYTES);
  const stripes: Stripe[] = [];
  const nextStripe = async (i: number): Promise<Stripe> => {
    const known = stripes[i % 2];
    if (known !== undefined) return known;
    const size = Stripe.slabSize(blockSize, layout);
    const [first] = stripes;
    // With one stripe in hand it must not wait for another: all who write might wait for each other.
    const slab = first === undefined ? await acquireSlab(size) : trySpareSlab(size);
    if (slab === undefined && first !== undefined) return first;
    const stripe = new Stripe(slab ?? (await acquireSlab(size)), blockSize, layout);
    stripes.push(stripe);
    return stripe;
  };
  try {
    for (let i = 0; ; i++) {
      const stripe = await nextStripe(i);
      await stripe.free;
      const size = await reader.fill(stripe.block.subarray(0, blockSize));
      if (size === 0) break;
      const digested = digest.update(stripe.block.subarray(0, size));
      const frames = stripe.encode(codec, size);
      const written = writers.append((slot) => frames[(layout.distribution[slot] ?? 1) - 1] ?? []);
      stripe.free = Promise.all([written, digested]).then(() => undefined);
      // Awaited before the slab is used again; a rejection until then has an owner.
      stripe.free.catch(() => undefined);
      if (size < blockSize || reader.size === body.size) break;
    }
    for (const stripe of stripes) await stripe.free;
    return { size: reader.size, digests: await digest.finish() };
  } finally {
    digest.close();
    for (const { slab, free } of stripes) {
      const release = (): void => slab.release();
      free.then(release, release);
    }
  }
}
