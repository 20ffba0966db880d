/**
 * Brings all buckets of one store to another, version by version, oldest first, with ids, times, parts, metadata and settings; reads each
 * back and compares. What is there already is only compared, so that a second run completes what a first one began.
 */
import { createHash } from 'node:crypto';
import { isStorageError, StorageError } from '../../base/index.js';
import { findName } from '../../format/index.js';
import type { BucketSettings, ObjectInfo, OpenedObject, Store, VersionInfo } from '../../store/index.js';
import type { SourceStore } from './open-drives.js';

export interface ConvertTotals {
  bucketCount: number;
  /** Versions and stored bytes there are; delete markers count as versions. */
  versionCount: number;
  sizeBytes: number;
  /** Brought or found there, read back, and the same. */
  doneCount: number;
  doneBytes: number;
  /** Of those, the ones that were there already. */
  foundCount: number;
}

export interface ConvertFailure {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly reason: string;
}

export interface ConvertListener {
  /** Before a version is brought. */
  onVersion(name: string, totals: ConvertTotals): void;
  onFailure(failure: ConvertFailure): void;
}

function noTotals(): ConvertTotals {
  return { bucketCount: 0, versionCount: 0, sizeBytes: 0, doneCount: 0, doneBytes: 0, foundCount: 0 };
}

const KEYS_AT_ONCE = 4;
const PAGE_SIZE = 1000;

/** What there is to bring. */
export async function countSource(source: SourceStore, signal: AbortSignal): Promise<ConvertTotals> {
  const totals = noTotals();
  for (const { name } of await source.listBuckets()) {
    totals.bucketCount++;
    for await (const versions of keysOf(source, name, signal)) {
      totals.versionCount += versions.length;
      for (const version of versions) if (version.kind === 'object') totals.sizeBytes += version.size;
    }
  }
  return totals;
}

/** Gives what could not be brought. Throws for what concerns a whole bucket, and aborted. */
export async function convert(source: SourceStore, target: Store, totals: ConvertTotals, listener: ConvertListener, signal: AbortSignal): Promise<ConvertFailure[]> {
  const failures: ConvertFailure[] = [];
  for (const { name } of await source.listBuckets()) {
    const settings = await source.bucketSettings(name);
    await target.importBucket(name, settings);
    const running = new Set<Promise<void>>();
    const mishaps: unknown[] = [];
    for await (const versions of keysOf(source, name, signal)) {
      const work: Promise<void> = convertKey(versions, { source, target, bucket: name, settings, totals, listener, failures })
        .catch((error: unknown) => void mishaps.push(error))
        .finally(() => running.delete(work));
      running.add(work);
      if (running.size >= KEYS_AT_ONCE) await Promise.race(running);
      if (mishaps.length > 0) break;
    }
    await Promise.all(running);
    if (mishaps.length > 0) throw mishaps[0];
  }
  return failures;
}

interface KeyWork {
  readonly source: SourceStore;
  readonly target: Store;
  readonly bucket: string;
  readonly settings: BucketSettings;
  readonly totals: ConvertTotals;
  readonly listener: ConvertListener;
  readonly failures: ConvertFailure[];
}

/** The versions of one key, newest first. */
async function convertKey(versions: readonly VersionInfo[], work: KeyWork): Promise<void> {
  const { bucket, totals, listener } = work;
  for (const version of [...versions].reverse()) {
    listener.onVersion(`${bucket}/${version.key}`, totals);
    try {
      if (await convertVersion(version, work)) totals.foundCount++;
      totals.doneCount++;
      if (version.kind === 'object') totals.doneBytes += version.size;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const failure = { bucket, key: version.key, versionId: version.versionId, reason: error.message };
      work.failures.push(failure);
      listener.onFailure(failure);
    }
  }
}

/** True where it was there already. */
async function convertVersion(version: VersionInfo, { source, target, bucket, settings }: KeyWork): Promise<boolean> {
  const { key, versionId } = version;
  if (version.kind === 'delete-marker') {
    const isThere = await hasMarker(target, bucket, version);
    if (!isThere) await target.importVersion(bucket, key, version, { versioning: settings.versioning, read: nothing });
    return isThere;
  }
  const isThere = sameObject(await target.stat(bucket, key, { versionId }).catch(ifMissing), version);
  let digest: string;
  if (isThere) digest = await digestOf(source, bucket, key, versionId);
  else {
    const hash = createHash('sha256');
    const opened = await source.open(bucket, key, { versionId });
    try {
      await target.importVersion(bucket, key, version, { versioning: settings.versioning, read: (range) => tapped(opened, source, bucket, version, range, hash) });
    } finally {
      opened.close();
    }
    digest = hash.digest('hex');
  }
  if (!sameObject(await target.stat(bucket, key, { versionId }), version) || (await digestOf(target, bucket, key, versionId)) !== digest) {
    throw new StorageError('checksum-mismatch', 'what was read back is not what was written');
  }
  return isThere;
}

/** The bytes of a range on their way; ranges are asked for in order, once each. The opened object serves the first, others are opened anew. */
async function* tapped(
  opened: OpenedObject,
  source: SourceStore,
  bucket: string,
  { key, versionId }: VersionInfo,
  range: { readonly start: number; readonly length: number },
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array, void> {
  if (range.length === 0) return;
  const reading = range.start === 0 ? opened : await source.open(bucket, key, { versionId });
  for await (const chunk of reading.read(range)) {
    hash.update(chunk);
    yield chunk;
  }
}

async function digestOf(store: Pick<SourceStore, 'open'>, bucket: string, key: string, versionId: string): Promise<string> {
  const hash = createHash('sha256');
  const opened = await store.open(bucket, key, { versionId });
  if (opened.info.size === 0) opened.close();
  else for await (const chunk of opened.read()) hash.update(chunk);
  return hash.digest('hex');
}

function sameObject(found: ObjectInfo | undefined, wanted: ObjectInfo): boolean {
  if (found === undefined) return false;
  const isSame = found.modTimeNs === wanted.modTimeNs && found.size === wanted.size && found.metaUser.size === wanted.metaUser.size;
  return isSame && [...wanted.metaUser].every(([name, value]) => findName(found.metaUser, name.toLowerCase()) === value);
}

async function hasMarker(target: Store, bucket: string, { key, versionId, modTimeNs }: VersionInfo): Promise<boolean> {
  try {
    await target.stat(bucket, key, { versionId });
    return false;
  } catch (error) {
    if (isStorageError(error, 'delete-marker')) return error.modTimeNs === modTimeNs;
    if (isStorageError(error, 'object-not-found', 'version-not-found')) return false;
    throw error;
  }
}

function ifMissing(error: unknown): undefined {
  if (isStorageError(error, 'object-not-found', 'version-not-found', 'delete-marker')) return undefined;
  throw error;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the bytes of what has none
async function* nothing(): AsyncGenerator<Uint8Array, void> {
  yield* [];
}

/** All versions of each key in turn. */
async function* keysOf(source: SourceStore, bucket: string, signal: AbortSignal): AsyncGenerator<readonly VersionInfo[], void> {
  let marker: { after: string; afterVersionId?: string } = { after: '' };
  let current: VersionInfo[] = [];
  for (;;) {
    if (signal.aborted) throw new StorageError('aborted', 'The conversion was stopped; the same command goes on with it');
    const page = await source.listVersions(bucket, { prefix: '', delimiter: '', limit: PAGE_SIZE, ...marker });
    for (const version of page.versions) {
      if (current.length > 0 && current[0]?.key !== version.key) {
        yield current;
        current = [];
      }
      current.push(version);
    }
    if (!page.isTruncated || page.nextKey === undefined) break;
    marker = { after: page.nextKey, ...(page.nextVersionId !== undefined && { afterVersionId: page.nextVersionId }) };
  }
  if (current.length > 0) yield current;
}
