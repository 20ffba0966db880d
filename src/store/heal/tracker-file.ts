/** `.minio.sys/buckets/.healing.bin` on a drive: MinIO's record of a whole drive's heal. */
import { isStorageError } from '../../base/index.js';
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME, decodeHealingTracker, encodeHealingTracker, nsToMs, type HealingCounter, type HealingTracker } from '../../format/index.js';
import type { DriveHealStatus, HealFailure } from './types.js';

const PATH = 'buckets/.healing.bin';

/** undefined where there is none, or none of this drive that can be read. Throws what the drive does. */
export async function readTracker(drive: Drive): Promise<HealingTracker | undefined> {
  try {
    const tracker = decodeHealingTracker(await drive.readFile(SYSTEM_VOLUME, PATH));
    return tracker.driveId === (drive.id ?? '') ? tracker : undefined;
  } catch (error) {
    if (isStorageError(error, 'file-not-found', 'volume-not-found', 'metadata-corrupt')) return undefined;
    throw error;
  }
}

export function writeTracker(drive: Drive, tracker: HealingTracker): Promise<void> {
  return drive.writeFile(SYSTEM_VOLUME, PATH, encodeHealingTracker(tracker));
}

/** With some counters raised. */
export function counted(tracker: HealingTracker, add: Partial<Record<HealingCounter, number>>): HealingTracker {
  const counters = new Map(tracker.counters);
  for (const [name, value] of Object.entries(add) as [HealingCounter, number][]) counters.set(name, (counters.get(name) ?? 0) + value);
  return { ...tracker, counters };
}

export function statusOf(tracker: HealingTracker, failures: readonly HealFailure[]): DriveHealStatus {
  const count = (name: HealingCounter): number => tracker.counters.get(name) ?? 0;
  return {
    endpoint: tracker.endpoint,
    driveId: tracker.driveId,
    poolIndex: tracker.poolIndex,
    setIndex: tracker.setIndex,
    slot: tracker.slot,
    healId: tracker.healId,
    startedMs: nsToMs(tracker.startedNs),
    lastUpdateMs: nsToMs(tracker.lastUpdateNs),
    isFinished: tracker.isFinished,
    retryAttempts: count('RetryAttempts'),
    objectsTotal: count('ObjectsTotalCount'),
    bytesTotal: count('ObjectsTotalSize'),
    itemsHealed: count('ItemsHealed'),
    itemsFailed: count('ItemsFailed'),
    itemsSkipped: count('ItemsSkipped'),
    bytesHealed: count('BytesDone'),
    bytesFailed: count('BytesFailed'),
    bytesSkipped: count('BytesSkipped'),
    bucket: tracker.bucket,
    object: tracker.object,
    queuedBuckets: tracker.queuedBuckets,
    healedBuckets: tracker.healedBuckets,
    failures,
  };
}
