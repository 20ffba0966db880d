/** Versions brought to drives: with their ids, times, parts, metadata and etags as they were. */
import { createHash, type Hash } from 'node:crypto';
import { isStorageError, StorageError } from '../../base/index.js';
import { isTransformed } from '../../content/index.js';
import { findName } from '../../format/index.js';
import type { BucketSettings, ObjectInfo, OpenedObject, Store, VersionInfo } from '../../store/index.js';
import { EtagCheck, etagOf } from '../etag-check.js';
import type { SourceStore } from './open-drives.js';
import type { ConvertTarget } from './target.js';

export function drivesTarget(source: SourceStore, target: Store): ConvertTarget {
  return {
    async beginBucket(bucket, settings) {
      await target.importBucket(bucket, settings);
      return [];
    },
    endBucket: () => Promise.resolve(),
    key: (bucket, settings) => ({ take: async (version) => ({ isFound: await takeVersion(version, { source, target, bucket, settings }), differences: [] }) }),
  };
}

interface Work {
  readonly source: SourceStore;
  readonly target: Store;
  readonly bucket: string;
  readonly settings: BucketSettings;
}

/** True where it was there already. */
async function takeVersion(version: VersionInfo, { source, target, bucket, settings }: Work): Promise<boolean> {
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
    const check = checkOf(version);
    const opened = await source.open(bucket, key, { versionId });
    try {
      await target.importVersion(bucket, key, version, { versioning: settings.versioning, read: (range) => tapped(opened, source, bucket, version, range, { hash, check }) });
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
  { key, versionId, size }: ObjectInfo,
  range: { readonly start: number; readonly length: number },
  { hash, check }: { readonly hash: Hash; readonly check: EtagCheck },
): AsyncGenerator<Uint8Array, void> {
  if (range.length === 0) return;
  const reading = range.start === 0 ? opened : await source.open(bucket, key, { versionId });
  for await (const chunk of reading.read(range)) {
    hash.update(chunk);
    check.update(chunk);
    yield chunk;
  }
  // Before anything is visible at the target.
  if (range.start + range.length === size && !check.isFine()) throw new StorageError('checksum-mismatch', 'what was read does not match the ETag it was written with');
}

/** What is encrypted or compressed goes as it is stored, which no ETag tells of. */
function checkOf(version: ObjectInfo): EtagCheck {
  return new EtagCheck(isTransformed(version) ? '' : etagOf(version), { version, size: version.size, parts: version.parts });
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
