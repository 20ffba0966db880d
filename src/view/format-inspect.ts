/** How `format inspect` shows drives and what is missing. */
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';

interface Position {
  /** From 0, as in JSON output; people count from 1. */
  readonly pool?: number;
  readonly set?: number;
  readonly slot?: number;
}

interface DriveRow extends Position {
  readonly path: string;
  readonly condition: string;
  readonly remark: string;
  readonly generation?: string;
  readonly deploymentId?: string;
  readonly driveId?: string;
  readonly isHealing: boolean;
}

interface FormatReport {
  readonly drives: readonly DriveRow[];
  readonly deploymentId: string;
  readonly pools: readonly { readonly setCount: number; readonly drivesPerSet: number; readonly algorithm: string; readonly generation: string }[];
  readonly missing: readonly (Required<Position> & { readonly driveId: string })[];
  readonly isWhole: boolean;
  readonly summary: string;
}

const COLUMNS = ['Drive', 'State', 'Position', 'Drive id', 'Deployment', 'Format', 'Remark'];

/** The table of drives, those that are not there at its end, and the sentence below. */
export async function formatReportText({ drives, missing, summary, isWhole }: FormatReport, paint: Palette): Promise<string> {
  const rows = drives.map((drive) => [
    drive.path,
    drive.condition === 'ok' ? paint.good('ok') : paint.bad(drive.condition),
    positionText(drive),
    drive.driveId ?? '',
    drive.deploymentId ?? '',
    drive.generation ?? '',
    drive.remark,
  ]);
  const absent = missing.map((slot) => ['-', paint.bad('absent'), positionText(slot), slot.driveId, '', '', 'not among the folders given']);
  const table = await renderTable(COLUMNS, [...rows, ...absent]);
  return `${table}\n${isWhole ? paint.good(summary) : paint.bad(summary)}`;
}

/** Pools, sets and slots count from 0. */
export function formatReportObject({ drives, deploymentId, pools, missing, isWhole, summary }: FormatReport): object {
  return { status: isWhole ? 'success' : 'error', isWhole, summary, deploymentId, pools, drives, missing };
}

function positionText({ pool, set, slot }: Position): string {
  if (pool === undefined || set === undefined || slot === undefined) return '';
  return `pool ${pool + 1}, set ${set + 1}, drive ${slot + 1}`;
}
