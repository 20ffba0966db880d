/**
 * Buckets: a folder on every drive of every set, and one settings object. A bucket exists where at least half of a set's
 * drives have its folder; making and removing need more than half.
 */
import { StorageError, isStorageError, type Clock, type Log } from '../base/index.js';
import { allSets, type Deployment, type ErasureSet } from '../cluster/index.js';
import type { Drive, VolumeInfo } from '../drive/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import { checkNewBucketName, isBucketName } from './bucket-name.js';
import type { BucketSettingsFile } from './bucket-settings.js';
import type { BucketInfo, Versioning } from './types.js';

export interface BucketsOptions {
  readonly deployment: Deployment;
  readonly settings: BucketSettingsFile;
  readonly clock: Clock;
  readonly log: Log;
  /** True where no object version is left in the bucket. */
  readonly isEmpty: (bucket: string) => Promise<boolean>;
  /** Resolves when drives have done what removed objects leave to do after the answer. */
  readonly settled: (set: ErasureSet, bucket: string) => Promise<void>;
}

export class Buckets {
  readonly #options: BucketsOptions;
  readonly #sets: readonly ErasureSet[];

  constructor(options: BucketsOptions) {
    this.#options = options;
    this.#sets = allSets(options.deployment);
  }

  /** Throws bucket-exists, bucket-name-invalid, write-quorum. */
  async make(bucket: string, options: { readonly versioning?: Versioning; readonly objectLock?: boolean }): Promise<void> {
    checkNewBucketName(bucket);
    const made: Drive[] = [];
    let isNew = false;
    for (const set of this.#sets) {
      const outcomes = await onEachDrive(set, (drive) => drive.makeVolume(bucket));
      outcomes.forEach(({ drive, error }) => drive && error === undefined && made.push(drive));
      const present = outcomes.filter(({ error }) => error === undefined || isStorageError(error, 'volume-exists')).length;
      if (present <= set.size / 2) {
        await Promise.allSettled(made.map((drive) => drive.deleteVolume(bucket, { force: false })));
        throw quorumError('write-quorum', 'Making the bucket', bucket, set, outcomes);
      }
      isNew ||= outcomes.filter(({ error }) => isStorageError(error, 'volume-exists')).length < Math.ceil(set.size / 2);
    }
    if (!isNew) throw new StorageError('bucket-exists', `The bucket ${bucket} exists already`, { bucket });
    await this.#options.settings.create(bucket, { createdMs: this.#options.clock.now(), ...options });
  }

  /** Buckets that half of some set's drives have, by name; a folder on fewer drives is a leftover. Throws read-quorum. */
  async list(): Promise<BucketInfo[]> {
    const names = new Set<string>();
    for (const set of this.#sets) {
      const counts = new Map<string, number>();
      const outcomes = await onEachDrive(set, (drive) => drive.listVolumes());
      const answers = outcomes.flatMap(({ value }) => (value === undefined ? [] : [value]));
      if (answers.length < set.size / 2) throw quorumError('read-quorum', 'Listing buckets', undefined, set, outcomes);
      for (const { name } of answers.flat()) if (isBucketName(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const [name, count] of counts) if (count >= answers.length / 2) names.add(name);
    }
    return Promise.all(
      [...names].sort().map(async (name): Promise<BucketInfo> => ({ name, createdMs: (await this.#options.settings.read(name)).createdMs })),
    );
  }

  /** Throws bucket-not-found where half of a set's drives answer that they lack it, read-quorum where too few answer. */
  async check(bucket: string): Promise<void> {
    if (!isBucketName(bucket)) throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
    for (const set of this.#sets) {
      const outcomes = await onEachDrive(set, (drive): Promise<VolumeInfo> => drive.statVolume(bucket));
      const present = outcomes.filter(({ error }) => error === undefined).length;
      const absent = outcomes.filter(({ error }) => isStorageError(error, 'volume-not-found')).length;
      if (present >= set.size / 2) return;
      if (present + absent < set.size / 2) throw quorumError('read-quorum', 'Looking for the bucket', bucket, set, outcomes);
    }
    throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
  }

  /** Throws bucket-not-found, bucket-not-empty, write-quorum. */
  async remove(bucket: string, options: { readonly force: boolean }): Promise<void> {
    await this.check(bucket);
    if (!options.force && !(await this.#options.isEmpty(bucket))) {
      throw new StorageError('bucket-not-empty', `The bucket ${bucket} is not empty`, { bucket });
    }
    for (const set of this.#sets) {
      await this.#options.settled(set, bucket);
      const outcomes = await onEachDrive(set, (drive) => drive.deleteVolume(bucket, options));
      const gone = outcomes.filter(({ error }) => error === undefined || isStorageError(error, 'volume-not-found')).length;
      const refused = outcomes.filter(({ error }) => isStorageError(error, 'volume-not-empty'));
      if (gone > set.size / 2) {
        for (const { drive } of refused) {
          this.#options.log.warn('a drive still holds files of a removed bucket; they are kept, the bucket no longer shows', {
            drive: drive?.endpoint,
            bucket,
          });
        }
        continue;
      }
      // A write that came in between: put the folders back, the bucket lives on.
      await onEachDrive(set, (drive) => drive.makeVolume(bucket));
      if (refused.length > 0) throw new StorageError('bucket-not-empty', `The bucket ${bucket} is not empty`, { bucket });
      throw quorumError('write-quorum', 'Removing the bucket', bucket, set, outcomes);
    }
    this.#options.settings.remove(bucket);
    for (const set of this.#sets) await onEachDrive(set, (drive) => drive.remove(SYSTEM_VOLUME, `buckets/${bucket}`));
  }
}

export interface DriveOutcome<T> {
  readonly drive: Drive | undefined;
  readonly value?: T;
  readonly error?: unknown;
}

/** Runs a call on every drive of a set; a drive that is not there fails with drive-not-found. */
export async function onEachDrive<T>(set: ErasureSet, call: (drive: Drive) => Promise<T>): Promise<DriveOutcome<T>[]> {
  return Promise.all(
    set.drives.map(async (drive): Promise<DriveOutcome<T>> => {
      if (drive?.state !== 'online') return { drive, error: new StorageError('drive-not-found', 'The drive is offline', { drive: drive?.endpoint }) };
      try {
        return { drive, value: await call(drive) };
      } catch (error) {
        return { drive, error };
      }
    }),
  );
}

function quorumError(
  code: 'read-quorum' | 'write-quorum',
  what: string,
  bucket: string | undefined,
  set: ErasureSet,
  outcomes: readonly DriveOutcome<unknown>[],
): StorageError {
  const failed = outcomes.flatMap(({ error }): unknown[] => (error === undefined ? [] : [error]));
  return new StorageError(code, `${what} failed on ${failed.length} of ${set.size} drives of set ${set.setIndex + 1}`, {
    bucket,
    cause: new AggregateError(failed),
  });
}
