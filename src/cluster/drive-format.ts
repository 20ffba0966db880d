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
import { slotEvidence } from './slot-evidence.js';

const FORMAT_PATH = 'format.json';
const TRACKER_PATH = 'buckets/.healing.bin';
/** Where the format.json of an old release is kept when it is written anew; nobody else looks there. */
const KEPT_PATH = 'mts/format.json.before';
const FS_HINT = 'stop its server and bring its objects to new drives: mts convert /mnt/old /mnt/new{1...4}';

/** Asks a drive that has no identity attached what it is. Never rejects. */
export async function askFormat(drive: Drive): Promise<FormatAnswer> {
  try {
    const isRootDevice = (await drive.info()).isRootDevice;
    const bytes = await readIfThere(drive, FORMAT_PATH);
    if (bytes === undefined) return { kind: 'unformatted', isRootDevice };
    const answer = formatAnswerOf(bytes, isRootDevice);
    if (answer.kind !== 'formatted' || answer.driveId !== '') return answer;
    const evidence = await slotEvidence(drive, answer.format);
    return evidence === undefined ? answer : { ...answer, evidence };
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
  if (generation === 'fs 1' || generation === 'fs 2') return { kind: 'old', generation: generationName(generation), hint: FS_HINT };
  const isCurrent = generation === 'xl 3' && driveId !== '' && deploymentId !== '';
  const oldGeneration = driveId === '' ? 'a format.json that a release of 2025 left without an identity' : generationName(generation);
  return { kind: 'formatted', format, driveId, isEmpty: false, isRootDevice, ...(!isCurrent && { oldGeneration }) };
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

/** Keeps the format.json of an old release beside it; what an earlier try kept stays. */
export async function keepOldFormat(drive: Drive): Promise<void> {
  if ((await readIfThere(drive, KEPT_PATH)) !== undefined) return;
  await drive.writeFile(SYSTEM_VOLUME, KEPT_PATH, await drive.readFile(SYSTEM_VOLUME, FORMAT_PATH));
}

/** Puts the kept format.json back. */
export async function restoreOldFormat(drive: Drive): Promise<void> {
  await drive.writeFile(SYSTEM_VOLUME, FORMAT_PATH, await drive.readFile(SYSTEM_VOLUME, KEPT_PATH));
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
