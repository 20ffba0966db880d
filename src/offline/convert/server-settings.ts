/** Buckets and their settings on a server: what its S3 API takes. What it refuses is told, not fatal. */
import { createHash } from 'node:crypto';
import { isS3Error, S3Error, type S3 } from '../../client/index.js';
import type { BucketSettings } from '../../store/index.js';
import type { SettingNote } from './target.js';

/** By the name in `.metadata.bin`: the sub-resource that takes the document. */
const RESOURCES: Readonly<Record<string, string>> = {
  PolicyConfigJSON: 'policy',
  LifecycleConfigXML: 'lifecycle',
  TaggingConfigXML: 'tagging',
  EncryptionConfigXML: 'encryption',
  NotificationConfigXML: 'notification',
  ObjectLockConfigXML: 'object-lock',
};
/** Told to the server otherwise. */
const SET_ELSEWHERE = new Set(['VersioningConfigXML']);

export async function makeBucket(s3: S3, bucket: string, settings: BucketSettings): Promise<void> {
  try {
    await s3.createBucket(bucket, { withLock: settings.objectLockEnabled });
  } catch (error) {
    if (!isS3Error(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) throw error;
  }
  // Also where it is suspended: versions can be made only while it is not.
  if (settings.versioning !== 'unversioned') await s3.setVersioning(bucket, 'Enabled');
}

export async function bringSettings(s3: S3, bucket: string, settings: BucketSettings): Promise<SettingNote[]> {
  const notes: SettingNote[] = [];
  for (const [document, bytes] of settings.documents) {
    if (bytes.length === 0 || SET_ELSEWHERE.has(document)) continue;
    const resource = RESOURCES[document];
    const reason = resource === undefined ? 'S3 has no call that takes it' : await bring(s3, bucket, resource, bytes);
    if (reason !== undefined) notes.push({ bucket, document, reason });
  }
  return notes;
}

/** Why it was refused. */
async function bring(s3: S3, bucket: string, resource: string, bytes: Uint8Array): Promise<string | undefined> {
  try {
    const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') };
    const { body } = await s3.request({ method: 'PUT', bucket, query: { [resource]: '' }, headers, body: bytes });
    body.resume();
    return undefined;
  } catch (error) {
    if (error instanceof S3Error) return error.message;
    throw error;
  }
}
