/** Memory of one read: a slab cut into places for the blocks in flight, each with a frame for every data shard. */
import { isStorageError } from '../base/index.js';
import { FRAME_HASH_SIZE, type Slab } from '../erasure/index.js';
import { acquireSlab } from './slabs.js';

/** Shards begin at multiples of this, as the kernel likes them. */
const ALIGNMENT = 64;

export class ReadMemory {
  readonly #free: Uint8Array[];
  #pending = 0;
  #isReleased = false;
  /** A call that hangs may write into the slab at any time to come: it is never used again. */
  #isLost = false;

  private constructor(
    readonly slab: Slab,
    readonly frameCount: number,
    frameSize: number,
    places: number,
  ) {
    const placeSize = frameCount * frameSize;
    this.#free = Array.from({ length: places }, (_, i) => slab.bytes.subarray(i * placeSize, (i + 1) * placeSize));
  }

  /** Memory for `places` blocks of `frameCount` shards of up to `shardSize` bytes. */
  static async open(frameCount: number, shardSize: number, places: number): Promise<ReadMemory> {
    const frameSize = frameSizeOf(shardSize);
    return new ReadMemory(await acquireSlab(frameCount * frameSize * places), frameCount, frameSize, places);
  }

  /** A place for one block; the reader never has more blocks in flight than there are places, but late calls may still fill one. */
  block(shardSize: number): BlockMemory {
    return new BlockMemory(this, this.#free.pop(), shardSize);
  }

  /** Gives a place back when nothing writes into it any more. */
  giveBack(place: Uint8Array): void {
    this.#free.push(place);
  }

  /** Keeps the slab until a call that fills part of it has ended. */
  async use(call: Promise<void>): Promise<void> {
    this.#pending++;
    try {
      await call;
    } catch (error) {
      if (isStorageError(error, 'drive-timeout')) this.#isLost = true;
      throw error;
    } finally {
      this.#pending--;
      this.#releaseUnused();
    }
  }

  release(): void {
    this.#isReleased = true;
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    if (this.#isReleased && this.#pending === 0 && !this.#isLost) this.slab.release();
  }
}

function frameSizeOf(shardSize: number): number {
  return Math.ceil((shardSize + FRAME_HASH_SIZE) / ALIGNMENT) * ALIGNMENT;
}

/** The frames of one block. */
export class BlockMemory {
  #used = 0;
  #pending = 0;
  #isReleased = false;
  #isLost = false;

  constructor(
    readonly memory: ReadMemory,
    readonly place: Uint8Array | undefined,
    readonly shardSize: number,
  ) {}

  /** A frame nobody has: a hash and a shard. Shards that replace others get memory of their own. */
  frame(): Uint8Array {
    const size = FRAME_HASH_SIZE + this.shardSize;
    if (this.place === undefined || this.#used === this.memory.frameCount) return new Uint8Array(new SharedArrayBuffer(size));
    const start = this.#used++ * frameSizeOf(this.shardSize);
    return this.place.subarray(start, start + size);
  }

  /** Waits for a call that fills a frame of this block. */
  async use(call: Promise<void>): Promise<void> {
    this.#pending++;
    try {
      await this.memory.use(call);
    } catch (error) {
      if (isStorageError(error, 'drive-timeout')) this.#isLost = true;
      throw error;
    } finally {
      this.#pending--;
      this.#giveBack();
    }
  }

  release(): void {
    this.#isReleased = true;
    this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#isReleased || this.#pending > 0 || this.#isLost || this.place === undefined) return;
    this.#isLost = true;
    this.memory.giveBack(this.place);
  }
}
