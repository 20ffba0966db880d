/**
 * Brings drives what they missed while they were away, late or full. Whoever writes notes it on the drives that took the change
 * (transaction.ts); here the notes are read when the drive is there again, each object or bucket is healed, and the note is
 * forgotten once the drive has what it should. A server does that for its own drives.
 */
import { StorageError, isStorageError, type Log } from '../../base/index.js';
import { allSets, type Deployment, type ErasureSet, type Locker } from '../../cluster/index.js';
import type { ChangedName, Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';
import { onEachDrive } from '../buckets.js';
import { withLock } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import type { HealQueue } from './heal-queue.js';
import { inOrder } from './in-order.js';
import { Retries } from './retries.js';
import type { HealItem, JournalStatus } from './types.js';

/** Notes of one drive that are read at once. */
const BATCH = 1000;
/** Objects that are brought at once. */
const AT_ONCE = 4;

export interface JournalOptions {
  readonly deployment: Deployment;
  readonly queue: HealQueue;
  readonly locker: Locker;
  readonly log: Log;
  /** Heals an object that the drives in `slots` missed a change of; `confirm` is called with the outcome while the object is locked. */
  readonly heal: (missed: MissedObject, confirm: (items: readonly HealItem[]) => Promise<void>) => Promise<void>;
  /** A drive missed more than was noted: has it healed as a whole. Resolves when that is sure to happen. */
  readonly healWholeDrive: (set: ErasureSet, slot: number) => Promise<void>;
}

export interface MissedObject extends ChangedName {
  readonly set: ErasureSet;
  /** Drives that are there again and missed a change. */
  readonly slots: ReadonlySet<number>;
}

interface Pending {
  readonly count: number;
  readonly isAll: boolean;
}

export class Journal {
  /** What was noted when it was looked at last. */
  readonly #pending = new Map<ErasureSet, ReadonlyMap<number, Pending>>();
  readonly #retries = new Map<ErasureSet, Retries>();

  constructor(private readonly options: JournalOptions) {}

  status(): JournalStatus[] {
    return [...this.#pending].map(([set, slots]) => ({
      poolIndex: set.poolIndex,
      setIndex: set.setIndex,
      drives: [...slots].map(([slot, { count, isAll }]) => {
        const drive = set.drives[slot];
        return { slot, endpoint: drive?.endpoint ?? '', driveId: drive?.id ?? '', missed: count, isWholeDrive: isAll };
      }),
    }));
  }

  /** Looks at all notes once, and brings what can be brought. */
  async round(signal: AbortSignal): Promise<void> {
    for (const set of allSets(this.options.deployment)) {
      await this.#look(set);
      await this.#bring(set, signal);
      if (signal.aborted) return;
    }
  }

  async #look(set: ErasureSet): Promise<void> {
    const pending = new Map<number, Pending>();
    for (const { slot, count, isAll } of await this.#list(set, 0)) {
      const known = pending.get(slot);
      pending.set(slot, { count: Math.max(count, known?.count ?? 0), isAll: isAll || known?.isAll === true });
    }
    this.#pending.set(set, pending);
  }

  async #bring(set: ErasureSet, signal: AbortSignal): Promise<void> {
    const back = [...(this.#pending.get(set) ?? [])].filter(([slot]) => set.drives[slot]?.isLocal === true && set.drives[slot].state === 'online');
    const slots = new Set<number>();
    for (const [slot, { isAll }] of back) {
      if (!isAll) slots.add(slot);
      else await this.#healAll(set, slot);
    }
    this.#retriesOf(set).nextRound(set.drives.map((drive) => drive?.state ?? '').join());
    let isMoving = slots.size > 0;
    let brought = 0;
    while (isMoving && !signal.aborted) {
      const done = await this.#bringBatch(set, slots, signal);
      brought += done.forgotten;
      isMoving = done.isMore && done.forgotten > 0;
    }
    if (brought > 0) {
      this.options.log.info('changes that drives missed were brought to them', { pool: set.poolIndex + 1, set: set.setIndex + 1, changes: brought });
      await this.#look(set);
    }
  }

  #retriesOf(set: ErasureSet): Retries {
    const retries = this.#retries.get(set) ?? new Retries();
    this.#retries.set(set, retries);
    return retries;
  }

  async #healAll(set: ErasureSet, slot: number): Promise<void> {
    this.options.log.info('a drive missed more changes than were noted: it is healed as a whole', { drive: set.drives[slot]?.endpoint });
    await this.options.healWholeDrive(set, slot);
    await onEachDrive(set, (drive) => drive.forgetMissed(slot, 'all'));
  }

  /** `forgotten`: notes that are done with; `isMore`: there were more than one batch of them. */
  async #bringBatch(set: ErasureSet, slots: ReadonlySet<number>, signal: AbortSignal): Promise<{ readonly forgotten: number; readonly isMore: boolean }> {
    const retries = this.#retriesOf(set);
    const names = new Map<string, { readonly name: ChangedName; readonly slots: Set<number> }>();
    let isMore = false;
    // Those that wait for their next turn must not hide the ones behind them.
    for (const { slot, count, changes } of await this.#list(set, BATCH + retries.count)) {
      if (!slots.has(slot)) continue;
      isMore ||= count > changes.length;
      for (const name of changes) {
        const known = names.get(`${name.volume}/${name.path}`);
        if (known === undefined) names.set(`${name.volume}/${name.path}`, { name, slots: new Set([slot]) });
        else known.slots.add(slot);
      }
    }
    if (!isMore) retries.keepOnly(names);
    let forgotten = 0;
    // Buckets that went come after their objects.
    const ordered = [...names].filter(([key]) => retries.isDue(key)).sort(([, a], [, b]) => Number(a.name.path === '') - Number(b.name.path === ''));
    const work = inOrder(streamOf(ordered, signal), AT_ONCE, async ([key, { name, slots: missed }]) => {
      const count = await this.#bringOne({ set, ...name, slots: missed });
      if (count < missed.size) retries.failed(key);
      else retries.succeeded(key);
      return count;
    });
    for await (const count of work) forgotten += count;
    return { forgotten, isMore };
  }

  /** Gives how many notes are done with. Never rejects for what drives do. */
  async #bringOne(missed: MissedObject): Promise<number> {
    const { set, volume, path, slots } = missed;
    let forgotten = 0;
    const forget = async (done: readonly number[]): Promise<void> => {
      for (const slot of done) await onEachDrive(set, (drive) => drive.forgetMissed(slot, [{ volume, path }]));
      forgotten += done.length;
    };
    try {
      await this.options.queue.run(set, volume === SYSTEM_VOLUME ? 'system' : 'journal', async () => {
        const { locker } = this.options;
        if (path === '') await withLock({ locker }, `${SYSTEM_VOLUME}/buckets/${volume}`, async () => forget(await bringBucket(set, volume, slots)));
        else await this.options.heal(missed, async (items) => {
          // That nobody has it counts only where enough could say so.
          if (items.length === 0 && set.drives.filter((drive) => drive?.state === 'online').length < set.size / 2 + 1) return;
          await forget([...slots].filter((slot) => items.every((item) => isBrought(item, slot))));
        });
      });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code !== 'aborted') this.options.log.warn('a drive cannot be brought what it missed yet', { object: `${volume}/${path}`, reason: error.message });
    }
    return forgotten;
  }

  async #list(set: ErasureSet, limit: number): Promise<Awaited<ReturnType<Drive['listMissed']>>> {
    const lists = await onEachDrive(set, (drive) => drive.listMissed(limit));
    return lists.flatMap(({ value }) => value ?? []);
  }
}

/** True where nothing is left to be done about a version on a drive. Strays are the scanner's. */
function isBrought({ outcome, drives }: HealItem, slot: number): boolean {
  if (outcome === 'failed') return drives[slot]?.before !== 'ok' && drives[slot]?.after === 'ok';
  return outcome !== 'skipped' && outcome !== 'healable';
}

/** A bucket that the set has is made on drives that missed it, one that is gone is removed from them. Gives the slots that are done. */
async function bringBucket(set: ErasureSet, bucket: string, slots: ReadonlySet<number>): Promise<number[]> {
  const looks = await onEachDrive(set, (drive) => drive.statVolume(bucket));
  const others = looks.filter((_, slot) => !slots.has(slot));
  const isThere = others.filter(({ error }) => error === undefined).length >= set.size / 2;
  const absent = others.filter(({ error, drive }) => isStorageError(error, 'volume-not-found') && drive !== undefined && !set.isHealing(drive)).length;
  if (!isThere && absent < set.size / 2) return [];
  const done: number[] = [];
  for (const slot of slots) {
    const drive = set.drives[slot];
    if (drive?.state !== 'online') continue;
    // Nothing in it can be read any more: its objects went with it.
    const outcome = await outcomeOf(isThere ? drive.makeVolume(bucket) : drive.deleteVolume(bucket, { force: true }));
    if (!outcome.ok && !isStorageError(outcome.error, isThere ? 'volume-exists' : 'volume-not-found')) continue;
    if (!isThere) await outcomeOf(drive.remove(SYSTEM_VOLUME, `buckets/${bucket}`));
    done.push(slot);
  }
  return done;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream, so that no new work begins after the end
async function* streamOf<T>(items: readonly T[], signal: AbortSignal): AsyncGenerator<T, void> {
  for (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}
