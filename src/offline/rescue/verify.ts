/**
 * Every shard of every version against its hash, and every stripe against its parity: which drive is wrong, and about what.
 * One pass over the bytes; nothing is written.
 */
import { SYSTEM_VOLUME } from '../../format/index.js';
import { heldStripes, judgeStripe, type SalvageState, type SalvagedVersion } from '../../store/index.js';
import { obstacleOf } from './content.js';
import { bucketsOf, rescuedKeys, type KeyInSet } from './keys.js';
import type { Rescue } from './open.js';

/** `unfit`: its shard has a good hash and is of another write than the others. */
export type VerifiedState = SalvageState | 'unfit';

export interface Wrong {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly set: string;
  readonly verdict: SalvagedVersion['verdict'];
  readonly drives: readonly { readonly path: string; readonly state: VerifiedState }[];
  /** True where shards contradict each other and nothing tells which is wrong. */
  readonly isUnclear: boolean;
}

export interface VerifySummary {
  readonly versions: number;
  readonly wrongVersions: number;
  readonly bytes: number;
  /** Versions of which there are no more shards than are needed: their hashes are good, their parity could not be compared. */
  readonly unproven: number;
  readonly drives: readonly { readonly path: string; readonly set: string; readonly slot: number | undefined; readonly wrong: number; readonly states: Readonly<Partial<Record<VerifiedState, number>>> }[];
  /** By set: places without a drive. */
  readonly missing: readonly { readonly set: string; readonly slots: readonly number[] }[];
}

export interface VerifyOptions {
  readonly bucket: string | undefined;
  readonly prefix: string;
  readonly signal?: AbortSignal | undefined;
  readonly onWrong: (wrong: Wrong) => Promise<void> | void;
  readonly onFailure: (path: string, error: unknown) => void;
}

/** Throws aborted. */
export async function verifyDrives(rescue: Rescue, options: VerifyOptions): Promise<VerifySummary> {
  const states = new Map<string, Partial<Record<VerifiedState, number>>>();
  const sum = { versions: 0, wrongVersions: 0, bytes: 0, unproven: 0 };
  for (const bucket of options.bucket === undefined ? [...(await bucketsOf(rescue)), SYSTEM_VOLUME] : [options.bucket]) {
    for await (const { places } of rescuedKeys(rescue, bucket, { prefix: options.prefix, scan: 'normal', signal: options.signal, onFailure: options.onFailure })) {
      for (const place of places) {
        for (const salvaged of place.versions) {
          const found = await verifyVersion(place, salvaged);
          sum.versions++;
          sum.bytes += salvaged.version.kind === 'object' ? salvaged.version.size : 0;
          if (found.isUnproven) sum.unproven++;
          const drives = found.states.map((state, i) => ({ path: place.set.drives[i]?.path ?? '', state }));
          for (const { path, state } of drives) {
            const own = states.get(path) ?? {};
            states.set(path, { ...own, [state]: (own[state] ?? 0) + 1 });
          }
          const wrong = drives.filter(({ state }) => state !== 'ok');
          if (wrong.length === 0 && !found.isUnclear) continue;
          sum.wrongVersions++;
          await options.onWrong({ bucket, key: place.key, versionId: salvaged.version.versionId, set: place.set.name, verdict: salvaged.verdict, drives: wrong, isUnclear: found.isUnclear });
        }
      }
    }
  }
  const drives = rescue.sets.flatMap((set) =>
    set.drives.map(({ path, slot }) => {
      const own = states.get(path) ?? {};
      const wrong = Object.entries(own).reduce((total, [state, count]) => total + (state === 'ok' ? 0 : count), 0);
      return { path, set: set.name, slot, wrong, states: own };
    }),
  );
  const missing = rescue.sets.map(({ name, size, drives: own }) => ({ set: name, slots: Array.from({ length: size }, (_, slot) => slot).filter((slot) => !own.some((drive) => drive.slot === slot)) }));
  return { ...sum, drives, missing: missing.filter(({ slots }) => slots.length > 0) };
}

interface Verified {
  readonly states: readonly VerifiedState[];
  readonly isUnclear: boolean;
  readonly isUnproven: boolean;
}

async function verifyVersion({ set, bucket, path }: KeyInSet, salvaged: SalvagedVersion): Promise<Verified> {
  const { version } = salvaged;
  const states: VerifiedState[] = [...salvaged.states];
  const nothing = { states, isUnclear: false, isUnproven: false };
  if (version.kind !== 'object' || version.size === 0 || salvaged.verdict === 'leftover' || obstacleOf(version) !== undefined) return nothing;
  const found = salvaged.seated();
  const { dataShards, parityShards, distribution } = version.erasure;
  // The source that sits where a shard belongs, to blame it.
  const sourceOf = (shard: number): number => set.salvage.sources.findIndex(({ drive }) => drive === found.set.drives[distribution.indexOf(shard + 1)]);
  const blame = (shard: number, state: VerifiedState): void => {
    const source = sourceOf(shard);
    if (source >= 0 && (states[source] === 'ok' || states[source] === 'misplaced')) states[source] = state;
  };
  let [isUnclear, isUnproven] = [false, false];
  for await (const { shards } of heldStripes({ found, version, volume: bucket, path })) {
    for (let shard = 0; shard < dataShards + parityShards; shard++) if (shards[shard] === undefined) blame(shard, 'corrupt');
    const verdict = judgeStripe(shards, dataShards);
    if (verdict.kind === 'odd') for (const shard of verdict.shards) blame(shard, 'unfit');
    isUnclear ||= verdict.kind === 'unclear';
    isUnproven ||= verdict.kind === 'unproven' && parityShards > 0;
  }
  return { states, isUnclear, isUnproven };
}
