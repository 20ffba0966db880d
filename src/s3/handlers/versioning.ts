/** GetBucketVersioning and PutBucketVersioning. */
import { readDocument } from '../document-body.js';
import { S3Error } from '../errors.js';
import type { Handler } from '../request.js';
import { child, childText, malformed, parseRoot } from '../xml/reader.js';
import { element, xmlDocument } from '../xml/writer.js';

/** The member of `.metadata.bin` that keeps the document. */
const VERSIONING = 'VersioningConfigXML';

export const getBucketVersioning: Handler = async (room, request) => {
  const { documents, versioning } = await room.store.bucketSettings(request.bucket);
  const stored = documents.get(VERSIONING);
  const status = { unversioned: undefined, enabled: 'Enabled', suspended: 'Suspended' }[versioning];
  const body = stored && stored.length > 0 ? stored : xmlDocument('VersioningConfiguration', element('Status', status));
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body };
};

export const putBucketVersioning: Handler = async (room, request) => {
  const root = parseRoot(await readDocument(request), 'VersioningConfiguration');
  const status = childText(root, 'Status')?.trim();
  if (status !== 'Enabled' && status !== 'Suspended') throw malformed('Status must be Enabled or Suspended.');
  if (childText(root, 'MFADelete')?.trim() === 'Enabled' || childText(root, 'MfaDelete')?.trim() === 'Enabled') {
    throw new S3Error('NotImplemented', 'MFA delete is not implemented.');
  }
  if (child(root, 'ExcludedPrefixes') || childText(root, 'ExcludeFolders')?.trim() === 'true') {
    throw new S3Error('NotImplemented', 'Leaving prefixes or folders out of versioning is not implemented.');
  }
  const { objectLockEnabled } = await room.store.bucketSettings(request.bucket);
  if (objectLockEnabled && status === 'Suspended') {
    throw new S3Error('InvalidBucketState', 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.');
  }
  const document = xmlDocument('VersioningConfiguration', element('Status', status));
  await room.store.updateBucket(request.bucket, new Map([[VERSIONING, Buffer.from(document)]]));
  return { status: 200 };
};
