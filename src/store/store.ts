/** The store as the doors see it: every operation, each in a file of its own, over one context. */
import { isStorageError, type Clock, type Log, type Random } from '../base/index.js';
import type { Deployment, ErasureSet, Locker } from '../cluster/index.js';
import { SYSTEM_VOLUME, type DeleteMarker, type ObjectVersion } from '../format/index.js';
import { Activity } from './activity.js';
import { BucketSettingsFile, type SystemObjects } from './bucket-settings.js';
import { Buckets } from './buckets.js';
import { withLock, type StoreContext } from './context.js';
import { deleteObject } from './delete.js';
import { DriveLanes } from './drive-lanes.js';
import { openObject, statObject } from './get.js';
import { StoreHealing } from './heal/healing.js';
import { scheduleByTimers, type Schedule } from './heal/timers.js';
import type { Healing } from './heal/types.js';
import { Latency } from './latency.js';
import { listObjects, listObjectVersions } from './list.js';
import { completeUpload } from './multipart/complete.js';
import { expireUploads, listUploads } from './multipart/list-uploads.js';
import { readParts } from './multipart/part-metas.js';
import { putPart } from './multipart/put-part.js';
import { abortUpload, completedUpload, createUpload, findUpload } from './multipart/upload.js';
import { putObject } from './put.js';
import { recover, type RecoveryReport } from './recovery.js';
import { importVersion, type ReadStored } from './import-version.js';
import type { BucketInfo, BucketSettings, ObjectStore, Versioning } from './types.js';
import { orUndefined } from './old-bucket-files.js';
import { updateMetadata } from './update-metadata.js';

export interface StoreOptions {
  readonly deployment: Deployment;
  readonly locker: Locker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where other servers serve the same drives: tells them that a bucket changed; resolves when those that answer know. */
  readonly announceBucket?: (bucket: string) => Promise<void>;
  /** Timers of the background's work; the process's own where it is left out. */
  readonly schedule?: Schedule;
}

/** The store, and what its server does beside requests. */
export interface Store extends ObjectStore {
  /**
   * Completes or drops what a crash left half done on this server's drives: before the first request and, with
   * `abandonedMs`, what other servers began and have not touched for so long. Repeating it is harmless.
   */
  recover(options?: { readonly abandonedMs?: number }): Promise<RecoveryReport>;
  readonly healing: Healing;
  /** Has what is known of a bucket read again: another server changed it. */
  forgetBucket(bucket: string): void;
  /** Removes uploads that were begun longer ago than this; gives how many. */
  expireUploads(olderThanMs: number): Promise<number>;
  /** Makes a bucket unless it is there, with settings as they were elsewhere. */
  importBucket(bucket: string, settings: BucketSettings): Promise<void>;
  /** Takes in a version as it was elsewhere: its id, times, parts and metadata. `read` gives its stored bytes. */
  importVersion(bucket: string, key: string, version: ObjectVersion | DeleteMarker, options: { readonly versioning: Versioning; readonly read: ReadStored }): Promise<void>;
  /** Resolves when no drive is busy with a change any more, those that were answered long ago included. */
  idle(): Promise<void>;
}

export function createStore(options: StoreOptions): Store {
  const tools = { ...options, lanes: new DriveLanes(), metaLatency: new Latency(), dataLatency: new Latency() };
  const listBuckets = (): Promise<BucketInfo[]> => buckets.list();
  const { deployment, clock, log, schedule = scheduleByTimers } = options;
  const activity = new Activity(clock);
  const objects: SystemObjects = { read: (path) => system.read(path), readDated: (path) => system.readDated(path), write: (path, bytes) => system.write(path, bytes) };
  const healing = new StoreHealing({ context: tools, listBuckets, schedule, objects, activity });
  const context: StoreContext = { ...tools, notices: healing.notices };
  const system = systemObjects(context);
  const exclusively = <T>(bucket: string, work: () => Promise<T>): Promise<T> => withLock(context, `${SYSTEM_VOLUME}/buckets/${bucket}`, work);
  const settings = new BucketSettingsFile({ objects: system, clock, exclusively, announce: options.announceBucket });
  const isEmpty = async (bucket: string): Promise<boolean> => {
    const page = await listObjectVersions(deployment, bucket, { prefix: '', delimiter: '', after: '', limit: 1 });
    return page.versions.length === 0;
  };
  const settled = (set: ErasureSet, bucket: string): Promise<void> => context.lanes.settled(set.drives, bucket);
  const buckets = new Buckets({ deployment, settings, clock, log, exclusively, isEmpty, settled });
  const checked = new RecentlyChecked((bucket) => buckets.check(bucket), clock);
  return {
    makeBucket: activity.changing((bucket, make) => buckets.make(bucket, make)),
    listBuckets,
    async bucketSettings(bucket) {
      await checked.check(bucket);
      return settings.read(bucket);
    },
    async updateBucket(bucket, documents) {
      await buckets.check(bucket);
      await settings.update(bucket, documents);
    },
    deleteBucket: activity.changing(async (bucket, remove) => {
      checked.forget(bucket);
      await buckets.remove(bucket, remove);
      checked.forget(bucket);
    }),

    put: activity.changing((bucket, key, body, put) => putObject(context, bucket, key, body, put)),
    stat: activity.reading((bucket, key, stat) => statObject(context, bucket, key, stat)),
    open: activity.reading((bucket, key, open) => openObject(context, bucket, key, open)),
    updateMetadata: activity.changing((bucket, key, version, change) => updateMetadata(context, bucket, key, version, change)),
    delete: activity.changing((bucket, key, remove) => deleteObject(context, bucket, key, remove)),

    async list(bucket, list) {
      const { versioning } = await settings.read(bucket);
      return listObjects(deployment, bucket, { ...list, mayHoldDeleteMarkers: versioning !== 'unversioned' });
    },
    listVersions: activity.reading((bucket, list) => listObjectVersions(deployment, bucket, list)),

    createUpload: (bucket, key, create) => createUpload(context, bucket, key, create),
    async uploadInfo(bucket, key, uploadId) {
      return (await findUpload(context, bucket, key, uploadId)).info;
    },
    putPart: activity.reading((bucket, key, uploadId, partNumber, body, put) => putPart(context, bucket, key, uploadId, partNumber, body, put)),
    async listParts(bucket, key, uploadId) {
      const upload = await findUpload(context, bucket, key, uploadId);
      const parts = await readParts(context, upload);
      return { upload: upload.info, parts: [...parts.values()].map(({ info }) => info).sort((a, b) => a.number - b.number) };
    },
    listUploads: (bucket, list) => listUploads(context, bucket, list),
    completeUpload: activity.changing((bucket, key, uploadId, parts, complete) => completeUpload(context, bucket, key, uploadId, parts, complete)),
    completedUpload: (bucket, key, uploadId) => completedUpload(context, bucket, key, uploadId),
    abortUpload: (bucket, key, uploadId) => abortUpload(context, bucket, key, uploadId),

    healing,
    async recover(options) {
      const report = await recover(context, options);
      if (options?.abandonedMs === undefined) await healing.prepare();
      return report;
    },
    forgetBucket: (bucket) => {
      checked.forget(bucket);
      settings.forget(bucket);
    },
    async importBucket(bucket, imported) {
      try {
        await buckets.make(bucket, {});
      } catch (error) {
        if (!isStorageError(error, 'bucket-exists')) throw error;
      }
      await settings.restore(bucket, imported);
    },
    importVersion: activity.changing((bucket, key, version, take) => importVersion(context, bucket, key, version, take)),
    expireUploads: (olderThanMs) => expireUploads(context, olderThanMs),
    async idle() {
      for (const pool of deployment.pools) for (const set of pool.sets) await context.lanes.idle(set.drives);
    },
  };
}

/** Requests look at their bucket one and all; its folders are not looked for again each time. */
const CHECK_AGAIN_MS = 1000;
const CHECKED_MAX = 10_000;

class RecentlyChecked {
  readonly #checkedMs = new Map<string, number>();

  constructor(
    readonly look: (bucket: string) => Promise<void>,
    readonly clock: Clock,
  ) {}

  /** Throws bucket-not-found, read-quorum. */
  async check(bucket: string): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const checkedMs = this.#checkedMs.get(bucket);
    if (checkedMs !== undefined && nowMs - checkedMs < CHECK_AGAIN_MS) return;
    await this.look(bucket);
    if (this.#checkedMs.size >= CHECKED_MAX) this.#checkedMs.clear();
    this.#checkedMs.set(bucket, nowMs);
  }

  forget(bucket: string): void {
    this.#checkedMs.delete(bucket);
  }
}

/** Settings of buckets are small objects below `.minio.sys`, like those of clients. */
function systemObjects(context: StoreContext): SystemObjects {
  const readDated = async (path: string): Promise<{ bytes: Uint8Array; modTimeNs: bigint }> => {
    const opened = await openObject(context, SYSTEM_VOLUME, path, {});
    const chunks: Uint8Array[] = [];
    for await (const chunk of opened.read()) chunks.push(Uint8Array.from(chunk));
    return { bytes: Buffer.concat(chunks), modTimeNs: opened.info.modTimeNs };
  };
  return {
    async read(path) {
      return (await readDated(path)).bytes;
    },
    readDated: (path) => orUndefined(readDated(path)),
    async write(path, bytes) {
      const body = { size: bytes.length, stream: oneChunk(bytes), digests: ['md5'] as const };
      await putObject(context, SYSTEM_VOLUME, path, body, {
        versioning: 'unversioned',
        metaUser: new Map([['content-type', 'application/octet-stream']]),
        judge: (digests) => ({ etag: Buffer.from(digests.get('md5') ?? []).toString('hex') }),
      });
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is an async iterable
async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 0) yield bytes;
}
