/**
 * What `rm` removes: single objects, prefixes, versions, unfinished uploads, and local files. Planning and doing are one
 * stream of results, so that a million keys need no more memory than a page of them.
 */
import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LIST_KEYS_MAX, UsageError } from '../../base/index.js';
import { isS3Error } from '../errors.js';
import type { S3 } from '../s3.js';
import type { DeleteItem, VersionEntry } from '../s3-types.js';
import { passesAge } from './copy-plan.js';
import { hasPrefix, placeName, remoteAt, type LocalPlace, type Place, type RemotePlace } from './place.js';
import { walkFiles, walkObjects, walkObjectsAt, walkVersions } from './walk.js';

export interface RemovalOptions {
  readonly isRecursive: boolean;
  /** All versions of what is named. */
  readonly isVersions: boolean;
  /** With `isVersions`: keep each key's latest version, unless that is a delete marker. */
  readonly isNonCurrent: boolean;
  readonly isIncomplete: boolean;
  readonly isDryRun: boolean;
  readonly isBypassing: boolean;
  readonly versionId?: string | undefined;
  readonly rewindMs?: number | undefined;
  readonly beforeMs?: number | undefined;
  readonly afterMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** One thing removed, or that would be (`isDryRun`), or that could not be (`error`). */
export interface RemovalResult {
  /** alias/bucket/key, or a path. */
  readonly name: string;
  readonly versionId: string;
  /** True when a delete marker was made, whose id `versionId` then is. */
  readonly isDeleteMarker: boolean;
  /** Dry runs over versions: when the version was written. */
  readonly modifiedAt?: Date | undefined;
  readonly isDryRun: boolean;
  readonly error?: Error | undefined;
}

/** Something to remove, before it is. */
interface Victim extends DeleteItem {
  readonly modifiedAt?: Date | undefined;
}

/** Removes what `place` names. Failures of single keys are results; a listing that fails is thrown. */
export async function* removePlace(place: Place, options: RemovalOptions): AsyncGenerator<RemovalResult> {
  if (place.kind === 'local') yield* removeLocal(place, options);
  else if (place.bucket === '') {
    for (const bucket of await place.s3.listBuckets(options.signal)) yield* removeMany(remoteAt(place, bucket.name, ''), options);
  } else if (options.isIncomplete) yield* removeUploads(place, options);
  else if (options.isRecursive || options.isVersions || options.rewindMs !== undefined) yield* removeMany(place, options);
  else yield* removeOne(place, options);
}

/** Removes every version and every unfinished upload of a bucket, so that the bucket itself can go. Throws the first failure. */
export async function emptyBucket(s3: S3, bucket: string, signal: AbortSignal): Promise<void> {
  const place: RemotePlace = { kind: 'remote', text: bucket, alias: s3.alias.name, s3, bucket, key: '' };
  const options = { isRecursive: true, isVersions: true, isNonCurrent: false, isDryRun: false, isBypassing: false, signal };
  for (const isIncomplete of [false, true]) {
    for await (const { error } of removePlace(place, { ...options, isIncomplete })) if (error) throw error;
  }
}

async function* removeOne(place: RemotePlace, options: RemovalOptions): AsyncGenerator<RemovalResult> {
  // Buckets are removed by `rb`, never here.
  if (place.key === '') return;
  const { s3, bucket, key } = place;
  const { versionId, signal } = options;
  try {
    const head = await s3.head(bucket, key, { versionId, signal });
    if (!passesAge(head.modifiedAt.getTime(), options)) return;
  } catch (error) {
    if (isS3Error(error, 'NoSuchKey') && (await hasPrefix(place, `${key.replace(/\/$/, '')}/`, signal))) {
      throw new UsageError(
        `\`${placeName(place)}\` is a prefix with objects under it, not an object.`,
        'Use --recursive --force to remove all that is under it.',
      );
    }
    // A delete marker answers 405, an object under a customer's key 400: both are there and can be removed.
    const isThere = isS3Error(error) && (error.status === 405 || (error.status === 400 && versionId === undefined));
    if (!isThere) throw error;
  }
  yield* removeBatch(place, [{ key, versionId }], options);
}

async function* removeMany(place: RemotePlace, options: RemovalOptions): AsyncGenerator<RemovalResult> {
  let batch: Victim[] = [];
  for await (const victim of victimsOf(place, options)) {
    batch.push(victim);
    if (batch.length < LIST_KEYS_MAX) continue;
    yield* removeBatch(place, batch, options);
    batch = [];
  }
  yield* removeBatch(place, batch, options);
}

async function* victimsOf(place: RemotePlace, options: RemovalOptions): AsyncGenerator<Victim> {
  const { s3, bucket, key } = place;
  const { signal, rewindMs } = options;
  const isFolder = options.isRecursive && key !== '' && !key.endsWith('/') && (await hasPrefix(place, `${key}/`, signal));
  // With a folder of exactly that name, only what is in it is meant, and an object of that name.
  const isNamed = (candidate: string): boolean => {
    if (!options.isRecursive) return candidate === key;
    return !isFolder || candidate === key || candidate.startsWith(`${key}/`);
  };
  const walk = options.isVersions
    ? walkVersions(s3, bucket, key, signal)
    : rewindMs === undefined
      ? walkObjects(s3, bucket, key, signal)
      : walkObjectsAt(s3, bucket, key, rewindMs, signal);
  for await (const entry of walk) {
    if (!isNamed(entry.key) || !passesAge(entry.modifiedAt.getTime(), options)) continue;
    if (options.isVersions) {
      const version = entry as VersionEntry;
      if (options.isNonCurrent && version.isLatest && !version.isDeleteMarker) continue;
      if (rewindMs !== undefined && version.modifiedAt.getTime() > rewindMs) continue;
    }
    const versionId = 'versionId' in entry ? (entry.versionId as string) : undefined;
    yield { key: entry.key, versionId, modifiedAt: entry.modifiedAt };
  }
}

async function* removeBatch(place: RemotePlace, batch: readonly Victim[], options: RemovalOptions): AsyncGenerator<RemovalResult> {
  if (batch.length === 0) return;
  const nameOf = (key: string): string => placeName(remoteAt(place, place.bucket, key));
  if (options.isDryRun) {
    for (const { key, versionId = '', modifiedAt } of batch) {
      yield { name: nameOf(key), versionId, isDeleteMarker: false, modifiedAt, isDryRun: true };
    }
    return;
  }
  const headers = options.isBypassing ? { 'x-amz-bypass-governance-retention': 'true' } : {};
  const items = batch.map(({ key, versionId }) => ({ key, versionId }));
  for (const outcome of await place.s3.deleteMany(place.bucket, items, { headers, signal: options.signal })) {
    const { key, versionId, isDeleteMarker, deleteMarkerVersionId, error } = outcome;
    // Removing a marker by its id is no making of one.
    const isMade = isDeleteMarker && versionId === undefined;
    yield {
      name: nameOf(key),
      versionId: (isMade ? deleteMarkerVersionId : versionId) ?? '',
      isDeleteMarker: isMade,
      isDryRun: false,
      error: error === undefined ? undefined : new Error(error.message || error.code),
    };
  }
}

async function* removeUploads(place: RemotePlace, options: RemovalOptions): AsyncGenerator<RemovalResult> {
  const { s3, bucket, key } = place;
  let marker;
  do {
    const page: Awaited<ReturnType<typeof s3.listUploads>> = await s3.listUploads(bucket, { prefix: key, marker, signal: options.signal });
    for (const upload of page.entries) {
      if (!options.isRecursive && upload.key !== key) continue;
      if (!passesAge(upload.startedAt.getTime(), options)) continue;
      if (!options.isDryRun) await s3.abortUpload(bucket, upload.key, upload.uploadId, options.signal);
      yield { name: placeName(remoteAt(place, bucket, upload.key)), versionId: '', isDeleteMarker: false, isDryRun: options.isDryRun };
    }
    marker = page.next;
  } while (marker !== undefined);
}

async function* removeLocal(place: LocalPlace, options: RemovalOptions): AsyncGenerator<RemovalResult> {
  const path = resolve(place.text);
  const stats = await stat(path).catch(() => undefined);
  if (!stats) throw new UsageError(`Requested path \`${path}\` not found`);
  const remove = async (file: string, name: string, modifiedMs: number): Promise<RemovalResult | undefined> => {
    if (!passesAge(modifiedMs, options)) return undefined;
    if (!options.isDryRun) await rm(file);
    return { name, versionId: '', isDeleteMarker: false, isDryRun: options.isDryRun };
  };
  if (!stats.isDirectory()) {
    const result = await remove(path, placeName(place), stats.mtimeMs);
    if (result) yield result;
    return;
  }
  if (!options.isRecursive) {
    throw new UsageError(`\`${place.text}\` is a folder.`, 'Use --recursive --force to remove all that is in it.');
  }
  for await (const file of walkFiles(path, options.signal)) {
    const result = await remove(file.path, join(placeName(place), file.name), file.modifiedMs);
    if (result) yield result;
  }
  const isWhole = !options.isDryRun && options.beforeMs === undefined && options.afterMs === undefined;
  if (isWhole) await rm(path, { recursive: true, force: true });
}
