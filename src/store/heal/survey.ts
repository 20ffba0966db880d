/** What the drives of a set hold of one object right now: their metadata, and whether the data that it names is there and whole. */
import { StorageError, isStorageError } from '../../base/index.js';
import type { ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { FRAME_HASH_SIZE, framedFileSize, shardSize } from '../../erasure/index.js';
import { parseXlMeta, unframeShard, type ObjectVersion } from '../../format/index.js';
import type { StoreContext } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import { inlineStream } from '../inline-reader.js';
import { withLimit } from '../read-version.js';
import { ownVersion, verifyFile } from '../shard-reader.js';
import { partShapes, sharesDataDir, stateOfSizes, versionStates, type DataState, type MetaAnswer, type PartShape, type VersionState } from './object-state.js';
import type { HealScan } from './types.js';

/** The folder of an object in a set. */
export interface HealSubject {
  readonly context: Pick<StoreContext, 'lanes' | 'locker' | 'clock' | 'random' | 'log' | 'deployment'>;
  readonly set: ErasureSet;
  readonly volume: string;
  readonly path: string;
}

export interface SurveyedVersion {
  readonly state: VersionState;
  /** Where the data of an agreed object is kept; `none`: it has none. */
  readonly keeping: 'none' | 'inline' | 'parts';
  /** By slot; undefined where nothing was looked at. */
  readonly data: readonly (DataState | undefined)[];
}

export interface Survey {
  readonly answers: readonly MetaAnswer[];
  /** Newest first. */
  readonly versions: readonly SurveyedVersion[];
}

/** A change that was answered before this drive was done with it has this long to end. */
const BUSY_WAIT_MS = 2000;
/** Bytes that one call verifies. */
const VERIFY_BYTES = 16 * 1024 * 1024;

/** Asks every drive. Never rejects but for bugs. */
export async function survey(subject: HealSubject, scan: HealScan): Promise<Survey> {
  const { set } = subject;
  const answers = await Promise.all(set.drives.map((drive) => askMeta(subject, drive)));
  const versions: SurveyedVersion[] = [];
  for (const state of versionStates(answers)) versions.push(await lookAtData(subject, answers, state, scan));
  return { answers, versions };
}

async function askMeta({ context, set, volume, path }: HealSubject, drive: Drive | undefined): Promise<MetaAnswer> {
  if (drive?.state !== 'online') return { kind: 'offline', reason: `the drive is ${drive?.state ?? 'missing'}` };
  const busy = context.lanes.underWay(drive, `${volume}/${path}`);
  if (busy !== undefined) {
    await withLimit(busy, BUSY_WAIT_MS);
    if (context.lanes.underWay(drive, `${volume}/${path}`) === busy) return { kind: 'offline', reason: 'the drive is still busy with an earlier change' };
  }
  const outcome = await outcomeOf(drive.readXlMeta(volume, path, { inline: true }).then(parseXlMeta));
  if (outcome.ok) return { kind: 'meta', meta: outcome.value };
  const { error } = outcome;
  if (isStorageError(error, 'file-not-found', 'volume-not-found')) return { kind: 'absent', isProof: !set.isHealing(drive) };
  if (!(error instanceof StorageError)) throw error;
  const kind = error.code === 'metadata-corrupt' ? 'corrupt' : isStorageError(error, 'drive-not-found', 'drive-unformatted', 'drive-foreign') ? 'offline' : 'unknown';
  return { kind, reason: error.message };
}

async function lookAtData(subject: HealSubject, answers: readonly MetaAnswer[], state: VersionState, scan: HealScan): Promise<SurveyedVersion> {
  const nothing = { state, keeping: 'none', data: answers.map(() => undefined) } as const;
  if (state.kind !== 'agreed' || state.agreed.version.kind !== 'object') return nothing;
  const { version, entry } = state.agreed;
  // A drive that missed an overwrite may have inline data of what was there before, under the same version id.
  if (entry.header.isInline || answers.some((answer, slot) => state.metas[slot] === 'ok' && answer.kind === 'meta' && inlineStream(answer.meta, version) !== undefined)) {
    return { state, keeping: 'inline', data: answers.map((answer, slot) => (state.metas[slot] === 'ok' ? inlineState(answer, version) : undefined)) };
  }
  if (version.size === 0) return nothing;
  const data = await Promise.all(
    subject.set.drives.map(async (drive, slot): Promise<DataState | undefined> => {
      if (drive?.state !== 'online') return 'offline';
      const meta = state.metas[slot];
      const answer = answers[slot];
      const own = ownVersion(answer?.kind === 'meta' ? answer.meta : undefined, entry, version);
      if (own === undefined || meta === 'offline' || meta === 'unknown') return undefined;
      if (meta === 'ok') return partsState(subject, drive, own, partShapes(own), scan);
      // Part files without their record are worth a look: with it they may be whole again. Only hashes can tell.
      if (meta === 'outdated' && !sharesDataDir(answer, version, slot)) return undefined;
      return partsState(subject, drive, version, partShapes(version), 'deep');
    }),
  );
  return { state, keeping: 'parts', data };
}

export function inlineState(answer: MetaAnswer, version: ObjectVersion): DataState {
  const stream = answer.kind === 'meta' ? inlineStream(answer.meta, version) : undefined;
  if (stream === undefined) return version.size === 0 ? 'ok' : 'missing';
  if (stream.length !== framedFileSize(version.size, version.erasure)) return 'corrupt';
  try {
    unframeShard(stream, shardSize(version.erasure.blockSizeBytes, version.erasure.dataShards));
    return 'ok';
  } catch {
    return 'corrupt';
  }
}

export async function partsState({ volume, path }: Pick<HealSubject, 'volume' | 'path'>, drive: Drive, version: ObjectVersion, shapes: readonly PartShape[], scan: HealScan): Promise<DataState> {
  try {
    const sizes = await drive.statParts(volume, path, version.dataDir, shapes.map(({ number }) => number));
    const state = stateOfSizes(sizes, shapes);
    if (state !== 'ok' || scan === 'normal') return state;
    for (const shape of shapes) await verifyAll(drive, volume, path, version.dataDir, shape);
    return 'ok';
  } catch (error) {
    if (isStorageError(error, 'file-not-found', 'volume-not-found')) return 'missing';
    if (isStorageError(error, 'frame-corrupt')) return 'corrupt';
    if (isStorageError(error, 'drive-not-found', 'drive-unformatted', 'drive-foreign')) return 'offline';
    if (error instanceof StorageError) return 'unknown';
    throw error;
  }
}

async function verifyAll(drive: Drive, volume: string, path: string, dataDir: string, shape: PartShape): Promise<void> {
  const { number, fileSizeBytes, pieceSizeBytes, fileHash } = shape;
  if (fileHash !== undefined) {
    const reader = drive.openData(volume, path, dataDir);
    await verifyFile(reader, number, fileSizeBytes, fileHash).finally(() => reader.close());
    return;
  }
  const frameSize = pieceSizeBytes + FRAME_HASH_SIZE;
  const frameCount = Math.max(1, Math.floor(VERIFY_BYTES / frameSize));
  for (let firstFrame = 0; firstFrame * frameSize < fileSizeBytes; firstFrame += frameCount) {
    await drive.verifyPart(volume, path, dataDir, number, { fileSizeBytes, pieceSizeBytes, firstFrame, frameCount });
  }
}
