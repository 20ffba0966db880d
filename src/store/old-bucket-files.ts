/**
 * Bucket settings as releases before 2020-05 kept them: a system object for each document, in `.minio.sys/buckets/<bucket>/`. They are
 * read into today's settings wherever a bucket has no `.metadata.bin` (or one without a creation time, which a release of 2020
 * began), and written into one with the bucket's next change.
 */
import { isStorageError } from '../base/index.js';
import { ZERO_TIME_NS, type BucketDocument, type BucketDocumentName, type BucketMetadata } from '../format/index.js';

/** A system object with its time of writing; undefined where there is none. */
export type ReadSystemObject = (path: string) => Promise<{ readonly bytes: Uint8Array; readonly modTimeNs: bigint } | undefined>;

const FILES: readonly (readonly [file: string, document: BucketDocumentName])[] = [
  ['policy.json', 'PolicyConfigJSON'],
  ['notification.xml', 'NotificationConfigXML'],
  ['lifecycle.xml', 'LifecycleConfigXML'],
  ['object-lock.xml', 'ObjectLockConfigXML'],
  ['bucket-encryption.xml', 'EncryptionConfigXML'],
  ['tagging.xml', 'TaggingConfigXML'],
  ['quota.json', 'QuotaConfigJSON'],
  ['replication.xml', 'ReplicationConfigXML'],
  ['bucket-targets.json', 'BucketTargetsConfigJSON'],
];
const LOCK_FILE = 'object-lock-enabled.json';
const LOCK_XML = '<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>';
const VERSIONING_XML = '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';

/** The settings with what the old files say of documents that they do not have; undefined where there are neither. Throws read-quorum. */
export async function withOldFiles(bucket: string, metadata: BucketMetadata | undefined, read: ReadSystemObject): Promise<BucketMetadata | undefined> {
  if (metadata !== undefined && metadata.createdNs !== ZERO_TIME_NS) return metadata;
  const documents = new Map<BucketDocumentName, BucketDocument>(metadata?.documents);
  let createdNs = ZERO_TIME_NS;
  const look = async (file: string): Promise<Uint8Array | undefined> => {
    const found = await read(`buckets/${bucket}/${file}`);
    if (found !== undefined && (createdNs === ZERO_TIME_NS || found.modTimeNs < createdNs)) createdNs = found.modTimeNs;
    return found?.bytes;
  };
  const set = (name: BucketDocumentName, bytes: Uint8Array): void => {
    if (!documents.has(name)) documents.set(name, { bytes, updatedNs: ZERO_TIME_NS });
  };
  for (const [file, name] of FILES) {
    const bytes = await look(file);
    if (bytes !== undefined && bytes.length > 0) set(name, bytes);
  }
  const isLocked = (await look(LOCK_FILE)) !== undefined || documents.has('ObjectLockConfigXML');
  if (isLocked) {
    set('ObjectLockConfigXML', Buffer.from(LOCK_XML));
    set('VersioningConfigXML', Buffer.from(VERSIONING_XML));
  }
  if (metadata === undefined && documents.size === 0) return undefined;
  return { name: bucket, isLockEnabled: false, ...metadata, createdNs, documents };
}

/** As ReadSystemObject, of a read that throws where there is no such object. */
export async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isStorageError(error, 'object-not-found', 'delete-marker')) return undefined;
    throw error;
  }
}
