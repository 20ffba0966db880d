/** The Range header and part-number reads, as offsets into an object. Pure. */
import { clientSize } from '../content/index.js';
import type { ByteRange, ObjectInfo } from '../store/index.js';
import { S3Error } from './errors.js';

/**
 * One range of bytes. A header that is malformed, or that names several ranges, is ignored, as HTTP wants it.
 *
 * @returns undefined where the whole object is meant
 * @throws S3Error InvalidRange where nothing of the range exists
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header);
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(header, size);
    return { start: size - length, length };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw unsatisfiable(header, size);
  return { start, length: end - start + 1 };
}

function unsatisfiable(header: string | undefined, size: number): S3Error {
  return new S3Error('InvalidRange', undefined, {
    fields: { ActualObjectSize: String(size), RangeRequested: (header ?? '').slice(0, 100) },
    headers: { 'Content-Range': `bytes */${size}` },
  });
}

/** `x-amz-copy-source-range`: both ends are required and must exist. @throws S3Error InvalidArgument */
export function parseCopyRange(header: string, size: number): ByteRange {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || end < start) {
    throw new S3Error('InvalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy.');
  }
  if (end >= size) throw new S3Error('InvalidArgument', `Range specified is not valid for source object of size: ${size}.`);
  return { start, length: end - start + 1 };
}

/** Where a part lies in its object. An object that was not uploaded in parts is its own part 1. @throws S3Error InvalidPartNumber */
export function partRange(info: ObjectInfo, number: number): ByteRange {
  let start = 0;
  for (const part of info.parts) {
    const size = part.actualSize >= 0 ? part.actualSize : part.size;
    if (part.number === number) return { start, length: size };
    start += size;
  }
  // Empty objects have no part of their own in old generations.
  if (number === 1 && info.parts.length === 0) return { start: 0, length: clientSize(info) };
  throw new S3Error('InvalidPartNumber', undefined, { fields: { ActualPartCount: String(info.parts.length), PartNumberRequested: String(number) } });
}
