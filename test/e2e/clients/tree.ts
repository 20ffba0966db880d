import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Writes `count` files of varied sizes (0 bytes to 300 KiB, a few of several MiB) in nested folders, the same for the same seed. */
export function writeTree(root: string, count: number, seed = 1): void {
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state % limit;
  };
  for (let i = 0; i < count; i++) {
    const size = i % 500 === 7 ? 6 * 1024 * 1024 + random(100_000) : i % 50 === 3 ? random(300_000) : random(4000);
    const path = join(root, `folder ${random(20)}`, `sub-${random(5)}`, `file ${i} ä${i % 3}.bin`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, patterned(size, i));
  }
}

/** Bytes that differ between files and between places of one file. */
export function patterned(size: number, salt: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4096) {
    bytes.fill(createHash('sha256').update(`${salt}:${at}`).digest(), at, Math.min(size, at + 4096));
  }
  return bytes;
}

/** Relative path -> sha256 of every file below a folder. */
export function readTree(root: string): Map<string, string> {
  return new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        return [relative(root, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
      })
      .sort(),
  );
}
