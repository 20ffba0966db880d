/** What a heal says of an object: an item for each version, a drive for each slot. */
import { SYSTEM_VOLUME, decodeObjectPath } from '../../format/index.js';
import { driveState, type MetaAnswer } from './object-state.js';
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
  if (now.versions.length === 0) return unreadableItem(subject, before, now);
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

/** Where no drive has metadata that can be read but some have, or had, damaged metadata, that is all that can be said. */
function unreadableItem(subject: HealSubject, before: Survey, now: Survey): HealItem[] {
  if (isNowhere(before)) return [];
  const drives = before.answers.map((answer, slot): HealDrive => {
    const after = now.answers[slot] ?? answer;
    return { ...placeOf(subject, slot), before: unversionedState(answer), after: unversionedState(after), ...('reason' in after && { reason: after.reason }) };
  });
  const verdict = isNowhere(now) ? ({ outcome: 'healed', reason: 'what its removal left was removed' } as const) : ({ outcome: 'failed', reason: 'no drive has metadata of it that can be read' } as const);
  return [{ ...named(subject), versionId: '', isDeleteMarker: false, size: 0, dataShards: 0, parityShards: 0, drives, ...verdict }];
}

function isNowhere({ answers }: Survey): boolean {
  return answers.every(({ kind }) => kind === 'absent' || kind === 'offline');
}

function unversionedState({ kind }: MetaAnswer): HealDrive['before'] {
  return kind === 'absent' || kind === 'meta' ? 'missing' : kind;
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
