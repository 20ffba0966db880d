/**
 * Bucket names as MinIO takes them (S3: "Bucket naming rules"; older servers were laxer, so existing buckets are read by
 * the lax rule and new ones made by the strict one).
 */
import { StorageError } from '../base/index.js';

const STRICT = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LAX = /^[A-Za-z0-9][A-Za-z0-9._:-]{1,61}[A-Za-z0-9]$/;
const IP_ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;
/** Names that paths of the server itself use. */
const RESERVED = new Set(['minio', '.minio.sys']);

/** True for a folder in a drive's root that can be a bucket. */
export function isBucketName(name: string): boolean {
  return LAX.test(name) && !name.includes('..') && !name.includes('.-') && !name.includes('-.') && !IP_ADDRESS.test(name);
}

/** Throws bucket-name-invalid for a name that a new bucket may not have. */
export function checkNewBucketName(name: string): void {
  const isFine = STRICT.test(name) && isBucketName(name) && !RESERVED.has(name);
  if (!isFine) {
    throw new StorageError(
      'bucket-name-invalid',
      `A bucket name has 3 to 63 lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit: ${name}`,
      { bucket: name },
    );
  }
}
