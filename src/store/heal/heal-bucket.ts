/** Heals a bucket: its folder on every drive of every set. */
import { StorageError, isStorageError } from '../../base/index.js';
import { allSets } from '../../cluster/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';
import { onEachDrive, type DriveOutcome } from '../buckets.js';
import { withLock, type StoreContext } from '../context.js';
import type { HealDrive, HealDriveState, HealItem, HealOptions } from './types.js';

type BucketContext = Pick<StoreContext, 'deployment' | 'locker'>;
type BucketHealOptions = Pick<HealOptions, 'isDryRun' | 'remove'>;

/**
 * Makes the folder where it is missing and some set has the bucket on half of its drives. One on fewer drives everywhere is what a
 * removal or a failed making left: it is reported, and with `remove` removed where nothing is in it.
 */
export async function healBucket(context: BucketContext, bucket: string, options: BucketHealOptions): Promise<HealItem> {
  const look = await lookAtBucket(context, bucket, { ...options, isDryRun: true });
  if (options.isDryRun || (look.outcome !== 'healable' && look.outcome !== 'dangling')) return look;
  try {
    // A bucket that is just being made or removed is on some drives only, and must not be completed by anybody else.
    return await withLock(context, `${SYSTEM_VOLUME}/buckets/${bucket}`, () => lookAtBucket(context, bucket, options));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { ...look, outcome: 'failed', reason: error.message };
  }
}

/** Looks at the folders, and repairs them unless it is a dry run. */
async function lookAtBucket({ deployment }: BucketContext, bucket: string, options: BucketHealOptions): Promise<HealItem> {
  const looks = await Promise.all(
    allSets(deployment).map(async (set) => ({ set, outcomes: await onEachDrive(set, (drive) => drive.statVolume(bucket)) })),
  );
  const exists = looks.some(({ set, outcomes }) => outcomes.filter(({ error }) => error === undefined).length >= set.size / 2);
  const drives: HealDrive[] = [];
  for (const { set, outcomes } of looks) {
    const repaired = options.isDryRun ? undefined : await repair(outcomes, bucket, exists, options.remove);
    outcomes.forEach((outcome, slot) => {
      const before = stateOf(outcome);
      const { drive } = outcome;
      const failure = repaired?.get(slot);
      const isDone = repaired?.has(slot) === true && failure === undefined;
      const place = { poolIndex: set.poolIndex, setIndex: set.setIndex, slot, endpoint: drive?.endpoint ?? '', driveId: drive?.id ?? '' };
      drives.push({ ...place, before, after: isDone ? (exists ? 'ok' : 'missing') : before, ...(failure !== undefined && { reason: failure }) });
    });
  }
  return { type: 'bucket', bucket, object: '', versionId: '', isDeleteMarker: false, size: 0, dataShards: 0, parityShards: 0, drives, ...verdict(drives, exists, options) };
}

/** By slot: what the repair of a drive failed with, undefined where it succeeded; drives without need are left out. */
async function repair(outcomes: readonly DriveOutcome<unknown>[], bucket: string, exists: boolean, remove: boolean): Promise<Map<number, string | undefined>> {
  const repaired = new Map<number, string | undefined>();
  const wanted: HealDriveState | undefined = exists ? 'missing' : remove ? 'ok' : undefined;
  await Promise.all(
    outcomes.map(async (outcome, slot) => {
      const { drive } = outcome;
      if (drive === undefined || stateOf(outcome) !== wanted) return;
      try {
        if (exists) await drive.makeVolume(bucket);
        else await drive.deleteVolume(bucket, { force: false });
        repaired.set(slot, undefined);
      } catch (error) {
        const isFine = isStorageError(error, exists ? 'volume-exists' : 'volume-not-found');
        repaired.set(slot, isFine ? undefined : error instanceof Error ? error.message : String(error));
      }
    }),
  );
  return repaired;
}

function stateOf({ error }: DriveOutcome<unknown>): HealDriveState {
  if (error === undefined) return 'ok';
  if (isStorageError(error, 'volume-not-found')) return 'missing';
  return isStorageError(error, 'drive-not-found') ? 'offline' : 'unknown';
}

function verdict(drives: readonly HealDrive[], exists: boolean, { isDryRun, remove }: BucketHealOptions): Pick<HealItem, 'outcome' | 'reason'> {
  if (!exists) {
    if (drives.every(({ before }) => before !== 'ok')) return { outcome: 'skipped', reason: 'there is no such bucket' };
    if (remove && drives.every(({ after }) => after !== 'ok')) return { outcome: 'healed', reason: 'what was left of a removed bucket was removed' };
    return { outcome: 'dangling', reason: 'fewer than half of the drives of any set have this bucket: heal with remove to remove what is left, or make the bucket to keep it' };
  }
  if (drives.every(({ before }) => before !== 'missing')) return { outcome: 'ok', reason: '' };
  if (isDryRun) return { outcome: 'healable', reason: '' };
  const failed = drives.find(({ reason }) => reason !== undefined);
  return failed === undefined ? { outcome: 'healed', reason: '' } : { outcome: 'failed', reason: `drive ${failed.endpoint}: ${failed.reason ?? ''}` };
}
