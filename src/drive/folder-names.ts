/**
 * Sorted names of folders. Those of big ones are remembered while the folder does not change, so that the pages of a
 * listing do not read and sort a hundred thousand names each.
 */
import { readdirSync, statSync } from 'node:fs';

import { compareKeys } from '../base/index.js';

/** How MinIO stores a key that ends in `/`. */
export const DIRECTORY_SUFFIX = '__XLDIR__';
/** Below this, reading a folder again costs less than remembering it. */
const REMEMBERED_NAMES_MIN = 256;
/** Names remembered in all, some 10 MB for each drive. */
const REMEMBERED_NAMES_MAX = 50_000;
/**
 * A folder that changed later than this before it was read may have changed again without its time moving on: file
 * systems stamp in steps of up to two seconds.
 */
const SETTLED_MS = 2100;

export interface Name {
  readonly name: string;
  /** The name as a key has it: `dir__XLDIR__` is `dir/`. */
  readonly keyPart: string;
}

export interface SortedNames {
  readonly names: readonly Name[];
  /** True where `<` of strings is their order: no half pairs, which UTF-16 puts before U+E000 to U+FFFF. */
  readonly isPlain: boolean;
}

export class FolderNames {
  readonly #remembered = new Map<string, { readonly stamp: string; readonly sorted: SortedNames }>();
  #count = 0;

  /**
   * All names in a folder, sorted as keys, or those that `choose` picks where it picks other than all. Throws what the
   * file system throws.
   */
  sorted(folder: string, choose: (names: readonly string[]) => readonly string[]): SortedNames {
    const known = this.#remembered.get(folder);
    const stat = statSync(folder, { bigint: true });
    const stamp = `${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}`;
    if (known?.stamp === stamp) return known.sorted;
    if (known !== undefined) this.#forget(folder, known.sorted);
    const all = readdirSync(folder);
    const chosen = choose(all);
    const sorted = sortNames(chosen);
    const isSettled = Date.now() - Number(stat.ctimeNs / 1_000_000n) > SETTLED_MS;
    if (chosen === all && isSettled && all.length >= REMEMBERED_NAMES_MIN && all.length <= REMEMBERED_NAMES_MAX) this.#remember(folder, stamp, sorted);
    return sorted;
  }

  #remember(folder: string, stamp: string, sorted: SortedNames): void {
    for (const [oldest, { sorted: names }] of this.#remembered) {
      if (this.#count + sorted.names.length <= REMEMBERED_NAMES_MAX) break;
      this.#forget(oldest, names);
    }
    this.#remembered.set(folder, { stamp, sorted });
    this.#count += sorted.names.length;
  }

  #forget(folder: string, sorted: SortedNames): void {
    this.#remembered.delete(folder);
    this.#count -= sorted.names.length;
  }
}

/** True where `<` orders this string as keys are ordered. */
export function isPlain(text: string): boolean {
  return !/[\ud800-\uffff]/.test(text);
}

export function sortNames(names: readonly string[]): SortedNames {
  const sorted = names.map((name) => ({ name, keyPart: name.endsWith(DIRECTORY_SUFFIX) ? `${name.slice(0, -DIRECTORY_SUFFIX.length)}/` : name }));
  const arePlain = names.every(isPlain);
  if (arePlain) sorted.sort((a, b) => (a.keyPart < b.keyPart ? -1 : 1));
  else sorted.sort((a, b) => compareKeys(a.keyPart, b.keyPart));
  return { names: sorted, isPlain: arePlain };
}

/** Index of the first name whose key part is not before `bound`. */
export function firstFrom(names: readonly Name[], bound: string, isBefore: (a: string, b: string) => boolean): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(names[middle]?.keyPart ?? '', bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}
