/** The objects of old drives brought to new ones, or to a server: the work behind `mts convert`. */
import { UsageError } from '../../base/index.js';
import { openSource, openTarget, type DriveOptions } from './open-drives.js';
import type { RemotePlace } from '../../client/index.js';
import { drivesTarget } from './drives-target.js';
import { convert, countSource, type ConvertFailure, type ConvertListener, type ConvertTotals } from './run.js';
import { openServerTarget } from './server-target.js';
import type { ConvertTarget, Difference, SettingNote } from './target.js';

interface ConvertOptions extends Pick<DriveOptions, 'log'> {
  /** Drive arguments as `mts server` takes them. */
  readonly sources: readonly string[];
  /** Drive arguments, or a server. */
  readonly target: readonly string[] | RemotePlace;
  /** Only counts. */
  readonly isDryRun: boolean;
  /** MINIO_ERASURE_SET_DRIVE_COUNT of the sources. */
  readonly setDriveCount: string | undefined;
  readonly listener: ConvertListener;
  readonly signal: AbortSignal;
}

interface ConvertReport extends ConvertTotals {
  readonly isDryRun: boolean;
  /** The target keeps ids, times and etags as they are. */
  readonly isExact: boolean;
  readonly failures: readonly ConvertFailure[];
  /** How many versions have what other than at the source. */
  readonly differences: Readonly<Partial<Record<Difference, number>>>;
  /** Settings of buckets that the target did not take. */
  readonly notes: readonly SettingNote[];
}

/** Throws a UsageError where drives make no deployment, and what concerns more than one version. */
export async function convertDrives(options: ConvertOptions): Promise<ConvertReport> {
  const { sources, target, isDryRun, log, setDriveCount, listener, signal } = options;
  const isServer = 's3' in target;
  if (!isServer && sources.some((path) => target.includes(path))) throw new UsageError('a drive cannot be source and target at once', 'give other drives as the target');
  const source = await openSource(sources, { log, setDriveCount });
  const openDrivesTarget = async (paths: readonly string[]): Promise<ConvertTarget> => {
    const opened = await openTarget(paths, { log, setDriveCount: undefined });
    return drivesTarget(source.store, opened.store, () => opened.close());
  };
  try {
    const totals = await countSource(source.store, signal);
    const server = isServer ? await openServerTarget(source.store, target, signal) : undefined;
    const isExact = server?.isExact !== false;
    if (isDryRun) return { ...totals, isDryRun, isExact, failures: [], differences: {}, notes: [] };
    const opened = server ?? (await openDrivesTarget(isServer ? [] : target));
    try {
      const { failures, differences, notes } = await convert(source.store, opened, totals, listener, signal);
      return { ...totals, isDryRun, isExact, failures, differences: Object.fromEntries(differences), notes };
    } finally {
      await opened.close();
    }
  } finally {
    await source.close();
  }
}
