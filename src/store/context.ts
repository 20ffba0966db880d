/** What every operation of the store works with, and how it finds an object: pool, set, path, lock. */
import { StorageError, type Clock, type Log, type Random } from '../base/index.js';
import { choosePool, setFor, type Deployment, type ErasureSet, type LockHandle, type LockMode, type Locker } from '../cluster/index.js';
import type { DriveInfo } from '../drive/index.js';
import type { DriveLanes } from './drive-lanes.js';
import type { Latency } from './latency.js';
import { SYSTEM_VOLUME, encodeObjectPath } from '../format/index.js';
import { checkObjectName } from './object-name.js';
import { notFoundError } from './quorum.js';
import { findVersion, type FoundVersion } from './read-version.js';
import type { ObjectInfo } from './types.js';

/** What operations tell healing on their way; it never holds them up. */
export interface HealNotices {
  /** Some drive lacks what it should have of an object, or has it damaged (then `deep`). */
  damaged(set: ErasureSet, volume: string, path: string, scan: 'normal' | 'deep'): void;
}

export interface StoreContext {
  readonly deployment: Deployment;
  readonly locker: Locker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lanes: DriveLanes;
  /** Of metadata reads. */
  readonly metaLatency: Latency;
  /** Of shard reads. */
  readonly dataLatency: Latency;
  readonly notices: HealNotices;
}

/** An object's name, checked and as it is on the drives. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  /** Folder in the bucket. */
  readonly path: string;
  readonly versionId?: string | undefined;
}

/** Throws object-name-invalid, object-name-too-long, version-id-invalid. */
export function objectRef(bucket: string, key: string, versionId?: string): ObjectRef {
  checkObjectName(bucket, key);
  if (versionId !== undefined && !VERSION_ID.test(versionId)) {
    throw new StorageError('version-id-invalid', `"${versionId}" is not a version id: "null" or a UUID is expected`, { bucket, key, versionId });
  }
  return { bucket, key, path: encodeObjectPath(key), versionId: versionId?.toLowerCase() };
}

const VERSION_ID = /^(null|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** Waiting for other requests on the same key: as long as the slowest of them may take. */
const LOCK_TIMEOUT_MS = 60_000;

/** Runs `work` while nobody else changes what the name stands for. Throws timed-out, aborted, and write-quorum where too few nodes answer to lock it. */
export async function withLock<T>(
  context: Pick<StoreContext, 'locker'>,
  name: string,
  work: (lock: LockHandle) => Promise<T>,
  signal?: AbortSignal,
  mode: LockMode = 'write',
): Promise<T> {
  const lock = await context.locker.acquire([name], mode, { timeoutMs: LOCK_TIMEOUT_MS, signal });
  try {
    return await work(lock);
  } finally {
    lock.release();
  }
}

/** The name of an object's lock. */
export function lockName(ref: ObjectRef): string {
  return `${ref.bucket}/${ref.path}`;
}

export interface LocateOptions {
  readonly inline: boolean;
  /** Have every drive asked: what they hold is going to be changed. */
  readonly askAll?: boolean;
}

/** The version in whichever pool has it; in several, the newest. undefined where all prove that they do not. Throws read-quorum. */
export async function locate(context: StoreContext, ref: ObjectRef, options: LocateOptions): Promise<FoundVersion | undefined> {
  const { pools } = context.deployment;
  const { bucket, key, path, versionId } = ref;
  const look = (set: ErasureSet): Promise<FoundVersion | undefined> => {
    const onDamage = (slots: readonly number[]): void => {
      // A drive that is just being brought up to date is not damaged.
      const isBusy = (slot: number): boolean => set.drives[slot] !== undefined && context.lanes.underWay(set.drives[slot], `${bucket}/${path}`) !== undefined;
      if (!slots.every(isBusy)) context.notices.damaged(set, bucket, path, 'normal');
    };
    return findVersion({ set, bucket, key, versionId, volume: bucket, path, onDamage, ...options }, context.metaLatency);
  };
  const [only] = pools;
  if (only !== undefined && pools.length === 1) return look(setFor(only, ref.path));
  const results = await Promise.allSettled(pools.map((pool) => look(setFor(pool, ref.path))));
  let newest: FoundVersion | undefined;
  for (const result of results) {
    if (result.status !== 'fulfilled' || result.value === undefined) continue;
    if (newest === undefined || result.value.version.modTimeNs > newest.version.modTimeNs) newest = result.value;
  }
  if (newest !== undefined) return newest;
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return undefined;
}

/** As locate; throws object-not-found or version-not-found. */
export async function requireLocated(context: StoreContext, ref: ObjectRef, options: LocateOptions): Promise<FoundVersion> {
  const found = await locate(context, ref, options);
  if (found === undefined) throw notFoundError(ref);
  return found;
}

/** The set that takes a write of this key: where the key is, else in the pool that chance and free space choose. Throws storage-full, read-quorum. */
export async function setForWrite(context: StoreContext, ref: ObjectRef, size: number | undefined): Promise<ErasureSet> {
  const { pools } = context.deployment;
  const [only] = pools;
  if (only !== undefined && pools.length === 1) return setFor(only, ref.path);
  const { bucket, key, path } = ref;
  const found = await locate(context, { bucket, key, path }, { inline: false });
  if (found !== undefined) return found.set;
  // What servers keep for themselves they look for in the first pool first.
  if (only !== undefined && bucket === SYSTEM_VOLUME) return setFor(only, path);
  const spaces = await Promise.all(
    pools.map(async (pool) => {
      const set = setFor(pool, path);
      const drives = await Promise.all(set.drives.map(async (drive): Promise<DriveInfo | undefined> => drive?.info().catch(() => undefined)));
      return { index: pool.index, setCount: pool.sets.length, drives, isSuspended: false };
    }),
  );
  const index = choosePool(spaces, size, context.random.fraction());
  const chosen = pools.find((pool) => pool.index === index);
  if (chosen === undefined) throw new StorageError('storage-full', `No pool has room for ${bucket}/${key}`, { bucket, key });
  return setFor(chosen, path);
}

/** The set of each pool that may hold a key. */
export function setsOf(context: StoreContext, ref: ObjectRef): ErasureSet[] {
  return context.deployment.pools.map((pool) => setFor(pool, ref.path));
}

/** Lets a precondition look at the latest version, undefined where there is none or it is a delete marker. The caller holds the object's lock. */
export async function checkPrecondition(context: StoreContext, ref: ObjectRef, precondition: (current: ObjectInfo | undefined) => void): Promise<void> {
  const { bucket, key, path } = ref;
  const current = await locate(context, { bucket, key, path }, { inline: false });
  precondition(current?.version.kind === 'object' ? { ...current.version, key, isLatest: true } : undefined);
}
