/**
 * What can be saved from drives without a quorum: any number of drives of one set, in any order, with anything wrong with
 * them. Which drive a shard belongs to is taken from each record (its shard index), never from where the drive stands.
 */
import type { Drive } from '../../drive/index.js';
import type { Version, XlVersionEntry } from '../../format/index.js';
import type { HealDriveState } from '../heal/types.js';
import type { FoundVersion } from '../read-version.js';

/** One drive of the set, or a second copy of one. */
export interface SalvageSource {
  readonly drive: Drive;
  /** Where most of its objects say that it stands in the set, from 0; undefined where nothing tells. */
  readonly homeSlot: number | undefined;
  /** False for a drive that was emptied or was being healed: what it lacks proves nothing. */
  readonly isComplete: boolean;
}

export interface SalvageSet {
  readonly sources: readonly SalvageSource[];
  /** Slots of the set, whether their drives are here or not. */
  readonly size: number;
}

/**
 * `whole`: every drive of the set has it. `degraded`: it can be read. `lost`: too few shards are left. `leftover`: of an unfinished
 * write, or of one that was overwritten or removed while the drive was away; nobody misses it.
 */
export type SalvageVerdict = 'whole' | 'degraded' | 'lost' | 'leftover';

/** `misplaced`: a whole shard that belongs on another drive. */
export type SalvageState = HealDriveState | 'misplaced';

export interface SalvagedVersion {
  readonly entry: XlVersionEntry;
  readonly version: Version;
  /** The one that a read without a version id should give: the newest that can be read, or the delete marker before it. */
  readonly isLatest: boolean;
  readonly verdict: SalvageVerdict;
  /** Different shards that are good (holders, for what has no data). */
  readonly good: number;
  readonly needed: number;
  /** In the order of the set's sources. */
  readonly states: readonly SalvageState[];
  /** The version with each drive in the seat that its record names: what the readers of the store work on. */
  seated(): FoundVersion;
}
