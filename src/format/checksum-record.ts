/**
 * The checksums kept with an object (`x-minio-internal-crc` of its internal metadata): one record or several, each
 *
 * | bytes     | meaning                                                                     |
 * |-----------|-----------------------------------------------------------------------------|
 * | uvarint   | type: one algorithm bit and the flags below                                 |
 * | 4 to 32   | the checksum, big endian                                                    |
 * | uvarint   | number of parts; where the multipart flag is set                            |
 * | count * n | the parts' checksums; where the flag for them is set as well                |
 *
 * Encrypted objects keep the record sealed: it does not decode.
 */
import { PART_NUMBER_MAX } from '../base/index.js';
import { corrupt } from './corrupt.js';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

export interface ChecksumRecord {
  readonly algorithm: ChecksumAlgorithm;
  readonly checksum: Uint8Array;
  /** The checksum came after the body. */
  readonly isTrailing: boolean;
  /** Of a multipart object: the number of parts; undefined for a plain PUT. */
  readonly partCount?: number;
  /** Checksums of the parts, where they were kept. */
  readonly parts?: readonly Uint8Array[];
  /** True where the checksum of a multipart object is over its bytes, false where over its parts' checksums. */
  readonly isFullObject: boolean;
}

/** Name of the record in an object's internal metadata. */
export const CHECKSUM_RECORD_KEY = 'x-minio-internal-crc';

const TRAILING = 1;
const MULTIPART = 64;
const INCLUDES_PARTS = 128;
const FULL_OBJECT = 512;
const ALGORITHMS: readonly { readonly bit: number; readonly algorithm: ChecksumAlgorithm; readonly size: number }[] = [
  { bit: 2, algorithm: 'SHA256', size: 32 },
  { bit: 4, algorithm: 'SHA1', size: 20 },
  { bit: 8, algorithm: 'CRC32', size: 4 },
  { bit: 16, algorithm: 'CRC32C', size: 4 },
  { bit: 256, algorithm: 'CRC64NVME', size: 8 },
];
const ALGORITHM_BITS = 2 | 4 | 8 | 16 | 256;

/** All records, in order. Throws metadata-corrupt. */
export function decodeChecksumRecords(bytes: Uint8Array): ChecksumRecord[] {
  const cursor = new Cursor(bytes);
  const records: ChecksumRecord[] = [];
  while (!cursor.isAtEnd) records.push(decodeOne(cursor));
  return records;
}

export function encodeChecksumRecord(record: ChecksumRecord): Uint8Array {
  const { bit } = ALGORITHMS.find((candidate) => candidate.algorithm === record.algorithm) ?? { bit: 0 };
  const isMultipart = record.partCount !== undefined;
  const flags =
    bit |
    (record.isTrailing ? TRAILING : 0) |
    (isMultipart ? MULTIPART : 0) |
    (record.parts === undefined ? 0 : INCLUDES_PARTS) |
    (record.isFullObject ? FULL_OBJECT : 0);
  const count = record.partCount === undefined ? [] : [uvarint(record.partCount), ...(record.parts ?? [])];
  return Buffer.concat([uvarint(flags), record.checksum, ...count]);
}

function decodeOne(cursor: Cursor): ChecksumRecord {
  const flags = cursor.uvarint();
  const known = ALGORITHMS.find((candidate) => candidate.bit === (flags & ALGORITHM_BITS));
  if (known === undefined) throw corrupt(`a checksum record is of the unknown type ${flags}`);
  const { algorithm, size } = known;
  const checksum = cursor.bytes(size);
  const record = { algorithm, checksum, isTrailing: (flags & TRAILING) !== 0, isFullObject: (flags & FULL_OBJECT) !== 0 };
  if ((flags & MULTIPART) === 0) return record;
  const partCount = cursor.uvarint();
  if (partCount > PART_NUMBER_MAX) throw corrupt(`a checksum record is of ${partCount} parts; ${PART_NUMBER_MAX} are the most`);
  if ((flags & INCLUDES_PARTS) === 0) return { ...record, partCount };
  return { ...record, partCount, parts: Array.from({ length: partCount }, () => cursor.bytes(size)) };
}

class Cursor {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  bytes(count: number): Uint8Array {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw corrupt('a checksum record is cut off');
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const [byte = 0] = this.bytes(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw corrupt('a checksum record has a number beyond 2^28');
  }
}

function uvarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
