/** Which of some drives are of one set: those that have shards of the same versions. */
import type { Drive } from '../../drive/index.js';
import { outcomeOf } from './outcome.js';
import { samplesOf, type Samples } from './samples.js';

export interface SampledDrive {
  readonly drive: Drive;
  readonly samples: Samples;
}

/** Of what two drives could have in common, so much must be: an object or two copied to a wrong drive joins nothing. */
const SHARED_MIN_FRACTION = 0.1;
/** Versions asked for by name where two drives show different objects first. */
const PROBES = 32;

/** Groups of indexes; drives that no object tells about are each alone. */
export async function groupDrives(drives: readonly SampledDrive[]): Promise<number[][]> {
  const groups = new Groups(drives.length);
  const pairs = allPairs(drives.length)
    .map(([a, b]) => ({ a, b, ...sharedOf(drives[a]?.samples, drives[b]?.samples) }))
    .sort((one, other) => other.shared - one.shared);
  for (const { a, b, shared, possible } of pairs) if (isSame(shared, possible)) groups.join(a, b);
  for (const { a, b } of pairs) {
    if (groups.areJoined(a, b)) continue;
    if (isSame(...(await probe(drives[a], drives[b]))) || isSame(...(await probe(drives[b], drives[a])))) groups.join(a, b);
  }
  return groups.list();
}

function isSame(shared: number, possible: number): boolean {
  return shared > 0 && shared >= possible * SHARED_MIN_FRACTION;
}

function sharedOf(a: Samples | undefined, b: Samples | undefined): { readonly shared: number; readonly possible: number } {
  let shared = 0;
  for (const fingerprint of a?.keys() ?? []) if (b?.has(fingerprint) === true) shared++;
  return { shared, possible: Math.min(a?.size ?? 0, b?.size ?? 0) };
}

/** Asks a drive for versions that another has. */
async function probe(holder: SampledDrive | undefined, asked: SampledDrive | undefined): Promise<[shared: number, possible: number]> {
  if (holder === undefined || asked === undefined || asked.samples.size === 0) return [0, 0];
  const step = Math.max(1, Math.floor(holder.samples.size / PROBES));
  const chosen = [...holder.samples].filter((_, i) => i % step === 0).slice(0, PROBES);
  let shared = 0;
  for (const [fingerprint, { volume, path }] of chosen) {
    const answer = await outcomeOf(asked.drive.readXlMeta(volume, path, { inline: false }));
    if (answer.ok && samplesOf(volume, path, answer.value).has(fingerprint)) shared++;
  }
  return [shared, chosen.length];
}

function allPairs(count: number): [number, number][] {
  return Array.from({ length: count }, (_, a) => Array.from({ length: count - a - 1 }, (_, i): [number, number] => [a, a + 1 + i])).flat();
}

class Groups {
  readonly #of: number[];

  constructor(count: number) {
    this.#of = Array.from({ length: count }, (_, i) => i);
  }

  areJoined(a: number, b: number): boolean {
    return this.#of[a] === this.#of[b];
  }

  join(a: number, b: number): void {
    const [kept, gone] = [this.#of[a] ?? a, this.#of[b] ?? b];
    for (const [i, group] of this.#of.entries()) if (group === gone) this.#of[i] = kept;
  }

  list(): number[][] {
    const byGroup = new Map<number, number[]>();
    for (const [i, group] of this.#of.entries()) byGroup.set(group, [...(byGroup.get(group) ?? []), i]);
    return [...byGroup.values()];
  }
}
