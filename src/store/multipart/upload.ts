/**
 * An upload in progress: a folder of the object's set, `.minio.sys/multipart/<SHA-256 of bucket/key>/<name>`, whose xl.meta is
 * the object to be (without parts) and whose data dir takes the parts. Real servers use the same layout.
 */
import { StorageError } from '../../base/index.js';
import { deleteQuorum, writeQuorum, type ErasureSet } from '../../cluster/index.js';
import {
  LEGACY_DATA_DIR,
  NULL_VERSION_ID,
  SYSTEM_VOLUME,
  decodeUploadId,
  encodeUploadId,
  encodeVersion,
  isUuid,
  oldUploadsFolder,
  uploadName,
  uploadUuid,
  uploadsFolder,
  withShardIndex,
  type ObjectVersion,
} from '../../format/index.js';
import { locate, objectRef, setForWrite, setsOf, withLock, type ObjectRef, type StoreContext } from '../context.js';
import { SHORT_GRACE, gather, outcomeOf } from '../drive-lanes.js';
import { objectInfo } from '../object-info.js';
import { requireWriteQuorum, type Outcome } from '../quorum.js';
import { findVersion } from '../read-version.js';
import { shapeFor, storageClassMeta } from '../shape.js';
import { runTransaction, type DriveChange } from '../transaction.js';
import type { ObjectInfo, ObjectStore, UploadInfo } from '../types.js';

/** Internal metadata of an upload that says what it is for: the folder's name hides it. Not part of the object. */
export const UPLOAD_TARGET_KEY = 'x-minio-internal-mts-upload';

export interface Upload {
  readonly ref: ObjectRef;
  readonly set: ErasureSet;
  /** In `.minio.sys`. */
  readonly folder: string;
  /** The object as the upload's xl.meta has it: size 0, no parts. */
  readonly version: ObjectVersion;
  readonly info: UploadInfo;
}

/** Name of the lock on an upload. */
export function uploadLock(upload: Upload): string {
  return `${SYSTEM_VOLUME}/${upload.folder}`;
}

export function uploadInfoOf(key: string, uploadId: string, version: ObjectVersion): UploadInfo {
  const { metaUser, metaSys } = version;
  return { key, uploadId, initiatedMs: Number(version.modTimeNs / 1_000_000n), metaUser, metaSys };
}

/** Throws write-quorum, storage-full, and what the checks of names throw. */
export async function createUpload(
  context: StoreContext,
  bucket: string,
  key: string,
  options: Parameters<ObjectStore['createUpload']>[2],
): Promise<UploadInfo> {
  const ref = objectRef(bucket, key);
  const set = await setForWrite(context, ref, undefined);
  const { erasure, metaSys } = shapeFor(set, ref, options.storageClass);
  const modTimeNs = context.clock.nextModTimeNs();
  // One UUID for both: the object's data dir will tell which upload it came of.
  const dataDir = context.random.uuid();
  const name = uploadName(dataDir, modTimeNs);
  const version: ObjectVersion = {
    kind: 'object',
    versionId: options.versioning === 'enabled' ? context.random.uuid() : NULL_VERSION_ID,
    modTimeNs,
    size: 0,
    dataDir,
    erasure,
    parts: [],
    metaUser: new Map([...options.metaUser, ...storageClassMeta(options.storageClass)]),
    metaSys: new Map([...metaSys, ...(options.metaSys ?? []), [UPLOAD_TARGET_KEY, Buffer.from(`${bucket}/${key}`)]]),
  };
  const entry = encodeVersion(version, { shardIndex: 1 });
  // Real servers keep an empty inline entry with an upload.
  const changes = erasure.distribution.map((index): DriveChange => ({ kind: 'put', entry: withShardIndex(entry, index), inline: new Uint8Array() }));
  const folder = `${uploadsFolder(bucket, ref.path)}/${name}`;
  const quorum = writeQuorum(erasure.dataShards, erasure.parityShards);
  const request = { bucket, key, id: context.random.uuid(), drives: set.drives, volume: SYSTEM_VOLUME, path: folder };
  await runTransaction(context.lanes, { ...request, changes: () => changes, quorum, what: `Starting an upload of ${key}` }, context.log);
  return uploadInfoOf(key, encodeUploadId(context.deployment.id, name), version);
}

/** The upload, from whichever pool has it. Throws upload-not-found, read-quorum. */
export async function findUpload(context: StoreContext, bucket: string, key: string, uploadId: string): Promise<Upload> {
  const ref = objectRef(bucket, key);
  const name = decodeUploadId(uploadId)?.name;
  const failures: unknown[] = [];
  for (const folder of name === undefined ? [] : foldersOf(ref, name)) {
    for (const set of setsOf(context, ref)) {
      const found = await outcomeOf(findVersion({ set, bucket, key, versionId: undefined, volume: SYSTEM_VOLUME, path: folder, inline: false }, context.metaLatency));
      if (!found.ok) failures.push(found.error);
      else if (found.value?.version.kind === 'object') {
        const { version } = found.value;
        return { ref, set, folder, version, info: uploadInfoOf(key, uploadId, version) };
      }
    }
  }
  if (failures.length > 0) throw failures[0];
  throw notFound(bucket, key, uploadId);
}

/**
 * The current version, where it is what this upload became: a client whose completion was not answered asks again. Uploads
 * that a real server began are not known again.
 *
 * Throws upload-not-found, read-quorum.
 */
export async function completedUpload(context: StoreContext, bucket: string, key: string, uploadId: string): Promise<ObjectInfo> {
  const ref = objectRef(bucket, key);
  const name = decodeUploadId(uploadId)?.name;
  const current = name === undefined ? undefined : await locate(context, ref, { inline: false });
  if (name !== undefined && current?.version.kind === 'object' && current.version.dataDir === uploadUuid(name)) return objectInfo(ref, current);
  throw notFound(bucket, key, uploadId);
}

function notFound(bucket: string, key: string, uploadId: string): StorageError {
  return new StorageError('upload-not-found', `There is no upload ${uploadId} of ${bucket}/${key}; it may have been completed or aborted`, { bucket, key, uploadId });
}

/** Where an upload may be: releases of 2016 and 2017, whose upload ids are UUIDs, did not hide the key. */
function foldersOf({ bucket, path }: ObjectRef, name: string): string[] {
  const folder = `${uploadsFolder(bucket, path)}/${name}`;
  return isUuid(name) ? [folder, `${oldUploadsFolder(bucket, path)}/${name}`] : [folder];
}

/** Throws store-read-only for an upload that a release before 2021 began: its parts are in a form that is not written any more. */
export function requireContinuable({ ref, version }: Upload): void {
  if (version.dataDir !== LEGACY_DATA_DIR) return;
  throw new StorageError('store-read-only', 'The upload was begun by a release before 2021: it can be listed and aborted. Abort it and upload the object anew', ref);
}

/** Throws upload-not-found, write-quorum. */
export async function abortUpload(context: StoreContext, bucket: string, key: string, uploadId: string): Promise<void> {
  const known = await findUpload(context, bucket, key, uploadId);
  await withLock(context, uploadLock(known), async () => removeUpload(context, await findUpload(context, bucket, key, uploadId)));
}

/** Removes an upload's folder with all its parts. The caller holds its lock. Throws write-quorum. */
export async function removeUpload(context: StoreContext, { set, folder, ref }: Pick<Upload, 'set' | 'folder' | 'ref'>): Promise<void> {
  const votes = set.drives.map(async (drive): Promise<Outcome<void>> => {
    const refusal = context.lanes.refuse(drive);
    if (refusal !== undefined || drive === undefined) return { ok: false, error: refusal };
    const removed = await outcomeOf(drive.remove(SYSTEM_VOLUME, folder));
    return removed.ok || (removed.error instanceof StorageError && removed.error.code === 'file-not-found') ? { ok: true, value: undefined } : removed;
  });
  const quorum = deleteQuorum(set.size);
  const outcomes = await gather(votes, quorum, { ...SHORT_GRACE, isWaitedFor: () => true });
  const late = new StorageError('drive-timeout', 'The drive was slower than the others');
  requireWriteQuorum(outcomes.map((outcome) => outcome ?? { ok: false, error: late }), quorum, `Removing an upload of ${ref.key}`, ref);
}
