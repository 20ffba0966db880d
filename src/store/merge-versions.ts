/**
 * The versions of one key that a quorum of a set's drives holds, from each drive's own list. A put or removal that was
 * acknowledged is on more than half of the drives, so what half of them hold is real, what too few can hold is not, and
 * between the two nothing can be known until more drives answer.
 */
import { StorageError, isStorageError } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import type { ErasureSet } from '../cluster/index.js';
import { parseXlMeta, type XlVersionEntry, type XlVersionHeader } from '../format/index.js';

/** A drive's answer: its list (empty where it has no such object), or undefined where it cannot say. */
export type DriveVersions = readonly XlVersionEntry[] | undefined;

/**
 * Merges the lists of all drives of a set; gives the versions held by at least half of the drives, newest first.
 * Throws read-quorum where the drives that cannot say could turn a version from unacknowledged to acknowledged.
 */
export function mergeVersions(lists: readonly DriveVersions[]): readonly XlVersionEntry[] {
  const readQuorum = Math.ceil(lists.length / 2);
  const writeQuorum = Math.floor(lists.length / 2) + 1;
  const unknown = lists.filter((list) => list === undefined).length;
  const groups = new Map<string, { readonly entry: XlVersionEntry; count: number }>();
  for (const list of lists) {
    for (const entry of list ?? []) {
      const name = identityOf(entry.header);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { entry, count: 1 });
      else group.count++;
    }
  }

  const taken = new Set<string>();
  const merged: XlVersionEntry[] = [];
  for (const { entry, count } of [...groups.values()].sort((a, b) => newestFirst(a.entry.header, b.entry.header))) {
    if (taken.has(entry.header.versionId)) continue;
    if (count >= readQuorum) {
      taken.add(entry.header.versionId);
      merged.push(entry);
    } else if (count + unknown >= writeQuorum) {
      throw new StorageError('read-quorum', `${count} of ${lists.length} drives hold a version and ${unknown} cannot say whether they do`);
    }
  }
  return merged;
}

/** Asks every drive of the set for a key's versions and merges the answers. Throws read-quorum. */
export async function agreedVersions(set: ErasureSet, bucket: string, key: string): Promise<readonly XlVersionEntry[]> {
  const answers = await Promise.allSettled(set.drives.map((drive) => versionsOn(drive, bucket, key)));
  const lists = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined));
  try {
    return mergeVersions(lists);
  } catch (error) {
    if (!isStorageError(error, 'read-quorum')) throw error;
    const causes = answers.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []));
    throw new StorageError('read-quorum', error.message, { bucket, key, cause: new AggregateError(causes) });
  }
}

async function versionsOn(drive: Drive | undefined, bucket: string, key: string): Promise<DriveVersions> {
  if (drive?.state !== 'online') return undefined;
  try {
    const bytes = await drive.readXlMeta(bucket, key, { inline: false });
    return parseXlMeta(bytes).versions;
  } catch (error) {
    if (isStorageError(error, 'file-not-found', 'volume-not-found')) return [];
    throw error;
  }
}

/** Two drives hold the same version where these agree; signatures of old releases may differ without a difference that matters. */
function identityOf(header: XlVersionHeader): string {
  return `${header.versionId} ${header.type} ${header.modTimeNs} ${header.dataShards} ${header.parityShards}`;
}

function newestFirst(a: XlVersionHeader, b: XlVersionHeader): number {
  if (a.modTimeNs !== b.modTimeNs) return a.modTimeNs > b.modTimeNs ? -1 : 1;
  return a.versionId < b.versionId ? 1 : -1;
}
