/** What a heal says of an object: an item for each version, a drive for each slot. */
import { SYSTEM_VOLUME, decodeObjectPath } from '../../format/index.js';
import { driveState } from './object-state.js';
import type { HealSubject, Survey, SurveyedVersion } from './survey.js';
import type { HealDrive, HealItem, HealOutcome } from './types.js';

/** What became of one version. */
export interface VersionResult {
  readonly outcome: HealOutcome;
  readonly reason: string;
  /** Slots that have it now. */
  readonly healed?: ReadonlySet<number>;
  /** By slot: why it has it not. */
  readonly reasons?: ReadonlyMap<number, string>;
  /** Bit rot was met on the way. */
  readonly isDamaged?: boolean;
}

/** `results` are of the versions of `now`, in their order; `before` is what the drives said first. */
export function healItems(subject: HealSubject, before: Survey, results: readonly VersionResult[], now: Survey): HealItem[] {
  if (now.versions.length === 0) return unreadableItem(subject, before);
  return now.versions.map((version, i) => {
    const { state } = version;
    const result = results[i] ?? { outcome: 'skipped', reason: '' };
    const first = before.versions.find((one) => one.state.versionId === state.versionId) ?? version;
    const drives = subject.set.drives.map((_, slot): HealDrive => {
      const was = stateOn(first, slot);
      const isHealed = result.healed?.has(slot) === true;
      const reason = result.reasons?.get(slot);
      return { ...placeOf(subject, slot), before: was, after: isHealed ? 'ok' : stateOn(version, slot), ...(reason !== undefined && { reason }) };
    });
    const found = state.kind === 'agreed' ? state.agreed.version : undefined;
    const header = state.kind === 'agreed' ? state.agreed.entry.header : state.entry.header;
    return {
      ...named(subject),
      versionId: state.versionId,
      isDeleteMarker: header.type === 'delete-marker',
      size: found?.kind === 'object' ? found.size : 0,
      dataShards: header.dataShards,
      parityShards: header.parityShards,
      drives,
      outcome: result.outcome,
      reason: result.reason,
    };
  });
}

/** Where no drive has metadata that can be read but some have damaged metadata, that is all that can be said. */
function unreadableItem(subject: HealSubject, { answers }: Survey): HealItem[] {
  if (answers.every(({ kind }) => kind === 'absent' || kind === 'offline')) return [];
  const drives = answers.map((answer, slot): HealDrive => {
    const state = answer.kind === 'absent' || answer.kind === 'meta' ? 'missing' : answer.kind;
    return { ...placeOf(subject, slot), before: state, after: state, ...('reason' in answer && { reason: answer.reason }) };
  });
  const reason = 'no drive has metadata of it that can be read';
  return [{ ...named(subject), versionId: '', isDeleteMarker: false, size: 0, dataShards: 0, parityShards: 0, drives, outcome: 'failed', reason }];
}

function named({ volume, path }: HealSubject): Pick<HealItem, 'type' | 'bucket' | 'object'> {
  return { type: volume === SYSTEM_VOLUME ? 'metadata' : 'object', bucket: volume, object: decodeObjectPath(path) };
}

function placeOf({ set }: HealSubject, slot: number): Pick<HealDrive, 'poolIndex' | 'setIndex' | 'slot' | 'endpoint' | 'driveId'> {
  const drive = set.drives[slot];
  return { poolIndex: set.poolIndex, setIndex: set.setIndex, slot, endpoint: drive?.endpoint ?? '', driveId: drive?.id ?? '' };
}

function stateOn({ state, data }: SurveyedVersion, slot: number): HealDrive['before'] {
  return driveState(state.metas[slot] ?? 'unknown', data[slot]);
}
