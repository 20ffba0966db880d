/** The keys of a set with what is left of each, several looked at at once, in order. */
import type { HealScan } from '../heal/types.js';
import { inOrder } from '../heal/in-order.js';
import { encodeObjectPath } from '../../format/index.js';
import { judgeVersions } from './judge.js';
import { askDirectly, heldKeys, type HeldKey, type HeldKeysOptions } from './keys.js';
import type { SalvageSet, SalvagedVersion } from './types.js';

export interface SalvagedKey {
  readonly key: string;
  /** The object's folder in the volume. */
  readonly path: string;
  /** Newest first. */
  readonly versions: readonly SalvagedVersion[];
  /** By source: what of the object's metadata cannot be read, undefined where it can or where there is none. */
  readonly faults: readonly (string | undefined)[];
}

/** Objects under way: enough to keep sixteen drives busy, and little memory. */
const UNDER_WAY = 64;

/** Throws aborted. */
export function salvagedKeys(set: SalvageSet, volume: string, options: HeldKeysOptions & { readonly scan: HealScan }): AsyncGenerator<SalvagedKey, void> {
  const drives = set.sources.map(({ drive }) => drive);
  return inOrder(heldKeys(drives, volume, options), UNDER_WAY, (held) => judged(set, volume, held, options.scan));
}

/** One key, by name. */
export async function salvagedKey(set: SalvageSet, volume: string, key: string, scan: HealScan): Promise<SalvagedKey> {
  const path = encodeObjectPath(key);
  const answers = await Promise.all(set.sources.map(({ drive }) => askDirectly(drive, volume, path)));
  return judged(set, volume, { key, path, answers }, scan);
}

async function judged(set: SalvageSet, volume: string, held: HeldKey, scan: HealScan): Promise<SalvagedKey> {
  const versions = await judgeVersions({ set, volume, held }, scan);
  const faults = held.answers.map((answer) => (answer.kind === 'meta' || answer.kind === 'absent' ? undefined : answer.reason));
  return { key: held.key, path: held.path, versions, faults };
}
