/** The ETag of an encrypted object as clients see it. */
import { StorageError } from '../base/index.js';
import { findName } from '../format/index.js';
import type { StoredObject } from './facts.js';
import { encryptionKind, openObjectKey, openValue, type ContentKeys, type ObjectName } from './object-key.js';

/** A sealed MD5 has 96 digits. */
const DIGITS = 32;

/**
 * The ETag of an object or a part. Of SSE-S3 it is the MD5, which is kept sealed; of other kinds, and where there is no key, the last digits
 * of what is kept. Uploads in parts keep theirs open. Never throws for a key that is missing or wrong.
 */
export function clientEtag(stored: Pick<StoredObject, 'metaSys' | 'metaUser'>, name: ObjectName, keys: ContentKeys): string {
  const kept = findName(stored.metaUser, 'etag') ?? '';
  if (kept.length <= DIGITS || kept.includes('-')) return kept;
  if (encryptionKind(stored.metaSys) === 'SSE-S3') {
    try {
      const objectKey = openObjectKey('SSE-S3', stored.metaSys, name, keys);
      return Buffer.from(openValue(objectKey, 'SSE-etag', Buffer.from(kept, 'hex'))).toString('hex');
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
  return kept.slice(-DIGITS);
}
