/** DeleteObject and DeleteObjects. */
import { createHash } from 'node:crypto';
import { isStorageError, LIST_KEYS_MAX, StorageError } from '../../base/index.js';
import type { DeleteResult, VersionInfo, Versioning } from '../../store/index.js';
import { NULL_VERSION_ID } from '../../format/index.js';
import { presentedVersion } from '../presented.js';
import { checkDelete, headerDeleteConditions, isConditional, stripEtag, type DeleteConditions } from '../conditions.js';
import { S3Error, toS3Error } from '../errors.js';
import { metaValue } from '../metadata.js';
import { checkKey, trimKey, versionParameter } from '../parameters.js';
import { header, type Handler, type Room, type S3Request } from '../request.js';
import { contentMd5 } from '../upload-body.js';
import { verifyDocument } from '../document-body.js';
import { child, childText, malformed, parseRoot, type XmlElement } from '../xml/reader.js';
import { element, wrap, xmlDocument } from '../xml/writer.js';

/** 1,000 keys of 1,024 bytes, escaped, with ids and elements around them. */
const DELETE_DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;
/** Deletions of one request that are under way together. */
const CONCURRENT_DELETES = 16;

interface Target {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly conditions: DeleteConditions;
}

export const deleteObject: Handler = async (room, request) => {
  if (header(request, 'x-minio-force-delete') === 'true') throw new S3Error('NotImplemented', 'Deleting everything below a prefix at once is not implemented.');
  const target = { key: request.key, versionId: versionParameter(request.query), conditions: headerDeleteConditions(request) };
  const { versioning } = await room.store.bucketSettings(request.bucket);
  const result = await deleteOne(room, request.bucket, target, versioning);
  return {
    status: 204,
    headers: {
      ...(result.isDeleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
      ...(shownVersion(result, target, versioning) === undefined ? {} : { 'x-amz-version-id': shownVersion(result, target, versioning) ?? '' }),
    },
  };
};

export const deleteObjects: Handler = async (room, request) => {
  const bytes = await request.body.readAll(DELETE_DOCUMENT_BYTES_MAX);
  verifyIntegrity(request, bytes);
  const { targets, isQuiet } = parseDelete(bytes);
  const { versioning } = await room.store.bucketSettings(request.bucket);
  const results: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      const target = targets[index];
      if (target) results[index] = await resultElement(room, request.bucket, target, versioning, isQuiet);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_DELETES }, work));
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: xmlDocument('DeleteResult', results.join('')) };
};

async function resultElement(room: Room, bucket: string, target: Target, versioning: Versioning, isQuiet: boolean): Promise<string> {
  try {
    const result = await deleteOne(room, bucket, target, versioning);
    if (isQuiet) return '';
    const marker = result.isDeleteMarker ? element('DeleteMarker', true) + element('DeleteMarkerVersionId', result.versionId) : '';
    return wrap('Deleted', element('Key', target.key) + element('VersionId', target.versionId) + marker);
  } catch (error) {
    const { code, message } = toS3Error(error);
    return wrap('Error', element('Key', target.key) + element('VersionId', target.versionId) + element('Code', code) + element('Message', message));
  }
}

/** Deleting what is not there succeeds. */
async function deleteOne(room: Room, bucket: string, target: Target, versioning: Versioning): Promise<DeleteResult> {
  checkKey(target.key);
  try {
    return await room.store.delete(bucket, target.key, {
      ...(target.versionId === undefined ? {} : { versionId: target.versionId }),
      versioning,
      precondition: (current) => {
        checkDelete(target.conditions, current && presentedVersion(room, bucket, current));
        // No marker for a key that never was where the client named what it wants to delete.
        if (!current && isConditional(target.conditions)) throw new StorageError('object-not-found', 'There is nothing to delete', { bucket, key: target.key });
        if (target.versionId !== undefined) refuseLocked(current, room.clock.now());
      },
    });
  } catch (error) {
    if (!isStorageError(error, 'object-not-found', 'version-not-found', 'delete-marker')) throw error;
    return { isDeleteMarker: false, ...(target.versionId === undefined ? {} : { versionId: target.versionId }) };
  }
}

/** Versions under legal hold or retention, as a real MinIO may have left them, stay. @throws S3Error AccessDenied */
function refuseLocked(version: VersionInfo | undefined, nowMs: number): void {
  if (version?.kind !== 'object') return;
  const retainUntil = Date.parse(metaValue(version, 'x-amz-object-lock-retain-until-date') ?? '');
  if (metaValue(version, 'x-amz-object-lock-legal-hold')?.toUpperCase() === 'ON' || retainUntil > nowMs) {
    throw new S3Error('AccessDenied', 'The version is protected by object lock and cannot be deleted.');
  }
}

function shownVersion(result: DeleteResult, target: Target, versioning: Versioning): string | undefined {
  if (target.versionId !== undefined) return target.versionId;
  if (versioning === 'unversioned' || !result.isDeleteMarker) return undefined;
  return result.versionId ?? NULL_VERSION_ID;
}

function verifyIntegrity(request: S3Request, bytes: Buffer): void {
  const md5 = contentMd5(request);
  const hasChecksum = verifyDocument(request, bytes);
  if (md5 === undefined && !hasChecksum) throw new S3Error('MissingContentMD5');
  if (md5 !== undefined && createHash('md5').update(bytes).digest('base64') !== md5) throw new S3Error('BadDigest');
}

function parseDelete(bytes: Buffer): { targets: Target[]; isQuiet: boolean } {
  const root = parseRoot(bytes, 'Delete');
  const entries = root.children.filter((entry) => entry.name === 'Object');
  if (entries.length === 0 || entries.length > LIST_KEYS_MAX) throw malformed(`It must name 1 to ${LIST_KEYS_MAX} objects.`);
  return { targets: entries.map(parseTarget), isQuiet: childText(root, 'Quiet')?.trim().toLowerCase() === 'true' };
}

function parseTarget(entry: XmlElement): Target {
  const key = childText(entry, 'Key');
  if (key === undefined || key === '') throw malformed('An object lacks its key.');
  const modified = childText(entry, 'LastModifiedTime');
  const size = childText(entry, 'Size');
  const etag = child(entry, 'ETag')?.text;
  const modTimeMs = modified === undefined ? undefined : Date.parse(modified);
  return {
    key: trimKey(key),
    versionId: childText(entry, 'VersionId') || undefined,
    conditions: { etag: etag === undefined ? undefined : stripEtag(etag), modTimeMs, size: size === undefined ? undefined : Number(size) },
  };
}
