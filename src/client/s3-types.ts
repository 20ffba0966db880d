/** The values that S3 operations take and give. Field names are ours; the wire's names stay in s3.ts. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface BucketEntry {
  readonly name: string;
  readonly createdAt: Date;
}

/** One row of a listing. */
export interface ObjectEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly storageClass: string;
}

export interface VersionEntry extends ObjectEntry {
  /** `null` is the null version's id. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

export interface UploadEntry {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

export interface PartEntry {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAt: Date;
}

export interface ListOptions {
  readonly prefix?: string | undefined;
  /** `/` groups keys by folder; left out, all keys come. */
  readonly delimiter?: string | undefined;
  readonly maxKeys?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One page. `next` continues it, undefined at the end. */
export interface Page<T, Marker> {
  readonly entries: readonly T[];
  /** Common prefixes, each ending in the delimiter. */
  readonly prefixes: readonly string[];
  readonly next: Marker | undefined;
}

export interface VersionMarker {
  readonly keyMarker: string;
  readonly versionIdMarker: string;
}

export interface UploadMarker {
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
}

/** Facts of one version, as its headers tell them. */
export interface ObjectHead {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly versionId: string | undefined;
  readonly isDeleteMarker: boolean;
  readonly storageClass: string;
  readonly contentType: string;
  /** Everything, for what is asked seldom: checksums, encryption, lock, replication, `x-amz-meta-*`. */
  readonly headers: IncomingHttpHeaders;
}

export interface ObjectBody extends ObjectHead {
  /** The bytes asked for; read it to its end or destroy it. `content-length` in `headers` is its length. */
  readonly body: IncomingMessage;
}

export interface VersionChoice {
  readonly versionId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Extra request headers, lower case: conditions, SSE-C keys, `x-amz-checksum-mode`. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface GetOptions extends VersionChoice {
  /** First and last byte, both included; the last may be left out. A negative first byte asks for that many last bytes. */
  readonly range?: { readonly first: number; readonly last?: number } | undefined;
  readonly partNumber?: number | undefined;
}

export interface WriteOptions {
  /** Lower-case names: content type, `x-amz-meta-*`, tagging, storage class, checksums, conditions. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The id that the new version is to have: MinIO takes it from administrators. */
  readonly versionId?: string | undefined;
}

/** What a write answers. */
export interface Written {
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface CompletedPart {
  readonly partNumber: number;
  readonly etag: string;
  /** e.g. `{ChecksumCRC32C: 'base64'}` where parts were sent with checksums. */
  readonly checksum?: Readonly<Record<string, string>> | undefined;
}

export interface DeleteItem {
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface DeleteOutcome {
  readonly key: string;
  readonly versionId: string | undefined;
  /** True where a delete marker was made or removed; `deleteMarkerVersionId` is its id. */
  readonly isDeleteMarker: boolean;
  readonly deleteMarkerVersionId: string | undefined;
  /** Set where the server refused this item. */
  readonly error?: { readonly code: string; readonly message: string };
}
