/**
 * What the store offers about healing: to heal now, what the background does, what drives missed, what was put aside, and
 * how much the deployment holds. The admin door gives these their wire form.
 */

import type { BucketUsage } from '../../format/index.js';

/** `normal` looks at metadata, and at the existence and size of part files; `deep` checks every bitrot hash. */
export type HealScan = 'normal' | 'deep';

/** Nothing given: the whole deployment. A prefix without `recursive` names one object. */
export interface HealTarget {
  readonly bucket?: string;
  readonly prefix?: string;
  /** Only the sets of this pool, only this set of it; 0-based. */
  readonly poolIndex?: number;
  readonly setIndex?: number;
}

export interface HealOptions {
  /** Below a bucket or prefix: every object whose name begins with it. */
  readonly recursive: boolean;
  /** Says what would be done, changes nothing. */
  readonly isDryRun: boolean;
  readonly scan: HealScan;
  /** Moves versions that can never be read again to the quarantine at once, without the background's second look. */
  readonly remove: boolean;
  /** Ends the iteration with an `aborted` StorageError, between two items. */
  readonly signal?: AbortSignal;
}

/**
 * `missing`: it lacks what it should have. `outdated`: it has another state of the version than the quorum. `corrupt`: what it
 * has is damaged. `offline`: it cannot be asked, nothing is known. `unknown`: it was asked and its answer says nothing.
 */
export type HealDriveState = 'ok' | 'offline' | 'missing' | 'corrupt' | 'outdated' | 'unknown';

export interface HealDrive {
  readonly poolIndex: number;
  readonly setIndex: number;
  readonly slot: number;
  readonly endpoint: string;
  /** UUID; empty where the slot has no drive. */
  readonly driveId: string;
  readonly before: HealDriveState;
  /** As `before` where nothing was done. */
  readonly after: HealDriveState;
  /** Why the drive was not healed, where it was tried. */
  readonly reason?: string;
}

/**
 * `ok`: nothing to do. `healable`: a dry run would have healed it. `healed`: every drive that is there has it now. `failed`: not, see
 * `reason`. `skipped`: not judged (written later than the heal began, no longer there). `dangling`: too few drives have it, and it
 * waits for the second look or for drives. `quarantined`: it was moved to the quarantine.
 */
export type HealOutcome = 'ok' | 'healable' | 'healed' | 'failed' | 'skipped' | 'dangling' | 'quarantined';

export interface HealItem {
  /** `metadata`: an object of the server's own, below `.minio.sys`. */
  readonly type: 'metadata' | 'bucket' | 'object';
  readonly bucket: string;
  /** Empty for a bucket. */
  readonly object: string;
  /** Empty for a bucket; `null` for a version written without versioning. */
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
  /** Bytes of the object; 0 where it is not one. */
  readonly size: number;
  /** 0 for a bucket, and where no drive could tell. */
  readonly dataShards: number;
  readonly parityShards: number;
  /** By slot; of a bucket those of all sets. */
  readonly drives: readonly HealDrive[];
  readonly outcome: HealOutcome;
  /** A sentence; empty for `ok` and `healed`. */
  readonly reason: string;
}

/** An object that a heal could not heal. */
export interface HealFailure {
  readonly bucket: string;
  readonly object: string;
  readonly versionId: string;
  readonly reason: string;
}

/** The heal of a whole drive, as its tracker has it; also of finished ones until the drive leaves. */
export interface DriveHealStatus {
  readonly endpoint: string;
  readonly driveId: string;
  readonly poolIndex: number;
  readonly setIndex: number;
  readonly slot: number;
  readonly healId: string;
  readonly startedMs: number;
  readonly lastUpdateMs: number;
  readonly isFinished: boolean;
  readonly retryAttempts: number;
  /** From the last usage count; 0 where nothing was counted yet. */
  readonly objectsTotal: number;
  readonly bytesTotal: number;
  /** Versions. */
  readonly itemsHealed: number;
  readonly itemsFailed: number;
  readonly itemsSkipped: number;
  readonly bytesHealed: number;
  readonly bytesFailed: number;
  readonly bytesSkipped: number;
  /** What was healed last. */
  readonly bucket: string;
  readonly object: string;
  readonly queuedBuckets: readonly string[];
  readonly healedBuckets: readonly string[];
  /** The last of them; `itemsFailed` counts all. */
  readonly failures: readonly HealFailure[];
}

/** What the heals of reads, the journal and the scanner did since the start. */
export interface BackgroundHealStatus {
  readonly itemsHealed: number;
  readonly bytesHealed: number;
  readonly itemsFailed: number;
  /** Objects that wait. */
  readonly queued: number;
  readonly failures: readonly HealFailure[];
}

export interface ScannerStatus {
  /** True where this server is the one that scans. */
  readonly isLeader: boolean;
  readonly isRunning: boolean;
  /** Cycles done, all servers and starts included. */
  readonly cycle: number;
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** Where the cycle is. */
  readonly bucket: string;
  /** Versions met and versions checked on all their drives, in this cycle. */
  readonly scanned: number;
  readonly checked: number;
}

export type { BucketUsage };

export interface DataUsage {
  /** Milliseconds since 1970; undefined where nothing was counted yet. */
  readonly lastUpdateMs: number | undefined;
  readonly buckets: ReadonlyMap<string, BucketUsage>;
}

/** What the drives of a set still have to be brought. */
export interface JournalStatus {
  readonly poolIndex: number;
  readonly setIndex: number;
  /** Only drives that miss something. */
  readonly drives: readonly {
    readonly slot: number;
    readonly endpoint: string;
    readonly driveId: string;
    /** Changes that it missed. */
    readonly missed: number;
    /** True where the journal was too long to be kept: the whole drive is healed. */
    readonly isWholeDrive: boolean;
  }[];
}

/** An object version, or what is left of it, that was put aside because too few drives had it. */
export interface QuarantinedObject {
  readonly id: string;
  readonly bucket: string;
  readonly object: string;
  readonly versionId: string;
  readonly size: number;
  readonly poolIndex: number;
  readonly setIndex: number;
  readonly quarantinedMs: number;
  readonly reason: string;
  /** Endpoints of the drives that hold a copy. */
  readonly drives: readonly string[];
}

export interface Quarantine {
  /** Newest first. */
  list(): Promise<QuarantinedObject[]>;
  /** Puts it back on the drives it was taken from. Throws object-not-found, precondition-failed where the version has been written anew. */
  restore(id: string): Promise<void>;
  /** Deletes for good what was put aside longer ago than this; gives how many. */
  empty(options: { readonly olderThanMs: number }): Promise<number>;
}

export interface Healing {
  /** Buckets first, then what is below, an item for each version; failures are items, not rejections. */
  heal(target: HealTarget, options: HealOptions): AsyncIterable<HealItem>;
  /** Drives with a healing tracker. */
  driveHeals(): DriveHealStatus[];
  background(): BackgroundHealStatus;
  scanner(): ScannerStatus;
  usage(): DataUsage;
  journal(): JournalStatus[];
  readonly quarantine: Quarantine;
  /** Begins the background's work, after `recover`. */
  start(): void;
  /** Stops it and waits for what is under way. */
  close(): Promise<void>;
}
