/** What is left of each version of one key: which drives have a good shard, and whether there are enough of them. */
import { entryDataDir, entryShardIndex, LEGACY_DATA_DIR, type ObjectVersion, type Version, type XlVersionEntry } from '../../format/index.js';
import type { HeldKey } from './keys.js';
import type { MetaAnswer } from '../heal/object-state.js';
import { partShapes } from '../heal/object-state.js';
import { inlineState, partsState } from '../heal/survey.js';
import type { HealScan } from '../heal/types.js';
import { inlineStream } from '../inline-reader.js';
import { decideVersion, heldVersions, type AgreedVersion, type DriveSays } from '../quorum.js';
import type { FoundVersion } from '../read-version.js';
import { ownVersion } from '../shard-reader.js';
import { seat } from './seats.js';
import { isReadableInPieces } from './stripes.js';
import type { SalvageSet, SalvageState, SalvageVerdict, SalvagedVersion } from './types.js';

/** An object of a set as its drives have it. */
export interface SalvageSubject {
  readonly set: SalvageSet;
  readonly volume: string;
  readonly held: HeldKey;
}

/** Every version that any drive holds, newest first. `deep` checks every bitrot hash; `normal` those in xl.meta, and sizes of part files. */
export async function judgeVersions(subject: SalvageSubject, scan: HealScan): Promise<SalvagedVersion[]> {
  const { set, held } = subject;
  const says = [...held.answers.map((answer, i) => sayOf(answer, set, i)), ...new Array<DriveSays>(Math.max(0, set.size - set.sources.length)).fill('unknown')];
  const judged: Judged[] = [];
  for (const version of heldVersions(held.answers.map((answer) => (answer.kind === 'meta' ? answer.meta.versions : 'unknown')))) judged.push(await judge(subject, version, scan));
  const saved = new Set<string>();
  let latest: Judged | undefined;
  return judged.map((one) => {
    const { versionId } = one.held.entry.header;
    const verdict = verdictOf(one, says, saved.has(versionId));
    if (verdict === 'whole' || verdict === 'degraded') saved.add(versionId);
    const isLatest = latest === undefined && (verdict === 'whole' || verdict === 'degraded');
    if (isLatest) latest = one;
    const { entry, version } = one.held;
    return { entry, version, isLatest, verdict, good: one.good, needed: one.needed, states: one.states, seated: () => ({ ...one.seated(), isLatest }) };
  });
}

interface Judged {
  readonly held: AgreedVersion;
  readonly states: readonly SalvageState[];
  readonly good: number;
  readonly needed: number;
  readonly total: number;
  readonly seated: () => FoundVersion;
}

function verdictOf({ held, good, needed, total, states }: Judged, says: readonly DriveSays[], isSuperseded: boolean): SalvageVerdict {
  if (isSuperseded) return 'leftover';
  const decision = (): ReturnType<typeof decideVersion> => decideVersion(says, held.entry.header.versionId);
  if (good < needed || held.version.kind === 'delete-marker') {
    if (good < total && decision().kind === 'absent') return 'leftover';
    if (good < needed) return 'lost';
  }
  return good >= total && states.every((state) => state === 'ok') ? 'whole' : 'degraded';
}

function sayOf(answer: MetaAnswer, set: SalvageSet, index: number): DriveSays {
  if (answer.kind === 'meta') return answer.meta.versions;
  return answer.kind === 'absent' && set.sources[index]?.isComplete === true ? 'absent' : 'unknown';
}

async function judge(subject: SalvageSubject, held: AgreedVersion, scan: HealScan): Promise<Judged> {
  const { set, held: key } = subject;
  const { version } = held;
  const own = new Map(held.slots.map((index) => [index, ownEntry(key.answers[index], held)] as const));
  const absent = (index: number): SalvageState => lackOf(key.answers[index], held.entry);
  if (version.kind === 'delete-marker') {
    const states = set.sources.map((_, i): SalvageState => (own.has(i) ? 'ok' : absent(i)));
    return { held, states, good: own.size, needed: 1, total: Math.min(set.size, set.sources.length), seated: () => seat(subject, held, new Map()) };
  }
  const { dataShards, parityShards, distribution } = version.erasure;
  const total = dataShards + parityShards;
  const shards = new Map<number, number>();
  for (const [index, entry] of own) shards.set(index, entryShardIndex(entry) || (distribution[set.sources[index]?.homeSlot ?? -1] ?? 0));
  const keeping = keepingOf(key.answers, held, version);
  const states = await Promise.all(set.sources.map(async (_, i): Promise<SalvageState> => (own.has(i) ? dataState(subject, i, version, own.get(i), keeping, scan) : absent(i))));
  const seats = new Map<number, number>();
  const take = (index: number, shard: number | undefined, isGood: boolean): void => {
    if (shard === undefined || shard < 1 || shard > total) return;
    const before = seats.get(shard);
    if (before === undefined || (isGood && states[before] !== 'ok')) seats.set(shard, index);
  };
  for (const [index, shard] of shards) take(index, shard, states[index] === 'ok');
  const goodShards = new Set([...shards].flatMap(([index, shard]) => (states[index] === 'ok' ? [shard] : [])));
  const needed = version.size === 0 || keeping === 'none' ? 1 : dataShards;
  let good = version.size === 0 ? own.size : goodShards.size;
  if (good < needed && keeping === 'parts' && version.dataDir !== LEGACY_DATA_DIR) {
    // Part files whose record is gone: with another drive's record they can be read. Those of a legacy version need their own.
    for (const [index, { homeSlot, drive }] of set.sources.entries()) {
      const shard = homeSlot === undefined ? undefined : distribution[homeSlot];
      if (own.has(index) || shard === undefined || goodShards.has(shard)) continue;
      const state = await partsState({ volume: subject.volume, path: key.path }, drive, version, partShapes(version), 'deep');
      if (state !== 'ok' && state !== 'corrupt') continue;
      take(index, shard, state === 'ok');
      if (state === 'ok') goodShards.add(shard);
    }
    good = goodShards.size;
  }
  const seated = (): FoundVersion => seat(subject, held, seats);
  // No k drives are good throughout, but each stretch of the object may still have k that are.
  if (good < needed && seats.size >= needed && (await isReadableInPieces({ found: seated(), version, volume: subject.volume, path: key.path }))) good = needed;
  const shown = states.map((state, i): SalvageState => (state === 'ok' && isMisplaced(set, i, shards.get(i), distribution) ? 'misplaced' : state));
  return { held, states: shown, good, needed, total: Math.max(total, needed), seated };
}

function isMisplaced(set: SalvageSet, index: number, shard: number | undefined, distribution: readonly number[]): boolean {
  const slot = set.sources[index]?.homeSlot;
  return slot !== undefined && shard !== undefined && distribution[slot] !== shard;
}

/** The drive's own record of the version. */
function ownEntry(answer: MetaAnswer | undefined, { entry }: AgreedVersion): XlVersionEntry {
  const { versionId, modTimeNs, type } = entry.header;
  const own = answer?.kind === 'meta' ? answer.meta.versions.find(({ header }) => header.versionId === versionId && header.modTimeNs === modTimeNs && header.type === type) : undefined;
  return own ?? entry;
}

function lackOf(answer: MetaAnswer | undefined, { header }: XlVersionEntry): SalvageState {
  if (answer === undefined || answer.kind === 'absent') return 'missing';
  if (answer.kind !== 'meta') return answer.kind;
  return answer.meta.versions.some((other) => other.header.versionId === header.versionId) ? 'outdated' : 'missing';
}

type Keeping = 'none' | 'inline' | 'parts';

function keepingOf(answers: readonly MetaAnswer[], { entry, slots }: AgreedVersion, version: Version): Keeping {
  if (version.kind !== 'object' || version.size === 0) return 'none';
  const { isInline, usesDataDir, type } = entry.header;
  if (type === 'legacy') return 'parts';
  if (isInline || slots.some((index) => inlineStream(metaOf(answers[index]), version) !== undefined)) return 'inline';
  // What was moved to a tier is not on the drives.
  return usesDataDir ? 'parts' : 'none';
}

function metaOf(answer: MetaAnswer | undefined) {
  return answer?.kind === 'meta' ? answer.meta : undefined;
}

async function dataState(subject: SalvageSubject, index: number, version: ObjectVersion, entry: XlVersionEntry | undefined, keeping: Keeping, scan: HealScan): Promise<SalvageState> {
  const { set, held, volume } = subject;
  const answer = held.answers[index];
  const drive = set.sources[index]?.drive;
  if (keeping === 'none' || answer === undefined || drive === undefined || entry === undefined) return 'ok';
  if (keeping === 'inline') return inlineState(answer, version);
  const own = ownVersion(metaOf(answer), entry, version) ?? version;
  const dataDir = entryDataDir(entry) ?? own.dataDir;
  return partsState({ volume, path: held.path }, drive, { ...own, dataDir }, partShapes(own), scan);
}
