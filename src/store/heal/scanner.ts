/**
 * Walks all keys of all drives from time to time: counts what the buckets hold, heals what drives disagree on, and looks at a part
 * of the others each time, so that in CHECK_CYCLES cycles every object was looked at, and in DEEP_PERIOD_MS every bitrot hash was
 * checked. One server of a deployment does it. It begins only where something changed, or when nothing was looked at for long.
 */
import { crc32 } from 'node:zlib';

import { StorageError, isStorageError, type Clock, type Log } from '../../base/index.js';
import { allSets, type Deployment, type ErasureSet, type LockHandle, type Locker } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME, decodeUsageJson, encodeObjectPath, encodeUsageJson, type BucketUsage } from '../../format/index.js';
import type { SystemObjects } from '../bucket-settings.js';
import { outcomeOf } from '../drive-lanes.js';
import { BucketCount } from './bucket-count.js';
import type { HealQueue } from './heal-queue.js';
import { inOrder } from './in-order.js';
import { keysOfSet, type SetKey } from './set-keys.js';
import { SYSTEM_PREFIXES } from './system-prefixes.js';
import { sleep, type Schedule } from './timers.js';
import type { DataUsage, HealItem, HealScan, ScannerStatus } from './types.js';

export interface ScannerOptions {
  readonly deployment: Deployment;
  readonly locker: Locker;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: HealQueue;
  readonly schedule: Schedule;
  readonly objects: SystemObjects;
  /** Throws read-quorum. */
  readonly listBuckets: () => Promise<readonly string[]>;
  readonly heal: (set: ErasureSet, volume: string, path: string, scan: HealScan, signal: AbortSignal) => Promise<HealItem[]>;
  /** Changes that this server made since it started. */
  readonly changes: () => number;
  /** True while requests are served. */
  readonly isBusy: () => boolean;
}

const USAGE_PATH = 'buckets/.usage.json';
const STATE_PATH = 'mts/scanner.json';
const LEADER_LOCK = `${SYSTEM_VOLUME}/leader.lock`;
const LOCK_WAIT_MS = 1000;
/** Cycles after which every object was looked at on all drives. */
const CHECK_CYCLES = 16;
/** Time after which every bitrot hash was checked, in steps of an hour. */
const DEEP_STEP_MS = 3_600_000;
const DEEP_STEPS = 30 * 24;
/** Nothing changed: rot and what people do to drives by hand is looked for twice a day. */
const IDLE_CYCLE_MS = 12 * 3_600_000;
/** After a cycle the drives rest for this many times what it took, whatever changes. */
const REST_FACTOR = 10;
/** While requests are served: after this many keys a pause of ten times what they took. */
const KEYS_BETWEEN_PAUSES = 200;
const PAUSE_FACTOR = 10;
const PAUSE_MAX_MS = 1000;
const AT_ONCE = 2;

interface ScanState {
  readonly cycle: number;
  /** 0 before the first. */
  readonly finishedMs: number;
  /** Until when deep looks were made, and the step that comes next. */
  readonly deepMs: number;
  readonly deepStep: number;
}

const NOTHING_SCANNED: ScanState = { cycle: 0, finishedMs: 0, deepMs: 0, deepStep: 0 };

/** What is looked at in a cycle. */
interface CyclePlan {
  readonly cycle: number;
  readonly firstDeep: number;
  readonly deepCount: number;
}

export class Scanner {
  #lock: LockHandle | undefined;
  #isRunning = false;
  #state: ScanState | undefined;
  #startedMs: number | undefined;
  #usage: DataUsage = { lastUpdateMs: undefined, buckets: new Map() };
  #bucket = '';
  #scanned = 0;
  #checked = 0;
  #seenChanges = '';
  #tookMs = 0;

  constructor(private readonly options: ScannerOptions) {}

  status(): ScannerStatus {
    const { cycle = 0, finishedMs } = this.#state ?? {};
    return {
      isLeader: this.#isLeader, isRunning: this.#isRunning, cycle, startedMs: this.#startedMs, finishedMs: finishedMs === 0 ? undefined : finishedMs,
      bucket: this.#bucket, scanned: this.#scanned, checked: this.#checked,
    };
  }

  usage(): DataUsage {
    return this.#usage;
  }

  /** One look at whether a cycle is due, and the cycle. Throws aborted. */
  async round(signal: AbortSignal): Promise<void> {
    try {
      const lock = await this.#lead(signal);
      // Another server scans: its count is everybody's.
      if (lock === undefined) return await this.#learn();
      this.#state = await this.#load();
      if (await this.#isDue()) await this.#cycle(AbortSignal.any([signal, lock.signal]));
    } catch (error) {
      if (!(error instanceof StorageError) || signal.aborted) throw error;
      this.options.log.warn('the scanner stopped and begins again later', { reason: error.message });
    } finally {
      this.#isRunning = false;
    }
  }

  /** Lets another server scan. */
  close(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  get #isLeader(): boolean {
    return this.#lock?.signal.aborted === false;
  }

  /** The leader's lock, kept from round to round so that one server's memory decides what changed; undefined where another has it. */
  async #lead(signal: AbortSignal): Promise<LockHandle | undefined> {
    if (this.#isLeader) return this.#lock;
    this.#lock?.release();
    this.#lock = undefined;
    try {
      this.#lock = await this.options.locker.acquire([LEADER_LOCK], 'write', { timeoutMs: LOCK_WAIT_MS, signal });
    } catch (error) {
      if (!isStorageError(error, 'timed-out', 'write-quorum')) throw error;
    }
    return this.#lock;
  }

  async #learn(): Promise<void> {
    const state = await outcomeOf(this.#load());
    if (state.ok) this.#state = state.value;
  }

  async #isDue(): Promise<boolean> {
    const { clock } = this.options;
    const finishedMs = this.#state?.finishedMs ?? 0;
    const idleMs = clock.now() - finishedMs;
    return idleMs >= IDLE_CYCLE_MS || (idleMs >= this.#tookMs * REST_FACTOR && (await this.#changeMark()) !== this.#seenChanges);
  }

  /** Differs where something may have changed: what other servers do shows in the space that drives have left. */
  async #changeMark(): Promise<string> {
    const drives = allSets(this.options.deployment).flatMap((set) => set.drives.filter((drive): drive is Drive => drive?.state === 'online'));
    const states = drives.map((drive) => drive.endpoint).join();
    if (this.#isAlone()) return `${this.options.changes()} ${states}`;
    const infos = await Promise.all(drives.map((drive) => outcomeOf(drive.info())));
    return `${states} ${infos.map((info) => (info.ok ? `${info.value.freeBytes}/${info.value.freeInodes}` : '')).join()}`;
  }

  #isAlone(): boolean {
    return allSets(this.options.deployment).every(({ drives }) => drives.every((drive) => drive?.isLocal !== false));
  }

  async #cycle(signal: AbortSignal): Promise<void> {
    const { clock, deployment, listBuckets } = this.options;
    const before = this.#state ?? NOTHING_SCANNED;
    const deepMs = before.deepMs === 0 ? clock.now() : before.deepMs;
    const hours = Math.max(0, Math.floor((clock.now() - deepMs) / DEEP_STEP_MS));
    const plan = { cycle: before.cycle, firstDeep: before.deepStep, deepCount: Math.min(hours, DEEP_STEPS) };
    this.#isRunning = true;
    this.#startedMs = clock.now();
    const monotonicMs = clock.monotonicMs();
    this.#scanned = 0;
    this.#checked = 0;
    const mark = await this.#changeMark();
    for (const prefix of SYSTEM_PREFIXES) for (const set of allSets(deployment)) await this.#walk(set, SYSTEM_VOLUME, prefix, plan, new BucketCount(), signal);
    const counts = new Map<string, BucketUsage>();
    for (const bucket of await listBuckets()) {
      const count = new BucketCount();
      for (const set of allSets(deployment)) await this.#walk(set, bucket, '', plan, count, signal);
      counts.set(bucket, count.usage);
    }
    this.#bucket = '';
    this.#tookMs = clock.monotonicMs() - monotonicMs;
    this.#state = {
      cycle: before.cycle + 1,
      finishedMs: clock.now(),
      deepMs: deepMs + hours * DEEP_STEP_MS,
      deepStep: (before.deepStep + plan.deepCount) % DEEP_STEPS,
    };
    await this.#save(counts);
    // What the scanner wrote itself is no change; beside other servers it shows in the drives' space.
    this.#seenChanges = this.#isAlone() ? mark : await this.#changeMark();
  }

  async #walk(set: ErasureSet, volume: string, prefix: string, plan: CyclePlan, count: BucketCount, signal: AbortSignal): Promise<void> {
    const { queue, heal } = this.options;
    this.#bucket = volume;
    const online = set.drives.filter((drive): drive is Drive => drive?.state === 'online' && !set.isHealing(drive));
    if (online.length < set.size / 2) throw new StorageError('read-quorum', `only ${online.length} of the ${set.size} drives of set ${set.setIndex + 1} can tell what there is`);
    // A drive that is being healed gets what it lacks from its own heal.
    const mayHeal = set.drives.every((drive) => drive === undefined || !set.isHealing(drive));
    const work = inOrder(this.#paced(keysOfSet(set, volume, { prefix, from: '', drives: online, signal }), signal), AT_ONCE, async (key) => {
      const scan = mayHeal ? wanted(key, plan) : undefined;
      if (scan === undefined) return { key, items: undefined };
      this.#checked++;
      return { key, items: await queue.run(set, 'scanner', () => heal(set, volume, encodeObjectPath(key.key), scan, signal)) };
    });
    for await (const { key, items } of work) {
      this.#scanned++;
      if (items === undefined || key.isSame) count.add(key.versions);
      else count.addSizes(items.filter(({ outcome }) => outcome === 'ok' || outcome === 'healed' || outcome === 'failed').map(({ isDeleteMarker, size }) => (isDeleteMarker ? undefined : size)));
    }
  }

  /** The keys, with pauses while requests are served. */
  async *#paced(keys: AsyncIterable<SetKey>, signal: AbortSignal): AsyncGenerator<SetKey, void> {
    const { clock, isBusy, schedule } = this.options;
    let startedMs = clock.monotonicMs();
    let count = 0;
    for await (const key of keys) {
      yield key;
      if (++count % KEYS_BETWEEN_PAUSES !== 0) continue;
      const tookMs = clock.monotonicMs() - startedMs;
      if (isBusy()) await sleep(schedule, Math.min(tookMs * PAUSE_FACTOR, PAUSE_MAX_MS), signal);
      startedMs = clock.monotonicMs();
    }
  }

  async #load(): Promise<ScanState> {
    const { objects } = this.options;
    const usage = await outcomeOf(objects.read(USAGE_PATH).then(decodeUsageJson));
    if (usage.ok) this.#usage = usage.value;
    else if (!isStorageError(usage.error, 'object-not-found', 'metadata-corrupt')) throw usage.error;
    const state = await outcomeOf(objects.read(STATE_PATH));
    if (!state.ok) {
      if (isStorageError(state.error, 'object-not-found')) return NOTHING_SCANNED;
      throw state.error;
    }
    return JSON.parse(Buffer.from(state.value).toString()) as ScanState;
  }

  async #save(buckets: ReadonlyMap<string, BucketUsage>): Promise<void> {
    const { objects, clock } = this.options;
    const isNew = JSON.stringify([...buckets].map(flat)) !== JSON.stringify([...this.#usage.buckets].map(flat));
    this.#usage = { lastUpdateMs: clock.now(), buckets };
    // A count that did not change is not written again: idle drives stay idle.
    if (isNew) await objects.write(USAGE_PATH, encodeUsageJson({ lastUpdateMs: clock.now(), buckets }));
    await objects.write(STATE_PATH, Buffer.from(JSON.stringify(this.#state)));
  }
}

function flat([name, { size, objects, versions, deleteMarkers }]: readonly [string, BucketUsage]): unknown {
  return [name, size, objects, versions, deleteMarkers];
}

/** How a key is to be looked at in this cycle, undefined where it is not its turn. */
function wanted({ key, isSame, versions }: SetKey, { cycle, firstDeep, deepCount }: CyclePlan): HealScan | undefined {
  const hash = crc32(key);
  if (((hash % DEEP_STEPS) - firstDeep + DEEP_STEPS) % DEEP_STEPS < deepCount) return 'deep';
  return !isSame || versions.length === 0 || hash % CHECK_CYCLES === cycle % CHECK_CYCLES ? 'normal' : undefined;
}
