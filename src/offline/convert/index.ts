/** The objects of old drives brought to new ones, or to a server: the work behind `mts convert`. */
import { SystemClock, UsageError } from '../../base/index.js';
import { openSource, openTarget, type DriveOptions } from './open-drives.js';
import type { RemotePlace } from '../../client/index.js';
import { completionOf, noteCompletion } from './done-marker.js';
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
  /** When an earlier run had brought all of it: then nothing was done. ISO 8601. */
  readonly completed?: string;
}

/** Throws a UsageError where drives make no deployment, and what concerns more than one version. */
export async function convertDrives(options: ConvertOptions): Promise<ConvertReport> {
  const { sources, target, isDryRun, log, setDriveCount, listener, signal } = options;
  const isServer = 's3' in target;
  if (!isServer && sources.some((path) => target.includes(path))) throw new UsageError('a drive cannot be source and target at once', 'give other drives as the target');
  const source = await openSource(sources, { log, setDriveCount });
  try {
    const { totals, fingerprint } = await countSource(source.store, signal);
    const common = { ...totals, isDryRun, isExact: true, failures: [], differences: {}, notes: [] };
    if (isServer) {
      const server = await openServerTarget(source.store, target, signal);
      const { isExact } = server;
      return isDryRun ? { ...common, isExact } : { ...common, isExact, ...(await brought(server)) };
    }
    if (isDryRun) return common;
    const opened = await openTarget(target, { log, setDriveCount: undefined });
    try {
      const completed = await completionOf(opened.drives, fingerprint);
      if (completed !== undefined) return { ...common, completed: completed.toISOString() };
      const outcome = await brought(drivesTarget(source.store, opened.store));
      if (outcome.failures.length === 0) await noteCompletion(opened.drives, fingerprint, new Date(new SystemClock().now()));
      return { ...common, ...outcome };
    } finally {
      await opened.close();
    }

    async function brought(to: ConvertTarget): Promise<Omit<ConvertReport, 'isDryRun' | 'isExact'>> {
      const { failures, differences, notes } = await convert(source.store, to, totals, listener, signal);
      return { ...totals, failures, differences: Object.fromEntries(differences), notes };
    }
  } finally {
    await source.close();
  }
}
