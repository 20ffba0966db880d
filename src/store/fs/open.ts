/** A drive without erasure coding as a server's store: what is there can be read, every change is refused. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../base/index.js';
import { SYSTEM_VOLUME, decodeFormatJson, type FormatJson } from '../../format/index.js';
import { refusedChanges } from '../read-only.js';
import type { Store } from '../store.js';
import { FsStore } from './fs-store.js';
import { NO_HEALING } from './no-healing.js';

/** The format of a drive without erasure coding; undefined where the folder is none. */
export async function fsFormatOf(root: string): Promise<FormatJson | undefined> {
  try {
    const format = decodeFormatJson(await readFile(join(root, SYSTEM_VOLUME, 'format.json')));
    return format.generation.startsWith('fs') ? format : undefined;
  } catch {
    return undefined;
  }
}

/** `why` completes the refusal of changes. */
export function openFsStore(root: string, why: string): Store {
  const fs = new FsStore(root);
  return {
    ...refusedChanges(why),
    listBuckets: () => fs.listBuckets(),
    bucketSettings: (bucket) => fs.bucketSettings(bucket),
    stat: (bucket, key, options) => fs.stat(bucket, key, options),
    open: (bucket, key, options) => fs.open(bucket, key, options),
    list: (bucket, options) => fs.list(bucket, options),
    listVersions: (bucket, options) => fs.listVersions(bucket, options),
    uploadInfo: (bucket, key, uploadId) => fs.uploadInfo(bucket, key, uploadId),
    listParts: (bucket, key, uploadId) => fs.listParts(bucket, key, uploadId),
    listUploads: (bucket, options) => fs.listUploads(bucket, options),
    completedUpload: (bucket, key, uploadId) => Promise.reject(new StorageError('upload-not-found', `Nothing tells that the upload ${uploadId} of ${bucket}/${key} was completed`, { bucket, key, uploadId })),
    healing: NO_HEALING,
    forgetBucket: () => undefined,
    idle: () => Promise.resolve(),
  };
}
