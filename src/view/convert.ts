/** What a conversion says at its end. */
import { formatPreciseSize } from './size.js';

interface Report {
  readonly isDryRun: boolean;
  readonly bucketCount: number;
  readonly versionCount: number;
  readonly sizeBytes: number;
  readonly doneCount: number;
  readonly foundCount: number;
  readonly failures: readonly unknown[];
}

export function convertSummary({ isDryRun, bucketCount, versionCount, sizeBytes, doneCount, foundCount, failures }: Report): string {
  const there = `${bucketCount} bucket${bucketCount === 1 ? '' : 's'}, ${versionCount} version${versionCount === 1 ? '' : 's'}, ${formatPreciseSize(sizeBytes)}`;
  if (isDryRun) return `Would bring ${there}. Nothing was written (--dry-run).`;
  const brought = `${doneCount} of ${versionCount} versions are on the target, read back and the same (${foundCount} were there already).`;
  return failures.length === 0 ? `${brought}\nAll of it: ${there}.` : `${brought}\n${failures.length} could not be brought; run the command again when the cause is mended.`;
}
