/** What a comparison of drives comes to, in one sentence. */
import type { DriveCondition, FormatReport } from './format-report.js';

const FAULTS: readonly (readonly [condition: DriveCondition, one: string, many: string])[] = [
  ['different', 'disagrees with the others', 'disagree with the others'],
  ['doubled', 'carries the identity of another', 'carry the same identity'],
  ['foreign', 'is of another deployment', 'are of other deployments'],
  ['nameless', 'lost its id', 'lost their ids'],
  ['unformatted', 'is not formatted', 'are not formatted'],
  ['missing', 'is no folder', 'are no folders'],
  ['offline', 'does not answer', 'do not answer'],
  ['unreadable', 'cannot be read', 'cannot be read'],
];

export function summarize({ drives, deploymentId, pools, missing, isWhole }: Omit<FormatReport, 'summary'>): string {
  const [pool] = pools;
  const [drive] = drives;
  if (pool === undefined && drives.length === 1) return `${drive?.path ?? ''} is not a drive that can be read: ${drive?.remark ?? ''}.`;
  if (pool === undefined) return `None of the ${drives.length} folders is a drive that can be read: ${listed(faults(drives))}.`;
  const name = deploymentId === '' ? 'a deployment without an id' : `deployment ${deploymentId}`;
  if (isWhole) return `${drives.length === 1 ? 'The drive is' : `All ${drives.length} drives agree: they are`} ${name}, ${shape(pools)}, and none is missing.`;
  const good = drives.filter(({ condition }) => condition === 'ok').length;
  const total = pools.reduce((sum, { setCount, drivesPerSet }) => sum + setCount * drivesPerSet, 0);
  const absent = missing.length === 0 ? [] : [`${missing.length} of its drives ${missing.length === 1 ? 'is' : 'are'} not among the folders given`];
  return `${capital(name)} (${shape(pools)}) is not whole here: ${good} of its ${counted(total, 'drive')} agree, ${listed([...absent, ...faults(drives)])}.`;
}

function faults(drives: FormatReport['drives']): string[] {
  return FAULTS.flatMap(([condition, one, many]) => {
    const count = drives.filter((drive) => drive.condition === condition).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
}

/** `1 pool of 2 sets of 4 drives`. */
function shape(pools: FormatReport['pools']): string {
  return pools.map(({ setCount, drivesPerSet }) => `${pools.length === 1 ? '' : 'a pool of '}${counted(setCount, 'set')} of ${counted(drivesPerSet, 'drive')}`).join(' and ');
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
