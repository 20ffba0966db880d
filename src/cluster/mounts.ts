/** Mounts inside a drive: another file system below it would not be part of the drive, and renames across it fail. */
import { UsageError } from '../base/index.js';

/** Throws a UsageError where something is mounted below one of the drives. `mounts` is the text of /proc/self/mounts. */
export function checkSubmounts(mounts: string, drives: readonly string[]): void {
  const points = mounts.split('\n').flatMap((line) => {
    const point = line.split(' ')[1];
    return point === undefined ? [] : [unescapeOctal(point)];
  });
  for (const drive of drives) {
    const inside = [...new Set(points.filter((point) => point.startsWith(`${drive}/`)))];
    if (inside.length === 0) continue;
    throw new UsageError(`another file system is mounted inside the drive ${drive}, at ${inside.join(', ')}`, 'unmount it, or give drives that lie on one file system each');
  }
}

/** Blanks and the like are written as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
