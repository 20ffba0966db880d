/**
 * The one error family below the doors. A door (S3, admin, command line) turns a code into its own words with one table;
 * nobody else builds messages for people from an error.
 */

/** What one drive can answer. Seen only by `drive`, `cluster` and `store`. */
const DRIVE_ERROR_CODES = [
  'drive-not-found',
  'drive-unformatted',
  'drive-foreign',
  'drive-full',
  'drive-read-only',
  'drive-faulty',
  'drive-timeout',
  'volume-not-found',
  'volume-exists',
  'volume-not-empty',
  'file-not-found',
  'file-exists',
  'file-access-denied',
  'file-name-invalid',
  'frame-corrupt',
  'metadata-corrupt',
] as const;
export type DriveErrorCode = (typeof DRIVE_ERROR_CODES)[number];

/** What the store answers, all that leaves it. */
const OBJECT_ERROR_CODES = [
  'bucket-not-found',
  'bucket-exists',
  'bucket-not-empty',
  'bucket-name-invalid',
  'object-name-invalid',
  'object-name-too-long',
  'object-not-found',
  'version-not-found',
  'version-id-invalid',
  'delete-marker',
  'upload-not-found',
  'part-invalid',
  'part-order-invalid',
  'part-too-small',
  'part-number-invalid',
  'precondition-failed',
  'range-invalid',
  'size-mismatch',
  'checksum-mismatch',
  'read-quorum',
  'kms-key-missing',
  'customer-key-missing',
  'customer-key-needless',
  'key-wrong',
  'content-unknown',
  'content-corrupt',
  'write-quorum',
  'storage-full',
  'store-read-only',
  'not-initialized',
  'timed-out',
  'aborted',
] as const;
export type ObjectErrorCode = (typeof OBJECT_ERROR_CODES)[number];

export type StorageErrorCode = DriveErrorCode | ObjectErrorCode;
/** Every code, for who reads one from elsewhere. */
export const STORAGE_ERROR_CODES: readonly StorageErrorCode[] = [...DRIVE_ERROR_CODES, ...OBJECT_ERROR_CODES];

export interface StorageErrorDetails {
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  readonly uploadId?: string | undefined;
  readonly partNumber?: number | undefined;
  /** When the delete marker was written that stands where an object was asked for. */
  readonly modTimeNs?: bigint | undefined;
  /** The drive as people know it: its path or URL. */
  readonly drive?: string | undefined;
  /** What lies below: one error, or each drive's own where a quorum failed. */
  readonly cause?: unknown;
}

/** An expected failure. `message` is a sentence for people; `code` decides what every door does with it. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  readonly uploadId?: string | undefined;
  readonly partNumber?: number | undefined;
  readonly modTimeNs?: bigint | undefined;
  readonly drive?: string | undefined;

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    details: StorageErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const { bucket, key, versionId, uploadId, partNumber, modTimeNs, drive } = details;
    Object.assign(this, { bucket, key, versionId, uploadId, partNumber, modTimeNs, drive });
  }
}

/** True for a StorageError, and if codes are given, for one with one of them. */
export function isStorageError(error: unknown, ...codes: readonly StorageErrorCode[]): error is StorageError {
  return error instanceof StorageError && (codes.length === 0 || codes.includes(error.code));
}

/** What a person did wrong on the command line, or a start-up that cannot work: the message says what, the hint what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** States what must be true; a failure is a bug of ours, never of the input. */
export function assert(claim: unknown, sentence: string): asserts claim {
  if (!claim) throw new Error(`assertion failed: ${sentence}`);
}
