/** Receiving object data: which digests the store is to compute on the way, and the verdict over them at the end. */
import type { Body } from '../store/index.js';
import type { DigestName } from '../hash/index.js';
import { ALGORITHMS, digestBase64, digestHex, expectedChecksum, verifyChecksum, type ChecksumName } from './checksums.js';
import { S3Error } from './errors.js';
import type { S3Request } from './request.js';

export interface Received {
  /** Hex MD5. */
  readonly etag: string;
  /** The checksum that the client gave and that was found right, in base64. */
  readonly checksum: { readonly name: ChecksumName; readonly base64: string } | undefined;
}

export interface Upload {
  readonly body: Body;
  /** Which checksum the client gives, known before the body. */
  readonly checksumName: ChecksumName | undefined;
  /** Compares everything that the client said about its bytes. @throws S3Error BadDigest, XAmzContentSHA256Mismatch */
  readonly verify: (digests: ReadonlyMap<DigestName, Uint8Array>) => Received;
}

/** @throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest before a byte of the body is read */
export function receiveUpload(request: S3Request): Upload {
  const { body } = request;
  const size = body.requireSize();
  const md5 = contentMd5(request);
  const expected = expectedChecksum(request);
  const digests = new Set<DigestName>(['md5']);
  if (body.sha256Hex !== undefined) digests.add('sha256');
  if (expected) digests.add(ALGORITHMS[expected.name].digest);
  const verify = (computed: ReadonlyMap<DigestName, Uint8Array>): Received => {
    if (md5 !== undefined && digestBase64(computed, 'md5') !== md5) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
        fields: { ExpectedDigest: md5, CalculatedDigest: digestBase64(computed, 'md5') },
      });
    }
    if (body.sha256Hex !== undefined && digestHex(computed, 'sha256') !== body.sha256Hex) throw new S3Error('XAmzContentSHA256Mismatch');
    const checksum = expected && { name: expected.name, base64: verifyChecksum(expected, body, computed) };
    return { etag: digestHex(computed, 'md5'), checksum };
  };
  return { body: { size, stream: body.stream(), digests: [...digests] }, checksumName: expected?.name, verify };
}

/** The Content-MD5 header, canonical base64; undefined where it was not sent. @throws S3Error InvalidDigest */
export function contentMd5(request: S3Request): string | undefined {
  const value = request.message.headers['content-md5'];
  if (value === undefined) return undefined;
  const bytes = typeof value === 'string' ? Buffer.from(value.trim(), 'base64') : Buffer.alloc(0);
  if (bytes.length !== 16) throw new S3Error('InvalidDigest');
  return bytes.toString('base64');
}
