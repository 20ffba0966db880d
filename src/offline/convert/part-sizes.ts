/** In which parts an object is to be sent so that its etag comes out the same. */
import { createHash } from 'node:crypto';
import type { ObjectInfo } from '../../store/index.js';

const MIB = 1024 * 1024;
/** Parts but the last have at least this on any S3. */
const PART_MIN = 5 * MIB;
/** What a single PUT takes on any S3; larger ones go in parts of PART_LARGE. */
const PUT_MAX = 5 * 1024 * MIB;
const PART_LARGE = 512 * MIB;

interface PartSize {
  readonly number: number;
  readonly size: number;
}

/** Gives the bytes of a range, for the MD5 of guessed parts. */
export type ReadRange = (start: number, length: number) => AsyncIterable<Uint8Array>;

/** undefined for a single PUT. Drives of 2017 without erasure coding kept no part sizes: those that clients use are tried until the etag fits. */
export async function partSizes({ parts, size }: Pick<ObjectInfo, 'parts' | 'size'>, etag: string, read: ReadRange): Promise<readonly PartSize[] | undefined> {
  const count = Number(/^[0-9a-f]{32}-(\d{1,5})$/.exec(etag)?.[1] ?? 0);
  const isKnown = parts.length === count && parts.slice(0, -1).every((part) => part.size >= PART_MIN) && !/^0{32}-/.test(etag);
  if (count > 0 && size > 0 && isKnown) return parts.map(({ number, size: partSize }) => ({ number, size: partSize }));
  const guessed = count > 1 ? await guessSizes(size, count, etag, read) : undefined;
  return guessed ?? (size > PUT_MAX ? evenSizes(size, PART_LARGE) : undefined);
}

function evenSizes(size: number, partSize: number): PartSize[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, i) => ({ number: i + 1, size: Math.min(partSize, size - i * partSize) }));
}

/** Parts of whole MiB, all alike but for the last. */
async function guessSizes(size: number, count: number, etag: string, read: ReadRange): Promise<PartSize[] | undefined> {
  const most = Math.floor((size - 1) / (count - 1) / MIB) * MIB;
  const least = Math.max(PART_MIN, Math.ceil(size / count / MIB) * MIB);
  for (let partSize = least; partSize <= most; partSize += MIB) {
    const sizes = evenSizes(size, partSize);
    const whole = createHash('md5');
    for (const [i, part] of sizes.entries()) {
      const hash = createHash('md5');
      for await (const chunk of read(i * partSize, part.size)) hash.update(chunk);
      whole.update(hash.digest());
    }
    if (`${whole.digest('hex')}-${count}` === etag) return sizes;
  }
  return undefined;
}
