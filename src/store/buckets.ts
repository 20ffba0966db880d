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
  /** Runs work while no other request, of this or another server, changes the bucket. */
  readonly exclusively: <T>(bucket: string, work: () => Promise<T>) => Promise<T>;
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
  make(bucket: string, options: { readonly versioning?: Versioning; readonly objectLock?: boolean }): Promise<void> {
    checkNewBucketName(bucket);
    return this.#options.exclusively(bucket, () => this.#make(bucket, options));
  }

  async #make(bucket: string, options: { readonly versioning?: Versioning; readonly objectLock?: boolean }): Promise<void> {
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
      await noteMissed(set, outcomes, bucket, 'volume-exists');
      isNew ||= outcomes.filter(({ error }) => isStorageError(error, 'volume-exists')).length < Math.ceil(set.size / 2);
    }
    if (!isNew) throw new StorageError('bucket-exists', `The bucket ${bucket} exists already`, { bucket });
    await this.#options.settings.create(bucket, { createdMs: this.#options.clock.now(), ...options });
  }

  /** Buckets by name; a folder that only a few drives have is a leftover. Throws read-quorum. */
  async list(): Promise<BucketInfo[]> {
    const names = new Set<string>();
    const doubtful = new Set<string>();
    for (const set of this.#sets) {
      const outcomes = await onEachDrive(set, (drive) => drive.listVolumes());
      const answered = outcomes.filter(({ value }) => value !== undefined).length;
      if (answered < set.size / 2) throw quorumError('read-quorum', 'Listing buckets', undefined, set, outcomes);
      const holders = new Map<string, Set<unknown>>();
      for (const { value = [], drive } of outcomes) {
        for (const { name } of value) if (isBucketName(name)) holders.set(name, (holders.get(name) ?? new Set()).add(drive));
      }
      for (const [name, drives] of holders) {
        const absent = outcomes.filter(({ value, drive }) => value !== undefined && drive !== undefined && !drives.has(drive) && !set.isHealing(drive)).length;
        const verdict = judgeBucket(set, drives.size, absent);
        if (verdict === 'present') names.add(name);
        else if (verdict === 'unknown') doubtful.add(name);
      }
    }
    for (const name of doubtful) if (!names.has(name) && (await this.#options.settings.isThere(name))) names.add(name);
    return Promise.all(
      [...names].sort().map(async (name): Promise<BucketInfo> => ({ name, createdMs: (await this.#options.settings.read(name)).createdMs })),
    );
  }

  /** Throws bucket-not-found where half of each set's drives answer that they lack it, read-quorum where too few answer. */
  async check(bucket: string): Promise<void> {
    if (!isBucketName(bucket)) throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
    let isDoubtful = false;
    for (const set of this.#sets) {
      let seen = 0;
      let enough: () => void = () => undefined;
      // Where half of the drives have it, one that hangs is not waited for.
      const isSeen = new Promise<undefined>((resolve) => (enough = () => resolve(undefined)));
      const all = onEachDrive(set, async (drive): Promise<VolumeInfo> => {
        const info = await drive.statVolume(bucket);
        if (++seen >= set.size / 2) enough();
        return info;
      });
      const outcomes = await Promise.race([all, isSeen]);
      if (outcomes === undefined) return;
      const present = outcomes.filter(({ error }) => error === undefined).length;
      const absent = outcomes.filter(({ error, drive }) => isStorageError(error, 'volume-not-found') && drive !== undefined && !set.isHealing(drive)).length;
      const verdict = judgeBucket(set, present, absent);
      if (verdict === 'present') return;
      if (verdict === 'unknown' && present === 0) throw quorumError('read-quorum', 'Looking for the bucket', bucket, set, outcomes);
      isDoubtful ||= verdict === 'unknown';
    }
    if (isDoubtful && (await this.#options.settings.isThere(bucket))) return;
    throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
  }

  /** Throws bucket-not-found, bucket-not-empty, write-quorum. */
  remove(bucket: string, options: { readonly force: boolean }): Promise<void> {
    return this.#options.exclusively(bucket, () => this.#remove(bucket, options));
  }

  async #remove(bucket: string, options: { readonly force: boolean }): Promise<void> {
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
        await noteMissed(set, outcomes, bucket, 'volume-not-found');
        continue;
      }
      // A write that came in between: put the folders back, the bucket lives on.
      await onEachDrive(set, (drive) => drive.makeVolume(bucket));
      if (refused.length > 0) throw new StorageError('bucket-not-empty', `The bucket ${bucket} is not empty`, { bucket });
      throw quorumError('write-quorum', 'Removing the bucket', bucket, set, outcomes);
    }
    for (const set of this.#sets) await onEachDrive(set, (drive) => drive.remove(SYSTEM_VOLUME, `buckets/${bucket}`));
    await this.#options.settings.remove(bucket);
  }
}

/**
 * What is acknowledged is on more than half of a set's drives: fewer than half that lack a bucket prove nothing, and
 * fewer than half that have it may be what a removal left.
 */
function judgeBucket(set: ErasureSet, present: number, absent: number): 'present' | 'absent' | 'unknown' {
  if (present >= set.size / 2) return 'present';
  return absent >= set.size / 2 ? 'absent' : 'unknown';
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

/** Notes, on the drives that took a change of a bucket, which others of the set missed it. */
async function noteMissed(set: ErasureSet, outcomes: readonly DriveOutcome<unknown>[], bucket: string, fine: 'volume-exists' | 'volume-not-found'): Promise<void> {
  const isDone = ({ error }: DriveOutcome<unknown>): boolean => error === undefined || isStorageError(error, fine);
  const missed = outcomes.flatMap((outcome, slot) => (isDone(outcome) ? [] : [slot]));
  if (missed.length === 0) return;
  await onEachDrive(set, (drive) => drive.noteMissed(missed, { volume: bucket, path: '' }));
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
