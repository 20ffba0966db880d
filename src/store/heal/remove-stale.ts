/** Removes versions from drives that missed their removal. */
import type { VersionResult } from './heal-items.js';
import type { StrayVersion } from './heal-object.js';
import { outcomeOf } from '../drive-lanes.js';

/** The caller holds the object's lock, and knows that exactly these drives missed what happened to it. */
export async function removeStale({ subject, entry, holders, verdict }: StrayVersion): Promise<Pick<VersionResult, 'outcome' | 'reason'>> {
  const { context, set, volume, path } = subject;
  const transaction = context.random.uuid();
  const { versionId } = entry.header;
  const failures = await Promise.all(
    holders.map(async (slot): Promise<unknown> => {
      const drive = set.drives[slot];
      if (drive === undefined) return undefined;
      const removed = await outcomeOf(drive.stage(transaction, volume, path, { kind: 'remove', versionId }).then(() => drive.commit(transaction)));
      await outcomeOf(drive.settle(transaction));
      return removed.ok ? undefined : removed.error;
    }),
  );
  const failed = failures.find((failure) => failure !== undefined);
  if (failed === undefined) return { outcome: 'healed', reason: 'its removal was made up for' };
  return { outcome: 'failed', reason: `${verdict.reason}; removing it failed: ${failed instanceof Error ? failed.message : 'unknown'}` };
}
