/** What a panel draws into its place. */
import { line, type Line } from '../line.js';

export interface PanelContent {
  /** `Buckets (3 of 12)`. */
  readonly title: string;
  readonly lines: readonly Line[];
}

/** `Buckets (3 of 12) /pho`. */
export function listTitle(name: string, shown: number, filter: string): string {
  return `${name} (${shown})${filter === '' ? '' : ` /${filter}`}`;
}

/** What stands in a list that is empty. */
export function emptyList(filter: string, why: string): Line[] {
  return [line(filter === '' ? why : 'Nothing matches the filter: esc shows everything.', 'dim')];
}
