/** Healing as the store offers it: what was asked for, and what goes on in the background. */
import { StorageError } from '../../base/index.js';
import { allSets, setFor, type Deployment, type ErasureSet } from '../../cluster/index.js';
import { SYSTEM_VOLUME, encodeObjectPath } from '../../format/index.js';
import type { Activity } from '../activity.js';
import type { SystemObjects } from '../bucket-settings.js';
import type { StoreContext } from '../context.js';
import { BackgroundHeals } from './background.js';
import { DriveHeals } from './drive-heals.js';
import { Generations } from './generations.js';
import { healBucket } from './heal-bucket.js';
import { healObject, type ObjectHealOptions } from './heal-object.js';
import { HealQueue } from './heal-queue.js';
import { inOrder } from './in-order.js';
import { Journal, type MissedObject } from './journal.js';
import { DriveQuarantine } from './quarantine.js';
import { removeStale } from './remove-stale.js';
import { Scanner } from './scanner.js';
import { keysOfSet } from './set-keys.js';
import type { HealSubject } from './survey.js';
import { SYSTEM_PREFIXES } from './system-prefixes.js';
import { Rounds, sleep, type Schedule } from './timers.js';
import type { BackgroundHealStatus, DataUsage, DriveHealStatus, HealItem, HealOptions, HealTarget, Healing, JournalStatus, ScannerStatus } from './types.js';

export interface HealingOptions {
  readonly context: Omit<StoreContext, 'notices'>;
  /** Throws read-quorum. */
  readonly listBuckets: () => Promise<readonly { readonly name: string; readonly createdMs: number }[]>;
  readonly schedule: Schedule;
  /** Small objects below `.minio.sys`. */
  readonly objects: SystemObjects;
  readonly activity: Activity;
}

/** Listing caches are not worth healing. */
const LISTING_CACHE = '/.metacache/';
/** Objects of one heal under way at once: enough to keep the drives busy. */
const OBJECTS_AT_ONCE = 4;
/** Of all heals of a set: small objects wait for their drive's journal, which takes many at once. */
const SET_OBJECTS_AT_ONCE = 16;
/** A drive that is back has what it missed soon after: within this and the time to notice that it is back. */
const JOURNAL_PAUSE_MS = 5000;
const DRIVES_PAUSE_MS = 10_000;
const SCAN_PAUSE_MS = 60_000;
/** An old copy of a drive is recognized when it is older than this. */
const RAISE_PAUSE_MS = 60_000;
const YIELD_MS_MAX = 250;

export class StoreHealing implements Healing {
  readonly quarantine: DriveQuarantine;
  /** Where operations tell what they notice. */
  readonly notices: BackgroundHeals;
  readonly #queue = new HealQueue(SET_OBJECTS_AT_ONCE);
  readonly #journal: Journal;
  readonly #driveHeals: DriveHeals;
  readonly #scanner: Scanner;
  readonly #generations: Generations;
  readonly #rounds: readonly Rounds[];
  #boot: Promise<void> | undefined;

  constructor(readonly options: HealingOptions) {
    const { context, schedule, activity } = options;
    const { deployment, log, clock, random, locker } = context;
    const queue = this.#queue;
    // A mistake in the background must not take the server with it.
    const onFailure = (error: unknown): void => log.error('healing failed and goes on', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    this.quarantine = new DriveQuarantine(context);
    this.notices = new BackgroundHeals({ queue, schedule, heal: (set, volume, path, scan) => this.#background({ set, volume, path }, { scan }), onFailure });
    this.#driveHeals = new DriveHeals(deployment, {
      clock, random, log, locker, queue,
      listBuckets: () => this.#newestFirst(),
      healBucket: (bucket) => healBucket(context, bucket, { isDryRun: false, remove: false }),
      heal: async (set, volume, path, modTimeMaxNs, signal) => {
        const startedMs = clock.monotonicMs();
        const items = await this.#background({ set, volume, path }, { scan: 'normal', modTimeMaxNs, signal, isLikely: true });
        // Requests get at least half of what the drives can do.
        if (activity.isBusy) await sleep(schedule, Math.min(clock.monotonicMs() - startedMs, YIELD_MS_MAX), signal);
        return items;
      },
      onFilled: (set, slot, drive) => this.#generations.catchUp(set, slot, drive),
      total: () => totalOf(this.#scanner.usage(), deployment),
    });
    this.#generations = new Generations({ deployment, log, changes: () => activity.changes, healWholeDrive: (set, slot) => this.#driveHeals.request(set, slot) });
    this.#scanner = new Scanner({
      deployment, locker, clock, log, queue, schedule,
      objects: options.objects,
      listBuckets: () => this.#newestFirst(),
      heal: async (set, volume, path, scan, signal) => {
        const items = await this.#background({ set, volume, path }, { scan, signal });
        this.notices.count(items);
        return items;
      },
      changes: () => activity.changes,
      isBusy: () => activity.isBusy,
    });
    this.#journal = new Journal({
      deployment, queue, locker, log,
      heal: (missed, confirm) => this.#bring(missed, confirm),
      healWholeDrive: (set, slot) => this.#driveHeals.request(set, slot),
    });
    this.#rounds = [
      new Rounds(schedule, JOURNAL_PAUSE_MS, async (signal) => {
        await this.#generations.judge();
        await this.#journal.round(signal);
      }, onFailure),
      new Rounds(schedule, RAISE_PAUSE_MS, () => this.#generations.raise(), onFailure),
      new Rounds(schedule, SCAN_PAUSE_MS, (signal) => this.#scanner.round(signal), onFailure),
      ...allSets(deployment).map((set) => new Rounds(schedule, DRIVES_PAUSE_MS, (signal) => this.#driveHeals.round(set, signal), onFailure)),
    ];
  }

  async *heal(target: HealTarget, options: HealOptions): AsyncGenerator<HealItem, void> {
    const { deployment } = this.options.context;
    const sets = allSets(deployment).filter((set) => isOf(target, set));
    const { bucket, prefix = '' } = target;
    if (bucket === undefined) {
      for (const system of SYSTEM_PREFIXES) yield* this.#below(sets, SYSTEM_VOLUME, system, options);
    }
    const buckets = bucket === undefined ? (await this.#newestFirst()) : [bucket];
    for (const name of buckets) {
      stopIfAborted(options);
      yield await healBucket(this.options.context, name, options);
      if (options.recursive) yield* this.#below(sets, name, prefix, options);
      else if (prefix !== '') yield* this.#one(target, name, prefix, options);
    }
  }

  async #newestFirst(): Promise<string[]> {
    const buckets = await this.options.listBuckets();
    return [...buckets].sort((a, b) => b.createdMs - a.createdMs).map(({ name }) => name);
  }

  async *#below(sets: readonly ErasureSet[], volume: string, prefix: string, options: HealOptions): AsyncGenerator<HealItem, void> {
    for (const set of sets) {
      const keys = keysOfSet(set, volume, { prefix, from: '', signal: options.signal });
      const heals = inOrder(keys, OBJECTS_AT_ONCE, async ({ key }) => {
        if (volume === SYSTEM_VOLUME && key.includes(LISTING_CACHE)) return [];
        return this.#object(set, volume, key, options);
      });
      for await (const items of heals) {
        yield* items;
        stopIfAborted(options);
      }
    }
  }

  async *#one(target: HealTarget, bucket: string, key: string, options: HealOptions): AsyncGenerator<HealItem, void> {
    for (const pool of this.options.context.deployment.pools) {
      const set = setFor(pool, encodeObjectPath(key));
      if (isOf(target, set)) yield* await this.#object(set, bucket, key, options);
    }
  }

  #object(set: ErasureSet, volume: string, key: string, { isDryRun, scan, remove, signal }: HealOptions): Promise<HealItem[]> {
    const onStray: ObjectHealOptions['onStray'] = (stray) => (remove ? this.quarantine.put(stray) : Promise.resolve(stray.verdict));
    return healObject({ context: this.options.context, set, volume, path: encodeObjectPath(key) }, { isDryRun, scan, signal, onStray });
  }

  /** A heal that nobody asked for: strays are judged with patience. */
  async #background(subject: Omit<HealSubject, 'context'>, options: Pick<ObjectHealOptions, 'scan' | 'modTimeMaxNs' | 'signal' | 'isLikely'>): Promise<HealItem[]> {
    if (subject.volume === SYSTEM_VOLUME && subject.path.includes(LISTING_CACHE)) return [];
    return healObject({ ...subject, context: this.options.context }, { isDryRun: false, onStray: (stray) => this.quarantine.judge(stray), ...options });
  }

  /** Brings drives a change that they missed. A version that only they have is one whose removal they missed. */
  async #bring({ set, volume, path, slots }: MissedObject, confirm: (items: readonly HealItem[]) => Promise<void>): Promise<void> {
    const onStray: ObjectHealOptions['onStray'] = (stray) => {
      if (stray.holders.every((slot) => slots.has(slot))) return removeStale(stray);
      return this.quarantine.judge(stray);
    };
    const items = await healObject({ context: this.options.context, set, volume, path }, { isDryRun: false, scan: 'normal', missedBy: slots, onStray, confirm });
    this.notices.count(items);
  }

  driveHeals(): DriveHealStatus[] {
    return this.#driveHeals.status();
  }

  background(): BackgroundHealStatus {
    return this.notices.status();
  }

  scanner(): ScannerStatus {
    return this.#scanner.status();
  }

  usage(): DataUsage {
    return this.#scanner.usage();
  }

  journal(): JournalStatus[] {
    return this.#journal.status();
  }

  /** Judges the drives before the first request: an old copy must prove nothing. */
  prepare(): Promise<void> {
    return this.#generations.judge();
  }

  start(): void {
    this.#boot ??= this.#healBuckets();
    for (const rounds of this.#rounds) rounds.start();
  }

  /** Folders of buckets cost little to look at, and everything else needs them. */
  async #healBuckets(): Promise<void> {
    const { context } = this.options;
    try {
      for (const bucket of await this.#newestFirst()) this.notices.count([await healBucket(context, bucket, { isDryRun: false, remove: false })]);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      context.log.warn('the folders of buckets were not looked at', { reason: error.message });
    }
  }

  async close(): Promise<void> {
    this.#queue.close();
    await Promise.all([this.#boot, ...this.#rounds.map((rounds) => rounds.close()), this.notices.close()]);
    this.#scanner.close();
  }
}

/** What a set holds of what was counted, about. */
function totalOf({ buckets }: DataUsage, deployment: Deployment): { readonly objects: number; readonly bytes: number } {
  const setCount = allSets(deployment).length;
  let objects = 0;
  let bytes = 0;
  for (const usage of buckets.values()) {
    objects += usage.versions + usage.deleteMarkers;
    bytes += usage.size;
  }
  return { objects: Math.round(objects / setCount), bytes: Math.round(bytes / setCount) };
}

function isOf({ poolIndex, setIndex }: HealTarget, set: ErasureSet): boolean {
  return (poolIndex === undefined || set.poolIndex === poolIndex) && (setIndex === undefined || set.setIndex === setIndex);
}

function stopIfAborted({ signal }: HealOptions): void {
  if (signal?.aborted === true) throw new StorageError('aborted', 'The heal was stopped');
}
