/** What `h` heals. The admin API heals buckets and sets: a drive is healed with its set. */
import type { DriveView, SetView } from '../client/index.js';
import { bucketItems, chosenId, driveGroups } from './lists.js';
import type { HealTarget, State } from './state.js';

/** undefined where nothing that can be healed is chosen. */
export function healTarget(state: State): HealTarget | undefined {
  if (state.view !== 'panels') return undefined;
  if (state.panel === 'buckets') return bucketTarget(state);
  return state.panel === 'drives' ? driveTarget(state) : undefined;
}

function bucketTarget(state: State): HealTarget | undefined {
  const bucket = bucketItems(state).find(({ name }) => name === chosenId('buckets', state));
  return bucket === undefined ? undefined : { label: `bucket ${bucket.name}`, path: bucket.name, objectsTotal: bucket.objects };
}

function driveTarget(state: State): HealTarget | undefined {
  const id = chosenId('drives', state);
  for (const group of driveGroups(state)) {
    if (group.set === undefined) continue;
    if (group.id === id) return setTarget(group.set, state);
    const item = group.drives.find((candidate) => candidate.id === id);
    if (item !== undefined) return setTarget(group.set, state, item.drive);
  }
  return undefined;
}

function setTarget({ pool, set }: SetView, { value }: State, drive?: DriveView): HealTarget {
  const isWhole = value.cluster?.sets.length === 1;
  const name = `pool ${pool + 1} set ${set + 1}`;
  return {
    label: drive === undefined ? name : `${name} with drive ${drive.slot + 1}`, path: '', pool, set,
    // Nobody counts objects by set.
    objectsTotal: isWhole ? value.cluster.objects : undefined,
  };
}
