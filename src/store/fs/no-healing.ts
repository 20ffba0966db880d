/** The healing of a drive that has no others to be healed from, and is never written: none. */
import { StorageError } from '../../base/index.js';
import type { Healing } from '../heal/types.js';

const refuse = (): Promise<never> => Promise.reject(new StorageError('store-read-only', 'Nothing is healed here: a drive without erasure coding has no others'));

export const NO_HEALING: Healing = {
  // eslint-disable-next-line @typescript-eslint/require-await -- nothing is ever healed
  async *heal() {
    return;
  },
  driveHeals: () => [],
  background: () => ({ itemsHealed: 0, bytesHealed: 0, itemsFailed: 0, queued: 0, failures: [] }),
  scanner: () => ({ isLeader: false, isRunning: false, cycle: 0, startedMs: undefined, finishedMs: undefined, bucket: '', scanned: 0, checked: 0 }),
  usage: () => ({ lastUpdateMs: undefined, buckets: new Map() }),
  journal: () => [],
  quarantine: { list: () => Promise.resolve([]), restore: refuse, empty: () => Promise.resolve(0) },
  start: () => undefined,
  close: () => Promise.resolve(),
};
