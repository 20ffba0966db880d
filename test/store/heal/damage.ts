/** An object's files on its drives: remembered, damaged, compared. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import type { Life } from '../life.js';

export type Damage = 'no folder' | 'no xl.meta' | 'short xl.meta' | 'empty xl.meta' | 'flipped xl.meta' | 'no part' | 'short part' | 'flipped part';

export const META_DAMAGES: readonly Damage[] = ['no folder', 'no xl.meta', 'short xl.meta', 'flipped xl.meta'];
export const DAMAGES: readonly Damage[] = [...META_DAMAGES, 'no part', 'short part', 'flipped part'];

/** Relative path -> content, of every file below a folder. */
export function filesBelow(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => join(entry.parentPath, entry.name)).sort().map((path) => [relative(folder, path), readFileSync(path)]));
}

/** The files of one object on all drives of a life. */
export class ObjectFiles {
  readonly folders: readonly string[];
  readonly #whole: readonly ReadonlyMap<string, Buffer>[];

  constructor(life: Life, bucket: string, key: string) {
    this.folders = life.paths.map((path) => join(path, bucket, key));
    this.#whole = this.folders.map(filesBelow);
  }

  damage(slot: number, damage: Damage): void {
    const folder = this.folders[slot]!;
    const [verb, what] = damage.split(' ');
    if (what === 'folder') return rmSync(folder, { recursive: true });
    const path = what === 'xl.meta' ? join(folder, 'xl.meta') : [...filesBelow(folder).keys()].filter((name) => name.includes('part.')).map((name) => join(folder, name))[0]!;
    const bytes = readFileSync(path);
    if (verb === 'no') rmSync(path);
    else if (verb === 'empty') writeFileSync(path, '');
    else if (verb === 'short') writeFileSync(path, bytes.subarray(0, bytes.length - 7));
    else {
      const at = (slot * 31 + 40) % bytes.length;
      bytes[at] = bytes[at]! ^ 4;
      writeFileSync(path, bytes);
    }
  }

  /** Gives each of two drives the files of the other. */
  swap(a: number, b: number): void {
    const [one, other] = [this.folders[a]!, this.folders[b]!];
    renameSync(one, `${one}.swapped`);
    renameSync(other, one);
    renameSync(`${one}.swapped`, other);
  }

  /** Slots whose files are not what they were. */
  changed(): number[] {
    return this.#whole.flatMap((whole, slot) => {
      const now = filesBelow(this.folders[slot]!);
      const isSame = now.size === whole.size && [...whole].every(([name, bytes]) => now.get(name)?.equals(bytes));
      return isSame ? [] : [slot];
    });
  }

  restore(): void {
    this.#whole.forEach((whole, slot) => {
      const folder = this.folders[slot]!;
      rmSync(folder, { recursive: true, force: true });
      for (const [name, bytes] of whole) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), bytes);
      }
    });
  }

  isThere(slot: number): boolean {
    return statSync(this.folders[slot]!, { throwIfNoEntry: false }) !== undefined;
  }
}

/** All ways to choose `count` of `size` slots. */
export function choices(size: number, count: number): number[][] {
  if (count === 0) return [[]];
  return Array.from({ length: size }, (_, first) => first).flatMap((first) =>
    choices(size - first - 1, count - 1).map((rest) => [first, ...rest.map((slot) => slot + first + 1)]),
  );
}
