/** The sentences about a cluster that stand above every view of it. */
import type { ClusterState } from '../client/index.js';
import { plural } from './short-time.js';
import { formatSize } from './size.js';

/** `5 drives online, 1 drive offline`: the sentence that operators know. */
export function drivesSentence({ drivesOnline, drivesOffline }: ClusterState): string {
  return `${plural(drivesOnline, 'drive')} online, ${plural(drivesOffline, 'drive')} offline`;
}

/** What the worst set still bears. */
export function verdict({ sets, health }: ClusterState): string {
  if (sets.length === 0) return 'The server did not say which sets its drives make.';
  const reads = Math.min(...sets.map(({ readFailuresLeft }) => readFailuresLeft));
  const writes = Math.min(...sets.map(({ writeFailuresLeft }) => writeFailuresLeft));
  if (health === 'no-reads') return `Below read quorum: some objects cannot be read until ${plural(-reads, 'more drive')} ${-reads === 1 ? 'is' : 'are'} back.`;
  if (health === 'no-writes') return `Below write quorum: nothing can be written until ${plural(-writes, 'more drive')} ${-writes === 1 ? 'is' : 'are'} back. Reads survive ${plural(reads, 'more drive failure')}.`;
  return `Writes survive ${plural(writes, 'more drive failure')}, reads ${reads}.`;
}

/** `19 MiB in 7 objects, 3 buckets; drives 25% full`; empty where nothing is known of it. */
export function usageSentence(state: ClusterState): string {
  const usage = state.buckets === undefined ? [] : [`${formatSize(state.usedByObjectsBytes ?? 0)} in ${plural(state.objects ?? 0, 'object')}, ${plural(state.buckets, 'bucket')}`];
  const space = state.rawTotalBytes === 0 ? [] : [`drives ${formatPercent(state.rawUsedBytes, state.rawTotalBytes)} full`];
  return [...usage, ...space].join('; ');
}

/** `25%`. */
export function formatPercent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((part * 100) / whole)}%`;
}
