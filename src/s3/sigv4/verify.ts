/** Signature version 4 in the Authorization header and in presigned URLs. */
import { S3Error } from '../errors.js';
import { headerValue } from '../headers.js';
import { header, type Identity, type RawRequest } from '../request.js';
import { EMPTY_SHA256, stringsToSign, type SignedParts } from './canonical.js';
import { ALGORITHM, parseAmzDate, parseCredentialScope, formatAmzDate, type AuthPlace, type CredentialScope } from './scope.js';
import { sign, signaturesEqual, type SigningKeys } from './signing-key.js';

/** Amazon's limit for the difference between a request's date and the server's. */
export const CLOCK_SKEW_MAX_MS = 15 * 60 * 1000;
/** A presigned URL lives seven days at most. */
const EXPIRES_MAX_SECONDS = 7 * 24 * 3600;

export interface AuthContext {
  readonly nowMs: number;
  readonly region: string;
  readonly keys: SigningKeys;
  /** Undefined for an access key that does not exist. */
  readonly lookup: (accessKey: string) => Identity | undefined;
}

/** What a streamed, chunk-signed body goes on from. */
export interface SeedSignature {
  readonly signature: string;
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: string;
}

export interface Verified {
  readonly identity: Identity;
  /** The payload hash that was signed: hex SHA-256, UNSIGNED-PAYLOAD or one of the STREAMING names. */
  readonly payloadHash: string;
  /** Absent where no version 4 signature seeds chunks. */
  readonly seed?: SeedSignature;
}

export function verifyHeader(request: RawRequest, authorization: string, context: AuthContext): Verified {
  const { credential, signedHeaders, signature } = parseAuthorization(authorization, context.region);
  const identity = knownIdentity(context, credential.accessKey);
  const amzDate = requestDate(request);
  const dateMs = parseAmzDate(amzDate) ?? Number.NaN;
  if (Math.abs(context.nowMs - dateMs) > CLOCK_SKEW_MAX_MS) throw skewed(amzDate, context.nowMs);
  if (!amzDate.startsWith(credential.date)) throw new S3Error('AuthorizationHeaderMalformed', "The credential's date is not that of the request.");
  const payloadHash = header(request, 'x-amz-content-sha256') ?? EMPTY_SHA256;
  refuseUnsignedHeaders(request, signedHeaders);
  return check(request, { signedHeaders, payloadHash }, signature, { credential, amzDate, identity, context });
}

export function verifyPresigned(request: RawRequest, context: AuthContext): Verified {
  const place = 'AuthorizationQueryParametersError';
  const { query } = request.target;
  const parameter = (name: string): string => {
    const value = query.get(name);
    if (value === undefined) throw new S3Error(place, `A presigned URL of version 4 needs the parameter ${name}.`);
    return value;
  };
  if (parameter('X-Amz-Algorithm') !== ALGORITHM) throw new S3Error(place, `X-Amz-Algorithm only supports "${ALGORITHM}".`);
  const credential = parseCredentialScope(parameter('X-Amz-Credential'), context.region, place);
  const signedHeaders = parseSignedHeaders(parameter('X-Amz-SignedHeaders'), place);
  const amzDate = parameter('X-Amz-Date');
  const startMs = parseAmzDate(amzDate);
  if (startMs === undefined) throw new S3Error(place, 'X-Amz-Date must be in the ISO 8601 basic format "yyyyMMddTHHmmssZ".');
  const expiresSeconds = parseExpires(parameter('X-Amz-Expires'));
  const identity = knownIdentity(context, credential.accessKey);
  if (startMs > context.nowMs + CLOCK_SKEW_MAX_MS) throw new S3Error('AccessDenied', 'Request is not valid yet.');
  const endMs = startMs + expiresSeconds * 1000;
  if (context.nowMs > endMs) {
    throw new S3Error('AccessDenied', 'Request has expired.', {
      fields: { Expires: new Date(endMs).toISOString(), ServerTime: new Date(context.nowMs).toISOString() },
    });
  }
  refuseUnsignedHeaders(request, signedHeaders, 'x-amz-content-sha256');
  const payloadHash = query.get('X-Amz-Content-Sha256') ?? header(request, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  const parts = { signedHeaders, payloadHash, signatureParameter: 'X-Amz-Signature' };
  const signature = parameter('X-Amz-Signature');
  return check(request, parts, signature, { credential, amzDate, identity, context });
}

interface CheckWith {
  readonly credential: CredentialScope;
  readonly amzDate: string;
  readonly identity: Identity;
  readonly context: AuthContext;
}

function check(request: RawRequest, parts: SignedParts, signature: string, given: CheckWith): Verified {
  const { credential, amzDate, identity } = given;
  const key = given.context.keys.get(identity.secretKey, credential);
  for (const text of stringsToSign(request, parts, amzDate, credential.scope)) {
    if (signaturesEqual(sign(key, text), signature)) {
      return { identity, payloadHash: parts.payloadHash, seed: { signature, key, amzDate, scope: credential.scope } };
    }
  }
  throw new S3Error('SignatureDoesNotMatch', undefined, {
    fields: { AWSAccessKeyId: identity.accessKey, SignatureProvided: signature.slice(0, 64) },
  });
}

function parseAuthorization(authorization: string, region: string) {
  const place = 'AuthorizationHeaderMalformed';
  let credential: string | undefined;
  let signed: string | undefined;
  let signature: string | undefined;
  for (const piece of authorization.slice(ALGORITHM.length).split(',')) {
    const field = piece.trim();
    const equals = field.indexOf('=');
    const name = field.slice(0, Math.max(equals, 0));
    const value = field.slice(equals + 1);
    if (name === 'Credential' && credential === undefined) credential = value;
    else if (name === 'SignedHeaders' && signed === undefined) signed = value;
    else if (name === 'Signature' && signature === undefined) signature = value;
    else throw new S3Error(place, 'The authorization header must hold Credential, SignedHeaders and Signature, each once.');
  }
  if (credential === undefined) throw new S3Error(place, 'The authorization header lacks Credential.');
  if (signed === undefined) throw new S3Error(place, 'The authorization header lacks SignedHeaders.');
  if (signature === undefined || signature === '') throw new S3Error(place, 'The authorization header lacks Signature.');
  return { credential: parseCredentialScope(credential, region, place), signedHeaders: parseSignedHeaders(signed, place), signature };
}

function parseSignedHeaders(text: string, place: AuthPlace): string[] {
  const names = text.split(';');
  if (names.some((name) => name === '' || name !== name.toLowerCase())) {
    throw new S3Error(place, 'SignedHeaders must list header names in lower case, separated by semicolons.');
  }
  return names;
}

function parseExpires(text: string): number {
  const seconds = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  const place = 'AuthorizationQueryParametersError';
  if (Number.isNaN(seconds)) throw new S3Error(place, 'X-Amz-Expires should be a number.');
  if (seconds < 0) throw new S3Error(place, 'X-Amz-Expires must be non-negative.');
  if (seconds > EXPIRES_MAX_SECONDS) throw new S3Error(place, `X-Amz-Expires must be at most ${EXPIRES_MAX_SECONDS} seconds (a week).`);
  return seconds;
}

/** The date that was signed, as `yyyymmddThhmmssZ`; clients may send it in a Date header of HTTP's form. */
function requestDate(request: RawRequest): string {
  const amzDate = header(request, 'x-amz-date');
  if (amzDate !== undefined && parseAmzDate(amzDate) !== undefined) return amzDate;
  const text = amzDate ?? header(request, 'date');
  if (text === undefined) throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.');
  const ms = parseAmzDate(text) ?? Date.parse(text);
  if (!Number.isFinite(ms) || ms < 0 || ms > 253_402_300_799_000) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.');
  }
  return formatAmzDate(ms);
}

export function skewed(requestTime: string, nowMs: number): S3Error {
  return new S3Error('RequestTimeTooSkewed', undefined, {
    fields: {
      RequestTime: requestTime,
      ServerTime: new Date(nowMs).toISOString(),
      MaxAllowedSkewMilliseconds: String(CLOCK_SKEW_MAX_MS),
    },
  });
}

export function knownIdentity(context: AuthContext, accessKey: string): Identity {
  const identity = context.lookup(accessKey);
  if (identity === undefined) throw new S3Error('InvalidAccessKeyId', undefined, { fields: { AWSAccessKeyId: accessKey } });
  return identity;
}

/**
 * Host and every x-amz- header must be signed, and what is said to be signed must be there. Else whoever holds a presigned
 * PUT could add x-amz-copy-source and read with the signer's rights.
 */
function refuseUnsignedHeaders(request: RawRequest, signedHeaders: readonly string[], exempt?: string): void {
  const refused = (name: string) =>
    new S3Error('AccessDenied', 'There were headers present in the request which were not signed.', { fields: { HeadersNotSigned: name } });
  if (!signedHeaders.includes('host')) throw refused('host');
  for (const name in request.message.headers) {
    if (name.startsWith('x-amz-') && name !== exempt && !signedHeaders.includes(name)) throw refused(name);
  }
  for (const name of signedHeaders) {
    if (headerValue(request, name) === undefined) {
      throw new S3Error('AccessDenied', 'A signed header is missing from the request.', { fields: { HeadersNotSigned: name } });
    }
  }
}
