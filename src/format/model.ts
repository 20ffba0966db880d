/**
 * One object version in memory, whatever generation wrote it. Every generation's codec decodes into these types; only
 * today's (xl.meta 1.3) encodes from them.
 */

import type { FileHashAlgorithm } from '../hash/index.js';

/** How the null version (written without versioning) is called everywhere above the codec. */
export const NULL_VERSION_ID = 'null';

export interface ErasureLayout {
  /** Shards that hold data (k). */
  readonly dataShards: number;
  /** Shards that hold parity (m). */
  readonly parityShards: number;
  /** Object bytes coded together; 1 MiB today, 10 MiB before 2021. */
  readonly blockSizeBytes: number;
  /** `distribution[slot]` is the 1-based shard index that the drive in that slot holds. */
  readonly distribution: readonly number[];
}

export interface ObjectPart {
  readonly number: number;
  /** Stored bytes (after compression and encryption). */
  readonly size: number;
  /** The client's bytes; -1 where the writer did not know (objects of 2017 that 2025 healed say 0 beside a size). */
  readonly actualSize: number;
  /** Only in objects and unfinished uploads of old generations. */
  readonly etag?: string;
  /** S2 index of a compressed part, kept as it is. */
  readonly index?: Uint8Array;
  /**
   * The hash of the part file of the drive whose record this is, where its bytes are not in frames (2016 to 2019). Only that
   * drive's own record says how to check its file: another drive's copy may be in frames.
   */
  readonly fileHash?: FileHash;
}

/** Whole-file bitrot protection of one part file. */
export interface FileHash {
  readonly algorithm: FileHashAlgorithm;
  readonly hash: Uint8Array;
}

export interface ObjectVersion {
  readonly kind: 'object';
  /** UUID in lower case, or NULL_VERSION_ID. */
  readonly versionId: string;
  readonly modTimeNs: bigint;
  /** Stored size: the sum of the parts' sizes. */
  readonly size: number;
  /** UUID of the directory that holds the part files; set for inline versions too, where no such directory exists. */
  readonly dataDir: string;
  readonly erasure: ErasureLayout;
  readonly parts: readonly ObjectPart[];
  /** S3 metadata as stored: `etag`, `content-type`, `X-Amz-Meta-Foo` ... Match names case-insensitively. */
  readonly metaUser: ReadonlyMap<string, string>;
  /** MinIO's internal metadata as stored, unknown keys included. Match names case-insensitively. */
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
  /** Unix seconds of the release that wrote the record, where it says so. */
  readonly writtenBy?: number;
}

export interface DeleteMarker {
  readonly kind: 'delete-marker';
  readonly versionId: string;
  readonly modTimeNs: bigint;
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
  /** A free version: only tells the scanner to delete tiered data; invisible everywhere. */
  readonly isFree: boolean;
  readonly writtenBy?: number;
}

export type Version = ObjectVersion | DeleteMarker;

/** System volume: everything MinIO keeps for itself on a drive lives below it. */
export const SYSTEM_VOLUME = '.minio.sys';
