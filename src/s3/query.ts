/** The request line's path and query, taken apart by hand: the raw bytes matter for signatures and keys. */
import { S3Error } from './errors.js';

/** Parameters in the order in which they came; both name and value decoded. */
export class Query {
  static readonly EMPTY = new Query([]);

  constructor(readonly pairs: readonly (readonly [name: string, value: string])[]) {}

  get(name: string): string | undefined {
    for (const pair of this.pairs) if (pair[0] === name) return pair[1];
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
}

export interface RequestTarget {
  /** Path as sent, without the query; starts with a slash. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
}

/** @param url `IncomingMessage.url`: origin form, or absolute form as sent to proxies. @throws S3Error BadRequest on encodings that are not UTF-8 */
export function parseTarget(url: string): RequestTarget {
  const target = url.startsWith('/') ? url : stripOrigin(url);
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  const path = decodeComponent(rawPath, false);
  const slash = path.indexOf('/', 1);
  return {
    rawPath,
    rawQuery,
    bucket: slash < 0 ? path.slice(1) : path.slice(1, slash),
    key: slash < 0 ? '' : path.slice(slash + 1),
    query: rawQuery === '' ? Query.EMPTY : parseQuery(rawQuery),
  };
}

function stripOrigin(url: string): string {
  const scheme = url.indexOf('://');
  const slash = scheme < 0 ? -1 : url.indexOf('/', scheme + 3);
  if (slash < 0) throw new S3Error('BadRequest', 'The request target must be a path.');
  return url.slice(slash);
}

export function parseQuery(rawQuery: string): Query {
  const pairs: [string, string][] = [];
  for (const piece of rawQuery.split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    if (equals < 0) pairs.push([decodeComponent(piece, true), '']);
    else pairs.push([decodeComponent(piece.slice(0, equals), true), decodeComponent(piece.slice(equals + 1), true)]);
  }
  return new Query(pairs);
}

 
const PLAIN = /^[\u0021-\u0024\u0026-\u007e]*$/;

/** Percent-decodes. Raw bytes above ASCII, which node hands over as latin1, are taken as UTF-8 too. */
export function decodeComponent(text: string, plusIsSpace: boolean): string {
  if (PLAIN.test(text) && !(plusIsSpace && text.includes('+'))) return text;
  let ascii = plusIsSpace ? text.replaceAll('+', ' ') : text;
   
  ascii = ascii.replace(/[^\u0000-\u007f]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  try {
    return decodeURIComponent(ascii);
  } catch {
    throw new S3Error('BadRequest', 'The request target is not valid percent-encoded UTF-8.');
  }
}

const MUST_ENCODE = /[^A-Za-z0-9\-._~]/;
const MUST_ENCODE_PATH = /[^A-Za-z0-9\-._~/]/;

/** RFC 3986 encoding as SigV4 wants it: unreserved characters stay, everything else is %XX in upper case. */
export function encodeUri(text: string): string {
  if (!MUST_ENCODE.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()*]/g, percentEncode);
}

/** As `encodeUri`, with slashes kept. */
export function encodePath(path: string): string {
  if (!MUST_ENCODE_PATH.test(path)) return path;
  return encodeUri(path).replaceAll('%2F', '/');
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
