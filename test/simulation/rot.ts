/** Bits that change on a disk without anybody's doing. */
import type { Disk } from './disk.js';
import type { Chance } from './world.js';

/** Flips a bit, or cuts or empties the file, of an object's metadata or data. */
export function damageFile(disk: Disk, chance: Chance): void {
  const files = [...disk.files()].filter(([path, file]) => isObjectFile(path) && file.size > 0 && file.synced === undefined);
  if (files.length === 0) return;
  const [, file] = chance.pick(files);
  const how = chance.weighted({ flip: 8, cut: 1, empty: 1 });
  if (how === 'flip') file.data[chance.integer(0, file.size - 1)]! ^= 1 << chance.integer(0, 7);
  else file.size = how === 'empty' ? 0 : chance.integer(0, file.size - 1);
}

function isObjectFile(path: string): boolean {
  return !path.startsWith('/.minio.sys/') && (path.endsWith('/xl.meta') || /\/part\.\d+$/.test(path));
}
