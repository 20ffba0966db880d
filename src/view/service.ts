/** What `admin service` says. */
import type { ServiceResult } from '../client/index.js';
import { formatRemaining, plural } from './short-time.js';
import type { Palette } from './terminal.js';

export interface RestartReport {
  readonly alias: string;
  readonly result: ServiceResult;
  readonly restartMs: number;
}

export function restartText({ result, restartMs }: RestartReport, paint: Palette): string {
  const hosts = result.results ?? [];
  const failed = hosts.filter(({ err }) => err !== undefined);
  return [
    result.dryRun ? 'Nothing was restarted: this was a dry run.' : `Restarted ${paint.good(plural(hosts.length - failed.length, 'server'))} in ${formatRemaining(restartMs)}.`,
    ...failed.map(({ host, err }) => paint.bad(`${host}: ${err ?? ''}`)),
  ].join('\n');
}

export function restartObject({ alias, result, restartMs }: RestartReport): object {
  const ns = Math.round(restartMs * 1e6);
  return { status: 'success', serverURL: alias, result, restartDuration: ns, waitingDuration: 0, timeTaken: ns, state: 2 };
}
