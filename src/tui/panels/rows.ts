/** Rows of a list: those around the chosen one that there is room for, the chosen one marked. */
import { firstShown } from '../layout.js';
import { fit, span, type Line } from '../line.js';

/** Columns in front of each row. */
export const MARK_COLUMNS = 1;

/** The mark is a character, so that it shows without colours and without reverse video. */
export function marked(row: Line, isChosen: boolean, width: number): Line {
  return fit([isChosen ? span('>', 'chosen') : span(' '), ...row], width);
}

interface RowOptions<T> {
  readonly items: readonly T[];
  /** -1 for none. */
  readonly chosen: number;
  /** Keys go to this list: the chosen row is marked. */
  readonly isActive: boolean;
  readonly width: number;
  readonly height: number;
  readonly row: (item: T) => Line;
}

export function rowsAround<T>({ items, chosen, isActive, width, height, row }: RowOptions<T>): Line[] {
  const first = firstShown(items.length, chosen, height);
  return items.slice(first, first + height).map((item, index) => marked(row(item), isActive && first + index === chosen, width));
}
