/**
 * How an object is cut for its way: which byte ranges travel as one request each.
 */
import { PART_NUMBER_MAX, UsageError } from '../../base/index.js';

/** Uploads above this size are multipart, in parts of this size; what mc does, so that ETags come out the same. */
export const PART_SIZE_DEFAULT = 16 * 1024 * 1024;
/** Parts of one object that travel at the same time. */
export const PART_PARALLEL_DEFAULT = 4;
/** S3: the largest object. */
export const OBJECT_SIZE_MAX = 5 * 1024 * 1024 * 1024 * 1024;

/** Bytes `first`..`last`, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The bytes of part `number` (from 1). */
export interface PartRange extends ByteRange {
  readonly number: number;
}

export function partSize(range: PartRange): number {
  return range.last - range.first + 1;
}

/**
 * The part size for an object of `sizeBytes`: `wanted`, or the next multiple of it with which 10,000 parts are enough.
 */
export function choosePartSize(sizeBytes: number, wanted: number = PART_SIZE_DEFAULT): number {
  const least = Math.ceil(sizeBytes / PART_NUMBER_MAX);
  return least <= wanted ? wanted : Math.ceil(least / wanted) * wanted;
}

/** The parts of an object, in order and without gaps; none for an empty object. */
export function planParts(sizeBytes: number, partSizeBytes: number): PartRange[] {
  const parts: PartRange[] = [];
  for (let first = 0; first < sizeBytes; first += partSizeBytes) {
    parts.push({ number: parts.length + 1, first, last: Math.min(first + partSizeBytes, sizeBytes) - 1 });
  }
  return parts;
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?$/i;
const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/**
 * Reads `64MiB`, `1GB`, `10k`, `10ki`; without a suffix, bytes.
 * @throws UsageError naming `what` when the text is no size.
 */
export function parseSize(text: string, what: string): number {
  const match = SIZE.exec(text.trim());
  if (!match) {
    throw new UsageError(`\`${text}\` is not a size for ${what}.`, 'Write it like 16MiB, 1GB or 4096.');
  }
  const [, number = '', unit = '', binary] = match;
  return Math.round(Number(number) * (binary ? 1024 : 1000) ** UNITS.indexOf(unit.toLowerCase()));
}
