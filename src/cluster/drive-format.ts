/** Reading and writing the identity of a drive: `.minio.sys/format.json` and the healing tracker beside it. */
import { isStorageError, type Clock } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import {
  decodeFormatJson,
  decodeHealingTracker,
  encodeFormatJson,
  encodeHealingTracker,
  generationName,
  msToNs,
  newHealingTracker,
  SYSTEM_VOLUME,
  type FormatJson,
} from '../format/index.js';
import type { FormatAnswer, PoolFormat, SlotPlace } from './format-plan.js';

const FORMAT_PATH = 'format.json';
const TRACKER_PATH = 'buckets/.healing.bin';
const OLD_HINT = 'start it with the release that wrote it, or copy its objects to a new deployment';

/** Asks a drive that has no identity attached what it is. Never rejects. */
export async function askFormat(drive: Drive): Promise<FormatAnswer> {
  try {
    const isRootDevice = (await drive.info()).isRootDevice;
    const bytes = await readIfThere(drive, FORMAT_PATH);
    return bytes === undefined ? { kind: 'unformatted', isRootDevice } : formatAnswerOf(bytes, isRootDevice);
  } catch (error) {
    if (isStorageError(error, 'drive-not-found')) return { kind: 'missing' };
    return { kind: 'offline', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What format.json says of a drive; whether it is empty is not known from that. */
export function formatAnswerOf(bytes: Uint8Array, isRootDevice: boolean): FormatAnswer {
  let format: FormatJson;
  try {
    format = decodeFormatJson(bytes);
  } catch (error) {
    return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  }
  const { generation, driveId, deploymentId } = format;
  if (generation !== 'xl 3') return { kind: 'old', generation: generationName(generation), hint: OLD_HINT };
  if (driveId === '') return { kind: 'old', generation: 'an older drive that a release of 2025 has overwritten without an identity', hint: 'restore format.json from a backup' };
  if (deploymentId === '') return { kind: 'old', generation: 'early 2018, without a deployment id', hint: OLD_HINT };
  // Such sets may hold objects in xl.json, which would neither be listed nor be safe from being overwritten unseen.
  if (format.algorithm === 'CRCMOD') return { kind: 'old', generation: '2018 to 2020, with objects in xl.json', hint: OLD_HINT };
  return { kind: 'formatted', format, driveId, isEmpty: false, isRootDevice };
}

/** True where a drive holds no bucket. */
export async function isEmptyDrive(drive: Drive): Promise<boolean> {
  const volumes = await drive.listVolumes().catch(() => undefined);
  return volumes?.length === 0;
}

/** Gives a drive its identity. The drive has none attached. */
export async function writeFormat(drive: Drive, format: PoolFormat, driveId: string): Promise<void> {
  await drive.writeFile(SYSTEM_VOLUME, FORMAT_PATH, encodeFormatJson({ ...format, driveId }));
}

/** Takes back an identity given a moment ago. */
export async function removeFormat(drive: Drive): Promise<void> {
  await drive.remove(SYSTEM_VOLUME, FORMAT_PATH).catch(() => undefined);
}

interface TrackerFacts extends SlotPlace {
  readonly driveId: string;
  readonly poolIndex: number;
}

/** Marks a drive as one to heal, for us and for real MinIO. */
export async function writeTracker(drive: Drive, facts: TrackerFacts, clock: Clock): Promise<void> {
  const tracker = newHealingTracker({ ...facts, path: drive.endpoint, endpoint: drive.endpoint, startedNs: msToNs(clock.now()) });
  await drive.writeFile(SYSTEM_VOLUME, TRACKER_PATH, encodeHealingTracker(tracker));
}

/** True where the drive carries an unfinished tracker of its own. One that cannot be read counts: to heal a whole drive costs time, to trust an empty one data. */
export async function hasUnfinishedTracker(drive: Drive, driveId: string): Promise<boolean> {
  try {
    const bytes = await readIfThere(drive, TRACKER_PATH);
    if (bytes === undefined) return false;
    const tracker = decodeHealingTracker(bytes);
    return tracker.driveId === driveId && !tracker.isFinished;
  } catch {
    return true;
  }
}

const PROBE_PATH = 'tmp/.writable-check';

/** Writes and removes a small file; gives the reason where that is not possible. */
export async function checkWritable(drive: Drive): Promise<string | undefined> {
  try {
    await drive.writeFile(SYSTEM_VOLUME, PROBE_PATH, new Uint8Array(1));
    await drive.remove(SYSTEM_VOLUME, PROBE_PATH);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readIfThere(drive: Drive, path: string): Promise<Uint8Array | undefined> {
  try {
    return await drive.readFile(SYSTEM_VOLUME, path);
  } catch (error) {
    if (isStorageError(error, 'file-not-found', 'volume-not-found')) return undefined;
    throw error;
  }
}
