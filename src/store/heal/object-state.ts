/**
 * What the drives of a set hold of one object, and what each should hold: pure functions from the drives' answers to states.
 * Which version is the right one is decided where reads decide it (quorum.ts).
 */
import { entryDataDir, type FileHash, type ObjectVersion, type XlMeta, type XlVersionEntry } from '../../format/index.js';
import { framedFileSize, shardFileSize, shardSize } from '../../erasure/index.js';
import { decideVersion, isOwnShard, sameHeader, type AgreedVersion, type DriveSays } from '../quorum.js';
import type { HealDriveState } from './types.js';

/** One drive's answer about an object's xl.meta. */
export type MetaAnswer =
  | { readonly kind: 'meta'; readonly meta: XlMeta }
  /** `isProof`: false for a drive that is being healed, whose lack says nothing. */
  | { readonly kind: 'absent'; readonly isProof: boolean }
  | { readonly kind: 'corrupt' | 'offline' | 'unknown'; readonly reason: string };

export type DataState = 'ok' | 'missing' | 'corrupt' | 'offline' | 'unknown';

/** A version that some drive holds, as the set has decided on it. */
export type VersionState = {
  readonly versionId: string;
  /** By slot, of the metadata alone. */
  readonly metas: readonly HealDriveState[];
} & (
  | { readonly kind: 'agreed'; readonly agreed: AgreedVersion }
  /** Too few hold it, and all others are known to lack it. `entry` is one of theirs. */
  | { readonly kind: 'stray'; readonly entry: XlVersionEntry }
  /** Nothing can be known until more drives answer. */
  | { readonly kind: 'undecided'; readonly entry: XlVersionEntry; readonly why: string }
);

/** Every version that some drive holds, newest first. Free versions (bookkeeping of tiers) are left as they are. */
export function versionStates(answers: readonly MetaAnswer[]): VersionState[] {
  const says = answers.map(sayOf);
  return versionIdsOf(answers).map((versionId): VersionState => {
    const holders = answers.map((answer) => entryOf(answer, versionId));
    const [entry] = holders.flatMap((held) => (held === undefined ? [] : [held]));
    const decision = decideVersion(says, versionId);
    if (decision.kind === 'found') {
      const { agreed } = decision;
      return { kind: 'agreed', versionId, agreed, metas: answers.map((answer, slot) => metaState(answer, holders[slot], agreed, slot)) };
    }
    if (entry === undefined) throw new Error('assertion failed: a version id comes from some drive');
    const metas = answers.map((answer, slot): HealDriveState => (holders[slot] !== undefined ? 'ok' : answer.kind === 'meta' || answer.kind === 'absent' ? 'missing' : answer.kind));
    return decision.kind === 'absent' ? { kind: 'stray', versionId, entry, metas } : { kind: 'undecided', versionId, entry, metas, why: decision.why };
  });
}

function sayOf(answer: MetaAnswer): DriveSays {
  if (answer.kind === 'meta') return answer.meta.versions;
  return answer.kind === 'absent' && answer.isProof ? 'absent' : 'unknown';
}

function versionIdsOf(answers: readonly MetaAnswer[]): string[] {
  const newest = new Map<string, bigint>();
  for (const answer of answers) {
    if (answer.kind !== 'meta') continue;
    for (const { header } of answer.meta.versions) {
      if (header.isFreeVersion) continue;
      const known = newest.get(header.versionId);
      if (known === undefined || header.modTimeNs > known) newest.set(header.versionId, header.modTimeNs);
    }
  }
  return [...newest].sort(([, a], [, b]) => (a === b ? 0 : a > b ? -1 : 1)).map(([versionId]) => versionId);
}

function entryOf(answer: MetaAnswer, versionId: string): XlVersionEntry | undefined {
  return answer.kind === 'meta' ? answer.meta.versions.find(({ header }) => header.versionId === versionId && !header.isFreeVersion) : undefined;
}

function metaState(answer: MetaAnswer, held: XlVersionEntry | undefined, agreed: AgreedVersion, slot: number): HealDriveState {
  if (held === undefined) return answer.kind === 'meta' || answer.kind === 'absent' ? 'missing' : answer.kind;
  const { entry, version } = agreed;
  if (!sameHeader(held, entry)) return 'outdated';
  return isOwnShard(held, version, slot) ? 'ok' : 'outdated';
}

/** A part file as it must be on a drive. */
export interface PartShape {
  readonly number: number;
  readonly fileSizeBytes: number;
  readonly pieceSizeBytes: number;
  /** Of a file that is not in frames. */
  readonly fileHash?: FileHash | undefined;
}

export function partShapes({ parts, erasure }: ObjectVersion): PartShape[] {
  const pieceSizeBytes = shardSize(erasure.blockSizeBytes, erasure.dataShards);
  return parts.map(({ number, size, fileHash }) => ({
    number,
    fileSizeBytes: fileHash === undefined ? framedFileSize(size, erasure) : shardFileSize(size, erasure),
    pieceSizeBytes,
    fileHash,
  }));
}

/** What one drive's data state is, from the sizes of its part files (-1: missing). */
export function stateOfSizes(sizes: readonly number[], shapes: readonly PartShape[]): DataState {
  if (sizes.some((size) => size < 0)) return 'missing';
  return shapes.every(({ fileSizeBytes }, i) => sizes[i] === fileSizeBytes) ? 'ok' : 'corrupt';
}

/** What a drive is to be brought, metadata and data taken together. */
export function driveState(meta: HealDriveState, data: DataState | undefined): HealDriveState {
  return meta === 'ok' && data !== undefined ? data : meta;
}

/** True where a slot's own record names the same data dir and shard: part files there may be whole though the record is outdated. */
export function sharesDataDir(answer: MetaAnswer | undefined, version: ObjectVersion, slot: number): boolean {
  if (answer === undefined) return false;
  const held = entryOf(answer, version.versionId);
  return held?.header.type === 'object' && entryDataDir(held) === version.dataDir && isOwnShard(held, version, slot);
}
