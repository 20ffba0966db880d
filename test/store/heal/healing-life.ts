/** Healing over a life's drives, with timers that run faster. */
import { StorageError } from '../../../src/base/index.js';
import { Activity } from '../../../src/store/activity.js';
import { StoreHealing } from '../../../src/store/heal/healing.js';
import type { Schedule } from '../../../src/store/heal/timers.js';
import { isBucketName } from '../../../src/store/bucket-name.js';
import type { HealItem } from '../../../src/store/heal/types.js';
import type { Life } from '../life.js';

const FASTER = 50;

/** Every pause takes a fiftieth of its time. */
export const hurry: Schedule = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs / FASTER);
  return () => clearTimeout(timer);
};

/** Healing whose notices the life's operations reach. */
export function healingOf(life: Life): StoreHealing {
  const listBuckets = async (): Promise<{ name: string; createdMs: number }[]> => {
    const volumes = await life.drives.find((_, slot) => life.naughty[slot]!.state === 'online')!.listVolumes();
    return volumes.filter(({ name }) => isBucketName(name));
  };
  const objects = { read: () => Promise.reject(new StorageError('object-not-found', 'nothing is kept')), readDated: () => Promise.resolve(undefined), write: () => Promise.resolve() };
  const healing = new StoreHealing({ context: life.context, listBuckets, schedule: hurry, objects, activity: new Activity(life.context.clock) });
  life.context = { ...life.context, notices: healing.notices };
  return healing;
}

/** What a deep look at everything would mend. */
export async function wanting(healing: StoreHealing): Promise<HealItem[]> {
  const items: HealItem[] = [];
  for await (const item of healing.heal({}, { recursive: true, isDryRun: true, scan: 'deep', remove: false })) if (item.outcome !== 'ok') items.push(item);
  return items;
}

/** Notes of missed changes on all drives, or of one drive only: on a busy machine others may have been late as well. */
export async function notes(life: Life, slot?: number): Promise<number> {
  const lists = await Promise.all(life.drives.map((drive) => drive.listMissed(1000)));
  return lists.flat().reduce((sum, missed) => sum + (slot === undefined || missed.slot === slot ? missed.count : 0), 0);
}

export async function until(condition: () => Promise<boolean> | boolean, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

