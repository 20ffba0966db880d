/**
 * What the store offers to the doors. Object codes of StorageError are all that it throws.
 */
import type { DigestName } from '../hash/index.js';
import type { DeleteMarker, ObjectVersion } from '../format/index.js';

export type Versioning = 'unversioned' | 'enabled' | 'suspended';

export interface BucketInfo {
  readonly name: string;
  /** Milliseconds since 1970; year 1 (a negative number) where no metadata says when. */
  readonly createdMs: number;
}

/** `.metadata.bin` as the doors see it. XML and JSON documents are kept as stored; empty means not set. */
export interface BucketSettings {
  readonly createdMs: number;
  readonly versioning: Versioning;
  readonly objectLockEnabled: boolean;
  /** Documents by their `.metadata.bin` member name, e.g. `PolicyConfigJSON`, `TaggingConfigXML`. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** One version as clients see it. */
export type VersionInfo = (ObjectVersion | DeleteMarker) & {
  readonly key: string;
  readonly isLatest: boolean;
  /** Versions of this key, delete markers included; known in listings only. */
  readonly versionCount?: number;
};
export type ObjectInfo = Extract<VersionInfo, { kind: 'object' }>;

export interface ByteRange {
  readonly start: number;
  /** Bytes, from start. */
  readonly length: number;
}

/** The client's bytes and what to compute over them on the way. */
export interface Body {
  /** Exact length, or undefined where the client did not say. Fewer or more bytes fail with size-mismatch. */
  readonly size: number | undefined;
  readonly stream: AsyncIterable<Uint8Array>;
  /** Digests of the bytes to compute (the MD5 for the etag is one of them). */
  readonly digests: readonly DigestName[];
}

/** Called after the last byte and before anything becomes visible; throwing aborts the write. */
export interface BodyVerdict {
  /** The etag to store (hex MD5, as the doors want it). */
  readonly etag: string;
  /** Further internal metadata, e.g. the checksum record. */
  readonly metaSys?: ReadonlyMap<string, Uint8Array>;
  readonly metaUser?: ReadonlyMap<string, string>;
  /** Checksum of a part, kept in part.N.meta: name (`CRC32C`) -> base64. */
  readonly partChecksums?: ReadonlyMap<string, string>;
}
export type JudgeBody = (digests: ReadonlyMap<DigestName, Uint8Array>, size: number) => BodyVerdict;

export interface PutOptions {
  readonly versioning: Versioning;
  readonly metaUser: ReadonlyMap<string, string>;
  readonly metaSys?: ReadonlyMap<string, Uint8Array>;
  readonly storageClass?: string;
  readonly judge: JudgeBody;
  /** Looked at under the write lock with the current latest version (undefined: none, or a delete marker). Throws precondition-failed to refuse. */
  readonly precondition?: (current: ObjectInfo | undefined) => void;
  readonly signal?: AbortSignal;
}

export interface OpenedObject {
  readonly info: ObjectInfo;
  /**
   * The bytes of a range, verified against their bitrot hashes. Each buffer is valid until the next one is asked for.
   * Stopping early (return) releases everything.
   */
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Releases what `read` would have used; harmless after a read. */
  close(): void;
}

export interface DeleteOptions {
  readonly versionId?: string;
  readonly versioning: Versioning;
  readonly precondition?: (current: VersionInfo | undefined) => void;
}
export interface DeleteResult {
  /** True where a delete marker was written, or a delete marker was the version removed. */
  readonly isDeleteMarker: boolean;
  /** Of the marker written, or the version removed. */
  readonly versionId?: string;
}

export interface ListOptions {
  readonly prefix: string;
  readonly delimiter: string;
  /** Exclusive: the first entry is greater. */
  readonly after: string;
  readonly limit: number;
}
export interface ObjectListing {
  readonly objects: readonly ObjectInfo[];
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  /** Last entry (key or prefix) returned: `after` of the next page. */
  readonly next?: string;
}
export interface VersionListing {
  readonly versions: readonly VersionInfo[];
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  readonly nextKey?: string;
  readonly nextVersionId?: string;
}

export interface UploadInfo {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  readonly metaUser: ReadonlyMap<string, string>;
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
}
export interface PartInfo {
  readonly number: number;
  readonly etag: string;
  readonly size: number;
  readonly actualSize: number;
  readonly modTimeNs: bigint;
  readonly checksums: ReadonlyMap<string, string>;
}
export interface UploadListing {
  readonly uploads: readonly UploadInfo[];
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  readonly nextKey?: string;
  readonly nextUploadId?: string;
}
export interface CompletePart {
  readonly number: number;
  readonly etag: string;
  readonly checksums?: ReadonlyMap<string, string>;
}

export interface ObjectStore {
  makeBucket(bucket: string, options: { readonly versioning?: Versioning; readonly objectLock?: boolean }): Promise<void>;
  listBuckets(): Promise<BucketInfo[]>;
  /** Throws bucket-not-found. */
  bucketSettings(bucket: string): Promise<BucketSettings>;
  /** Replaces documents of `.metadata.bin` (an empty one unsets it). */
  updateBucket(bucket: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void>;
  deleteBucket(bucket: string, options: { readonly force: boolean }): Promise<void>;

  put(bucket: string, key: string, body: Body, options: PutOptions): Promise<ObjectInfo>;
  /** Throws object-not-found, version-not-found, or delete-marker (with versionId and mod time in its details). */
  stat(bucket: string, key: string, options: { readonly versionId?: string }): Promise<ObjectInfo>;
  open(bucket: string, key: string, options: { readonly versionId?: string; readonly signal?: AbortSignal }): Promise<OpenedObject>;
  /** Replaces a version's metadata without touching its data (a copy onto itself, tags). */
  updateMetadata(
    bucket: string,
    key: string,
    options: { readonly versionId?: string },
    change: (current: ObjectInfo) => Pick<ObjectVersion, 'metaUser' | 'metaSys'> & { readonly modTimeNs?: bigint },
  ): Promise<ObjectInfo>;
  delete(bucket: string, key: string, options: DeleteOptions): Promise<DeleteResult>;

  list(bucket: string, options: ListOptions): Promise<ObjectListing>;
  listVersions(bucket: string, options: ListOptions & { readonly afterVersionId?: string }): Promise<VersionListing>;

  createUpload(bucket: string, key: string, options: Pick<PutOptions, 'versioning' | 'metaUser' | 'metaSys' | 'storageClass'>): Promise<UploadInfo>;
  uploadInfo(bucket: string, key: string, uploadId: string): Promise<UploadInfo>;
  putPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: Body,
    options: { readonly judge: JudgeBody; readonly signal?: AbortSignal },
  ): Promise<PartInfo>;
  listParts(bucket: string, key: string, uploadId: string): Promise<{ readonly upload: UploadInfo; readonly parts: readonly PartInfo[] }>;
  listUploads(bucket: string, options: ListOptions & { readonly afterUploadId?: string }): Promise<UploadListing>;
  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly CompletePart[],
    options: {
      readonly precondition?: PutOptions['precondition'];
      /** Given the chosen parts, in order: the final etag and metadata (checksum record). */
      readonly judge: (parts: readonly PartInfo[], upload: UploadInfo) => BodyVerdict;
    },
  ): Promise<ObjectInfo>;
  /** The current version, where it is what this upload became; throws upload-not-found. */
  completedUpload(bucket: string, key: string, uploadId: string): Promise<ObjectInfo>;
  abortUpload(bucket: string, key: string, uploadId: string): Promise<void>;
}
