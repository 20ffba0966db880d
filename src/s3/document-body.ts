/** Bodies that are documents: read whole, compared with the checksum that came with them. */
import { createHash } from 'node:crypto';
import { ALGORITHMS, computeChecksum, expectedChecksum, verifyChecksum } from './checksums.js';
import { S3Error } from './errors.js';
import type { S3Request } from './request.js';
import { contentMd5 } from './upload-body.js';

/** Configuration documents are small; this is Amazon's limit for the largest of them. */
export const DOCUMENT_BYTES_MAX = 1024 * 1024;

/** The request's document, verified. @throws S3Error MissingRequestBodyError, BadDigest and those of the body */
export async function readDocument(request: S3Request, sizeMax = DOCUMENT_BYTES_MAX): Promise<Buffer> {
  const bytes = await request.body.readAll(sizeMax);
  if (bytes.length === 0) throw new S3Error('MissingRequestBodyError');
  const md5 = contentMd5(request);
  if (md5 !== undefined && createHash('md5').update(bytes).digest('base64') !== md5) throw new S3Error('BadDigest');
  verifyDocument(request, bytes);
  return bytes;
}

/** Compares the x-amz-checksum- header or trailer, if any. @returns whether there was one. @throws S3Error BadDigest */
export function verifyDocument(request: S3Request, bytes: Buffer): boolean {
  const expected = expectedChecksum(request);
  if (!expected) return false;
  verifyChecksum(expected, request.body, new Map([[ALGORITHMS[expected.name].digest, computeChecksum(expected.name, bytes)]]));
  return true;
}
