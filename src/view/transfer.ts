/**
 * What transfers print: a line per object, the totals table, and their JSON twins.
 */
import { formatPreciseSize } from './size.js';
import { renderTable } from './table.js';

/** `03m07s`, with hours in front from one hour on. */
export function transferDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}h` : ''}${two(Math.floor(seconds / 60) % 60)}m${two(seconds % 60)}s`;
}

export interface TransferSummary {
  readonly sizeBytes: number;
  readonly movedBytes: number;
  readonly elapsedMs: number;
}

export function transferLine(source: string, target: string): string {
  return `\`${source}\` -> \`${target}\``;
}

/** Total, Transferred, Duration and Speed in a box. */
export async function transferTable(summary: TransferSummary): Promise<string> {
  return renderTable(
    ['Total', 'Transferred', 'Duration', 'Speed'],
    [
      [
        formatPreciseSize(summary.sizeBytes),
        formatPreciseSize(summary.movedBytes),
        transferDuration(summary.elapsedMs),
        `${formatPreciseSize(Math.round(bytesPerSecond(summary)))}/s`,
      ],
    ],
  );
}

export function bytesPerSecond({ movedBytes, elapsedMs }: TransferSummary): number {
  return elapsedMs > 0 ? (movedBytes * 1000) / elapsedMs : 0;
}

/** Duration in nanoseconds, speed in bytes per second; both 0 when nothing moved. */
export function transferTotalsJson(summary: TransferSummary): object {
  const hasMoved = summary.movedBytes > 0;
  return {
    status: 'success',
    total: summary.sizeBytes,
    transferred: summary.movedBytes,
    duration: hasMoved ? Math.round(summary.elapsedMs * 1e6) : 0,
    speed: hasMoved ? bytesPerSecond(summary) : 0,
  };
}
