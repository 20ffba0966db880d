/** Versions as the doors see them. */
import { StorageError } from '../base/index.js';
import type { FoundVersion } from './read-version.js';
import type { ObjectRef } from './context.js';
import type { ObjectInfo, VersionInfo } from './types.js';

export function versionInfo(ref: ObjectRef, found: FoundVersion): VersionInfo {
  return { ...found.version, key: ref.key, isLatest: found.isLatest };
}

/** The found version as an object; throws delete-marker where it is one. */
export function objectInfo(ref: ObjectRef, found: FoundVersion): ObjectInfo {
  const info = versionInfo(ref, found);
  if (info.kind === 'object') return info;
  const { bucket, key } = ref;
  throw new StorageError('delete-marker', `${bucket}/${key} is deleted: version ${info.versionId} is a delete marker`, {
    bucket,
    key,
    versionId: info.versionId,
    modTimeNs: info.modTimeNs,
  });
}
