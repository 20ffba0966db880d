/**
 * A version's bytes from its part files: block by block, the next one read ahead, every frame verified, whatever is
 * missing, damaged or late rebuilt from other shards.
 */
import { StorageError, isStorageError } from '../base/index.js';
import { FRAME_HASH_SIZE, erasureCodec, shardSize as shardSizeOf } from '../erasure/index.js';
import type { Drive } from '../drive/index.js';
import { parseXlMeta, type ObjectVersion, type XlMeta } from '../format/index.js';
import { planBlocks, type BlockRead } from './block-plan.js';
import { outcomeOf } from './drive-lanes.js';
import type { Latency } from './latency.js';
import { isOwnShard } from './quorum.js';
import { ReadMemory, type BlockMemory } from './read-memory.js';
import type { FoundVersion } from './read-version.js';
import { raceShards, type RaceEntrant } from './shard-race.js';
import { ShardReader, ownVersion } from './shard-reader.js';
import type { ByteRange } from './types.js';

/** One drive's part files. */
interface ShardSource extends RaceEntrant {
  readonly slot: number;
  readonly drive: Drive;
  /** From 0; data shards first. */
  readonly shard: number;
  /** Where the drive was not asked for its record yet: settles when that has been looked at. */
  checked: Promise<void> | undefined;
  readonly reader: ShardReader;
  isDamaged: boolean;
}

/** A block as it is given out: slices of memory that `release` gives back. */
interface ReadyBlock {
  readonly slices: readonly Uint8Array[];
  release(): void;
}

export class StripeReader {
  readonly #version: ObjectVersion;
  readonly #place: { readonly volume: string; readonly path: string };
  readonly #sources: readonly ShardSource[];
  readonly #latency: Latency;
  /** Told once of each source whose files are missing or damaged. */
  readonly #onDamage: (scan: 'normal' | 'deep') => void;
  /** Memory of the blocks in flight, from the first read on. */
  #memory: Promise<ReadMemory> | undefined;
  /** The first block of a small object, read when it was opened: all of it, or its first part. */
  #first: (ReadyBlock & { readonly partNumber: number }) | undefined;
  #isClosed = false;

  /** Pins the version's data on every drive that may have it. */
  constructor(found: FoundVersion, version: ObjectVersion, volume: string, path: string, latency: Latency, onDamage: (scan: 'normal' | 'deep') => void) {
    this.#onDamage = onDamage;
    this.#version = version;
    this.#place = { volume, path };
    this.#latency = latency;
    const { distribution, dataShards } = version.erasure;
    const rank = (slot: number, drive: Drive): number => {
      const shard = (distribution[slot] ?? 1) - 1;
      return (found.set.isHealing(drive) ? 4000 : 0) + (shard >= dataShards ? 2000 : 0) + (drive.isLocal ? 0 : 1000) + shard;
    };
    const usable = found.set.drives.flatMap((drive, slot) => {
      if (drive?.state !== 'online' || !holdsOwnShard(found.metas[slot], version, slot)) return [];
      const own = ownVersion(found.metas[slot], found.entry, version);
      return own === undefined ? [] : [{ drive, slot, own }];
    });
    usable.sort((a, b) => rank(a.slot, a.drive) - rank(b.slot, b.drive));
    this.#sources = usable.map(({ drive, slot, own }) => ({
      slot,
      drive,
      checked: found.metas[slot] === undefined ? undefined : Promise.resolve(),
      shard: (distribution[slot] ?? 1) - 1,
      reader: new ShardReader(drive.openData(volume, path, own.dataDir), own),
      isSlow: false,
      isDamaged: false,
      failure: undefined,
    }));
  }

  /**
   * Makes sure that the data is there, and stays while this is open. Throws read-quorum.
   */
  async check(): Promise<void> {
    const { size, parts, erasure } = this.#version;
    const [part] = parts;
    if (size === 0 || part === undefined) return;
    if (size <= erasure.blockSizeBytes) {
      const [block] = planBlocks(this.#version, { start: 0, length: size });
      if (block !== undefined) this.#first = { ...(await this.#readBlock(block)), partNumber: block.partNumber };
      return;
    }
    const probe = async (source: ShardSource): Promise<void> => {
      await (source.checked ??= this.#checkRecord(source));
      await this.#noteFailure(source, source.reader.check(part.number));
    };
    await raceShards(erasure.dataShards, this.#sources, probe, this.#latency);
  }

  /** The bytes of a range; each slice is valid until the next is asked for. Throws range-invalid, read-quorum. */
  async *read(range: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
    const plan = planBlocks(this.#version, range);
    const fetchNext = (): Promise<ReadyBlock> | undefined => {
      const step = plan.next();
      if (step.done === true) return undefined;
      const block = this.#take(step.value) ?? this.#readBlock(step.value);
      // Asked for below; a rejection until then has an owner.
      block.catch(() => undefined);
      return block;
    };
    let next = fetchNext();
    try {
      while (next !== undefined) {
        const block: ReadyBlock = await next;
        next = fetchNext();
        try {
          for (const slice of block.slices) {
            if (signal?.aborted === true) throw new StorageError('aborted', 'The client went away');
            yield slice;
          }
        } finally {
          block.release();
        }
      }
    } finally {
      next?.then(
        (block) => block.release(),
        () => undefined,
      );
      this.close();
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#first?.release();
    this.#first = undefined;
    for (const { reader } of this.#sources) reader.close();
    void this.#memory?.then((memory) => memory.release());
  }

  /** The block that was read at the opening, cut to what is wanted. */
  #take(block: BlockRead): Promise<ReadyBlock> | undefined {
    const first = this.#first;
    if (first?.partNumber !== block.partNumber) return undefined;
    this.#first = undefined;
    return Promise.resolve({ slices: cutSlices(first.slices, block.from, block.to), release: () => first.release() });
  }

  async #blockMemory(block: BlockRead): Promise<BlockMemory> {
    const { size, erasure } = this.#version;
    const { dataShards, blockSizeBytes } = erasure;
    this.#memory ??= ReadMemory.open(dataShards, shardSizeOf(Math.min(size, blockSizeBytes), dataShards), size > blockSizeBytes ? 2 : 1);
    return (await this.#memory).block(block.shardSize);
  }

  async #readBlock(block: BlockRead): Promise<ReadyBlock> {
    const { dataShards, parityShards } = this.#version.erasure;
    const memory = await this.#blockMemory(block);
    const shards = new Array<Uint8Array | undefined>(dataShards + parityShards).fill(undefined);
    const attempt = async (source: ShardSource): Promise<void> => {
      await (source.checked ??= this.#checkRecord(source));
      const frame = memory.frame();
      await this.#noteFailure(source, source.reader.read(block, frame, (call) => memory.use(call)));
      shards[source.shard] = frame.subarray(FRAME_HASH_SIZE);
    };
    try {
      const good = await raceShards(dataShards, this.#sources, attempt, this.#latency);
      const present = new Array<Uint8Array | undefined>(shards.length).fill(undefined);
      for (const { shard } of good) present[shard] = shards[shard];
      const wanted = Array.from({ length: dataShards }, (_, i) => i).filter((i) => present[i] === undefined && isNeeded(block, i));
      if (wanted.length > 0) {
        const targets = wanted.map(() => new Uint8Array(block.shardSize));
        erasureCodec(dataShards, parityShards).reconstruct(present, wanted, targets);
        wanted.forEach((i, at) => (present[i] = targets[at]));
      }
      const data = present.slice(0, dataShards).map((shard) => shard ?? EMPTY);
      const whole = data.map((shard, i) => shard.subarray(0, Math.max(0, Math.min(block.shardSize, block.size - i * block.shardSize))));
      return { slices: cutBlock(whole, block), release: () => memory.release() };
    } catch (error) {
      memory.release();
      throw error;
    }
  }

  /** Rejects where the drive holds another drive's shard, which nothing in the data itself would tell. A record that cannot be read tells nothing. */
  async #checkRecord(source: ShardSource): Promise<void> {
    const { volume, path } = this.#place;
    const meta = await outcomeOf(source.drive.readXlMeta(volume, path, { inline: false }).then(parseXlMeta));
    if (!meta.ok || holdsOwnShard(meta.value, this.#version, source.slot)) return;
    this.#onDamage('normal');
    source.failure = new StorageError('frame-corrupt', `The drive ${source.drive.endpoint} holds the data of another drive`);
    throw source.failure as StorageError;
  }

  #noteDamaged(source: ShardSource): void {
    source.isSlow = true;
    if (!source.isDamaged) this.#onDamage('deep');
    source.isDamaged = true;
  }

  /** A damaged piece says nothing about the next one; any other failure is the source's last. */
  async #noteFailure(source: ShardSource, call: Promise<void>): Promise<void> {
    try {
      await call;
    } catch (error) {
      if (isStorageError(error, 'frame-corrupt')) {
        this.#noteDamaged(source);
      } else {
        if (isStorageError(error, 'file-not-found')) this.#onDamage('normal');
        source.failure = error;
      }
      throw error;
    }
  }
}

const EMPTY = new Uint8Array();

/** False where a drive's record of the version is of another drive's shard. */
function holdsOwnShard(meta: XlMeta | undefined, version: ObjectVersion, slot: number): boolean {
  const held = meta?.versions.find(({ header }) => header.versionId === version.versionId && header.modTimeNs === version.modTimeNs);
  return held === undefined || isOwnShard(held, version, slot);
}

/** True where the wanted bytes of the block reach into a data shard. */
function isNeeded({ from, to, shardSize }: BlockRead, shard: number): boolean {
  return from < (shard + 1) * shardSize && to > shard * shardSize;
}

/** The wanted bytes of a block's data shards, empty slices left out. */
function cutBlock(data: readonly Uint8Array[], { from, to, shardSize }: BlockRead): Uint8Array[] {
  return data.flatMap((shard, i): Uint8Array[] => {
    const slice = shard.subarray(Math.max(0, from - i * shardSize), Math.max(0, to - i * shardSize));
    return slice.length === 0 ? [] : [slice];
  });
}

function cutSlices(slices: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const slice of slices) {
    const piece = slice.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (piece.length > 0) cut.push(piece);
    at += slice.length;
  }
  return cut;
}
