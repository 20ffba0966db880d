/** The keys of a bucket over all sets, in order, with what is left of them: a merge of the sets' own sorted streams. */
import { compareKeys } from '../../base/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';
import { salvagedKeys, type SalvagedKey, type SalvagedVersion } from '../../store/index.js';
import { outcomeOf } from './outcome.js';
import type { Rescue, RescueSet } from './open.js';

export interface KeysOptions {
  readonly prefix: string;
  /** `deep` checks every bitrot hash of part files too. */
  readonly scan: 'normal' | 'deep';
  readonly signal?: AbortSignal | undefined;
  /** Told once of a drive whose folders cannot be listed any further. */
  readonly onFailure?: ((path: string, error: unknown) => void) | undefined;
}

/** One key in one set. */
export interface KeyInSet extends SalvagedKey {
  readonly set: RescueSet;
  readonly bucket: string;
}

/** A key, newest content first where pools hold it twice. */
export interface RescuedKey {
  readonly bucket: string;
  readonly key: string;
  readonly places: readonly KeyInSet[];
}

/** Buckets that any drive has, by name. */
export async function bucketsOf({ sets }: Rescue): Promise<string[]> {
  const names = new Set<string>();
  for (const { drives } of sets) {
    for (const { drive } of drives) {
      const volumes = await outcomeOf(drive.listVolumes());
      if (volumes.ok) for (const { name } of volumes.value) names.add(name);
    }
  }
  return [...names].sort(compareKeys);
}

/** Prefixes of what servers keep for themselves and cannot make anew: users and policies, settings of buckets. */
const SYSTEM_PREFIXES = ['buckets/', 'config/'] as const;

/** Throws aborted. */
export async function* rescuedKeys({ sets }: Rescue, bucket: string, options: KeysOptions): AsyncGenerator<RescuedKey, void> {
  const streams = sets.map((set) => ({ set, keys: keysOfSet(set, bucket, options), next: undefined as KeyInSet | undefined, isFresh: false }));
  try {
    for (;;) {
      await Promise.all(
        streams.map(async (stream) => {
          if (stream.isFresh) return;
          const step = await stream.keys.next();
          stream.next = step.done === true ? undefined : { ...step.value, set: stream.set, bucket };
          stream.isFresh = true;
        }),
      );
      const first = streams.flatMap(({ next }) => next?.key ?? []).reduce<string | undefined>((least, key) => (least === undefined || compareKeys(key, least) < 0 ? key : least), undefined);
      if (first === undefined) return;
      const places: KeyInSet[] = [];
      for (const stream of streams) {
        if (stream.next?.key !== first) continue;
        places.push(stream.next);
        stream.isFresh = false;
      }
      yield { bucket, key: first, places: places.sort((a, b) => newestOf(b) - newestOf(a)) };
    }
  } finally {
    await Promise.allSettled(streams.map(({ keys }) => keys.return()));
  }
}

async function* keysOfSet(set: RescueSet, bucket: string, { prefix, scan, signal, onFailure }: KeysOptions): AsyncGenerator<SalvagedKey, void> {
  const failed = (index: number, error: unknown): void => onFailure?.(set.drives[index]?.path ?? '', error);
  const prefixes = bucket === SYSTEM_VOLUME ? SYSTEM_PREFIXES.filter((one) => one.startsWith(prefix) || prefix.startsWith(one)).map((one) => (one.length > prefix.length ? one : prefix)) : [prefix];
  for (const one of prefixes) {
    for await (const key of salvagedKeys(set.salvage, bucket, { prefix: one, scan, signal, onFailure: failed })) {
      if (bucket !== SYSTEM_VOLUME || isWorthKeeping(key.key)) yield key;
    }
  }
}

/** Below `buckets/` servers also keep usage caches and lists, which they make anew. */
function isWorthKeeping(key: string): boolean {
  return key.startsWith('config/') || /^buckets\/[^/]+\/(?:\.metadata\.bin|[a-z-]+\.(?:json|xml))$/.test(key);
}

function newestOf({ versions }: KeyInSet): number {
  const latest = versions.find(({ isLatest }) => isLatest) ?? versions[0];
  return latest === undefined ? 0 : Number(latest.entry.header.modTimeNs / 1_000_000n);
}

/** The version that a read of the key should give, and where; undefined where none can be read. */
export function latestOf({ places }: RescuedKey): { readonly place: KeyInSet; readonly salvaged: SalvagedVersion } | undefined {
  for (const place of places) {
    const salvaged = place.versions.find(({ isLatest }) => isLatest);
    if (salvaged !== undefined) return { place, salvaged };
  }
  return undefined;
}
