/**
 * The index of an S2 stream, with which a reader can enter it in its middle. MinIO keeps it with a part, without the beginning and the
 * end that frame it in a stream. Varints are signed (zigzag):
 *
 * size uncompressed | size compressed | estimated bytes between two entries | number of entries | 1 where entries have uncompressed
 * offsets | those | compressed offsets. An offset is kept as its difference to the one before plus what is expected between them: for uncompressed
 * ones the estimate; for compressed ones half of it at first, corrected by half of each difference (but the first).
 */
import { StorageError } from '../../base/index.js';
import { readUvarint } from './block.js';

export interface IndexEntry {
  /** Where a chunk begins in the stream. */
  readonly compressed: number;
  /** The bytes before it. */
  readonly uncompressed: number;
}

const ENTRIES_MAX = 65_536;

/** The last chunk that begins at or before `offset`. Throws content-corrupt. */
export function findInIndex(index: Uint8Array, offset: number): IndexEntry {
  let best: IndexEntry = { compressed: 0, uncompressed: 0 };
  for (const entry of readIndex(index)) {
    if (entry.uncompressed > offset) break;
    best = entry;
  }
  return best;
}

function readIndex(index: Uint8Array): IndexEntry[] {
  let at = 0;
  const varint = (): number => {
    const { value, length } = readUvarint(index, at);
    at += length;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const total = varint();
  const totalCompressed = varint();
  const distance = varint();
  const count = varint();
  if (total < 0 || distance < 0 || count < 0 || count > ENTRIES_MAX) throw damaged();
  const hasUncompressed = index[at++];
  if (hasUncompressed !== 0 && hasUncompressed !== 1) throw damaged();
  const uncompressed: number[] = [];
  for (let i = 0; i < count; i++) {
    const difference = hasUncompressed === 1 ? varint() : 0;
    const before = uncompressed[i - 1];
    uncompressed.push(before === undefined ? difference : before + distance + difference);
  }
  const entries: IndexEntry[] = [];
  let expected = Math.floor(distance / 2);
  for (let i = 0; i < count; i++) {
    const difference = varint();
    const before = entries[i - 1];
    entries.push({ compressed: before === undefined ? difference : before.compressed + expected + difference, uncompressed: uncompressed[i] ?? 0 });
    if (before !== undefined) expected += Math.trunc(difference / 2);
  }
  const inOrder = entries.every((entry, i) => {
    const before = entries[i - 1];
    return entry.compressed >= 0 && entry.uncompressed >= 0 && (before === undefined || (entry.compressed > before.compressed && entry.uncompressed > before.uncompressed));
  });
  if (!inOrder || (totalCompressed >= 0 && entries.some(({ compressed }) => compressed >= totalCompressed))) throw damaged();
  return entries;
}

function damaged(): StorageError {
  return new StorageError('content-corrupt', 'The index of the compressed content is damaged');
}
