/**
 * Which version of an object a set holds. Half of the drives decide where they agree, all are asked where they do not
 * (docs/architecture.md, "How a read is decided").
 */
import { StorageError, isStorageError } from '../base/index.js';
import { hashOrder, type ErasureSet } from '../cluster/index.js';
import type { Drive } from '../drive/index.js';
import { parseXlMeta, type XlMeta, type XlVersionEntry } from '../format/index.js';
import { outcomeOf } from './drive-lanes.js';
import type { Latency } from './latency.js';
import {
  absenceQuorumOf,
  decideVersion,
  isOwnShard,
  sameHeader,
  sameVersions,
  sayOfError,
  type AgreedVersion,
  type Decision,
  type DriveSays,
  type Named,
} from './quorum.js';

export interface VersionQuery extends Named {
  readonly set: ErasureSet;
  readonly volume: string;
  readonly path: string;
  /** True to get inline data along with the metadata. */
  readonly inline: boolean;
  /** True to have every drive asked. */
  readonly askAll?: boolean;
  /** Told of drives that answered and do not have the version that was found as the others have it. */
  readonly onDamage?: (slots: readonly number[]) => void;
}

export interface FoundVersion extends AgreedVersion {
  readonly set: ErasureSet;
  readonly isLatest: boolean;
  /** Parsed xl.meta by slot, of the drives that were asked and answered. */
  readonly metas: readonly (XlMeta | undefined)[];
}

type Answer = XlMeta | 'absent' | { readonly failure: unknown };

/** The version, or undefined where it is proven absent. Throws read-quorum. */
export async function findVersion(query: VersionQuery, latency: Latency): Promise<FoundVersion | undefined> {
  const poll = new Poll(query, latency);
  const quick = query.askAll === true ? 'undecided' : await poll.askFew();
  return quick === 'undecided' ? poll.askAll() : quick;
}

/** Slots in the order to ask them: drives that should hold data shards first, local before remote, those being healed last. */
export function readingOrder(set: ErasureSet, volume: string, path: string): number[] {
  const distribution = hashOrder(`${volume}/${path}`, set.size);
  const rank = (slot: number): number => {
    const drive = set.drives[slot];
    if (drive?.state !== 'online') return 3000;
    return (set.isHealing(drive) ? 2000 : 0) + (distribution[slot] ?? 0) + (drive.isLocal ? 0 : 0.5);
  };
  return set.drives.map((_, slot) => slot).sort((a, b) => rank(a) - rank(b));
}

/** The questions and answers of one look-up. */
class Poll {
  readonly #answers: (Answer | undefined)[];
  readonly #pending = new Map<number, Promise<void>>();
  readonly #order: readonly number[];
  readonly #few: number;

  constructor(
    readonly query: VersionQuery,
    readonly latency: Latency,
  ) {
    const { set } = query;
    this.#answers = new Array<Answer | undefined>(set.size).fill(undefined);
    this.#order = readingOrder(set, query.volume, query.path);
    this.#few = Math.max(absenceQuorumOf(set.size), set.size - set.defaultParity);
  }

  /**
   * Asks as many drives as can decide: they stand for the whole set if they agree on a version, all in time. Where they agree
   * that there is none, the others are asked too: drives that lost what they had look the same.
   */
  async askFew(): Promise<FoundVersion | 'undecided'> {
    const { set, versionId } = this.query;
    const slots = this.#order.slice(0, this.#few);
    if (slots.some((slot) => set.drives[slot]?.state !== 'online')) return 'undecided';
    for (const slot of slots) this.#ask(slot);
    await withLimit(Promise.all(this.#pending.values()), this.latency.lateMs);

    const says = slots.map((slot): DriveSays => this.#say(slot));
    const first = says[0];
    if (typeof first !== 'object' || !says.every((say) => typeof say === 'object' && sameVersions(say, first))) return 'undecided';
    const decision = decideVersion(says, versionId);
    // A version that the few do not have, or that needs more drives than were asked, is for all to decide.
    if (decision.kind !== 'found') return 'undecided';
    const { agreed } = decision;
    const placed = { ...agreed, slots: agreed.slots.map((i) => slots[i] ?? i) };
    if (!placed.slots.every((slot) => this.#isOwn(slot, agreed))) return 'undecided';
    const latest = first.find(({ header }) => !header.isFreeVersion);
    return this.#found(placed, agreed.entry.header.versionId === latest?.header.versionId);
  }

  /** Asks every drive that was not asked yet. */
  async askAll(): Promise<FoundVersion | undefined> {
    for (const slot of this.#order) this.#ask(slot);
    const startedMs = performance.now();
    for (;;) {
      const decision = this.#decide();
      const isSettled = this.#pending.size === 0 || this.#answers.filter((answer) => answer !== undefined).length === this.query.set.size;
      const isLate = performance.now() - startedMs >= this.latency.lateMs;
      const isCertain = decision.kind === 'found' || (decision.kind === 'absent' && decision.isFinal);
      if (isSettled || (isLate && isCertain)) return this.#conclude(decision);
      const leftMs = this.latency.lateMs - (performance.now() - startedMs);
      const answer = isLate ? Promise.race(this.#pending.values()) : Promise.all(this.#pending.values());
      if (isLate) await answer;
      else await withLimit(answer, Math.max(leftMs, 1));
    }
  }

  #decide(): Decision {
    const says = this.#answers.map((_, slot) => this.#say(slot));
    return decideVersion(says, this.query.versionId);
  }

  #conclude(decision: Decision): FoundVersion | undefined {
    if (decision.kind === 'found') {
      const latest = this.query.versionId === undefined ? decision : decideVersion(this.#answers.map((_, slot) => this.#say(slot)), undefined);
      const isLatest = latest.kind === 'found' && latest.agreed.entry.header.versionId === decision.agreed.entry.header.versionId;
      this.#noteDamage(decision.agreed);
      return this.#found({ ...decision.agreed, slots: decision.agreed.slots.filter((slot) => this.#isOwn(slot, decision.agreed)) }, isLatest);
    }
    const { bucket, key, versionId, set } = this.query;
    if (decision.kind === 'absent') {
      if (this.#bucketIsAbsent()) throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
      return undefined;
    }
    const failures = this.#answers.flatMap((answer): unknown[] => (isFailure(answer) ? [answer.failure] : []));
    throw new StorageError('read-quorum', `Cannot tell what ${bucket}/${key} is: ${decision.why} (set ${set.setIndex + 1})`, {
      bucket,
      key,
      versionId,
      cause: new AggregateError(failures),
    });
  }

  #noteDamage(agreed: AgreedVersion): void {
    const { onDamage } = this.query;
    if (onDamage === undefined) return;
    const damaged = this.#answers.flatMap((answer, slot) => {
      if (answer === undefined || (isFailure(answer) && !isStorageError(answer.failure, 'metadata-corrupt', 'volume-not-found'))) return [];
      const held = this.#held(slot, agreed);
      return held !== undefined && sameHeader(held, agreed.entry) && this.#isOwn(slot, agreed) ? [] : [slot];
    });
    if (damaged.length > 0) onDamage(damaged);
  }

  /** True where the drives that prove the object absent lack its whole bucket, and none has the bucket. */
  #bucketIsAbsent(): boolean {
    const gone = this.#answers.filter((answer) => isFailure(answer) && isStorageError(answer.failure, 'volume-not-found')).length;
    return gone >= absenceQuorumOf(this.query.set.size) && !this.#answers.some((answer) => answer === 'absent' || isMeta(answer));
  }

  #held(slot: number, { entry }: AgreedVersion): XlVersionEntry | undefined {
    const answer = this.#answers[slot];
    return isMeta(answer) ? answer.versions.find(({ header }) => header.versionId === entry.header.versionId) : undefined;
  }

  /** False where the drive's record is of another drive's shard. */
  #isOwn(slot: number, agreed: AgreedVersion): boolean {
    const held = this.#held(slot, agreed);
    return held === undefined || isOwnShard(held, agreed.version, slot);
  }

  #found(agreed: AgreedVersion, isLatest: boolean): FoundVersion {
    return { ...agreed, set: this.query.set, isLatest, metas: this.#answers.map((answer) => (isMeta(answer) ? answer : undefined)) };
  }

  #say(slot: number): DriveSays {
    const answer = this.#answers[slot];
    if (answer === undefined) return 'unknown';
    const drive = this.query.set.drives[slot];
    const isHealing = drive !== undefined && this.query.set.isHealing(drive);
    if (isMeta(answer)) return answer.versions.length === 0 && isHealing ? 'unknown' : answer.versions;
    const say = answer === 'absent' ? 'absent' : sayOfError(answer.failure);
    return say === 'absent' && isHealing ? 'unknown' : say;
  }

  #ask(slot: number): void {
    const drive = this.query.set.drives[slot];
    if (this.#pending.has(slot) || this.#answers[slot] !== undefined) return;
    if (drive?.state !== 'online') {
      this.#answers[slot] = { failure: new StorageError('drive-not-found', `The drive is ${drive?.state ?? 'missing'}`, { drive: drive?.endpoint }) };
      return;
    }
    const question = this.#askDrive(drive).then((answer) => {
      this.#answers[slot] = answer;
      this.#pending.delete(slot);
    });
    this.#pending.set(slot, question);
  }

  async #askDrive(drive: Drive): Promise<Answer> {
    const { volume, path, inline } = this.query;
    const startedMs = performance.now();
    const outcome = await outcomeOf(drive.readXlMeta(volume, path, { inline }));
    this.latency.add(performance.now() - startedMs);
    if (!outcome.ok) return isStorageError(outcome.error, 'file-not-found') ? 'absent' : { failure: outcome.error };
    try {
      return parseXlMeta(outcome.value);
    } catch (failure) {
      return { failure };
    }
  }
}

function isMeta(answer: Answer | undefined): answer is XlMeta {
  return typeof answer === 'object' && 'versions' in answer;
}

function isFailure(answer: Answer | undefined): answer is { readonly failure: unknown } {
  return typeof answer === 'object' && 'failure' in answer;
}

/** Waits for a promise that never rejects, at most this long. */
export async function withLimit(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
