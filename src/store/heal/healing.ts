/** Healing as the store offers it: what was asked for, and what goes on in the background. */
import { StorageError } from '../../base/index.js';
import type { StoreContext } from '../context.js';
import { healBucket } from './heal-bucket.js';
import type { BackgroundHealStatus, DataUsage, DriveHealStatus, HealItem, HealOptions, HealTarget, Healing, JournalStatus, Quarantine, ScannerStatus } from './types.js';

export interface HealingOptions {
  readonly context: StoreContext;
  /** Throws read-quorum. */
  readonly listBuckets: () => Promise<readonly { readonly name: string }[]>;
}

export class StoreHealing implements Healing {
  readonly quarantine: Quarantine = {
    list: () => Promise.resolve([]),
    restore: (id) => Promise.reject(new StorageError('object-not-found', `The quarantine has no entry ${id}`)),
    empty: () => Promise.resolve(0),
  };

  constructor(readonly options: HealingOptions) {}

  async *heal(target: HealTarget, options: HealOptions): AsyncGenerator<HealItem, void> {
    const { context, listBuckets } = this.options;
    const buckets = target.bucket === undefined ? (await listBuckets()).map(({ name }) => name) : [target.bucket];
    for (const bucket of buckets) {
      if (options.signal?.aborted === true) throw new StorageError('aborted', 'The heal was stopped');
      yield await healBucket(context.deployment, bucket, options);
    }
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
