/**
 * Shards of a version rebuilt onto drives that lack them: stripe by stripe, from any good ones, the next stripe read while
 * the last one is written. Every frame that is read is verified.
 */
import { StorageError, isStorageError } from '../../base/index.js';
import type { Drive, ShardWriter } from '../../drive/index.js';
import { FRAME_HASH_SIZE, blocksOf, erasureCodec, shardSize as shardSizeOf, type Block } from '../../erasure/index.js';
import type { ObjectVersion } from '../../format/index.js';
import { highwayHash256Into } from '../../hash/index.js';
import type { Latency } from '../latency.js';
import { ReadMemory } from '../read-memory.js';
import { raceShards, type RaceEntrant } from '../shard-race.js';
import { ShardReader } from '../shard-reader.js';

export interface RebuildJob {
  readonly volume: string;
  /** The object's folder. */
  readonly path: string;
  readonly version: ObjectVersion;
  /** Drives with good part files, by slot. */
  readonly sources: ReadonlyMap<number, RebuildSource>;
  readonly targets: ReadonlyMap<number, Drive>;
  readonly transaction: string;
  readonly latency: Latency;
  readonly signal?: AbortSignal | undefined;
}

export interface RebuildSource {
  readonly drive: Drive;
  /** The version as the drive's own record has it. */
  readonly own: ObjectVersion;
}

export interface Rebuilt {
  /** Why targets have no whole part files; those that have are left out. */
  readonly failures: ReadonlyMap<number, unknown>;
  /** Slots of sources with frames that do not match their hash. */
  readonly damaged: ReadonlySet<number>;
}

interface Source extends RaceEntrant {
  readonly slot: number;
  readonly shard: number;
  readonly reader: ShardReader;
}

/** A stripe with the shards that are wanted. */
interface RebuiltStripe {
  /** Hash and piece by 0-based shard index. */
  readonly frames: ReadonlyMap<number, Uint8Array>;
}

/**
 * Writes `<dataDir>/part.N` of every part into the transaction on all targets; durable when this resolves. Throws read-quorum where
 * too few shards are good, aborted.
 */
export async function rebuildParts(job: RebuildJob): Promise<Rebuilt> {
  const { version, volume, path, sources, targets } = job;
  const shardOf = (slot: number): number => (version.erasure.distribution[slot] ?? 1) - 1;
  const readers = [...sources].map(([slot, { drive, own }]): Source => ({
    slot,
    shard: shardOf(slot),
    reader: new ShardReader(drive.openData(volume, path, version.dataDir), own),
    isSlow: false,
    failure: undefined,
  }));
  const failures = new Map<number, unknown>();
  const damaged = new Set<number>();
  try {
    for (const part of version.parts) {
      const writers = new PartTargets(job, part.number, failures);
      try {
        await rebuildPart(job, part, readers, writers, { shardOf, damaged });
        await writers.close();
      } catch (error) {
        await writers.abort();
        throw error;
      }
      if (failures.size === targets.size) break;
    }
    return { failures, damaged };
  } finally {
    for (const { reader } of readers) reader.close();
  }
}

async function rebuildPart(
  job: RebuildJob,
  part: ObjectVersion['parts'][number],
  readers: readonly Source[],
  writers: PartTargets,
  { shardOf, damaged }: { readonly shardOf: (slot: number) => number; readonly damaged: Set<number> },
): Promise<void> {
  const { erasure } = job.version;
  const { dataShards, blockSizeBytes } = erasure;
  const memory = await ReadMemory.open(dataShards, shardSizeOf(Math.min(part.size, blockSizeBytes), dataShards), 2);
  const wanted = [...job.targets.keys()].map(shardOf);
  try {
    const blocks = blocksOf(part.size, 0, part.size, erasure);
    const readNext = (): Promise<RebuiltStripe> | undefined => {
      const step = blocks.next();
      if (step.done === true) return undefined;
      const stripe = rebuildStripe(job, part.number, step.value, readers, memory, wanted, damaged);
      // Awaited below; a rejection until then has an owner.
      stripe.catch(() => undefined);
      return stripe;
    };
    let next = readNext();
    while (next !== undefined) {
      if (job.signal?.aborted === true) throw new StorageError('aborted', 'The heal was stopped');
      const { frames } = await next;
      next = readNext();
      await writers.write((slot) => frames.get(shardOf(slot)) ?? new Uint8Array());
      if (writers.isEmpty) return;
    }
  } finally {
    memory.release();
  }
}

async function rebuildStripe(
  { version, latency }: RebuildJob,
  partNumber: number,
  block: Block,
  readers: readonly Source[],
  memory: ReadMemory,
  wanted: readonly number[],
  damaged: Set<number>,
): Promise<RebuiltStripe> {
  const { dataShards, parityShards } = version.erasure;
  const place = memory.block(block.shardSize);
  const pieces = new Array<Uint8Array | undefined>(dataShards + parityShards).fill(undefined);
  const attempt = async (source: Source): Promise<void> => {
    const frame = place.frame();
    try {
      await source.reader.read({ ...block, partNumber }, frame, (call) => place.use(call));
    } catch (error) {
      // A damaged piece says nothing about the next one.
      if (isStorageError(error, 'frame-corrupt')) {
        source.isSlow = true;
        damaged.add(source.slot);
      } else source.failure = error;
      throw error;
    }
    pieces[source.shard] = frame.subarray(FRAME_HASH_SIZE);
  };
  try {
    const good = await raceShards(dataShards, readers, attempt, latency);
    const present = new Array<Uint8Array | undefined>(pieces.length).fill(undefined);
    for (const { shard } of good) present[shard] = pieces[shard];
    const frames = new Map<number, Uint8Array>();
    const targets = wanted.map((shard) => {
      // Memory of its own: a drive that hangs may write from it whenever it wakes.
      const frame = new Uint8Array(new SharedArrayBuffer(FRAME_HASH_SIZE + block.shardSize));
      frames.set(shard, frame);
      return frame.subarray(FRAME_HASH_SIZE);
    });
    erasureCodec(dataShards, parityShards).reconstruct(present, wanted, targets);
    for (const frame of frames.values()) highwayHash256Into(frame.subarray(0, FRAME_HASH_SIZE), frame.subarray(FRAME_HASH_SIZE));
    return { frames };
  } finally {
    place.release();
  }
}

/** The same part on every target; one that fails is left out from then on. */
class PartTargets {
  readonly #writers = new Map<number, ShardWriter>();

  constructor(
    { targets, transaction, version }: RebuildJob,
    partNumber: number,
    readonly failures: Map<number, unknown>,
  ) {
    for (const [slot, drive] of targets) if (!failures.has(slot)) this.#writers.set(slot, drive.createPart(transaction, version.dataDir, partNumber));
  }

  get isEmpty(): boolean {
    return this.#writers.size === 0;
  }

  write(bytesFor: (slot: number) => Uint8Array): Promise<void> {
    return this.#each((writer, slot) => writer.write([bytesFor(slot)]));
  }

  /** An empty part is a file too. */
  close(): Promise<void> {
    return this.#each((writer) => writer.close());
  }

  async abort(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.abort()));
  }

  async #each(call: (writer: ShardWriter, slot: number) => Promise<void>): Promise<void> {
    await Promise.all(
      [...this.#writers].map(async ([slot, writer]) => {
        try {
          await call(writer, slot);
        } catch (error) {
          this.failures.set(slot, error);
          this.#writers.delete(slot);
          await writer.abort();
        }
      }),
    );
  }
}
