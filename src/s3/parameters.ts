/** Query parameters and bucket or key names, checked and typed. */
import { KEY_BYTES_MAX, LIST_KEYS_MAX, NAME_BYTES_MAX, PART_NUMBER_MAX } from '../base/index.js';
import { S3Error } from './errors.js';
import type { Query } from './query.js';

/** @throws S3Error InvalidArgument */
export function integerParameter(query: Query, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 2_147_483_647)) {
    throw new S3Error('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647.`, {
      fields: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return value;
}

/** How many entries a listing may have: as asked, at most 1,000. */
export function listLimit(query: Query, name: string): number {
  return Math.min(integerParameter(query, name, LIST_KEYS_MAX), LIST_KEYS_MAX);
}

/** 1 to 10,000. @throws S3Error InvalidArgument */
export function partNumber(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > PART_NUMBER_MAX) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive.`, {
      fields: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  }
  return value;
}

/** Whether listings are to come percent-encoded. @throws S3Error InvalidArgument */
export function wantsUrlEncoding(query: Query): boolean {
  const encoding = query.get('encoding-type');
  if (encoding === undefined || encoding === '') return false;
  if (encoding.toLowerCase() !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request.');
  return true;
}

/** The version asked for: undefined means the latest. */
export function versionParameter(query: Query): string | undefined {
  const versionId = query.get('versionId');
  if (versionId === '') throw new S3Error('InvalidArgument', 'Version id cannot be the empty string.');
  return versionId;
}

/** Slashes at the start of a key do not count, as with MinIO: `/bucket//a` is the object `a`. */
export function trimKey(key: string): string {
  return key.startsWith('/') ? key.replace(/^\/+/, '') : key;
}

/** The same for a prefix; slashes alone stay, and match nothing. */
export function prefixParameter(query: Query): string {
  const prefix = query.get('prefix') ?? '';
  return trimKey(prefix) || prefix;
}

/**
 * Refuses keys that no drive could hold or that would leave their bucket, as MinIO does.
 *
 * @throws S3Error XMinioInvalidObjectName, KeyTooLongError
 */
export function checkKey(key: string): void {
  const bytes = key.length > KEY_BYTES_MAX ? key.length : Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX) {
    throw new S3Error('KeyTooLongError', undefined, { fields: { Size: String(bytes), MaxSizeAllowed: String(KEY_BYTES_MAX) } });
  }
  if (key === '' || key.includes('//') || key.includes('\0')) throw new S3Error('XMinioInvalidObjectName');
  if (bytes <= NAME_BYTES_MAX && !key.includes('.')) return;
  for (const name of key.split('/')) {
    const trimmed = name.trim();
    if (trimmed === '.' || trimmed === '..') throw new S3Error('XMinioInvalidObjectName');
    if (name.length > NAME_BYTES_MAX || Buffer.byteLength(name) > NAME_BYTES_MAX) throw new S3Error('KeyTooLongError');
  }
}

/** Names that this server and MinIO keep for themselves. */
const RESERVED_BUCKETS = new Set(['minio', '.minio.sys']);

/** Refuses names that can be no bucket; the store has the last word on new ones. @throws S3Error InvalidBucketName */
export function checkBucketName(bucket: string): void {
  if (RESERVED_BUCKETS.has(bucket) || !/^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/.test(bucket) || bucket.includes('..')) {
    throw new S3Error('InvalidBucketName', undefined, { fields: { BucketName: bucket } });
  }
}
