/** Drives and heals as admin clients read them. Durations are nanoseconds, times RFC 3339, sizes bytes. */
import type { DriveCalls } from '../drive/index.js';
import type { DriveHealStatus } from '../store/index.js';
import type { DriveReport } from './node-report.js';

/** Go's zero time; clients subtract it from now without harm. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

export function wireTime(ms: number | undefined): string {
  return ms === undefined ? ZERO_TIME : new Date(ms).toISOString().replace(/\.?0+Z$/, 'Z');
}

export const nanoseconds = (ms: number): number => Math.round(ms * 1e6);

interface DriveOptions {
  readonly withMetrics: boolean;
  readonly heal?: DriveHealStatus | undefined;
}

export function wireDrive(drive: DriveReport, { withMetrics, heal }: DriveOptions): object {
  const { space } = drive;
  return {
    endpoint: drive.endpoint,
    path: drive.path,
    state: drive.state,
    ...(drive.id !== '' && { uuid: drive.id }),
    // MinIO uses no drive on the root device; clients count those that say so as lost.
    ...(space?.isRootDevice === true && drive.state !== 'ok' && { rootDisk: true }),
    ...(drive.isHealing && { healing: true }),
    ...(space !== undefined && {
      // As Linux packs a device number.
      major: Math.floor(space.deviceId / 256) % 4096,
      minor: (space.deviceId % 256) + Math.floor(space.deviceId / 2 ** 20) * 256,
      totalspace: space.totalBytes,
      usedspace: space.usedBytes,
      availspace: space.freeBytes,
      used_inodes: space.usedInodes,
      free_inodes: space.freeInodes,
      utilization: space.totalBytes === 0 ? 0 : (space.usedBytes / space.totalBytes) * 100,
    }),
    metrics: withMetrics && drive.calls !== undefined ? wireCalls(drive.calls) : {},
    ...(heal !== undefined && drive.isHealing && !heal.isFinished && { heal_info: wireHealInfo(heal) }),
    local: true,
    pool_index: drive.poolIndex,
    set_index: drive.setIndex,
    disk_index: drive.slot,
    // What MinIO has no word for.
    mts: {
      condition: drive.condition,
      ...(drive.remark !== '' && { remark: drive.remark }),
      ...(drive.isMisplaced && { misplaced: true }),
      ...(drive.calls?.isReadOnly === true && { readOnly: true }),
      ...(drive.calls?.isFull === true && { full: true }),
      ...meanLatency(drive.calls),
    },
  };
}

function meanLatency(calls: DriveCalls | undefined): { latency?: number } {
  const counts = Object.values(calls?.recent ?? {});
  const count = counts.reduce((sum, call) => sum + call.count, 0);
  return count === 0 ? {} : { latency: nanoseconds(counts.reduce((sum, call) => sum + call.totalMs, 0) / count) };
}

function wireCalls(calls: DriveCalls): object {
  const lastMinute = Object.entries(calls.recent).map(([name, { count, totalMs }]) => [name, { count, acc_time_ns: nanoseconds(totalMs) }] as const);
  return {
    lastMinute: Object.fromEntries(lastMinute),
    apiCalls: Object.fromEntries(Object.entries(calls.total).map(([name, { count }]) => [name, count])),
    totalWaiting: calls.waiting,
    totalErrorsAvailability: calls.availabilityErrors,
    totalErrorsTimeout: calls.timeoutErrors,
  };
}

function wireHealInfo(heal: DriveHealStatus): object {
  return {
    id: heal.driveId,
    heal_id: heal.healId,
    pool_index: heal.poolIndex,
    set_index: heal.setIndex,
    disk_index: heal.slot,
    endpoint: heal.endpoint,
    path: heal.endpoint,
    started: wireTime(heal.startedMs),
    last_update: wireTime(heal.lastUpdateMs),
    retry_attempts: heal.retryAttempts,
    objects_total_count: heal.objectsTotal,
    objects_total_size: heal.bytesTotal,
    items_healed: heal.itemsHealed,
    items_failed: heal.itemsFailed,
    items_skipped: heal.itemsSkipped,
    bytes_done: heal.bytesHealed,
    bytes_failed: heal.bytesFailed,
    bytes_skipped: heal.bytesSkipped,
    objects_healed: heal.itemsHealed,
    objects_failed: heal.itemsFailed,
    current_bucket: heal.bucket,
    current_object: heal.object,
    queued_buckets: heal.queuedBuckets,
    healed_buckets: heal.healedBuckets,
    finished: heal.isFinished,
    // MinIO's number for "a fresh drive".
    reason: 0,
  };
}
