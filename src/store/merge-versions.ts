/**
 * All versions of one key that a quorum of a set's drives holds, from each drive's own list. A put or removal that was
 * acknowledged is on more than half of the drives, so what half of them hold is real, what too few can hold is not, and
 * between the two nothing can be known until more drives answer.
 */
import { StorageError, isStorageError } from '../base/index.js';
import { deleteQuorum, type ErasureSet } from '../cluster/index.js';
import type { Drive } from '../drive/index.js';
import { compareHeaders, encodeObjectPath, parseXlMetaIndex, type XlVersionEntry, type XlVersionHeader } from '../format/index.js';
import { outcomeOf } from './drive-lanes.js';
import { absenceQuorumOf, sayOfError, type DriveSays } from './quorum.js';

/**
 * Merges what all drives of a set say about a key; gives the versions held by at least half of the drives, newest first.
 * Throws read-quorum where the drives that cannot say could turn a version from unacknowledged to acknowledged.
 */
export function mergeVersions(says: readonly DriveSays[]): readonly XlVersionEntry[] {
  const holdersMin = absenceQuorumOf(says.length);
  const acknowledgedMin = deleteQuorum(says.length);
  const unknown = says.filter((say) => say === 'unknown').length;
  if (unknown >= acknowledgedMin) throw new StorageError('read-quorum', `${unknown} of ${says.length} drives cannot say which versions they hold`);
  const groups = new Map<string, { readonly entry: XlVersionEntry; count: number }>();
  for (const say of says) {
    if (typeof say === 'string') continue;
    for (const entry of say) {
      const name = identityOf(entry.header);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { entry, count: 1 });
      else group.count++;
    }
  }

  const taken = new Set<string>();
  const merged: XlVersionEntry[] = [];
  for (const { entry, count } of [...groups.values()].sort((a, b) => compareHeaders(a.entry.header, b.entry.header))) {
    if (taken.has(entry.header.versionId)) continue;
    if (count >= holdersMin) {
      taken.add(entry.header.versionId);
      merged.push(entry);
    } else if (count + unknown >= acknowledgedMin) {
      throw new StorageError('read-quorum', `${count} of ${says.length} drives hold a version and ${unknown} cannot say whether they do`);
    }
  }
  return merged;
}

/** Asks every drive of the set for a key's versions and merges the answers. Throws read-quorum. */
export async function agreedVersions(set: ErasureSet, bucket: string, key: string): Promise<readonly XlVersionEntry[]> {
  const failures: unknown[] = [];
  const says = await Promise.all(
    set.drives.map(async (drive): Promise<DriveSays> => {
      const isHealing = drive !== undefined && set.isHealing(drive);
      const outcome = await outcomeOf(versionsOn(drive, bucket, key));
      if (outcome.ok) return outcome.value;
      failures.push(outcome.error);
      const say = sayOfError(outcome.error);
      return isHealing ? 'unknown' : say;
    }),
  );
  try {
    return mergeVersions(says);
  } catch (error) {
    if (!isStorageError(error, 'read-quorum')) throw error;
    throw new StorageError('read-quorum', `Cannot list ${bucket}/${key}: ${error.message}`, { bucket, key, cause: new AggregateError(failures) });
  }
}

async function versionsOn(drive: Drive | undefined, bucket: string, key: string): Promise<readonly XlVersionEntry[]> {
  if (drive?.state !== 'online') throw new StorageError('drive-not-found', `The drive is ${drive?.state ?? 'missing'}`, { drive: drive?.endpoint });
  return parseXlMetaIndex(await drive.readXlMeta(bucket, encodeObjectPath(key), { inline: false })).versions;
}

/** Two drives hold the same version where these agree; signatures of old releases may differ without a difference that matters. */
function identityOf(header: XlVersionHeader): string {
  return `${header.versionId} ${header.type} ${header.modTimeNs} ${header.dataShards} ${header.parityShards}`;
}
