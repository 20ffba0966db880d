/** Which blocks of which parts hold a range of an object. */
import { StorageError } from '../base/index.js';
import { blocksOf, type BlockSlice } from '../erasure/index.js';
import type { ObjectVersion } from '../format/index.js';
import type { ByteRange } from './types.js';

/** One block to read, and the bytes of it that are wanted. */
export interface BlockRead extends BlockSlice {
  readonly partNumber: number;
}

/** The blocks that hold a range, in order. Throws range-invalid for one that is not within the object. */
export function* planBlocks(version: Pick<ObjectVersion, 'size' | 'parts' | 'erasure'>, range: ByteRange): Generator<BlockRead, void> {
  checkRange(version.size, range);
  const end = range.start + range.length;
  let partStart = 0;
  for (const part of version.parts) {
    if (partStart >= end) return;
    const partEnd = partStart + part.size;
    const from = Math.max(range.start, partStart);
    const to = Math.min(end, partEnd);
    if (from < to) {
      for (const block of blocksOf(part.size, from - partStart, to - from, version.erasure)) yield { ...block, partNumber: part.number };
    }
    partStart = partEnd;
  }
}

/** Throws range-invalid for a range that is not within an object of this size. */
export function checkRange(size: number, { start, length }: ByteRange): void {
  if (start >= 0 && length >= 0 && start + length <= size) return;
  throw new StorageError('range-invalid', `Bytes ${start} to ${start + length} are not within the ${size} bytes of the object`);
}
