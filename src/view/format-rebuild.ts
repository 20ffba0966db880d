/** How `format rebuild` shows its plan and what it did, and `format verify` its answer. */
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';

interface PlannedDrive {
  readonly path: string;
  /** From 0. */
  readonly pool: number;
  readonly set: number;
  readonly slot: number;
  readonly driveId: string;
  readonly because: string;
  readonly replaces: Uint8Array | undefined;
  readonly hasTracker: boolean;
  readonly isDone: boolean;
}

interface Plan {
  readonly deploymentId: string;
  readonly generation: string;
  readonly drives: readonly PlannedDrive[];
  readonly silent: readonly { readonly path: string; readonly remark: string }[];
}

interface Verified {
  readonly wouldStart: boolean;
  readonly reason: string;
  readonly hint: string;
  readonly pools: readonly { readonly setCount: number; readonly drivesPerSet: number; readonly isNew: boolean; readonly deploymentId: string; readonly drives: readonly { readonly path: string; readonly condition: string; readonly remark: string }[] }[];
}

/** The plan, as it is asked for. */
export async function rebuildText({ deploymentId, generation, drives, silent }: Plan, paint: Palette): Promise<string> {
  const rows = drives.map((drive) => [
    drive.path,
    `pool ${drive.pool + 1}, set ${drive.set + 1}, drive ${drive.slot + 1}`,
    drive.driveId,
    drive.because,
    drive.isDone ? paint.good('nothing: it has this identity') : drive.replaces === undefined ? 'write format.json' : 'replace format.json, keep a backup',
  ]);
  const quiet = silent.map(({ path, remark }) => `${path} told nothing: ${remark}`);
  return [await renderTable(['Drive', 'Becomes', 'Drive id', 'Known because', 'To do'], rows), `Deployment ${deploymentId === '' ? 'without an id' : deploymentId}, format ${generation}.`, ...quiet].join('\n');
}

/** Pools, sets and slots count from 0. */
export function rebuildObject({ deploymentId, generation, drives, silent }: Plan, backups: readonly { readonly path: string; readonly backup: string | undefined }[], isWritten: boolean): object {
  const shown = drives.map(({ path, pool, set, slot, driveId, because, hasTracker, isDone }) => ({ path, pool, set, slot, driveId, because, isToHeal: hasTracker && !isDone, isDone, backup: backups.find((one) => one.path === path)?.backup }));
  return { status: 'success', isWritten, deploymentId, generation, drives: shown, silent };
}

export async function verifyText({ wouldStart, pools, reason, hint }: Verified, paint: Palette): Promise<string> {
  const rows = pools.flatMap((pool, index) => pool.drives.map(({ path, condition, remark }) => [`pool ${index + 1}`, path, condition === 'ok' || condition === 'new' ? paint.good(condition) : paint.bad(condition), remark]));
  const shapes = pools.map(({ setCount, drivesPerSet, isNew, deploymentId }, index) => `Pool ${index + 1}: ${setCount} set${setCount === 1 ? '' : 's'} of ${drivesPerSet} drive${drivesPerSet === 1 ? '' : 's'}, ${isNew ? 'new: the start would format them' : `deployment ${deploymentId}`}.`);
  const table = rows.length === 0 ? [] : [await renderTable(['Pool', 'Drive', 'State', 'Remark'], rows)];
  return [...table, ...shapes, wouldStart ? paint.good('A server would start with these arguments.') : paint.bad(`A server would not start: ${reason}${hint === '' ? '' : `; ${hint}`}.`)].join('\n');
}
