/** Headers of a request -> metadata of an object, and back. */
import { NULL_VERSION_ID } from '../format/index.js';
import type { ObjectInfo } from '../store/index.js';
import { refuseEncryption } from './encryption.js';
import { encodeWords } from './encoded-words.js';
import { S3Error } from './errors.js';
import { decodeHeaderText, encodeHeaderText, headerValue } from './headers.js';
import { header, type RawRequest } from './request.js';
import { parseTagHeader } from './tags.js';

/** Amazon's limit for names and values of user metadata together. */
const USER_METADATA_BYTES_MAX = 2048;
const META_PREFIX = 'x-amz-meta-';
/** How an object's tags are kept: form-encoded. */
export const TAGGING_KEY = 'X-Amz-Tagging';
const STORAGE_CLASS_KEY = 'x-amz-storage-class';

const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** Standard headers kept with an object, as they are sent back. */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ['content-type', 'Content-Type'],
  ['cache-control', 'Cache-Control'],
  ['content-disposition', 'Content-Disposition'],
  ['content-encoding', 'Content-Encoding'],
  ['content-language', 'Content-Language'],
  ['expires', 'Expires'],
]);

/** Metadata that is answered as it is kept. */
const ANSWERED_AS_KEPT = new Set(['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'x-amz-object-lock-legal-hold', 'x-amz-website-redirect-location']);

export interface RequestMetadata {
  readonly metaUser: Map<string, string>;
  /** Undefined for STANDARD. */
  readonly storageClass: string | undefined;
}

/**
 * What a PUT, CopyObject or CreateMultipartUpload says about the object.
 *
 * @throws S3Error MetadataTooLarge, InvalidStorageClass, InvalidTag, NotImplemented for encryption and locks
 */
export function requestMetadata(request: RawRequest): RequestMetadata {
  refuseUnsupported(request);
  const metaUser = new Map<string, string>([['content-type', DEFAULT_CONTENT_TYPE]]);
  let size = 0;
  for (const name in request.message.headers) {
    if (STANDARD.has(name)) {
      const value = standardValue(name, headerValue(request, name) ?? '');
      if (value !== '') metaUser.set(name, decodeHeaderText(value));
    } else if (name.startsWith(META_PREFIX)) {
      const value = decodeHeaderText(headerValue(request, name) ?? '');
      size += name.length - META_PREFIX.length + Buffer.byteLength(value);
      metaUser.set(canonicalName(name), value);
    }
  }
  if (size > USER_METADATA_BYTES_MAX) {
    throw new S3Error('MetadataTooLarge', undefined, { fields: { Size: String(size), MaxSizeAllowed: String(USER_METADATA_BYTES_MAX) } });
  }
  const tags = header(request, 'x-amz-tagging');
  if (tags !== undefined) metaUser.set(TAGGING_KEY, parseTagHeader(tags));
  const storageClass = requestStorageClass(request);
  if (storageClass !== undefined) metaUser.set(STORAGE_CLASS_KEY, storageClass);
  return { metaUser, storageClass };
}

/** `aws-chunked` says how the request was sent, not what the object is. */
function standardValue(name: string, value: string): string {
  if (name !== 'content-encoding') return value;
  const kept = value.split(',').filter((coding) => coding.trim().toLowerCase() !== 'aws-chunked');
  return kept.join(',').trim();
}

/** As Go writes header names, and MinIO keeps them: `X-Amz-Meta-Foo-Bar`. */
function canonicalName(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

function requestStorageClass(request: RawRequest): string | undefined {
  const storageClass = header(request, STORAGE_CLASS_KEY);
  if (storageClass === undefined || storageClass === 'STANDARD') return undefined;
  if (storageClass !== 'REDUCED_REDUNDANCY') throw new S3Error('InvalidStorageClass');
  return storageClass;
}

/** Nothing that a client asks for is left out silently: encryption and locks that cannot be given are refused. */
export function refuseUnsupported(request: RawRequest): void {
  const { headers } = request.message;
  refuseEncryption(request);
  for (const name of ['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'x-amz-object-lock-legal-hold']) {
    if (headers[name] !== undefined) throw new S3Error('NotImplemented', `The header ${name} is not implemented.`);
  }
  if (headers['x-amz-write-offset-bytes'] !== undefined) throw new S3Error('NotImplemented', 'Appending to objects is not implemented.');
  if (headers['x-amz-meta-snowball-auto-extract'] === 'true') throw new S3Error('NotImplemented', 'Extracting archives is not implemented.');
}

export function metaValue(info: ObjectInfo, wanted: string): string | undefined {
  const direct = info.metaUser.get(wanted);
  if (direct !== undefined) return direct;
  const lower = wanted.toLowerCase();
  for (const [name, value] of info.metaUser) if (name.length === lower.length && name.toLowerCase() === lower) return value;
  return undefined;
}

export function etagOf(info: ObjectInfo): string {
  return metaValue(info, 'etag') ?? '';
}

export function storageClassOf(info: ObjectInfo): string {
  return metaValue(info, STORAGE_CLASS_KEY) ?? 'STANDARD';
}

export function modTimeMs(info: { readonly modTimeNs: bigint }): number {
  return Number(info.modTimeNs / 1_000_000n);
}

/** The headers of a GET or HEAD that describe an object (not its length or range). */
export function objectHeaders(info: ObjectInfo): Record<string, string> {
  const headers: Record<string, string> = {
    'Last-Modified': new Date(modTimeMs(info)).toUTCString(),
    ETag: '""',
    'Content-Type': DEFAULT_CONTENT_TYPE,
  };
  if (info.versionId !== NULL_VERSION_ID) headers['x-amz-version-id'] = info.versionId;
  for (const [name, value] of info.metaUser) addKept(headers, name.toLowerCase(), value);
  return headers;
}

function addKept(headers: Record<string, string>, name: string, value: string): void {
  const standard = STANDARD.get(name);
  if (standard !== undefined) {
    if (value !== '') headers[standard] = encodeHeaderText(value);
  } else if (name === 'etag') headers['ETag'] = `"${value}"`;
  else if (name.startsWith(META_PREFIX)) headers[encodeHeaderText(name)] = encodeWords(value);
  else if (name === STORAGE_CLASS_KEY) {
    if (value !== 'STANDARD') headers[STORAGE_CLASS_KEY] = encodeHeaderText(value);
  } else if (name === 'x-amz-tagging') {
    if (value !== '') headers['x-amz-tagging-count'] = String(value.split('&').length);
  } else if (ANSWERED_AS_KEPT.has(name)) headers[name] = encodeHeaderText(value);
}

const OVERRIDES: ReadonlyMap<string, string> = new Map([
  ['response-content-type', 'Content-Type'],
  ['response-content-language', 'Content-Language'],
  ['response-expires', 'Expires'],
  ['response-cache-control', 'Cache-Control'],
  ['response-content-disposition', 'Content-Disposition'],
  ['response-content-encoding', 'Content-Encoding'],
]);

/** Lets the response-* parameters of the query replace headers. */
export function applyOverrides(request: RawRequest, headers: Record<string, string>): void {
  for (const [name, value] of request.target.query.pairs) {
    const replaced = OVERRIDES.get(name);
    if (replaced !== undefined && value !== '') headers[replaced] = encodeHeaderText(value);
  }
}

/** User metadata of an object that a copy takes over: everything but what belongs to the source's bytes and place. */
export function copiedMetadata(source: ObjectInfo): Map<string, string> {
  const copied = new Map<string, string>();
  for (const [name, value] of source.metaUser) {
    const lower = name.toLowerCase();
    const isOwn = lower === 'etag' || lower === STORAGE_CLASS_KEY || lower === 'x-amz-tagging' || lower.startsWith('x-amz-object-lock-') || lower.startsWith('x-amz-replication-') || lower.startsWith('x-amz-restore');
    if (!isOwn) copied.set(name, value);
  }
  return copied;
}
