/** Files of the drives that real servers wrote, read straight from the packed fixtures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface PackedFile {
  /** Path in the archive, e.g. `2025-xl4/drives/d1/bucket/key/xl.meta`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const unpacked = new Map<string, readonly PackedFile[]>();

/** All plain files of a fixture; not to be changed. */
export function filesOf(fixture: string): readonly PackedFile[] {
  const files = unpacked.get(fixture) ?? unpack(fixture);
  unpacked.set(fixture, files);
  return files;
}

/** A file that a 2025 server wrote onto drives that are no fixture as a whole. */
export function singleFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(import.meta.dirname, '../fixtures/single-files', name)));
}

function unpack(fixture: string): PackedFile[] {
  const tar = gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures', `${fixture}.tar.gz`)));
  const files: PackedFile[] = [];
  let longName: string | undefined;
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const text = (start: number, length: number): string => {
      const field = tar.subarray(offset + start, offset + start + length);
      const end = field.indexOf(0);
      return field.toString('utf8', 0, end < 0 ? length : end);
    };
    const size = parseInt(text(124, 12), 8) || 0;
    const kind = text(156, 1);
    const content = tar.subarray(offset + 512, offset + 512 + size);
    const prefix = text(345, 155);
    const name = longName ?? (prefix === '' || !text(257, 6).startsWith('ustar') || text(263, 2) !== '00' ? text(0, 100) : `${prefix}/${text(0, 100)}`);
    longName = undefined;
    if (kind === 'L') longName = content.toString('utf8').replace(/\0.*$/s, '');
    else if (kind === '0' || kind === '') files.push({ path: name, bytes: new Uint8Array(content) });
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return files.filter((file) => !file.path.endsWith('/'));
}

export const FIXTURES_2025 = ['2025-xl1', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'];
