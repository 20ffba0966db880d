/** Healing as the store offers it: what was asked for, and what goes on in the background. */
import { StorageError } from '../../base/index.js';
import { allSets, setFor, type ErasureSet } from '../../cluster/index.js';
import { SYSTEM_VOLUME, encodeObjectPath } from '../../format/index.js';
import type { StoreContext } from '../context.js';
import { healBucket } from './heal-bucket.js';
import { healObject, type ObjectHealOptions } from './heal-object.js';
import { inOrder } from './in-order.js';
import { DriveQuarantine } from './quarantine.js';
import { keysOfSet } from './set-keys.js';
import type { BackgroundHealStatus, DataUsage, DriveHealStatus, HealItem, HealOptions, HealTarget, Healing, JournalStatus, ScannerStatus } from './types.js';

export interface HealingOptions {
  readonly context: StoreContext;
  /** Throws read-quorum. */
  readonly listBuckets: () => Promise<readonly { readonly name: string; readonly createdMs: number }[]>;
}

/** What servers keep for themselves, in the order it is needed. Listing caches are not worth healing. */
export const SYSTEM_PREFIXES = ['config/', 'pool.bin', 'buckets/', 'rebalance.bin', 'batch-jobs/'] as const;
const LISTING_CACHE = '/.metacache/';
/** Objects of one heal under way at once: enough to keep the drives busy, few enough to leave them to others. */
const OBJECTS_AT_ONCE = 4;

export class StoreHealing implements Healing {
  readonly quarantine: DriveQuarantine;

  constructor(readonly options: HealingOptions) {
    this.quarantine = new DriveQuarantine(options.context);
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
      yield await healBucket(deployment, name, options);
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

  driveHeals(): DriveHealStatus[] {
    return [];
  }

  background(): BackgroundHealStatus {
    return { itemsHealed: 0, bytesHealed: 0, itemsFailed: 0, queued: 0, failures: [] };
  }

  scanner(): ScannerStatus {
    return { isLeader: false, isRunning: false, cycle: 0, startedMs: undefined, finishedMs: undefined, bucket: '', scanned: 0, checked: 0 };
  }

  usage(): DataUsage {
    return { lastUpdateMs: undefined, buckets: new Map() };
  }

  journal(): JournalStatus[] {
    return [];
  }

  start(): void {
    // Nothing goes on in the background yet.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function isOf({ poolIndex, setIndex }: HealTarget, set: ErasureSet): boolean {
  return (poolIndex === undefined || set.poolIndex === poolIndex) && (setIndex === undefined || set.setIndex === setIndex);
}

function stopIfAborted({ signal }: HealOptions): void {
  if (signal?.aborted === true) throw new StorageError('aborted', 'The heal was stopped');
}
