/**
 * The heal of a whole drive: one that is new, was emptied, or missed too much. The tracker on the drive says what is done; it
 * is saved from time to time, and a heal that was interrupted goes on where it was saved. What other servers' release does with
 * the tracker holds here too: until it is finished, what the drive lacks proves nothing, and afterwards it stays as a record.
 */
import { StorageError, type Clock, type Log, type Random } from '../../base/index.js';
import type { ErasureSet, LockHandle, Locker } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME, encodeObjectPath, msToNs, newHealingTracker, type HealingTracker } from '../../format/index.js';
import { onEachDrive } from '../buckets.js';
import type { HealQueue } from './heal-queue.js';
import { inOrder } from './in-order.js';
import { keysOfSet } from './set-keys.js';
import { counted, readTracker, writeTracker } from './tracker-file.js';
import type { HealFailure, HealItem } from './types.js';

export interface DriveHealOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly locker: Locker;
  readonly queue: HealQueue;
  /** Newest first. Throws read-quorum. */
  readonly listBuckets: () => Promise<readonly string[]>;
  readonly healBucket: (bucket: string) => Promise<unknown>;
  readonly heal: (set: ErasureSet, volume: string, path: string, modTimeMaxNs: bigint, signal: AbortSignal) => Promise<HealItem[]>;
  /** Called when the drive has everything, before it is said to be whole. */
  readonly onFilled: (set: ErasureSet, slot: number, drive: Drive) => Promise<void>;
  /** What there is to heal, as it was counted last. */
  readonly total: () => { readonly objects: number; readonly bytes: number };
}

/** Saved at least this often: what a crash makes it do again. */
const SAVE_EVERY_MS = 10_000;
const OBJECTS_AT_ONCE = 16;
const FAILURES_MAX = 100;
const LOCK_WAIT_MS = 1000;
/** What servers keep for themselves comes first; named as real servers name it in their trackers. */
const SYSTEM_QUEUE = [`${SYSTEM_VOLUME}/config`, `${SYSTEM_VOLUME}/buckets`];

export class DriveHeal {
  readonly failures: HealFailure[] = [];
  #tracker: HealingTracker | undefined;
  #savedAtMs = 0;

  constructor(
    private readonly options: DriveHealOptions,
    private readonly set: ErasureSet,
    private readonly slot: number,
    private readonly drive: Drive,
  ) {}

  get tracker(): HealingTracker | undefined {
    return this.#tracker;
  }

  /** True where the drive is done. False where it must wait: another drive of the set is healed, or drives went away. Throws aborted. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { locker, log } = this.options;
    let lock: LockHandle;
    try {
      // One drive of a set at a time, whichever server owns it.
      lock = await locker.acquire([`${SYSTEM_VOLUME}/new-drive-healing/${this.set.poolIndex}/${this.set.setIndex}`], 'write', { timeoutMs: LOCK_WAIT_MS, signal });
    } catch (error) {
      if (error instanceof StorageError && error.code !== 'aborted') return false;
      throw error;
    }
    try {
      await this.#begin();
      log.info(`healing drive ${this.drive.endpoint}`, { drive: this.drive.endpoint, queued: this.#known.queuedBuckets.length });
      await this.#healQueued(AbortSignal.any([signal, lock.signal]));
      await this.#finish();
      return true;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (this.drive.state === 'online') await this.#save().catch(() => undefined);
      if (signal.aborted) throw error;
      log.warn(`healing drive ${this.drive.endpoint} stopped and goes on later: ${error.message}`, { drive: this.drive.endpoint });
      return false;
    } finally {
      lock.release();
    }
  }

  get #known(): HealingTracker {
    if (this.#tracker === undefined) throw new Error('assertion failed: a heal begins with its tracker');
    return this.#tracker;
  }

  async #begin(): Promise<void> {
    const { clock, random, listBuckets, total } = this.options;
    const { drive, set, slot } = this;
    const nowNs = msToNs(clock.now());
    const place = { driveId: drive.id ?? '', poolIndex: set.poolIndex, setIndex: set.setIndex, slot, path: drive.endpoint, endpoint: drive.endpoint, startedNs: nowNs };
    let tracker = (await readTracker(drive)) ?? newHealingTracker(place);
    if (tracker.isFinished) tracker = newHealingTracker(place);
    if (tracker.healId === '') tracker = { ...tracker, healId: random.uuid() };
    if (tracker.queuedBuckets.length === 0 && tracker.healedBuckets.length === 0) {
      const { objects, bytes } = total();
      tracker = { ...tracker, queuedBuckets: [...SYSTEM_QUEUE, ...(await listBuckets())], counters: new Map([['ObjectsTotalCount', objects], ['ObjectsTotalSize', bytes]]) };
    } else tracker = counted(tracker, { RetryAttempts: 1 });
    this.#tracker = tracker;
    await this.#save();
  }

  async #healQueued(signal: AbortSignal): Promise<void> {
    for (let name = this.#known.queuedBuckets[0]; name !== undefined; name = this.#known.queuedBuckets[0]) {
      const [volume = '', prefix = ''] = name.startsWith(`${SYSTEM_VOLUME}/`) ? [SYSTEM_VOLUME, `${name.slice(SYSTEM_VOLUME.length + 1)}/`] : [name];
      if (volume !== SYSTEM_VOLUME) await this.options.healBucket(volume);
      const from = this.#known.bucket === name ? this.#known.object : '';
      this.#tracker = { ...this.#known, bucket: name, object: from };
      await this.#healKeys(volume, prefix, from, signal);
      const { queuedBuckets, healedBuckets } = this.#known;
      this.#tracker = { ...this.#known, queuedBuckets: queuedBuckets.slice(1), healedBuckets: [...healedBuckets, name], object: '' };
      await this.#save();
    }
  }

  async #healKeys(volume: string, prefix: string, from: string, signal: AbortSignal): Promise<void> {
    const { set, drive } = this;
    const { queue, heal, clock } = this.options;
    const whole = set.drives.filter((other): other is Drive => other?.state === 'online' && !set.isHealing(other));
    // Where all are new there is nothing to bring.
    const isNew = set.drives.every((other) => other === undefined || set.isHealing(other));
    if (isNew) return;
    if (whole.length < set.size / 2) throw new StorageError('read-quorum', `only ${whole.length} of the ${set.size} drives of the set can tell what there is`);
    const keys = keysOfSet(set, volume, { prefix, from, drives: whole, signal });
    const { startedNs } = this.#known;
    const heals = inOrder(keys, OBJECTS_AT_ONCE, async ({ key }) => {
      const path = encodeObjectPath(key);
      return { key, path, items: await queue.run(set, 'drive', () => this.#healOne(() => heal(set, volume, path, startedNs, signal), volume, key)) };
    });
    for await (const { key, path, items } of heals) {
      if (signal.aborted) throw new StorageError('aborted', 'The heal was stopped');
      if (drive.state !== 'online') throw new StorageError('drive-not-found', `the drive is ${drive.state}`);
      await this.#count(volume, path, items);
      this.#tracker = { ...this.#known, object: key };
      if (clock.monotonicMs() - this.#savedAtMs >= SAVE_EVERY_MS) await this.#save();
    }
  }

  /** An object that cannot be healed now is one failure; the drive goes on. */
  async #healOne(work: () => Promise<HealItem[]>, bucket: string, object: string): Promise<HealItem[] | HealFailure> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageError) || error.code === 'aborted') throw error;
      return { bucket, object, versionId: '', reason: error.message };
    }
  }

  async #count(volume: string, path: string, result: readonly HealItem[] | HealFailure): Promise<void> {
    const failed: HealFailure[] = [];
    if ('reason' in result) {
      failed.push(result);
      this.#tracker = counted(this.#known, { ItemsFailed: 1 });
    } else {
      for (const item of result) {
        const { before, after, reason } = item.drives[this.slot] ?? { before: 'unknown', after: 'unknown' };
        if (item.outcome === 'skipped' || item.outcome === 'dangling') this.#tracker = counted(this.#known, { ItemsSkipped: 1, BytesSkipped: item.size });
        else if (after === 'ok' && (item.outcome !== 'failed' || before !== 'ok')) this.#tracker = counted(this.#known, { ItemsHealed: 1, BytesDone: item.size });
        else {
          this.#tracker = counted(this.#known, { ItemsFailed: 1, BytesFailed: item.size });
          failed.push({ bucket: item.bucket, object: item.object, versionId: item.versionId, reason: reason ?? item.reason });
        }
      }
    }
    if (failed.length === 0) return;
    this.failures.push(...failed);
    this.failures.splice(0, this.failures.length - FAILURES_MAX);
    // The journal tries it again by itself: a few failures never make the drive begin anew.
    await onEachDrive(this.set, async (other) => {
      if (other !== this.drive) await other.noteMissed([this.slot], { volume, path });
    });
  }

  async #save(): Promise<void> {
    const { clock } = this.options;
    this.#tracker = { ...this.#known, lastUpdateNs: msToNs(clock.now()) };
    await writeTracker(this.drive, this.#tracker);
    this.#savedAtMs = clock.monotonicMs();
  }

  async #finish(): Promise<void> {
    await this.options.onFilled(this.set, this.slot, this.drive);
    this.#tracker = { ...this.#known, isFinished: true };
    await this.#save();
    this.set.setHealing(this.drive, false);
    const { counters } = this.#known;
    const [healed = 0, failed = 0, skipped = 0] = (['ItemsHealed', 'ItemsFailed', 'ItemsSkipped'] as const).map((name) => counters.get(name));
    this.options.log.info(`healing of drive ${this.drive.endpoint} is finished (healed: ${healed}, skipped: ${skipped}, failed: ${failed})`, { drive: this.drive.endpoint });
  }
}
