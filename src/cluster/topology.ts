/**
 * What a deployment is made of once it runs: pools, their erasure sets, and the drive in each slot. The store fans out over
 * `drives` and counts by itself; slots change hands here when a drive goes and comes back.
 */
import type { Drive } from '../drive/index.js';
import type { SetChooser } from './placement.js';

export interface ErasureSet {
  readonly poolIndex: number;
  readonly setIndex: number;
  /** Slots of the set: drives that erasure-code together, whether they are there or not. */
  readonly size: number;
  /** Parity shards of the STANDARD storage class. */
  readonly defaultParity: number;
  /** Parity shards of the REDUCED_REDUNDANCY storage class. */
  readonly reducedParity: number;
  /**
   * By slot. undefined where no drive was given for the slot; a drive that is there but not `online` refuses its calls.
   * Take a new look for each operation: a drive that comes back under another path is put into its slot here.
   */
  readonly drives: readonly (Drive | undefined)[];
  /** True for a drive whose healing tracker is not finished: what it does not have proves nothing. */
  isHealing(drive: Drive): boolean;
  /** Said by whoever wrote or finished a tracker on the drive. */
  setHealing(drive: Drive, isHealing: boolean): void;
}

export interface Pool {
  readonly index: number;
  /** The drives as they were typed; it names the pool in messages and in pool.bin. */
  readonly commandLine: string;
  readonly sets: readonly ErasureSet[];
  /** Index of the set that keeps a key. */
  readonly setIndexOf: SetChooser;
}

export interface Deployment {
  /** UUID, the same on all drives of all pools. */
  readonly id: string;
  readonly pools: readonly Pool[];
}

/** The set of a pool that keeps a key. The key is the object's name as it is on the drive (`dir__XLDIR__`), without the bucket. */
export function setFor(pool: Pool, key: string): ErasureSet {
  const set = pool.sets[pool.sets.length === 1 ? 0 : pool.setIndexOf(key)];
  if (set === undefined) throw new Error(`assertion failed: pool ${pool.index + 1} has a set for every key`);
  return set;
}

/** All sets of all pools, in order. */
export function allSets(deployment: Deployment): ErasureSet[] {
  return deployment.pools.flatMap((pool) => pool.sets);
}

/** An erasure set whose slots can be given to drives; only this room changes them. */
export class SlottedSet implements ErasureSet {
  readonly drives: (Drive | undefined)[];
  readonly #healing = new Set<Drive>();

  constructor(
    readonly poolIndex: number,
    readonly setIndex: number,
    readonly size: number,
    readonly defaultParity: number,
    readonly reducedParity: number,
  ) {
    this.drives = new Array<Drive | undefined>(size).fill(undefined);
  }

  isHealing(drive: Drive): boolean {
    return this.#healing.has(drive);
  }

  place(slot: number, drive: Drive | undefined): void {
    this.drives[slot] = drive;
  }

  setHealing(drive: Drive, isHealing: boolean): void {
    if (isHealing) this.#healing.add(drive);
    else this.#healing.delete(drive);
  }
}
