/**
 * The picture of drives x objects, of any number of objects in bounded memory: columns stand for one object each until there
 * are too many; then neighbours are put together, again and again.
 */
import type { SalvageState } from '../../store/index.js';

export interface PictureColumn {
  readonly firstName: string;
  lastName: string;
  objects: number;
  lost: number;
  degraded: number;
  /** Versions that the drive of each row has whole. */
  readonly good: number[];
  /** Versions looked at, by row: its set holds them. */
  readonly seen: number[];
}

const COLUMNS_MAX = 512;

export class Picture {
  #columns: PictureColumn[] = [];
  #objectsPerColumn = 1;

  /** @param rowCount drives of all sets */
  constructor(private readonly rowCount: number) {}

  get columns(): readonly PictureColumn[] {
    return this.#columns;
  }

  /** `firstRow`: of the set's first drive. */
  add(name: string, verdict: 'whole' | 'degraded' | 'lost', firstRow: number, states: readonly SalvageState[]): void {
    const column = this.#column(name);
    column.objects++;
    if (verdict === 'lost') column.lost++;
    else if (verdict === 'degraded') column.degraded++;
    for (const [i, state] of states.entries()) {
      column.seen[firstRow + i] = (column.seen[firstRow + i] ?? 0) + 1;
      if (state === 'ok') column.good[firstRow + i] = (column.good[firstRow + i] ?? 0) + 1;
    }
  }

  #column(name: string): PictureColumn {
    const last = this.#columns.at(-1);
    if (last !== undefined && last.objects < this.#objectsPerColumn) {
      last.lastName = name;
      return last;
    }
    if (this.#columns.length === COLUMNS_MAX) {
      this.#columns = this.#columns.flatMap((column, i) => (i % 2 === 0 ? [joined(column, this.#columns[i + 1])] : []));
      this.#objectsPerColumn *= 2;
    }
    const zeros = (): number[] => new Array<number>(this.rowCount).fill(0);
    const column = { firstName: name, lastName: name, objects: 0, lost: 0, degraded: 0, good: zeros(), seen: zeros() };
    this.#columns.push(column);
    return column;
  }
}

function joined(one: PictureColumn, other: PictureColumn | undefined): PictureColumn {
  if (other === undefined) return one;
  const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + (b[i] ?? 0));
  return {
    firstName: one.firstName,
    lastName: other.lastName,
    objects: one.objects + other.objects,
    lost: one.lost + other.lost,
    degraded: one.degraded + other.degraded,
    good: sum(one.good, other.good),
    seen: sum(one.seen, other.seen),
  };
}
