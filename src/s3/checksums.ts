/**
 * The five checksum algorithms of S3: which one a request gives or asks for, comparison, and how checksums of parts become
 * the object's. Source: "Checking object integrity" of the S3 user guide.
 */
import { createHash } from 'node:crypto';
import { assert } from '../base/index.js';
import { combineCrcs, crc, type CrcName, type DigestName } from '../hash/index.js';
import type { RequestBody } from './body.js';
import { S3Error } from './errors.js';
import { header, type RawRequest } from './request.js';

export type ChecksumName = 'CRC32' | 'CRC32C' | 'SHA1' | 'SHA256' | 'CRC64NVME';
export type ChecksumScope = 'COMPOSITE' | 'FULL_OBJECT';

interface Algorithm {
  readonly digest: DigestName;
  readonly header: string;
  /** Element of XML documents. */
  readonly element: string;
  /** Bytes. */
  readonly length: number;
}

export const ALGORITHMS: Readonly<Record<ChecksumName, Algorithm>> = {
  CRC32: { digest: 'crc32', header: 'x-amz-checksum-crc32', element: 'ChecksumCRC32', length: 4 },
  CRC32C: { digest: 'crc32c', header: 'x-amz-checksum-crc32c', element: 'ChecksumCRC32C', length: 4 },
  SHA1: { digest: 'sha1', header: 'x-amz-checksum-sha1', element: 'ChecksumSHA1', length: 20 },
  SHA256: { digest: 'sha256', header: 'x-amz-checksum-sha256', element: 'ChecksumSHA256', length: 32 },
  CRC64NVME: { digest: 'crc64nvme', header: 'x-amz-checksum-crc64nvme', element: 'ChecksumCRC64NVME', length: 8 },
};
export const CHECKSUM_NAMES = Object.keys(ALGORITHMS) as readonly ChecksumName[];

/** @throws S3Error InvalidRequest */
export function parseChecksumName(text: string): ChecksumName {
  const name = text.toUpperCase();
  const found = CHECKSUM_NAMES.find((candidate) => candidate === name);
  if (!found) throw new S3Error('InvalidRequest', `Checksum algorithm provided is unsupported. Try again with any of: ${CHECKSUM_NAMES.join(', ')}.`);
  return found;
}

/** A checksum that a request announced. */
interface ExpectedChecksum {
  readonly name: ChecksumName;
  /** Base64; undefined where it comes as a trailer. */
  readonly value: string | undefined;
}

/**
 * The checksum that a body is to be compared with, from its header or its trailer.
 *
 * @throws S3Error InvalidRequest where several are given, or one is announced that never comes
 */
export function expectedChecksum(request: RawRequest & { readonly body: RequestBody }): ExpectedChecksum | undefined {
  let found: ExpectedChecksum | undefined;
  const take = (expected: ExpectedChecksum): void => {
    if (found) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.');
    found = expected;
  };
  for (const name of CHECKSUM_NAMES) {
    const value = header(request, ALGORITHMS[name].header);
    if (value !== undefined) take({ name, value: checkValue(name, value) });
    if (request.body.trailerNames.includes(ALGORITHMS[name].header)) take({ name, value: undefined });
  }
  const declared = header(request, 'x-amz-sdk-checksum-algorithm');
  if (declared === undefined) return found;
  const name = parseChecksumName(declared);
  if (!found) {
    throw new S3Error('InvalidRequest', 'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.');
  }
  if (found.name !== name) throw new S3Error('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.');
  return found;
}

/** A well-formed value of an algorithm. @throws S3Error InvalidRequest */
function checkValue(name: ChecksumName, value: string): string {
  if (!isBase64(value) || Buffer.from(value, 'base64').length !== ALGORITHMS[name].length) {
    throw new S3Error('InvalidRequest', `Value for ${ALGORITHMS[name].header} header is invalid.`);
  }
  return value;
}

function isBase64(value: string): boolean {
  return value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

/** The computed checksum in base64. @throws S3Error BadDigest where it is not the expected one, InvalidRequest where the trailer is malformed */
export function verifyChecksum(expected: ExpectedChecksum, body: RequestBody, digests: ReadonlyMap<DigestName, Uint8Array>): string {
  const algorithm = ALGORITHMS[expected.name];
  const want = expected.value ?? checkValue(expected.name, body.trailers.get(algorithm.header) ?? '');
  const have = digestBase64(digests, algorithm.digest);
  if (want !== have) {
    throw new S3Error('BadDigest', `The ${expected.name} you specified did not match the calculated checksum.`, {
      fields: { ExpectedDigest: want, CalculatedDigest: have },
    });
  }
  return have;
}

export function digestBase64(digests: ReadonlyMap<DigestName, Uint8Array>, name: DigestName): string {
  return Buffer.from(digestOf(digests, name)).toString('base64');
}

export function digestHex(digests: ReadonlyMap<DigestName, Uint8Array>, name: DigestName): string {
  return Buffer.from(digestOf(digests, name)).toString('hex');
}

function digestOf(digests: ReadonlyMap<DigestName, Uint8Array>, name: DigestName): Uint8Array {
  const digest = digests.get(name);
  if (!digest) throw new Error(`the store did not compute ${name}`);
  return digest;
}

/** Which scope an upload's checksum has. @throws S3Error InvalidRequest for combinations that S3 does not know */
export function checksumScope(name: ChecksumName, requested: string | undefined): ChecksumScope {
  const isCrc = name.startsWith('CRC');
  const scope = requested ?? (name === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (scope === 'FULL_OBJECT' && isCrc) return scope;
  if (scope === 'COMPOSITE' && name !== 'CRC64NVME') return scope;
  if (scope !== 'FULL_OBJECT' && scope !== 'COMPOSITE') throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
  throw new S3Error('InvalidRequest', `The ${scope} checksum type cannot be used with the ${name.toLowerCase()} checksum algorithm.`);
}

interface PartChecksum {
  readonly raw: Uint8Array;
  /** The part's bytes. */
  readonly size: number;
}

/** The object's checksum from its parts': the checksum of checksums, or (CRCs) the one that the joined bytes have. */
export function joinChecksums(name: ChecksumName, scope: ChecksumScope, parts: readonly PartChecksum[]): Uint8Array {
  if (scope === 'FULL_OBJECT') {
    return combineCrcs(
      crcName(name),
      parts.map((part) => ({ crc: part.raw, size: part.size })),
    );
  }
  return computeChecksum(name, Buffer.concat(parts.map((part) => part.raw)));
}

/** The checksum of a few bytes at hand. */
export function computeChecksum(name: ChecksumName, bytes: Uint8Array): Uint8Array {
  const { digest } = ALGORITHMS[name];
  return digest === 'sha1' || digest === 'sha256' ? createHash(digest).update(bytes).digest() : crc(crcName(name), bytes);
}

function crcName(name: ChecksumName): CrcName {
  const { digest } = ALGORITHMS[name];
  assert(digest === 'crc32' || digest === 'crc32c' || digest === 'crc64nvme', `${name} is a CRC`);
  return digest;
}
