/** Signature version 2, in the Authorization header and in presigned URLs, for old clients. Specified in "Signing and authenticating REST requests". */
import { createHmac } from 'node:crypto';
import { S3Error } from './errors.js';
import { headerValue } from './headers.js';
import { header, type RawRequest } from './request.js';
import { signaturesEqual } from './sigv4/signing-key.js';
import { CLOCK_SKEW_MAX_MS, knownIdentity, skewed, type AuthContext, type Verified } from './sigv4/verify.js';

/** Query parameters that are part of what is signed, sorted. */
const SIGNED_PARAMETERS = [
  'acl', 'cors', 'delete', 'encryption', 'legal-hold', 'lifecycle', 'location', 'logging', 'notification', 'partNumber', 'policy',
  'replication', 'requestPayment', 'response-cache-control', 'response-content-disposition', 'response-content-encoding',
  'response-content-language', 'response-content-type', 'response-expires', 'retention', 'select', 'select-type', 'tagging', 'torrent',
  'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website',
]; // prettier-ignore

/** @param authorization `AWS <access key>:<signature>` */
export function verifyHeaderV2(request: RawRequest, authorization: string, context: AuthContext): Verified {
  const credential = authorization.slice('AWS '.length).trim();
  const colon = credential.lastIndexOf(':');
  if (colon < 1) throw new S3Error('InvalidArgument', 'The authorization header must be "AWS <access key>:<signature>".');
  const identity = knownIdentity(context, credential.slice(0, colon));
  const amzDate = header(request, 'x-amz-date');
  const date = amzDate ?? header(request, 'date');
  const dateMs = date === undefined ? Number.NaN : Date.parse(date);
  if (date === undefined || Number.isNaN(dateMs)) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.');
  }
  if (Math.abs(context.nowMs - dateMs) > CLOCK_SKEW_MAX_MS) throw skewed(date, context.nowMs);
  return check(request, amzDate === undefined ? date : '', credential.slice(colon + 1), identity);
}

/** `?AWSAccessKeyId=..&Expires=<unix seconds>&Signature=..` */
export function verifyPresignedV2(request: RawRequest, context: AuthContext): Verified {
  const { query } = request.target;
  const accessKey = query.get('AWSAccessKeyId');
  const signature = query.get('Signature');
  const expires = query.get('Expires');
  if (accessKey === undefined || signature === undefined || expires === undefined) {
    throw new S3Error('AccessDenied', 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters.');
  }
  const identity = knownIdentity(context, accessKey);
  if (!/^\d{1,12}$/.test(expires)) throw new S3Error('AccessDenied', 'Invalid date (should be seconds since epoch).');
  if (context.nowMs > Number(expires) * 1000) throw new S3Error('AccessDenied', 'Request has expired.');
  return check(request, expires, signature, identity);
}

function check(request: RawRequest, date: string, signature: string, identity: Verified['identity']): Verified {
  const { rawPath } = request.target;
  const head = [request.method, headerValue(request, 'content-md5') ?? '', headerValue(request, 'content-type') ?? '', date, canonicalAmzHeaders(request)].join('\n');
  const subresource = canonicalSubresource(request);
  // A bucket is also `/bucket/` to clients that think of it as a host of its own.
  const paths = request.target.key === '' && !rawPath.endsWith('/') ? [rawPath, `${rawPath}/`] : [rawPath];
  const isRight = paths.some((path) => {
    const expected = createHmac('sha1', identity.secretKey).update(`${head}${path}${subresource}`, 'latin1').digest('base64');
    return signaturesEqual(expected, signature);
  });
  if (!isRight) throw new S3Error('SignatureDoesNotMatch', undefined, { fields: { AWSAccessKeyId: identity.accessKey } });
  return { identity, payloadHash: header(request, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD' };
}

function canonicalAmzHeaders(request: RawRequest): string {
  const names = Object.keys(request.message.headers).filter((name) => name.startsWith('x-amz-'));
  return names
    .sort()
    .map((name) => `${name}:${headerValue(request, name) ?? ''}\n`)
    .join('');
}

function canonicalSubresource(request: RawRequest): string {
  const pairs: string[] = [];
  for (const name of SIGNED_PARAMETERS) {
    const value = request.target.query.get(name);
    if (value !== undefined) pairs.push(value === '' ? name : `${name}=${value}`);
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
