/** Where the panels are: two columns between two lines at the top and two at the bottom. */
import { driveGroups } from './lists.js';
import { PANELS, type Panel, type State } from './state.js';

export const COLUMNS_MIN = 60;
export const ROWS_MIN = 18;
const HEADER_LINES = 2;
const FOOTER_LINES = 2;
/** Blank columns between the two. */
export const GAP = 2;

export interface Place {
  readonly panel: Panel;
  readonly width: number;
  /** With its title. */
  readonly height: number;
}

/** Panels from top to bottom; one column where a panel has the whole screen. */
export type Layout = readonly (readonly Place[])[];

/** Lines of a panel, its title included: never fewer than `least`, more than `wanted` only where nobody else wants them. */
interface Wish {
  readonly panel: Panel;
  readonly least: number;
  readonly wanted: number;
}

export function bodyHeight({ rows }: Pick<State, 'rows'>): number {
  return rows - HEADER_LINES - FOOTER_LINES;
}

export function isTooSmall({ columns, rows }: Pick<State, 'columns' | 'rows'>): boolean {
  return columns < COLUMNS_MIN || rows < ROWS_MIN;
}

export function layoutOf(state: State): Layout {
  const height = bodyHeight(state);
  if (state.isZoomed) return [[{ panel: state.panel, width: state.columns, height }]];
  const { cluster, buckets } = state.value;
  const driveLines = driveGroups({ ...state, filters: { ...state.filters, drives: '' } }).reduce((sum, { drives }) => sum + 1 + drives.length, 0);
  const healingDrives = (cluster?.sets ?? []).reduce((sum, { healing }) => sum + healing, 0);
  const left = Math.floor((state.columns - GAP) / 2);
  const right = state.columns - GAP - left;
  return [
    share(height, left, [
      { panel: 'drives', least: 7, wanted: 1 + driveLines },
      { panel: 'nodes', least: 3, wanted: 1 + (cluster?.nodes.length ?? 1) },
      { panel: 'buckets', least: 3, wanted: 1 + Math.max(4, buckets.length) },
    ]),
    share(height, right, [
      { panel: 'traffic', least: 4, wanted: 7 },
      { panel: 'healing', least: 4, wanted: 4 + healingDrives + state.heals.length },
      { panel: 'requests', least: 4, wanted: Infinity },
    ]),
  ];
}

/** Gives what is left over the least line by line, to each that still wants one, then to the last. */
function share(height: number, width: number, wishes: readonly Wish[]): Place[] {
  const heights = wishes.map(({ least }) => least);
  let left = height - heights.reduce((sum, lines) => sum + lines, 0);
  while (left > 0) {
    const wanting = wishes.flatMap(({ wanted }, index) => ((heights[index] ?? 0) < wanted ? [index] : []));
    if (wanting.length === 0) break;
    for (const index of wanting.slice(0, left)) heights[index] = (heights[index] ?? 0) + 1;
    left -= Math.min(left, wanting.length);
  }
  const last = heights.length - 1;
  heights[last] = (heights[last] ?? 0) + left;
  return wishes.map(({ panel }, index) => ({ panel, width, height: heights[index] ?? 0 }));
}

export function placeOf(panel: Panel, state: State): Place {
  return layoutOf(state).flat().find((place) => place.panel === panel) ?? { panel, width: state.columns, height: bodyHeight(state) };
}

export function nextPanel(panel: Panel, step: 1 | -1): Panel {
  return PANELS[(PANELS.indexOf(panel) + step + PANELS.length) % PANELS.length] ?? panel;
}

/** The first line shown of `count`, so that line `chosen` is among the `height` that are. */
export function firstShown(count: number, chosen: number, height: number): number {
  return Math.max(0, Math.min(chosen - Math.floor(height / 2), count - height));
}
