/** ListMultipartUploads, and the expiry of uploads that nobody finishes. */
import { allSets, type ErasureSet } from '../../cluster/index.js';
import { StorageError, compareKeys } from '../../base/index.js';
import {
  LEGACY_DATA_DIR,
  MULTIPART_FOLDER,
  SYSTEM_VOLUME,
  decodeUploadId,
  encodeObjectPath,
  encodeUploadId,
  isUploadsFolderName,
  oldUploadsFolder,
  uploadStartNs,
  uploadsFolder,
  type ObjectVersion,
} from '../../format/index.js';
import { withLock, type StoreContext } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import { absenceQuorumOf, sayOfError } from '../quorum.js';
import { findVersion } from '../read-version.js';
import type { ListOptions, UploadInfo, UploadListing } from '../types.js';
import { UPLOAD_TARGET_KEY, removeUpload, uploadInfoOf } from './upload.js';

/** Uploads looked up at once. */
const LOOKUPS_MAX = 64;

interface FoundUpload {
  readonly set: ErasureSet;
  readonly folder: string;
  readonly name: string;
  /** undefined where no quorum of drives has it: the rest of a write or removal that failed. */
  readonly version: ObjectVersion | undefined;
}

/**
 * Uploads in order of key, then of their beginning. Uploads that other servers began do not say their key: they are found
 * where the prefix is the whole key, as those servers do. Throws read-quorum.
 */
export async function listUploads(
  context: StoreContext,
  bucket: string,
  options: ListOptions & { readonly afterUploadId?: string },
): Promise<UploadListing> {
  const { prefix } = options;
  const all: UploadInfo[] = [];
  for await (const found of allUploads(context)) {
    const { name, folder, version } = found;
    const key = version && keyOf(folder, version, bucket, prefix);
    if (version === undefined || key?.startsWith(prefix) !== true) continue;
    // An id of before 2022 stays what its client knows.
    const uploadId = uploadStartNs(name) === undefined ? name : encodeUploadId(context.deployment.id, name);
    all.push(uploadInfoOf(key, uploadId, version));
  }
  return pageOfUploads(all, options);
}

/** The page of a listing that the options ask for, of all uploads whose key begins with the prefix. */
export function pageOfUploads(found: readonly UploadInfo[], options: ListOptions & { readonly afterUploadId?: string }): UploadListing {
  const { prefix, delimiter, limit } = options;
  const all = found.toSorted(compareUploads);
  const uploads: UploadInfo[] = [];
  const prefixes: string[] = [];
  let nextKey: string | undefined;
  let nextUploadId: string | undefined;
  for (const upload of all.slice(firstAfter(all, options))) {
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const rolledUp = end < 0 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (rolledUp !== undefined && (rolledUp === prefixes.at(-1) || rolledUp === options.after)) continue;
    if (uploads.length + prefixes.length === limit) {
      return { uploads, prefixes, isTruncated: true, ...(nextKey !== undefined && { nextKey }), ...(nextUploadId !== undefined && { nextUploadId }) };
    }
    if (rolledUp !== undefined) prefixes.push(rolledUp);
    else uploads.push(upload);
    nextKey = rolledUp ?? upload.key;
    nextUploadId = rolledUp === undefined ? upload.uploadId : undefined;
  }
  return { uploads, prefixes, isTruncated: false };
}

/** Removes uploads that were begun longer ago than this; gives how many. Throws read-quorum. */
export async function expireUploads(context: StoreContext, olderThanMs: number): Promise<number> {
  const limitNs = BigInt(Math.floor(context.clock.now() - olderThanMs)) * 1_000_000n;
  let count = 0;
  for await (const { set, folder, name, version } of allUploads(context)) {
    // What a server of long ago left is for its owner to give up.
    if (version?.dataDir === LEGACY_DATA_DIR) continue;
    const startedNs = version?.modTimeNs ?? uploadStartNs(name);
    if (startedNs === undefined || startedNs >= limitNs) continue;
    const ref = { bucket: SYSTEM_VOLUME, key: folder, path: folder };
    const removed = await outcomeOf(withLock(context, `${SYSTEM_VOLUME}/${folder}`, () => removeUpload(context, { set, folder, ref })));
    if (removed.ok) count++;
    else context.log.warn('an upload that expired could not be removed', { upload: folder });
  }
  return count;
}

/** Every upload of every set. */
async function* allUploads(context: StoreContext): AsyncGenerator<FoundUpload> {
  for (const set of allSets(context.deployment)) {
    for (const keyName of await namesOn(set, MULTIPART_FOLDER)) {
      if (!isUploadsFolderName(keyName)) {
        yield* oldUploads(context, set, `${MULTIPART_FOLDER}/${keyName}/`);
        continue;
      }
      const names = await namesOn(set, `${MULTIPART_FOLDER}/${keyName}`);
      for (let start = 0; start < names.length; start += LOOKUPS_MAX) {
        const some = names.slice(start, start + LOOKUPS_MAX);
        yield* (await Promise.all(some.map((name) => lookUp(context, set, `${MULTIPART_FOLDER}/${keyName}/${name}`, name)))).flat();
      }
    }
  }
}

/** Uploads that releases of 2016 and 2017 began, in `multipart/<bucket>/<key>/<upload id>`. */
async function* oldUploads(context: StoreContext, set: ErasureSet, prefix: string): AsyncGenerator<FoundUpload> {
  const folders = new Set<string>();
  for (const drive of set.drives) {
    if (drive?.state !== 'online') continue;
    const walked = await outcomeOf(
      (async () => {
        for await (const batch of drive.walk(SYSTEM_VOLUME, { prefix, from: '', recursive: true, detail: 'headers' })) {
          for (const { key } of batch) folders.add(key);
        }
      })(),
    );
    if (!walked.ok && sayOfError(walked.error) !== 'absent') context.log.warn('a drive does not tell which old uploads it has', { drive: drive.endpoint });
  }
  for (const folder of folders) yield* await lookUp(context, set, folder, folder.slice(folder.lastIndexOf('/') + 1));
}

async function lookUp(context: StoreContext, set: ErasureSet, folder: string, name: string): Promise<FoundUpload[]> {
  const query = { set, bucket: SYSTEM_VOLUME, key: folder, versionId: undefined, volume: SYSTEM_VOLUME, path: folder, inline: false };
  const found = await outcomeOf(findVersion(query, context.metaLatency));
  if (!found.ok) return [];
  return [{ set, folder, name, version: found.value?.version.kind === 'object' ? found.value.version : undefined }];
}

/** Names of the folders in a folder of `.minio.sys`, on any drive of the set that answers; enough must. */
async function namesOn(set: ErasureSet, folder: string): Promise<string[]> {
  const names = new Set<string>();
  const listed = await Promise.all(
    set.drives.map(async (drive) => {
      const answer = drive?.state === 'online' ? await outcomeOf(drive.listDir(SYSTEM_VOLUME, folder)) : undefined;
      if (answer?.ok === true) for (const name of answer.value) if (name.endsWith('/')) names.add(name.slice(0, -1));
      return answer?.ok === true || (answer !== undefined && sayOfError(answer.error) === 'absent');
    }),
  );
  if (listed.filter(Boolean).length < absenceQuorumOf(set.size)) {
    throw new StorageError('read-quorum', `Too few drives of set ${set.setIndex + 1} tell which uploads there are`);
  }
  return [...names].sort();
}

/** The key in this bucket that the upload is for; undefined where it is for another bucket or cannot be known. */
function keyOf(folder: string, version: ObjectVersion, bucket: string, prefix: string): string | undefined {
  const target = version.metaSys.get(UPLOAD_TARGET_KEY);
  if (target !== undefined) {
    const name = Buffer.from(target).toString();
    return name.startsWith(`${bucket}/`) ? name.slice(bucket.length + 1) : undefined;
  }
  const oldFolder = oldUploadsFolder(bucket, '');
  if (folder.startsWith(oldFolder)) return folder.slice(oldFolder.length, folder.lastIndexOf('/'));
  return prefix !== '' && folder.startsWith(`${uploadsFolder(bucket, encodeObjectPath(prefix))}/`) ? prefix : undefined;
}

function startOf({ uploadId }: Pick<UploadInfo, 'uploadId'>): bigint {
  return uploadStartNs(decodeUploadId(uploadId)?.name ?? '') ?? 0n;
}

function compareUploads(a: Pick<UploadInfo, 'key' | 'uploadId'>, b: Pick<UploadInfo, 'key' | 'uploadId'>): number {
  const byKey = compareKeys(a.key, b.key);
  if (byKey !== 0) return byKey;
  const [startA, startB] = [startOf(a), startOf(b)];
  if (startA !== startB) return startA < startB ? -1 : 1;
  return a.uploadId < b.uploadId ? -1 : a.uploadId > b.uploadId ? 1 : 0;
}

/** Index of the first upload after the markers. */
function firstAfter(sorted: readonly UploadInfo[], { after, afterUploadId }: ListOptions & { readonly afterUploadId?: string }): number {
  if (after === '') return 0;
  const isAfter = (upload: UploadInfo): boolean =>
    afterUploadId === undefined || afterUploadId === '' ? compareKeys(upload.key, after) > 0 : compareUploads(upload, { key: after, uploadId: afterUploadId }) > 0;
  const index = sorted.findIndex(isAfter);
  return index < 0 ? sorted.length : index;
}
