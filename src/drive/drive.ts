/**
 * One drive, local or remote. The contract suite in test/contracts/drive.ts holds every implementation to these comments.
 *
 * Names: a *volume* is a bucket or `.minio.sys`; a *path* is relative to its volume with `/` between components, none of
 * them empty, `.` or `..`. A call that breaks this is refused with `file-name-invalid`.
 *
 * Errors: calls reject with StorageErrors of the drive family only. Whatever cannot be told apart from a dead drive is
 * `drive-faulty` (I/O error), `drive-not-found` (gone) or `drive-timeout` (no answer in time), never `file-not-found`.
 * Every call ends within the drive's deadline, even when a system call hangs.
 */
import type { XlVersionEntry } from '../format/index.js';
import type { DriveCalls } from './call-meter.js';

export interface DriveInfo {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly usedBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
  /** `st_dev` of the path: two drives with the same value share a file system. */
  readonly deviceId: number;
  /** True where the path lies on the device of `/`: an empty mount point looks like that. */
  readonly isRootDevice: boolean;
}

/** What a drive is at the moment; only `online` drives take calls. */
export type DriveState = 'online' | 'offline' | 'faulty' | 'foreign' | 'unformatted';

export interface VolumeInfo {
  readonly name: string;
  readonly createdMs: number;
}

/**
 * The change of one object that a transaction stages. `put` inserts the entry into the object's xl.meta, replacing the
 * version with the same id; `remove` takes a version out, and the object with its last one.
 */
export type VersionChange =
  | {
      readonly kind: 'put';
      readonly entry: XlVersionEntry;
      /** The inline shard stream (bitrot frames included) of this drive; undefined where the data is in part files or there is none. */
      readonly inline?: Uint8Array;
      /** Directory below `.minio.sys` holding this version's part files, renamed to `<object>/<dataDir>` at commit; absent for files created in this transaction. */
      readonly dataFrom?: string;
    }
  | { readonly kind: 'remove'; readonly versionId: string };

export interface StageResult {
  /** Mod time of the newest version that the object had before, undefined where there was no object. */
  readonly newestModTimeNs?: bigint;
  /** False where a `remove` found nothing to remove: the transaction is then empty and commits as a no-op. */
  readonly changed: boolean;
}

export interface CommitOptions {
  /** Have the transaction listed as `committed` until it is settled, whatever the change: somebody else missed it. */
  readonly leavesTrace?: boolean;
}

/** A transaction found by `listStaged`: what a crash left between stage and settle. */
export interface StagedTransaction {
  readonly id: string;
  /** The object it is for. */
  readonly volume: string;
  readonly path: string;
  /**
   * `staged`: not yet visible on this drive. `committed`: visible, and something is left to do: old data to be removed, or a trace
   * that was asked for.
   */
  readonly state: 'staged' | 'committed';
  /** xl.meta as it will be after the commit; empty bytes where the object goes away; undefined once committed. */
  readonly xlMeta?: Uint8Array;
}

export interface ShardWriter {
  /**
   * Appends the buffers in order. Resolves when the drive no longer needs the memory. Writes may be issued without
   * waiting for each other; they are carried out in order. After a failure every later call rejects with the same error.
   */
  write(buffers: readonly Uint8Array[]): Promise<void>;
  /** The file is complete when this resolves; `stage` or `commitPart` of its transaction makes it durable. */
  close(): Promise<void>;
  /** Closes and removes the file. Never rejects. */
  abort(): Promise<void>;
}

/** Open data directory of one version. While it is open, a settle on this drive leaves its files readable. */
export interface DataReader {
  /**
   * Fills `target` from `offset` of `part.<partNumber>`. `target` should lie in shared memory (else it is copied).
   * A file that ends earlier is `frame-corrupt`, a missing one `file-not-found`. The memory is the drive's until this
   * settles; after `drive-timeout` the hung call may still write into it, so it must never be used again.
   */
  read(partNumber: number, offset: number, target: Uint8Array): Promise<void>;
  close(): void;
}

export interface WalkOptions {
  /** Only keys (with `/` separators) that begin with this. */
  readonly prefix: string;
  /** Start at the first key >= this; pushed down, so a page costs O(depth), not O(keys before it). */
  readonly from: string;
  /** False: entries one level below the prefix's last `/`, directories as prefixes ending in `/`. */
  readonly recursive: boolean;
  /** What to send of each object: xl.meta as it is (`whole`), without inline data (`records`), or only its version headers (`headers`). */
  readonly detail: 'whole' | 'records' | 'headers';
  readonly signal?: AbortSignal;
}

export interface WalkEntry {
  /** The key as clients know it (`dir__XLDIR__` is `dir/`); prefixes end in `/` and have no xl.meta. */
  readonly key: string;
  /** True for a directory entry of a walk that is not recursive. */
  readonly isPrefix: boolean;
  /** Raw xl.meta (detail `whole`, damaged ones too), up to the inline data (detail `records`) or the concatenated version headers (detail `headers`). */
  readonly meta?: Uint8Array;
}

/** Neighbouring frames of a part file; see docs of bitrot in src/format. */
export interface FrameRun {
  /** Of the whole part file. */
  readonly fileSizeBytes: number;
  /** Of a piece without its hash; the last one of the file may be shorter. */
  readonly pieceSizeBytes: number;
  /** From 0. */
  readonly firstFrame: number;
  readonly frameCount: number;
}

/** An object by the folder it has in its volume; a volume itself where the path is empty. */
export interface ChangedName {
  readonly volume: string;
  readonly path: string;
}

/** What the drive in another slot of this drive's set has missed. */
export interface MissedChanges {
  readonly slot: number;
  /** True where there was too much to note: the whole drive must be looked at. */
  readonly isAll: boolean;
  /** All there are; `changes` may be fewer. */
  readonly count: number;
  readonly changes: readonly ChangedName[];
}

export interface Drive {
  /** Path or URL, as people typed it. */
  readonly endpoint: string;
  readonly isLocal: boolean;
  /** The drive's own UUID from format.json once the cluster attached it; calls check that the drive still carries it. */
  readonly id: string | undefined;
  readonly state: DriveState;
  /** How its calls went; undefined where nobody counts them. */
  readonly calls?: DriveCalls;

  /** Attaches the identity that every later call insists on (format.json is looked at again at most once a second). */
  attach(id: string): void;
  info(): Promise<DriveInfo>;
  close(): Promise<void>;

  makeVolume(volume: string): Promise<void>;
  statVolume(volume: string): Promise<VolumeInfo>;
  /** Directories in the drive's root that could be buckets; `.minio.sys` left out. */
  listVolumes(): Promise<VolumeInfo[]>;
  /** Refuses a volume with anything in it (`volume-not-empty`; empty directories do not count) unless `force`. */
  deleteVolume(volume: string, options: { readonly force: boolean }): Promise<void>;

  /** A whole small file. */
  readFile(volume: string, path: string): Promise<Uint8Array>;
  /** Replaces a small file atomically and durably: temporary file, fdatasync, rename, fsync of the folder. Parents are made. */
  writeFile(volume: string, path: string, bytes: Uint8Array): Promise<void>;
  /** Names in a folder, sorted by bytes, directories ending in `/`. */
  listDir(volume: string, path: string): Promise<string[]>;
  /** Removes a file or a whole folder, then parents that became empty up to (not including) the volume. */
  remove(volume: string, path: string): Promise<void>;

  /** The object's xl.meta; `inline: false` leaves the inline data out (the rest of the bytes are unchanged). */
  readXlMeta(volume: string, path: string, options: { readonly inline: boolean }): Promise<Uint8Array>;

  /** Creates a part file of a transaction: `.minio.sys/tmp/<transaction>.<dataDir>/part.<number>`. Does not wait for the drive. */
  createPart(transaction: string, dataDir: string, partNumber: number): ShardWriter;
  /**
   * Makes the change and the transaction's part files durable beside the object, not yet visible. Staging again, before the
   * commit, replaces the change. A `put` on a damaged xl.meta starts a new one. The caller holds the object's write lock until
   * after `commit`. Whatever was staged for the object before and is not committed cannot become visible any more.
   */
  stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult>;
  /** Makes a staged change visible: renames, durable when this resolves. Repeating it is harmless. `drive-timeout` where a later change was staged. */
  commit(transaction: string, options?: CommitOptions): Promise<void>;
  /** After the quorum: removes what the change replaced (or, for a transaction never committed, all it staged). Never rejects for what is already gone. */
  settle(transaction: string): Promise<void>;
  /**
   * Transactions that an earlier process left behind; those without a staged change are removed by the call. With
   * `abandonedMs`, also those staged in this process that nobody has touched for so long.
   */
  listStaged(options?: { readonly abandonedMs?: number }): Promise<StagedTransaction[]>;

  /** Moves a part file of a transaction into an upload's folder with its `part.N.meta`; `upload-not-found` becomes `file-not-found` of the folder. */
  commitPart(transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: Uint8Array): Promise<void>;

  openData(volume: string, path: string, dataDir: string): DataReader;
  /** Size of each part file, -1 where it is missing. */
  statParts(volume: string, path: string, dataDir: string, partNumbers: readonly number[]): Promise<number[]>;
  /**
   * Checks frames against their bitrot hashes, where the drive is. Rejects with `frame-corrupt` where one does not match or the file
   * does not have its size, with `file-not-found` where it is missing. One call should ask for 16 MiB at most, so that it ends in time.
   */
  verifyPart(volume: string, path: string, dataDir: string, partNumber: number, frames: FrameRun): Promise<void>;
  /** Renames `<object>/<dataDir>` to a folder below `.minio.sys` that is not there yet; parents are made. `file-not-found` where it is missing. */
  moveData(volume: string, path: string, dataDir: string, to: string): Promise<void>;

  /** Notes that the drives in these slots of the set missed a change. As durable as the calls before it, and before those after it. */
  noteMissed(slots: readonly number[], name: ChangedName): Promise<void>;
  /** What was noted, by slot, `limit` changes of each at most; for counts alone, with limit 0, nothing is read twice. */
  listMissed(limit: number): Promise<MissedChanges[]>;
  /** Forgets notes of a slot; what is not noted is fine. */
  forgetMissed(slot: number, names: readonly ChangedName[] | 'all'): Promise<void>;

  /**
   * Keys in order of their UTF-8 bytes, in batches. Descends into folders of objects that are not their data dirs, so `a` and `a/b` both
   * come. An unreadable xl.meta comes as an entry with empty `meta`. A missing volume rejects with `volume-not-found`.
   */
  walk(volume: string, options: WalkOptions): AsyncIterable<WalkEntry[]>;
}
