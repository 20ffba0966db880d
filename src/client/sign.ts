/**
 * Signatures of requests: AWS Signature Version 4 (headers, presigned URLs, POST policies, chunked bodies) and Version 2
 * for servers and aliases that still want it. Pure functions of the request, the keys and a time.
 */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
}

export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
export const STREAMING_PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

export const sha256Hex = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
export const hmac = (key: Uint8Array | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** `20261123T130454Z` */
export const amzDate = (date: Date): string => date.toISOString().replace(/[-:]|\.\d{3}/g, '');

/** Percent-encodes everything but RFC 3986's unreserved characters; with `keepSlash` also keeps `/`. */
export function encodeStrict(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** `a=1&b=2`, sorted by encoded name, each part encoded: what is signed and also what is sent. */
export function canonicalQuery(query: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(query)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`)
    .sort()
    .join('&');
}

export interface SignableRequest {
  readonly method: string;
  readonly host: string;
  /** Encoded path as it is sent, beginning with `/`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Lower-case names. `host` is added here. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SigningContext {
  readonly credentials: Credentials;
  readonly region: string;
  readonly date: Date;
}

const scopeOf = (context: SigningContext): string => `${amzDate(context.date).slice(0, 8)}/${context.region}/s3/aws4_request`;

/** The key of the day, region and service. */
export function signingKey(context: SigningContext): Buffer {
  const day = hmac(`AWS4${context.credentials.secretKey}`, amzDate(context.date).slice(0, 8));
  return hmac(hmac(hmac(day, context.region), 's3'), 'aws4_request');
}

function signatureV4(request: SignableRequest, context: SigningContext, payloadHash: string): { signature: string; signedHeaders: string } {
  const headers = Object.entries({ ...request.headers, host: request.host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const signedHeaders = headers.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    payloadHash,
  ].join('\n');
  const toSign = `AWS4-HMAC-SHA256\n${amzDate(context.date)}\n${scopeOf(context)}\n${sha256Hex(canonical)}`;
  return { signature: hmac(signingKey(context), toSign).toString('hex'), signedHeaders };
}

/** Headers that authorise the request; content-length and what proxies change stay outside the signature. */
export function signHeaders(request: SignableRequest, context: SigningContext, payloadHash: string): { headers: Record<string, string>; signature: string } {
  const { credentials } = context;
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': amzDate(context.date),
    'x-amz-content-sha256': payloadHash,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const { signature, signedHeaders } = signatureV4({ ...request, headers }, context, payloadHash);
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scopeOf(context)}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return { headers, signature };
}

/** The query of a presigned URL; only `host` is signed beside it. */
export function presignQuery(request: SignableRequest, context: SigningContext, expirySeconds: number): Record<string, string | undefined> {
  const query: Record<string, string | undefined> = {
    ...request.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${context.credentials.accessKey}/${scopeOf(context)}`,
    'X-Amz-Date': amzDate(context.date),
    'X-Amz-Expires': String(expirySeconds),
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Security-Token': context.credentials.sessionToken,
  };
  const { signature } = signatureV4({ ...request, query, headers: {} }, context, UNSIGNED_PAYLOAD);
  return { ...query, 'X-Amz-Signature': signature };
}

/** The fields of a browser upload that a policy (base64) allows. Without a session token that field is left out. */
export function postPolicyFields(conditions: readonly unknown[], context: SigningContext, expiresAt: Date): Record<string, string> {
  const { credentials, date } = context;
  const fixed: Record<string, string> = {
    'x-amz-date': amzDate(date),
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${credentials.accessKey}/${scopeOf(context)}`,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const document = {
    expiration: expiresAt.toISOString(),
    conditions: [...conditions, ...Object.entries(fixed).map(([name, value]) => ['eq', `$${name}`, value])],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  return { ...fixed, policy, 'x-amz-signature': hmac(signingKey(context), policy).toString('hex') };
}
