/** AWS Signature Version 2, for aliases with `api` S3v2. */
import { createHmac } from 'node:crypto';
import type { Credentials, SignableRequest } from './sign.js';

/** Query names that belong to the signed resource (S3 documentation, "Signing and Authenticating REST Requests"). */
const SIGNED_QUERY = new Set([
  'acl', 'cors', 'delete', 'encryption', 'legal-hold', 'lifecycle', 'location', 'logging', 'notification', 'object-lock', 'partNumber', 'policy',
  'replication', 'requestPayment', 'response-cache-control', 'response-content-disposition', 'response-content-encoding',
  'response-content-language', 'response-content-type', 'response-expires', 'restore', 'retention', 'select', 'select-type', 'tagging',
  'torrent', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website',
]);

/** `/bucket/key?sub=resource`: the bucket is part of it also where it is part of the host name. */
function canonicalResource(request: SignableRequest, bucketInHost: string): string {
  const sub = Object.entries(request.query)
    .filter(([name, value]) => value !== undefined && SIGNED_QUERY.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value ?? ''}`))
    .join('&');
  return `${bucketInHost === '' ? '' : `/${bucketInHost}`}${request.path}${sub === '' ? '' : `?${sub}`}`;
}

function signature(request: SignableRequest, secretKey: string, dateLine: string, bucketInHost: string): string {
  const amz = Object.entries(request.headers)
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`)
    .join('');
  const text = [
    request.method,
    request.headers['content-md5'] ?? '',
    request.headers['content-type'] ?? '',
    dateLine,
    amz + canonicalResource(request, bucketInHost),
  ].join('\n');
  return createHmac('sha1', secretKey).update(text).digest('base64');
}

export function signHeadersV2(request: SignableRequest, credentials: Credentials, date: Date, bucketInHost: string): Record<string, string> {
  const headers: Record<string, string> = {
    ...request.headers,
    date: date.toUTCString(),
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const signed = signature({ ...request, headers }, credentials.secretKey, headers['date'] ?? '', bucketInHost);
  return { ...headers, authorization: `AWS ${credentials.accessKey}:${signed}` };
}

export function presignQueryV2(request: SignableRequest, credentials: Credentials, expiresAt: Date, bucketInHost: string): Record<string, string | undefined> {
  const expires = String(Math.floor(expiresAt.getTime() / 1000));
  const signed = signature({ ...request, headers: {} }, credentials.secretKey, expires, bucketInHost);
  return { ...request.query, AWSAccessKeyId: credentials.accessKey, Expires: expires, Signature: signed };
}
