/** What a conversion says at its end. */
import { formatPreciseSize } from './size.js';

interface Report {
  readonly isDryRun: boolean;
  readonly isExact: boolean;
  readonly completed?: string;
  readonly bucketCount: number;
  readonly versionCount: number;
  readonly sizeBytes: number;
  readonly doneCount: number;
  readonly foundCount: number;
  readonly failures: readonly unknown[];
  readonly differences: Readonly<Record<string, number>>;
  readonly notes: readonly { readonly bucket: string; readonly document: string; readonly reason: string }[];
}

const WORDS: Readonly<Record<string, string>> = { etag: 'another ETag', time: 'a new time', 'version-id': 'a new version id', metadata: 'other metadata' };

export function convertSummary({ isDryRun, isExact, bucketCount, versionCount, sizeBytes, doneCount, foundCount, failures, differences, notes, completed }: Report): string {
  const there = `${bucketCount} bucket${bucketCount === 1 ? '' : 's'}, ${versionCount} version${versionCount === 1 ? '' : 's'}, ${formatPreciseSize(sizeBytes)}`;
  if (isDryRun) return `Would bring ${there}. Nothing was written (--dry-run).${isExact ? '' : ' The target gives new times and version ids; ETags are kept where the parts are known.'}`;
  if (completed !== undefined) {
    return `An earlier run brought all of it, ${there}, and read it back; it ended at ${completed}. Nothing was done: what has changed on the target since then is as its users want it. To compare everything again, remove .minio.sys/mts/conversion.json from the target's drives.`;
  }
  const lines = [`${doneCount} of ${versionCount} versions are on the target, read back and the same (${foundCount} were there already).`];
  for (const [what, count] of Object.entries(differences)) lines.push(`${count} of them have ${WORDS[what] ?? what} there.`);
  for (const { bucket, document, reason } of notes) lines.push(`The target did not take ${document} of ${bucket}: ${reason}`);
  lines.push(failures.length === 0 ? `All of it: ${there}.` : `${failures.length} could not be brought; run the command again when the cause is mended.`);
  return lines.join('\n');
}
