/** The keys that requests bring for encrypted objects (SSE-C), and the headers that tell how an object is encrypted. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { encryptionKind, kmsContextText, kmsKeyName } from '../content/index.js';
import type { ObjectInfo } from '../store/index.js';
import { S3Error } from './errors.js';
import { header, type RawRequest } from './request.js';

const CUSTOMER = 'x-amz-server-side-encryption-customer-';
const COPY_CUSTOMER = 'x-amz-copy-source-server-side-encryption-customer-';
const KEY_BYTES = 32;

/**
 * The key to read an object with, undefined where the request brings none.
 *
 * @param of `source` for the source of a copy
 * @throws S3Error InvalidArgument, InvalidRequest, AccessDenied
 */
export function customerKey(request: RawRequest, of: 'object' | 'source' = 'object'): Uint8Array | undefined {
  const prefix = of === 'source' ? COPY_CUSTOMER : CUSTOMER;
  if (!hasHeaders(request, prefix)) return undefined;
  // Whoever listens would have the key for all that it opens.
  if (!(request.message.socket instanceof TLSSocket)) {
    throw new S3Error('InvalidRequest', 'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.');
  }
  if (header(request, `${prefix}algorithm`) !== 'AES256') {
    throw new S3Error('InvalidArgument', 'Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.');
  }
  const text = header(request, `${prefix}key`);
  const md5 = header(request, `${prefix}key-md5`);
  if (text === undefined) throw new S3Error('InvalidArgument', 'Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.');
  if (md5 === undefined) {
    throw new S3Error('InvalidArgument', 'Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.');
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) throw new S3Error('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  const given = Buffer.from(md5, 'base64');
  const computed = createHash('md5').update(key).digest();
  if (given.length !== computed.length || !timingSafeEqual(given, computed)) {
    throw new S3Error('InvalidArgument', 'The calculated MD5 hash of the key did not match the hash that was provided.');
  }
  return key;
}

/** @throws S3Error BadRequest for a GET or HEAD that asks for encryption, as S3 answers it */
export function refuseEncryptionOnRead(request: RawRequest): void {
  const { headers } = request.message;
  if (headers['x-amz-server-side-encryption'] !== undefined || headers['x-amz-server-side-encryption-aws-kms-key-id'] !== undefined) throw new S3Error('BadRequest');
}

/** Nothing that a client asks for is left out silently: encryption that cannot be given is refused. @throws S3Error NotImplemented, InvalidRequest */
export function refuseEncryption(request: RawRequest): void {
  const { headers } = request.message;
  if (headers['x-amz-server-side-encryption'] !== undefined || headers['x-amz-server-side-encryption-aws-kms-key-id'] !== undefined) {
    throw new S3Error('NotImplemented', 'Server side encryption of new objects is not implemented.');
  }
  refuseCustomerKeys(request);
  if (headers['x-amz-copy-source'] === undefined && hasHeaders(request, COPY_CUSTOMER)) throw new S3Error('InvalidRequest', 'There is no copy source that a key could be for.');
}

/** Keys of the customer's for new data. @throws S3Error NotImplemented */
export function refuseCustomerKeys(request: RawRequest): void {
  if (hasHeaders(request, CUSTOMER)) throw new S3Error('NotImplemented', 'Server side encryption of new objects with customer provided keys is not implemented.');
}

function hasHeaders(request: RawRequest, prefix: string): boolean {
  for (const name in request.message.headers) if (name.startsWith(prefix)) return true;
  return false;
}

/** What a GET or HEAD says about an object's encryption. */
export function encryptionHeaders(request: RawRequest, info: ObjectInfo): Record<string, string> {
  switch (encryptionKind(info.metaSys)) {
    case undefined:
      return {};
    case 'SSE-S3':
      return { 'x-amz-server-side-encryption': 'AES256' };
    case 'SSE-KMS': {
      const context = kmsContextText(info.metaSys);
      const id = kmsKeyName(info.metaSys).replace(/^(?!arn:aws:kms:)/, 'arn:aws:kms:');
      return { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': id, ...(context === undefined ? {} : { 'x-amz-server-side-encryption-context': context }) };
    }
    case 'SSE-C':
      return { [`${CUSTOMER}algorithm`]: 'AES256', [`${CUSTOMER}key-MD5`]: header(request, `${CUSTOMER}key-md5`) ?? '' };
  }
}
