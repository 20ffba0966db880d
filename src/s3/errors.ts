/**
 * THE table of S3 errors: what each code means as an HTTP status and in words, and which code each storage error becomes.
 * Both are typed so that a code without a row does not compile. Codes and statuses are those of Amazon's "Error responses";
 * the XMinio ones are those that MinIO clients know.
 */
import { StorageError, type StorageErrorCode } from '../base/index.js';

interface Row {
  readonly status: number;
  readonly message: string;
}

const rows = {
  AccessDenied: { status: 403, message: 'Access Denied.' },
  AuthorizationHeaderMalformed: { status: 400, message: 'The authorization header that you provided is not valid.' },
  AuthorizationQueryParametersError: { status: 400, message: 'The authorization query parameters that you provided are not valid.' },
  BadDigest: { status: 400, message: 'The Content-MD5 or checksum value that you specified did not match what the server received.' },
  BadRequest: { status: 400, message: 'The request is not valid.' },
  BucketAlreadyExists: { status: 409, message: 'The requested bucket name is not available. Choose another name and try again.' },
  BucketAlreadyOwnedByYou: { status: 409, message: 'The bucket that you tried to create already exists, and you own it.' },
  BucketNotEmpty: { status: 409, message: 'The bucket that you tried to delete is not empty.' },
  EntityTooLarge: { status: 400, message: 'Your proposed upload exceeds the maximum allowed object size.' },
  EntityTooSmall: { status: 400, message: 'Your proposed upload is smaller than the minimum allowed object size.' },
  IncompleteBody: { status: 400, message: 'You did not provide the number of bytes specified by the Content-Length HTTP header.' },
  InternalError: { status: 500, message: 'An internal error occurred. Try again.' },
  InvalidAccessKeyId: { status: 403, message: 'The access key ID that you provided does not exist in our records.' },
  InvalidArgument: { status: 400, message: 'Invalid argument.' },
  InvalidBucketName: { status: 400, message: 'The specified bucket is not valid.' },
  InvalidBucketState: { status: 409, message: 'The request is not valid for the current state of the bucket.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 or checksum value that you specified is not valid.' },
  InvalidLocationConstraint: { status: 400, message: 'The specified location (Region) constraint is not valid.' },
  InvalidPart: {
    status: 400,
    message: 'One or more of the specified parts could not be found. The part might not have been uploaded, or its entity tag might not match.',
  },
  InvalidPartNumber: { status: 416, message: 'The requested part number is not satisfiable.' },
  InvalidPartOrder: { status: 400, message: 'The list of parts was not in ascending order. The parts list must be specified in order by part number.' },
  InvalidRange: { status: 416, message: 'The requested range is not satisfiable.' },
  InvalidRequest: { status: 400, message: 'The request is not valid.' },
  InvalidStorageClass: { status: 400, message: 'The storage class that you specified is not valid.' },
  InvalidTag: { status: 400, message: 'The tag provided was not a valid tag.' },
  InvalidTokenId: { status: 403, message: 'The security token included in the request is not valid.' },
  KeyTooLongError: { status: 400, message: 'Your key is too long.' },
  MalformedXML: { status: 400, message: 'The XML that you provided was not well formed or did not validate against our published schema.' },
  MetadataTooLarge: { status: 400, message: 'Your metadata headers exceed the maximum allowed metadata size.' },
  MethodNotAllowed: { status: 405, message: 'The specified method is not allowed against this resource.' },
  MissingContentLength: { status: 411, message: 'You must provide the Content-Length HTTP header.' },
  MissingContentMD5: { status: 400, message: 'This request needs a Content-MD5 or x-amz-checksum header.' },
  MissingRequestBodyError: { status: 400, message: 'You sent an empty XML document as a request.' },
  NoSuchBucket: { status: 404, message: 'The specified bucket does not exist.' },
  NoSuchBucketPolicy: { status: 404, message: 'The specified bucket does not have a bucket policy.' },
  NoSuchCORSConfiguration: { status: 404, message: 'The specified bucket does not have a CORS configuration.' },
  NoSuchKey: { status: 404, message: 'The specified key does not exist.' },
  NoSuchLifecycleConfiguration: { status: 404, message: 'The specified lifecycle configuration does not exist.' },
  NoSuchObjectLockConfiguration: { status: 404, message: 'The specified object does not have an ObjectLock configuration.' },
  NoSuchPublicAccessBlockConfiguration: { status: 404, message: 'The public access block configuration was not found.' },
  NoSuchTagSet: { status: 404, message: 'The specified tag set does not exist.' },
  NoSuchUpload: {
    status: 404,
    message: 'The specified multipart upload does not exist. The upload ID might be invalid, or the upload might have been aborted or completed.',
  },
  NoSuchVersion: { status: 404, message: 'The version ID specified in the request does not match an existing version.' },
  NoSuchWebsiteConfiguration: { status: 404, message: 'The specified bucket does not have a website configuration.' },
  NotImplemented: { status: 501, message: 'A header or query that you provided implies functionality that is not implemented.' },
  ObjectLockConfigurationNotFoundError: { status: 404, message: 'The Object Lock configuration does not exist for this bucket.' },
  OwnershipControlsNotFoundError: { status: 404, message: 'The bucket ownership controls were not found.' },
  PreconditionFailed: { status: 412, message: 'At least one of the preconditions that you specified did not hold.' },
  ReplicationConfigurationNotFoundError: { status: 404, message: 'There is no replication configuration for this bucket.' },
  RequestTimeout: { status: 400, message: 'Your socket connection to the server was not read from or written to within the timeout period.' },
  RequestTimeTooSkewed: { status: 403, message: "The difference between the request time and the server's time is too large." },
  ServerSideEncryptionConfigurationNotFoundError: { status: 404, message: 'The server-side encryption configuration was not found.' },
  ServiceUnavailable: { status: 503, message: 'Service is unable to handle the request. Try again.' },
  SignatureDoesNotMatch: {
    status: 403,
    message: 'The request signature that the server calculated does not match the signature that you provided. Check your secret key and signing method.',
  },
  SlowDownRead: { status: 503, message: 'Too few drives can be read for this resource at the moment. Try again.' },
  SlowDownWrite: { status: 503, message: 'Too few drives can be written for this resource at the moment. Try again.' },
  XAmzContentSHA256Mismatch: { status: 400, message: "The provided 'x-amz-content-sha256' header does not match what was computed." },
  XMinioInvalidObjectName: { status: 400, message: 'The object name holds characters or path components that are not supported.' },
  XMinioServerNotInitialized: { status: 503, message: 'The server is still starting. Try again.' },
  XMinioStorageFull: { status: 507, message: 'The drives have no space left for this write. Free some space and try again.' },
} satisfies Record<string, Row>;

export type S3ErrorCode = keyof typeof rows;

/** What each storage error is called in S3. Drive codes never leave the store; should one, it is an internal error. */
const storageRows: Record<StorageErrorCode, S3ErrorCode> = {
  'drive-not-found': 'InternalError',
  'drive-unformatted': 'InternalError',
  'drive-foreign': 'InternalError',
  'drive-full': 'XMinioStorageFull',
  'drive-read-only': 'InternalError',
  'drive-faulty': 'InternalError',
  'drive-timeout': 'InternalError',
  'volume-not-found': 'InternalError',
  'volume-exists': 'InternalError',
  'volume-not-empty': 'InternalError',
  'file-not-found': 'InternalError',
  'file-exists': 'InternalError',
  'file-access-denied': 'InternalError',
  'file-name-invalid': 'InternalError',
  'frame-corrupt': 'InternalError',
  'metadata-corrupt': 'InternalError',
  'bucket-not-found': 'NoSuchBucket',
  'bucket-exists': 'BucketAlreadyOwnedByYou',
  'bucket-not-empty': 'BucketNotEmpty',
  'bucket-name-invalid': 'InvalidBucketName',
  'object-name-invalid': 'XMinioInvalidObjectName',
  'object-name-too-long': 'KeyTooLongError',
  'object-not-found': 'NoSuchKey',
  'version-not-found': 'NoSuchVersion',
  'version-id-invalid': 'InvalidArgument',
  'delete-marker': 'NoSuchKey',
  'upload-not-found': 'NoSuchUpload',
  'part-invalid': 'InvalidPart',
  'part-order-invalid': 'InvalidPartOrder',
  'part-too-small': 'EntityTooSmall',
  'part-number-invalid': 'InvalidArgument',
  'precondition-failed': 'PreconditionFailed',
  'range-invalid': 'InvalidRange',
  'size-mismatch': 'IncompleteBody',
  'checksum-mismatch': 'BadDigest',
  'read-quorum': 'SlowDownRead',
  'kms-key-missing': 'NotImplemented',
  'customer-key-missing': 'InvalidRequest',
  'customer-key-needless': 'InvalidRequest',
  'key-wrong': 'AccessDenied',
  'content-unknown': 'NotImplemented',
  'content-corrupt': 'InternalError',
  'write-quorum': 'SlowDownWrite',
  'storage-full': 'XMinioStorageFull',
  'store-read-only': 'MethodNotAllowed',
  'not-initialized': 'XMinioServerNotInitialized',
  'timed-out': 'ServiceUnavailable',
  aborted: 'RequestTimeout',
};

interface S3ErrorDetails {
  /** Further elements of the error document, in order. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A failure in S3's words. Thrown by the protocol's own checks; storage errors are turned into it by `toS3Error`. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message what the client reads; the table's sentence where the code says all. */
  constructor(
    readonly code: S3ErrorCode,
    message?: string,
    details: S3ErrorDetails = {},
  ) {
    super(message ?? rows[code].message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = rows[code].status;
    this.fields = details.fields ?? {};
    this.headers = details.headers ?? {};
  }
}

/** Causes are followed this deep when looking for the S3 error that a lower room wrapped. */
const CAUSE_DEPTH_MAX = 8;

/**
 * Any failure as an S3 error. An S3Error thrown inside a body stream or a verdict comes back as it is even where a lower
 * room wrapped it; what is neither S3Error nor StorageError is a bug and becomes InternalError without a word of its own.
 */
export function toS3Error(error: unknown): S3Error {
  let cause = error;
  for (let depth = 0; depth < CAUSE_DEPTH_MAX && cause instanceof Error; depth++) {
    if (cause instanceof S3Error) return cause;
    cause = cause.cause;
  }
  if (!(error instanceof StorageError)) return new S3Error('InternalError', undefined, { cause: error });
  return new S3Error(storageRows[error.code], messageOf(error), { cause: error, fields: fieldsOf(error), headers: headersOf(error) });
}

function messageOf(error: StorageError): string | undefined {
  switch (error.code) {
    case 'version-id-invalid':
      return 'Invalid version id specified.';
    case 'part-number-invalid':
      return 'Part number must be an integer between 1 and 10000, inclusive.';
    case 'customer-key-missing':
      return 'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';
    case 'customer-key-needless':
      return 'The encryption parameters are not applicable to this object.';
    case 'store-read-only':
    case 'kms-key-missing':
    case 'content-unknown':
      return error.message;
    default:
      return undefined;
  }
}

function fieldsOf(error: StorageError): Record<string, string> {
  if (error.code === 'upload-not-found' && error.uploadId !== undefined) return { UploadId: error.uploadId };
  if ((error.code === 'part-too-small' || error.code === 'part-invalid') && error.partNumber !== undefined) {
    return { PartNumber: String(error.partNumber) };
  }
  if (error.code === 'version-not-found' && error.versionId !== undefined) return { VersionId: error.versionId };
  return {};
}

/** A delete marker in the way is told apart from a key that never was. */
export function headersOf(error: StorageError): Record<string, string> {
  if (error.code !== 'delete-marker') return {};
  return {
    'x-amz-delete-marker': 'true',
    ...(error.versionId === undefined ? {} : { 'x-amz-version-id': error.versionId }),
    ...(error.modTimeNs === undefined ? {} : { 'Last-Modified': new Date(Number(error.modTimeNs / 1_000_000n)).toUTCString() }),
  };
}
