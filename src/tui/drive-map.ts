/**
 * How the drives of a cluster are arranged: a line for each drive where there is room for all, else a map with many drives
 * in a line. Keys move in the arrangement that is shown.
 */
import { driveGroups, type DriveGroup, type DriveItem } from './lists.js';
import { placeOf } from './layout.js';
import type { State } from './state.js';

/** Columns of a drive in the map: ` 12 H100%`. */
export const CELL_COLUMNS = 9;

export type DriveLine =
  | { readonly kind: 'set'; readonly group: DriveGroup }
  | { readonly kind: 'drive'; readonly item: DriveItem }
  | { readonly kind: 'cells'; readonly items: readonly DriveItem[] };

export function arrangeDrives(groups: readonly DriveGroup[], width: number, height: number): DriveLine[] {
  const isList = groups.reduce((sum, { drives }) => sum + 1 + drives.length, 0) <= height;
  const perLine = Math.max(1, Math.floor(width / CELL_COLUMNS));
  return groups.flatMap((group): DriveLine[] => [
    { kind: 'set', group },
    ...(isList
      ? group.drives.map((item): DriveLine => ({ kind: 'drive', item }))
      : Array.from({ length: Math.ceil(group.drives.length / perLine) }, (_, index): DriveLine => ({ kind: 'cells', items: group.drives.slice(index * perLine, (index + 1) * perLine) }))),
  ]);
}

/** Ids by line, as the drives' panel shows them now. */
export function driveIdLines(state: State): string[][] {
  const { width, height } = placeOf('drives', state);
  return arrangeDrives(driveGroups(state), width, height - 1).map(idsOfLine);
}

export function idsOfLine(line: DriveLine): string[] {
  if (line.kind === 'set') return [line.group.id];
  return line.kind === 'drive' ? [line.item.id] : line.items.map(({ id }) => id);
}
