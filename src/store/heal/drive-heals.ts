/** Finds drives that are to be healed as a whole and heals those of this server, one of each set at a time; knows all trackers. */
import { allSets, type Deployment, type ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { msToNs, newHealingTracker, type HealingTracker } from '../../format/index.js';
import { outcomeOf } from '../drive-lanes.js';
import { DriveHeal, type DriveHealOptions } from './drive-heal.js';
import { readTracker, statusOf, writeTracker } from './tracker-file.js';
import type { DriveHealStatus } from './types.js';

export class DriveHeals {
  readonly #trackers = new Map<Drive, HealingTracker>();
  readonly #heals = new Map<Drive, DriveHeal>();

  constructor(
    private readonly deployment: Deployment,
    private readonly options: DriveHealOptions,
  ) {}

  status(): DriveHealStatus[] {
    return allSets(this.deployment).flatMap(({ drives }) =>
      drives.flatMap((drive): DriveHealStatus[] => {
        const heal = drive && this.#heals.get(drive);
        const tracker = heal?.tracker ?? (drive && this.#trackers.get(drive));
        return tracker === undefined ? [] : [statusOf(tracker, heal?.failures ?? [])];
      }),
    );
  }

  /** Looks at all drives of a set, and heals what is to be healed; resolves when that is done. */
  async round(set: ErasureSet, signal: AbortSignal): Promise<void> {
    await this.#readTrackers(set);
    for (const [slot, drive] of set.drives.entries()) {
      if (signal.aborted) return;
      if (drive?.state !== 'online' || !drive.isLocal || !set.isHealing(drive)) continue;
      const heal = new DriveHeal(this.options, set, slot, drive);
      this.#heals.set(drive, heal);
      await heal.run(signal);
    }
  }

  /** Has a drive healed as a whole from now on. */
  async request(set: ErasureSet, slot: number): Promise<void> {
    const drive = set.drives[slot];
    if (drive?.state !== 'online' || set.isHealing(drive)) return;
    const { poolIndex, setIndex } = set;
    const { endpoint, id = '' } = drive;
    await writeTracker(drive, newHealingTracker({ driveId: id, poolIndex, setIndex, slot, path: endpoint, endpoint, startedNs: msToNs(this.options.clock.now()) }));
    set.setHealing(drive, true);
  }

  async #readTrackers(set: ErasureSet): Promise<void> {
    await Promise.all(
      set.drives.map(async (drive) => {
        if (drive?.state !== 'online') return;
        const read = await outcomeOf(readTracker(drive));
        if (!read.ok) return;
        if (read.value === undefined) this.#trackers.delete(drive);
        else this.#trackers.set(drive, read.value);
        // A remote drive's own server heals it, and this one learns of the end here.
        if (!drive.isLocal) set.setHealing(drive, read.value?.isFinished === false);
      }),
    );
  }
}
