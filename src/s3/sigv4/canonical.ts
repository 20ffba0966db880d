/**
 * The canonical request of signature version 4, from the raw path, query and headers. Text is latin1 throughout, as node
 * hands headers over, so that bytes above ASCII are hashed as they came.
 */
import { createHash } from 'node:crypto';
import type { RawRequest } from '../request.js';
import { decodeHeaderText, headerValue } from '../headers.js';
import { decodeComponent, encodePath, encodeUri, type Query } from '../query.js';
import { ALGORITHM } from './scope.js';

/** Hex SHA-256 of nothing. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface SignedParts {
  /** Lower case, in the order in which the client signed them. */
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  /** The query parameter that carries the signature itself, left out of what is signed. */
  readonly signatureParameter?: string;
}

/**
 * The strings that the client may have signed, the likeliest first: the path as S3 encodes it and, where that differs,
 * the path as it was sent (some clients sign what they send); headers with runs of spaces joined, as specified, and with runs
 * of any white space joined, as botocore and the SDK for JavaScript do.
 */
export function* stringsToSign(request: RawRequest, parts: SignedParts, amzDate: string, scope: string): Generator<string> {
  const encoded = encodePath(decodeComponent(request.target.rawPath, false));
  const paths = encoded === request.target.rawPath ? [encoded] : [encoded, request.target.rawPath];
  const specified = canonicalRest(request, parts, joinSpaces);
  yield* paths.map((path) => toSign(path, specified));
  const joined = canonicalRest(request, parts, joinWhiteSpace);
  if (joined !== specified) yield* paths.map((path) => toSign(path, joined));

  function toSign(path: string, rest: string): string {
    const digest = createHash('sha256').update(`${request.method}\n${path}\n${rest}`, 'latin1').digest('hex');
    return `${ALGORITHM}\n${amzDate}\n${scope}\n${digest}`;
  }
}

function canonicalRest(request: RawRequest, parts: SignedParts, canonicalValue: (value: string) => string): string {
  let headers = '';
  for (const name of parts.signedHeaders) headers += `${name}:${canonicalValue(headerValue(request, name) ?? '')}\n`;
  return `${canonicalQuery(request.target.query, parts.signatureParameter)}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`;
}

/** The parser has cut blanks off both ends; `trim` would cut off the last byte of an "à" too, which is a space in latin1. */
function joinSpaces(value: string): string {
  return value.includes('  ') ? value.replace(/ +/g, ' ') : value;
}

function joinWhiteSpace(value: string): string {
  return Buffer.from(decodeHeaderText(value).trim().replace(/[\s\u001c-\u001f\u0085]+/g, ' ')).toString('latin1');
}

/** Names and values encoded and sorted by their bytes. */
function canonicalQuery(query: Query, leaveOut?: string): string {
  if (query.pairs.length === 0) return '';
  const encoded: string[] = [];
  for (const [name, value] of query.pairs) {
    if (name !== leaveOut) encoded.push(`${encodeUri(name)}=${encodeUri(value)}`);
  }
  if (encoded.length === 1) return encoded[0] ?? '';
  // Sorting whole pairs would put `a-b=` before `a=`: '=' is greater than '-'. Compare names first.
  return encoded.sort(comparePairs).join('&');
}

function comparePairs(a: string, b: string): number {
  const nameA = a.slice(0, a.indexOf('='));
  const nameB = b.slice(0, b.indexOf('='));
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
