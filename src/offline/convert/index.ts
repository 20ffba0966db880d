/** The objects of old drives brought to new ones: the work behind `mts convert`. */
import { UsageError } from '../../base/index.js';
import { openSource, openTarget, type DriveOptions } from './open-drives.js';
import { convert, countSource, type ConvertFailure, type ConvertListener, type ConvertTotals } from './run.js';

interface ConvertOptions extends Pick<DriveOptions, 'log'> {
  /** Drive arguments as `mts server` takes them. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  /** Only counts. */
  readonly isDryRun: boolean;
  /** MINIO_ERASURE_SET_DRIVE_COUNT of the sources. */
  readonly setDriveCount: string | undefined;
  readonly listener: ConvertListener;
  readonly signal: AbortSignal;
}

interface ConvertReport extends ConvertTotals {
  readonly isDryRun: boolean;
  readonly failures: readonly ConvertFailure[];
}

/** Throws a UsageError where drives make no deployment, and what concerns more than one version. */
export async function convertDrives(options: ConvertOptions): Promise<ConvertReport> {
  const { sources, targets, isDryRun, log, setDriveCount, listener, signal } = options;
  if (sources.some((path) => targets.includes(path))) throw new UsageError('a drive cannot be source and target at once', 'give other drives as the target');
  const source = await openSource(sources, { log, setDriveCount });
  try {
    const totals = await countSource(source.store, signal);
    if (isDryRun) return { ...totals, isDryRun, failures: [] };
    const target = await openTarget(targets, { log, setDriveCount: undefined });
    try {
      const failures = await convert(source.store, target.store, totals, listener, signal);
      return { ...totals, isDryRun, failures };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
