/**
 * The arena: one shared memory, in which stripes live from the socket to the drives, so that the SIMD kernel, the digest threads and
 * the drive threads work on the same bytes. Its size is fixed: who finds it full waits, first come, first served.
 *
 * The memory is cut into slots, each of which is one large slab or seven small ones. The slab released last is given out first and
 * fresh slots are opened only when none is free, so pages that were never needed are never touched.
 */
import { assert } from '../base/index.js';

/** Bytes of the object in the largest stripe that gets a slab of the arena, and as much again for parity (m <= k). */
const LARGE_STRIPE_SIZE = 2 * 1024 * 1024;
const PAGE_SIZE = 4096;
/** Rounding up k shards and m shards, and a 32-byte hash for each of 16, take less than a page. */
const SLOT_SIZE = LARGE_STRIPE_SIZE + PAGE_SIZE;
const SMALL_PER_SLOT = 7;

/** Slabs of up to this many bytes are small: seven of them take the place of a large one. */
export const SMALL_SLAB_SIZE = Math.floor(SLOT_SIZE / SMALL_PER_SLOT / PAGE_SIZE) * PAGE_SIZE;
/** Slabs of up to this many bytes come from the arena; larger ones get memory of their own. */
export const LARGE_SLAB_SIZE = SLOT_SIZE;

const WASM_PAGE_SIZE = 65536;
const ARENA_SIZE_DEFAULT = 96 * 1024 * 1024;

/** A piece of shared memory for one holder. */
export interface Slab {
  /** Of exactly the size asked for. What is in it is left over from the holder before. */
  readonly bytes: Uint8Array;
  /** Gives the memory back. Once released, `bytes` belongs to somebody else; releasing it again does nothing. */
  release(): void;
}

export interface ArenaOptions {
  /** Bytes of all slabs together; 96 MiB unless given. */
  readonly sizeBytes?: number;
  /** Bytes at the start of the memory that are never given out. */
  readonly reservedBytes?: number;
}

interface Waiter {
  readonly size: number;
  readonly resolve: (slab: Slab) => void;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #slotsStart: number;
  readonly #slotCount: number;
  #openedSlotCount = 0;
  /** Offsets of free slots, the one released last at the end. */
  readonly #freeSlots: number[] = [];
  /** Slots cut into small slabs that have a free one, by the slot's offset; the one used last at the end. */
  readonly #cutSlots = new Map<number, number[]>();
  readonly #waiters = new Set<Waiter>();

  constructor({ sizeBytes = ARENA_SIZE_DEFAULT, reservedBytes = 0 }: ArenaOptions = {}) {
    this.#slotsStart = Math.ceil(reservedBytes / PAGE_SIZE) * PAGE_SIZE;
    this.#slotCount = Math.floor(sizeBytes / SLOT_SIZE);
    assert(this.#slotCount >= 1, `an arena has room for one slab of ${SLOT_SIZE} bytes`);
    const pages = Math.ceil((this.#slotsStart + this.#slotCount * SLOT_SIZE) / WASM_PAGE_SIZE);
    // All of it at once: address space costs nothing, and a memory that never grows keeps one buffer for ever.
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }

  /**
   * A slab, when there is one. Holders of a slab must not wait for a second one, or all might wait for each other for ever: they ask with
   * `tryAcquire` and make do with the one they have. Rejects with the signal's reason when aborted meanwhile.
   */
  acquire(size: number, signal?: AbortSignal): Promise<Slab> {
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    const slab = this.tryAcquire(size);
    if (slab) return Promise.resolve(slab);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.delete(waiter);
        reject(reasonOf(signal));
        // Behind the one that gave up there may be some that fit.
        this.#serve();
      };
      const waiter: Waiter = {
        size,
        resolve: (granted) => {
          signal?.removeEventListener('abort', abort);
          resolve(granted);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** A slab if one is free and nobody waits. */
  tryAcquire(size: number): Slab | undefined {
    if (size > LARGE_SLAB_SIZE) return { bytes: new Uint8Array(new SharedArrayBuffer(size)), release: () => undefined };
    return this.#waiters.size > 0 ? undefined : this.#take(size);
  }

  #take(size: number): Slab | undefined {
    if (size > SMALL_SLAB_SIZE) {
      const slot = this.#takeSlot();
      return slot === undefined ? undefined : this.#slab(slot, size, () => this.#freeSlots.push(slot));
    }
    let slot = [...this.#cutSlots.keys()].at(-1);
    if (slot === undefined) {
      slot = this.#takeSlot();
      if (slot === undefined) return undefined;
      this.#cutSlots.set(slot, Array.from({ length: SMALL_PER_SLOT }, (_, index) => SMALL_PER_SLOT - 1 - index));
    }
    return this.#takeSmall(slot, size);
  }

  #takeSlot(): number | undefined {
    const free = this.#freeSlots.pop();
    if (free !== undefined || this.#openedSlotCount === this.#slotCount) return free;
    return this.#slotsStart + SLOT_SIZE * this.#openedSlotCount++;
  }

  #takeSmall(slot: number, size: number): Slab {
    const free = this.#cutSlots.get(slot);
    const piece = free?.pop();
    assert(free && piece !== undefined, 'a cut slot on the list has a free piece');
    if (free.length === 0) this.#cutSlots.delete(slot);
    return this.#slab(slot + piece * SMALL_SLAB_SIZE, size, () => {
      free.push(piece);
      this.#cutSlots.delete(slot);
      if (free.length === SMALL_PER_SLOT) this.#freeSlots.push(slot);
      else this.#cutSlots.set(slot, free);
    });
  }

  #slab(offset: number, size: number, giveBack: () => void): Slab {
    let isHeld = true;
    return {
      bytes: new Uint8Array(this.memory.buffer, offset, size),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        giveBack();
        this.#serve();
      },
    };
  }

  /** Serves those who wait, strictly in turn: a large request is never overtaken for ever by small ones. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      const slab = this.#take(waiter.size);
      if (!slab) return;
      this.#waiters.delete(waiter);
      waiter.resolve(slab);
    }
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
