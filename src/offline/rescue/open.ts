/** Folders of drives opened for reading, as the sets that they make. Nothing in them is ever written. */
import { stat } from 'node:fs/promises';
import { UsageError } from '../../base/index.js';
import { DriveThreads, LocalDrive, type Drive } from '../../drive/index.js';
import type { SalvageSet } from '../../store/index.js';
import { expandPlaces, lookAt } from '../sighting.js';
import { identify, type Identified, type IdentifiedDrive, type IdentifiedSet } from './identify.js';

export interface RescueSet extends IdentifiedSet {
  /** `pool 1, set 2`; `set A` where nothing tells its number. */
  readonly name: string;
  readonly salvage: SalvageSet;
}

export interface Rescue {
  readonly sets: readonly RescueSet[];
  readonly strays: readonly IdentifiedDrive[];
  readonly deploymentId: string;
  /** Every folder that was given and is there, in that order. */
  readonly drives: readonly Drive[];
  close(): Promise<void>;
}

/** A bad sector may take a disk minutes; it is not given up for that. */
const DEADLINE_MS = 300_000;

/** More of them would be no faster, and sixteen take 300 MB before they begin. */
const THREADS_MAX = 4;

/** `/data{1...4}` stands for four folders. Throws a UsageError where a folder is not there or given twice. */
export async function openRescue(places: readonly string[]): Promise<Rescue> {
  const paths = await expandPlaces(places);
  if (paths.length === 0) throw new UsageError('no drive is given', 'name the folders of all drives that are left, in any order');
  if (new Set(paths).size < paths.length) throw new UsageError('one folder is given twice', 'name each drive once');
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) throw new UsageError(`there is no folder ${path}`, 'mount the drive, or leave it out: what the others hold is saved without it');
  }
  const threads = new DriveThreads(THREADS_MAX);
  const drives = paths.map((path) => new LocalDrive(path, { isReadOnly: true, deadlineMs: DEADLINE_MS, startThread: (data) => threads.start(data) }));
  const close = async (): Promise<void> => void (await Promise.all(drives.map((drive) => drive.close())));
  try {
    const found = await identify(await Promise.all(drives.map(async (drive) => ({ path: drive.endpoint, drive, sighting: await lookAt(drive.endpoint) }))));
    return { ...found, drives, sets: named(found), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function named({ sets }: Identified): RescueSet[] {
  let unknown = 0;
  return sets.map((set) => ({
    ...set,
    name: set.pool === undefined || set.set === undefined ? `set ${letters(unknown++)}` : `pool ${set.pool + 1}, set ${set.set + 1}`,
    salvage: {
      size: set.size,
      sources: set.drives.map(({ drive, slot, sampled, sighting }) => ({ drive, homeSlot: slot, isComplete: sampled > 0 && !sighting.isHealing })),
    },
  }));
}

/** A ... Z, AA, AB ... */
function letters(index: number): string {
  return (index >= 26 ? letters(Math.floor(index / 26) - 1) : '') + String.fromCharCode(65 + (index % 26));
}
