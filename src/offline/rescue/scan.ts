/** Counts what is left: every version of every object of all sets, by what became of it. */
import { SYSTEM_VOLUME } from '../../format/index.js';
import type { SalvageState, SalvagedVersion } from '../../store/index.js';
import { bucketsOf, rescuedKeys, type KeyInSet } from './keys.js';
import type { Rescue } from './open.js';
import { Picture } from './picture.js';

/** Versions, delete markers too. */
export interface Counts {
  whole: number;
  degraded: number;
  lost: number;
  leftover: number;
  /** Bytes of objects that can be read, and of those that cannot. */
  readableBytes: number;
  lostBytes: number;
}

/** One version that is not whole. */
export interface ScanProblem {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly verdict: 'degraded' | 'lost' | 'leftover';
  readonly size: number;
  readonly set: string;
  readonly good: number;
  readonly needed: number;
  readonly why: string;
}

export interface DriveCounts {
  readonly states: Readonly<Record<SalvageState, number>>;
}

export interface ScanReport {
  readonly objects: Counts;
  /** Of servers themselves: users, policies, settings of buckets. */
  readonly system: Counts;
  readonly buckets: ReadonlyMap<string, Counts>;
  /** Keys whose xl.meta no drive could read. */
  readonly unreadableKeys: number;
  /** By set and its drives, in the rescue's order. */
  readonly drives: readonly (readonly DriveCounts[])[];
  readonly picture: Picture;
}

export interface ScanOptions {
  readonly scan: 'normal' | 'deep';
  readonly signal?: AbortSignal | undefined;
  /** Told of each version that is not whole, as the scan comes to it. */
  readonly onProblem: (problem: ScanProblem) => Promise<void> | void;
  readonly onFailure: (path: string, error: unknown) => void;
  readonly onKey?: () => void;
}

/** Throws aborted. */
export async function scanDrives(rescue: Rescue, options: ScanOptions): Promise<ScanReport> {
  const firstRows = new Map(rescue.sets.map((set, i) => [set, rescue.sets.slice(0, i).reduce((sum, { drives }) => sum + drives.length, 0)] as const));
  const drives = rescue.sets.map((set) => set.drives.map(() => ({ states: { ok: 0, misplaced: 0, missing: 0, corrupt: 0, outdated: 0, offline: 0, unknown: 0 } })));
  const picture = new Picture(drives.flat().length);
  const report = { objects: noCounts(), system: noCounts(), buckets: new Map<string, Counts>(), unreadableKeys: 0, drives, picture };
  for (const bucket of [...(await bucketsOf(rescue)), SYSTEM_VOLUME]) {
    const own = noCounts();
    if (bucket !== SYSTEM_VOLUME) report.buckets.set(bucket, own);
    const total = bucket === SYSTEM_VOLUME ? report.system : report.objects;
    for await (const { places } of rescuedKeys(rescue, bucket, { prefix: '', ...options })) {
      options.onKey?.();
      for (const place of places) {
        if (place.versions.length === 0 && place.faults.some((fault) => fault !== undefined)) {
          report.unreadableKeys++;
          await options.onProblem(unreadable(place));
          continue;
        }
        const setIndex = rescue.sets.indexOf(place.set);
        for (const salvaged of place.versions) {
          for (const counts of [own, total]) count(counts, salvaged);
          if (salvaged.verdict !== 'leftover') {
            salvaged.states.forEach((state, i) => {
              const row = drives[setIndex]?.[i];
              if (row !== undefined) row.states[state]++;
            });
            picture.add(`${bucket}/${place.key}`, salvaged.verdict, firstRows.get(place.set) ?? 0, salvaged.states);
          }
          if (salvaged.verdict !== 'whole') await options.onProblem(problemOf(place, salvaged));
        }
      }
    }
  }
  return report;
}

function noCounts(): Counts {
  return { whole: 0, degraded: 0, lost: 0, leftover: 0, readableBytes: 0, lostBytes: 0 };
}

function count(counts: Counts, { verdict, version }: SalvagedVersion): void {
  counts[verdict]++;
  if (version.kind !== 'object' || verdict === 'leftover') return;
  if (verdict === 'lost') counts.lostBytes += version.size;
  else counts.readableBytes += version.size;
}

function problemOf({ bucket, key, set }: KeyInSet, salvaged: SalvagedVersion): ScanProblem {
  const { verdict, version, good, needed } = salvaged;
  return {
    bucket, key, versionId: version.versionId,
    verdict: verdict === 'whole' ? 'degraded' : verdict,
    size: version.kind === 'object' ? version.size : 0,
    set: set.name, good, needed, why: whyOf(set, salvaged),
  };
}

function unreadable({ bucket, key, set, faults }: KeyInSet): ScanProblem {
  const why = set.drives.flatMap(({ path }, i) => (faults[i] === undefined ? [] : [`${path}: ${faults[i]}`])).join('; ');
  return { bucket, key, versionId: '', verdict: 'lost', size: 0, set: set.name, good: 0, needed: 1, why };
}

const WORDS: Readonly<Record<Exclude<SalvageState, 'ok'>, string>> = {
  misplaced: 'has it from another drive',
  missing: 'lacks it',
  corrupt: 'has it damaged',
  outdated: 'has another state of it',
  offline: 'does not answer',
  unknown: 'cannot be read there',
};

/** What is wrong with a version, drive by drive. */
export function whyOf(set: Rescue['sets'][number], { states, verdict, good, needed, version }: SalvagedVersion): string {
  const gone = Math.max(0, set.size - new Set(set.drives.map(({ slot }) => slot)).size);
  const drives = states.flatMap((state, i) => (state === 'ok' ? [] : [`${set.drives[i]?.path ?? ''} ${WORDS[state]}`]));
  const head = verdict === 'lost' ? [`${good} of ${needed} needed shards are good`] : verdict === 'leftover' ? ['never finished, overwritten or removed'] : [];
  const away = gone === 0 || version.kind === 'delete-marker' ? [] : [`${gone} drive${gone === 1 ? ' is' : 's are'} not here`];
  return [...head, ...away, ...drives].join('; ');
}
