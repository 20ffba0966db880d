/**
 * Every S3 operation as a row: at which level (service, bucket, object), with which method and which query parameters or
 * header it is meant. The first row that fits is taken, so special ones stand above general ones.
 */

export type Level = 'service' | 'bucket' | 'object';

interface Row {
  readonly level: Level;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Parameters that must be there, with whatever value. */
  readonly query?: readonly string[];
  /** A parameter that must have this value. */
  readonly equals?: readonly [name: string, value: string];
  /** A header that must be there. */
  readonly header?: string;
  readonly operation: string;
}

const table = [
  { level: 'service', method: 'GET', operation: 'ListBuckets' },

  { level: 'object', method: 'HEAD', operation: 'HeadObject' },
  { level: 'object', method: 'GET', query: ['attributes'], operation: 'GetObjectAttributes' },
  { level: 'object', method: 'PUT', query: ['partNumber', 'uploadId'], header: 'x-amz-copy-source', operation: 'UploadPartCopy' },
  { level: 'object', method: 'PUT', query: ['partNumber', 'uploadId'], operation: 'UploadPart' },
  { level: 'object', method: 'GET', query: ['uploadId'], operation: 'ListParts' },
  { level: 'object', method: 'POST', query: ['uploadId'], operation: 'CompleteMultipartUpload' },
  { level: 'object', method: 'POST', query: ['uploads'], operation: 'CreateMultipartUpload' },
  { level: 'object', method: 'DELETE', query: ['uploadId'], operation: 'AbortMultipartUpload' },
  { level: 'object', method: 'GET', query: ['acl'], operation: 'GetObjectAcl' },
  { level: 'object', method: 'PUT', query: ['acl'], operation: 'PutObjectAcl' },
  { level: 'object', method: 'GET', query: ['tagging'], operation: 'GetObjectTagging' },
  { level: 'object', method: 'PUT', query: ['tagging'], operation: 'PutObjectTagging' },
  { level: 'object', method: 'DELETE', query: ['tagging'], operation: 'DeleteObjectTagging' },
  { level: 'object', method: 'GET', query: ['retention'], operation: 'GetObjectRetention' },
  { level: 'object', method: 'GET', query: ['legal-hold'], operation: 'GetObjectLegalHold' },
  { level: 'object', method: 'PUT', header: 'x-amz-copy-source', operation: 'CopyObject' },
  { level: 'object', method: 'GET', operation: 'GetObject' },
  { level: 'object', method: 'PUT', operation: 'PutObject' },
  { level: 'object', method: 'DELETE', operation: 'DeleteObject' },

  { level: 'bucket', method: 'GET', query: ['location'], operation: 'GetBucketLocation' },
  { level: 'bucket', method: 'GET', query: ['policy'], operation: 'GetBucketPolicy' },
  { level: 'bucket', method: 'GET', query: ['lifecycle'], operation: 'GetBucketLifecycle' },
  { level: 'bucket', method: 'GET', query: ['encryption'], operation: 'GetBucketEncryption' },
  { level: 'bucket', method: 'GET', query: ['object-lock'], operation: 'GetObjectLockConfiguration' },
  { level: 'bucket', method: 'GET', query: ['replication'], operation: 'GetBucketReplication' },
  { level: 'bucket', method: 'GET', query: ['versioning'], operation: 'GetBucketVersioning' },
  { level: 'bucket', method: 'PUT', query: ['versioning'], operation: 'PutBucketVersioning' },
  { level: 'bucket', method: 'GET', query: ['notification'], operation: 'GetBucketNotification' },
  { level: 'bucket', method: 'GET', query: ['acl'], operation: 'GetBucketAcl' },
  { level: 'bucket', method: 'PUT', query: ['acl'], operation: 'PutBucketAcl' },
  { level: 'bucket', method: 'GET', query: ['cors'], operation: 'GetBucketCors' },
  { level: 'bucket', method: 'GET', query: ['ownershipControls'], operation: 'GetBucketOwnershipControls' },
  { level: 'bucket', method: 'GET', query: ['publicAccessBlock'], operation: 'GetPublicAccessBlock' },
  { level: 'bucket', method: 'GET', query: ['website'], operation: 'GetBucketWebsite' },
  { level: 'bucket', method: 'GET', query: ['accelerate'], operation: 'GetBucketAccelerate' },
  { level: 'bucket', method: 'GET', query: ['requestPayment'], operation: 'GetBucketRequestPayment' },
  { level: 'bucket', method: 'GET', query: ['logging'], operation: 'GetBucketLogging' },
  { level: 'bucket', method: 'GET', query: ['tagging'], operation: 'GetBucketTagging' },
  { level: 'bucket', method: 'PUT', query: ['tagging'], operation: 'PutBucketTagging' },
  { level: 'bucket', method: 'DELETE', query: ['tagging'], operation: 'DeleteBucketTagging' },
  { level: 'bucket', method: 'GET', query: ['uploads'], operation: 'ListMultipartUploads' },
  { level: 'bucket', method: 'GET', query: ['versions'], operation: 'ListObjectVersions' },
  { level: 'bucket', method: 'GET', equals: ['list-type', '2'], operation: 'ListObjectsV2' },
  { level: 'bucket', method: 'GET', operation: 'ListObjects' },
  { level: 'bucket', method: 'HEAD', operation: 'HeadBucket' },
  { level: 'bucket', method: 'POST', query: ['delete'], operation: 'DeleteObjects' },
  { level: 'bucket', method: 'PUT', operation: 'CreateBucket' },
  { level: 'bucket', method: 'DELETE', operation: 'DeleteBucket' },
] as const satisfies readonly Row[];

export type OperationName = (typeof table)[number]['operation'];

export const operations: readonly (Row & { readonly operation: OperationName })[] = table;

/**
 * Sub-resources that no row above serves for some method. A request that names one must not fall through to the general
 * row: `PUT /bucket?policy` is no CreateBucket, `DELETE /bucket?lifecycle` no DeleteBucket.
 */
export const SUBRESOURCES: Readonly<Record<Level, ReadonlySet<string>>> = {
  service: new Set(),
  bucket: new Set([
    'accelerate', 'acl', 'analytics', 'cors', 'encryption', 'events', 'intelligent-tiering', 'inventory', 'lifecycle', 'location', 'logging',
    'metadataConfiguration', 'metadataTable', 'metrics', 'notification', 'object-lock', 'ownershipControls', 'policy', 'policyStatus',
    'publicAccessBlock', 'replication', 'replication-check', 'replication-metrics', 'replication-reset', 'replication-reset-status',
    'requestPayment', 'session', 'tagging', 'versioning', 'website',
  ]),
  object: new Set(['acl', 'lambdaArn', 'legal-hold', 'renameObject', 'restore', 'retention', 'select', 'tagging', 'torrent', 'append']),
}; // prettier-ignore
