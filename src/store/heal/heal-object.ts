/**
 * Heals one object of a set, version by version: what the quorum agrees on is brought to every drive that is there and lacks it, has
 * another state of it, or has it damaged. Nothing that can be read is ever deleted here: versions that too few drives have are handed
 * to `onStray`.
 */
import { StorageError } from '../../base/index.js';
import type { LockHandle } from '../../cluster/index.js';
import type { Drive, VersionChange } from '../../drive/index.js';
import { SYSTEM_VOLUME, serializeXlMeta, withShardIndex, type ObjectVersion, type XlMeta, type XlVersionEntry } from '../../format/index.js';
import { withLock } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import { decodeInline, inlineStream } from '../inline-reader.js';
import { encodeInline } from '../inline-shards.js';
import { Latency } from '../latency.js';
import { ownVersion } from '../shard-reader.js';
import { healItems, type VersionResult } from './heal-items.js';
import { driveState, type MetaAnswer } from './object-state.js';
import { rebuildParts, type RebuildSource } from './rebuild.js';
import { survey, type HealSubject, type Survey, type SurveyedVersion } from './survey.js';
import type { HealItem, HealOutcome, HealScan } from './types.js';

export interface ObjectHealOptions {
  readonly isDryRun: boolean;
  readonly scan: HealScan;
  readonly signal?: AbortSignal | undefined;
  /** Versions with a later mod time are skipped. */
  readonly modTimeMaxNs?: bigint | undefined;
  /** Most likely there is something to heal: it is locked at once instead of being looked at first. */
  readonly isLikely?: boolean | undefined;
  /** Called with the outcome while the object is still locked. */
  readonly confirm?: ((items: readonly HealItem[]) => Promise<void>) | undefined;
  /** Slots that are known to have missed a change of the object. */
  readonly missedBy?: ReadonlySet<number> | undefined;
  /** Judges a version that can never be read again. The caller holds the object's lock. */
  readonly onStray?: ((stray: StrayVersion) => Promise<Pick<VersionResult, 'outcome' | 'reason'>>) | undefined;
}

/** A version that too few drives have, whole or in parts. */
export interface StrayVersion {
  readonly subject: HealSubject;
  readonly entry: XlVersionEntry;
  /** Slots that hold its metadata. */
  readonly holders: readonly number[];
  /** False while some drive cannot be asked or says nothing certain: it may still have what is missing. */
  readonly isCertain: boolean;
  /** What is said of it where nothing is done. */
  readonly verdict: Pick<VersionResult, 'outcome' | 'reason'>;
}

type AgreedState = Extract<SurveyedVersion['state'], { kind: 'agreed' }>;

/** An item for each version that some drive holds; none where no drive knows the object. Never rejects for what drives do; throws aborted, timed-out. */
export async function healObject(subject: HealSubject, options: ObjectHealOptions): Promise<HealItem[]> {
  const { confirm } = options;
  if (confirm === undefined && options.isLikely !== true) {
    const look = await survey(subject, options.scan);
    // Most objects are whole, and looking needs no lock.
    if (options.isDryRun || look.versions.every((version) => isWhole(version, look))) {
      return healItems(subject, look, look.versions.map((version) => judge(version, look, subject.set.size)), look);
    }
  }
  const work = async (lock: LockHandle): Promise<HealItem[]> => {
    const items = await healLocked(subject, { ...options, lock });
    await confirm?.(items);
    return items;
  };
  return withLock(subject.context, `${subject.volume}/${subject.path}`, work, options.signal);
}

/** With the object's lock in hand. */
type LockedHealOptions = ObjectHealOptions & { readonly lock: LockHandle };

async function healLocked(subject: HealSubject, options: LockedHealOptions): Promise<HealItem[]> {
  const before = await survey(subject, options.scan);
  const isChanged = (await rewriteDamaged(subject, before)) || (await removeRemnants(subject, options, before));
  const now = isChanged ? await survey(subject, options.scan) : before;
  const results: VersionResult[] = [];
  let isDamaged = false;
  for (const version of now.versions) {
    const result = await healVersion(subject, options, now, version);
    isDamaged ||= result.isDamaged === true;
    results.push(result);
  }
  const items = healItems(subject, before, results, now);
  if (!isDamaged || options.scan === 'deep') return items;
  // Rebuilding met bit rot that sizes do not show.
  const again = await healLocked(subject, { ...options, scan: 'deep' });
  return again.map((item) => {
    const first = items.find(({ versionId }) => versionId === item.versionId);
    const drives = item.drives.map((drive, slot) => (drive.before === 'ok' ? { ...drive, before: first?.drives[slot]?.before ?? drive.before } : drive));
    return { ...item, drives, outcome: item.outcome === 'ok' ? 'healed' : item.outcome };
  });
}

function isWhole({ state, data }: SurveyedVersion, { answers }: Survey): boolean {
  return state.kind === 'agreed' && answers.every((_, slot) => isFine(driveState(state.metas[slot] ?? 'unknown', data[slot])));
}

/** Nothing to be done on the drive, or nothing that could be done now. */
function isFine(state: string): boolean {
  return state === 'ok' || state === 'offline' || state === 'unknown';
}

/** What could be done about a version, with nothing done. */
function judge(version: SurveyedVersion, look: Survey, size: number): VersionResult {
  const { state } = version;
  if (state.kind === 'undecided') return { outcome: 'failed', reason: state.why };
  if (state.kind === 'stray') return danglingOr(version, strayWhy(state.metas.filter((meta) => meta === 'ok').length, size));
  if (isWhole(version, look)) return { outcome: 'ok', reason: '' };
  const lack = lackOf(version, state);
  return lack === undefined ? { outcome: 'healable', reason: '' } : danglingOr(version, lack);
}

function danglingOr(version: SurveyedVersion, reason: string): VersionResult {
  return isCertain(version) ? { outcome: 'dangling', reason } : { outcome: 'failed', reason: `${reason}; drives that cannot be asked, or whose copy is damaged, may have it` };
}

function strayWhy(holders: number, size: number): string {
  return `${holders} of ${size} drives have it, which is too few for it to be read`;
}

/** Why a version's data cannot be rebuilt; undefined where it can, or where there is none to rebuild. */
function lackOf({ keeping, data }: SurveyedVersion, { agreed }: AgreedState): string | undefined {
  const { version } = agreed;
  if (version.kind !== 'object' || keeping === 'none') return undefined;
  const good = data.filter((state) => state === 'ok').length;
  const { dataShards } = version.erasure;
  return good >= dataShards ? undefined : `${good} good shards are left of it, ${dataShards} are needed`;
}

/** True where every drive gave a certain answer: it has what it should, or lacks it. */
function isCertain({ state, data }: SurveyedVersion): boolean {
  return state.metas.every((meta, slot) => {
    const found = driveState(meta, data[slot]);
    return found === 'ok' || found === 'missing' || found === 'outdated';
  });
}

async function healVersion(subject: HealSubject, options: LockedHealOptions, look: Survey, version: SurveyedVersion): Promise<VersionResult> {
  const { state } = version;
  const modTimeNs = state.kind === 'agreed' ? state.agreed.version.modTimeNs : state.entry.header.modTimeNs;
  if (options.modTimeMaxNs !== undefined && modTimeNs > options.modTimeMaxNs) return { outcome: 'skipped', reason: 'it was written after the heal began' };
  const verdict = judge(version, look, subject.set.size);
  if (verdict.outcome === 'healable' && state.kind === 'agreed') return bring(subject, options, look, version, state);
  const entry = state.kind === 'agreed' ? state.agreed.entry : state.entry;
  if ((verdict.outcome !== 'dangling' && state.kind !== 'stray') || options.onStray === undefined) return verdict;
  const holders = look.answers.flatMap((answer, slot) => (holds(answer, entry) ? [slot] : []));
  return options.onStray({ subject, entry, holders, isCertain: isCertain(version), verdict });
}

function holds(answer: MetaAnswer, { header }: XlVersionEntry): boolean {
  return answer.kind === 'meta' && answer.meta.versions.some((held) => held.header.versionId === header.versionId);
}

/** Brings an agreed version to the drives that want it. */
async function bring(subject: HealSubject, options: LockedHealOptions, look: Survey, version: SurveyedVersion, state: AgreedState): Promise<VersionResult> {
  const { context, set, volume, path } = subject;
  const wanting = new Map<number, Drive>();
  set.drives.forEach((drive, slot) => {
    if (drive !== undefined && !isFine(driveState(state.metas[slot] ?? 'unknown', version.data[slot]))) wanting.set(slot, drive);
  });
  const transaction = context.random.uuid();
  const failures = new Map<number, unknown>();
  let isDamaged = false;
  let streams: readonly Uint8Array[] | undefined;
  const settle = (): Promise<unknown> => Promise.all([...wanting.values()].map((drive) => outcomeOf(drive.settle(transaction))));
  try {
    const { agreed } = state;
    if (agreed.version.kind === 'object' && version.keeping === 'inline') streams = inlineStreams(look, version, agreed.version);
    if (version.keeping === 'inline' && streams === undefined) return { outcome: 'failed', reason: 'its data cannot be rebuilt', isDamaged: true };
    if (agreed.version.kind === 'object' && version.keeping === 'parts') {
      const targets = new Map([...wanting].filter(([slot]) => version.data[slot] !== 'ok'));
      const sources = sourcesOf(subject, look, version, agreed.entry, agreed.version);
      if (targets.size > 0) {
        const rebuilt = await rebuildParts({ volume, path, version: agreed.version, sources, targets, transaction, latency: new Latency(), signal: options.signal });
        for (const [slot, error] of rebuilt.failures) failures.set(slot, error);
        isDamaged = rebuilt.damaged.size > 0;
      }
    }
    await Promise.all(
      [...wanting].map(async ([slot, drive]) => {
        if (failures.has(slot)) return;
        const outcome = await outcomeOf(replace(subject, drive, transaction, changeFor(state, slot, streams), options.lock));
        if (!outcome.ok) failures.set(slot, outcome.error);
      }),
    );
  } catch (error) {
    if (!(error instanceof StorageError) || error.code === 'aborted') throw error;
    return { outcome: 'failed', reason: error.message, isDamaged: error.code === 'read-quorum' };
  } finally {
    await settle();
  }
  return { ...resultOf(failures, wanting), isDamaged };
}

/** Drives whose part files are whole, by slot, with the version as their own record has it. */
function sourcesOf({ set }: HealSubject, { answers }: Survey, { data }: SurveyedVersion, entry: XlVersionEntry, version: ObjectVersion): Map<number, RebuildSource> {
  return new Map(
    set.drives.flatMap((drive, slot) => {
      const answer = answers[slot];
      const own = ownVersion(answer?.kind === 'meta' ? answer.meta : undefined, entry, version);
      return drive !== undefined && own !== undefined && data[slot] === 'ok' ? [[slot, { drive, own }] as const] : [];
    }),
  );
}

function resultOf(failures: ReadonlyMap<number, unknown>, wanting: ReadonlyMap<number, Drive>): VersionResult {
  const reasons = new Map([...failures].map(([slot, error]) => [slot, error instanceof Error ? error.message : String(error)]));
  const healed = new Set([...wanting.keys()].filter((slot) => !failures.has(slot)));
  const [first] = reasons.values();
  const outcome: HealOutcome = first === undefined ? 'healed' : 'failed';
  return { outcome, reason: first ?? '', healed, reasons };
}

function changeFor({ agreed }: AgreedState, slot: number, streams: readonly Uint8Array[] | undefined): VersionChange {
  const { entry, version } = agreed;
  if (version.kind !== 'object') return { kind: 'put', entry };
  const shardIndex = version.erasure.distribution[slot] ?? 1;
  const inline = streams?.[shardIndex - 1];
  return { kind: 'put', entry: withShardIndex(entry, shardIndex), ...(inline && { inline }) };
}

async function replace({ volume, path }: HealSubject, drive: Drive, transaction: string, change: VersionChange, lock: LockHandle): Promise<void> {
  let staged = await outcomeOf(drive.stage(transaction, volume, path, change));
  if (!staged.ok && staged.error instanceof StorageError && staged.error.code === 'volume-not-found' && volume !== SYSTEM_VOLUME) {
    // The object is there by quorum, so its bucket is.
    await outcomeOf(drive.makeVolume(volume));
    staged = await outcomeOf(drive.stage(transaction, volume, path, change));
  }
  if (!staged.ok) throw staged.error;
  lock.check();
  await drive.commit(transaction);
}

/** A small object's shard streams by 0-based index, none for an empty object that has none anywhere; undefined where too few are good. */
function inlineStreams({ answers }: Survey, { data }: SurveyedVersion, version: ObjectVersion): Uint8Array[] | undefined {
  const metas = answers.map((answer, slot) => (answer.kind === 'meta' && data[slot] === 'ok' ? answer.meta : undefined));
  const slots = metas.flatMap((meta, slot) => (meta === undefined ? [] : [slot]));
  if (version.size === 0 && metas.every((meta) => inlineStream(meta, version) === undefined)) return [];
  const body = decodeInline({ metas, slots }, version);
  return body && encodeInline(body, version.erasure);
}

/**
 * Writes a new xl.meta where one cannot be read, with all versions at once: one by one, those still to come would pass for
 * absent. Waits for another heal where some version is undecided. True where anything was written.
 */
async function rewriteDamaged(subject: HealSubject, look: Survey): Promise<boolean> {
  const { set, volume, path } = subject;
  const damaged = look.answers.flatMap((answer, slot) => (answer.kind === 'corrupt' ? [slot] : []));
  const agreed = look.versions.filter(({ state }) => state.kind === 'agreed');
  if (damaged.length === 0 || agreed.length < 2 || look.versions.some(({ state }) => state.kind === 'undecided')) return false;
  const written = await Promise.all(
    damaged.map(async (slot) => {
      const meta = wholeMeta(look, agreed, slot);
      const drive = set.drives[slot];
      return meta !== undefined && drive !== undefined && (await outcomeOf(drive.writeFile(volume, `${path}/xl.meta`, serializeXlMeta(meta)))).ok;
    }),
  );
  return written.includes(true);
}

/**
 * Removes an xl.meta that cannot be read where it is what a removal left: its drive could not take part and is known to have missed a
 * change, and most drives, and all others, know that the object is gone. Too few have any of it left for it to be read ever again.
 * True where anything was removed.
 */
async function removeRemnants({ set, volume, path }: HealSubject, { missedBy, lock }: LockedHealOptions, { answers }: Survey): Promise<boolean> {
  const damaged = answers.flatMap((answer, slot) => (answer.kind === 'corrupt' ? [slot] : []));
  const isGone = answers.every((answer) => answer.kind === 'corrupt' || (answer.kind === 'absent' && answer.isProof));
  if (!isGone || damaged.length >= answers.length / 2) return false;
  lock.check();
  const removed = await Promise.all(
    damaged.map(async (slot) => {
      const drive = set.drives[slot];
      return drive !== undefined && missedBy?.has(slot) === true && (await outcomeOf(drive.remove(volume, `${path}/xl.meta`))).ok;
    }),
  );
  return removed.includes(true);
}

/** The xl.meta that a drive should have; undefined where inline data cannot be rebuilt. */
function wholeMeta(look: Survey, agreed: readonly SurveyedVersion[], slot: number): XlMeta | undefined {
  const versions: XlVersionEntry[] = [];
  const inline = new Map<string, Uint8Array>();
  for (const one of agreed) {
    if (one.state.kind !== 'agreed') continue;
    const { version } = one.state.agreed;
    const streams = one.keeping === 'inline' && version.kind === 'object' ? inlineStreams(look, one, version) : undefined;
    if (one.keeping === 'inline' && streams === undefined) return undefined;
    const change = changeFor(one.state, slot, streams);
    if (change.kind !== 'put') continue;
    versions.push(change.entry);
    if (change.inline !== undefined) inline.set(one.state.versionId, change.inline);
  }
  return { versions, inline };
}
