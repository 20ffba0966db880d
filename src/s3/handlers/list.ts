/** ListObjects (1 and 2) and ListObjectVersions. */
import { checkKey, listLimit, prefixParameter, wantsUrlEncoding } from '../parameters.js';
import { S3Error } from '../errors.js';
import { presented, presentedVersion } from '../presented.js';
import type { Query } from '../query.js';
import type { Handler, Room } from '../request.js';
import { element, xmlDocument } from '../xml/writer.js';
import { objectEntry, prefixEntries, shownKey, versionEntry, type EntryOptions } from './listing-entries.js';

const XML = { 'Content-Type': 'application/xml' };

interface Page {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly entries: EntryOptions;
}

function parsePage(query: Query, withOwner: boolean): Page {
  return {
    prefix: prefixParameter(query),
    delimiter: query.get('delimiter') ?? '',
    limit: listLimit(query, 'max-keys'),
    entries: { isUrlEncoded: wantsUrlEncoding(query), withOwner, withMetadata: query.get('metadata') === 'true' },
  };
}

/** Prefix, delimiter and what else every listing repeats. */
function echo(bucket: string, page: Page, isTruncated: boolean): string {
  const delimiter = page.delimiter === '' ? undefined : shownKey(page.delimiter, page.entries);
  return (
    element('Name', bucket) +
    element('Prefix', shownKey(page.prefix, page.entries)) +
    element('MaxKeys', page.limit) +
    element('Delimiter', delimiter) +
    (page.entries.isUrlEncoded ? element('EncodingType', 'url') : '') +
    element('IsTruncated', isTruncated)
  );
}

export const listObjects: Handler = async (room, request) => {
  const page = parsePage(request.query, true);
  const marker = request.query.get('marker') ?? '';
  const listing = await listPage(room, request.bucket, page, marker);
  const next = listing.isTruncated && listing.next !== undefined ? element('NextMarker', shownKey(listing.next, page.entries)) : '';
  const body =
    echo(request.bucket, page, listing.isTruncated) +
    element('Marker', shownKey(marker, page.entries)) +
    next +
    listing.objects.map((info) => objectEntry(presented(room, request.bucket, info), page.entries)).join('') +
    prefixEntries(listing.prefixes, page.entries);
  return { status: 200, headers: XML, body: xmlDocument('ListBucketResult', body) };
};

export const listObjectsV2: Handler = async (room, request) => {
  const { query } = request;
  const page = parsePage(query, query.get('fetch-owner') === 'true');
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const listing = await listPage(room, request.bucket, page, token === undefined ? (startAfter ?? '') : decodeToken(token));
  const next = listing.isTruncated && listing.next !== undefined ? encodeToken(listing.next) : undefined;
  const body =
    echo(request.bucket, page, listing.isTruncated) +
    (startAfter === undefined ? '' : element('StartAfter', shownKey(startAfter, page.entries))) +
    element('ContinuationToken', token) +
    element('NextContinuationToken', next) +
    element('KeyCount', listing.objects.length + listing.prefixes.length) +
    listing.objects.map((info) => objectEntry(presented(room, request.bucket, info), page.entries)).join('') +
    prefixEntries(listing.prefixes, page.entries);
  return { status: 200, headers: XML, body: xmlDocument('ListBucketResult', body) };
};

async function listPage(room: Room, bucket: string, page: Page, after: string) {
  if (page.limit === 0) {
    await room.store.bucketSettings(bucket);
    return { objects: [], prefixes: [], isTruncated: false, next: undefined };
  }
  const { objects, prefixes, isTruncated, next } = await room.store.list(bucket, {
    prefix: page.prefix,
    delimiter: page.delimiter,
    after,
    limit: page.limit,
  });
  return { objects, prefixes, isTruncated, next };
}

export const listObjectVersions: Handler = async (room, request) => {
  const { query } = request;
  const page = parsePage(query, true);
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') ?? '';
  if (versionMarker !== '' && keyMarker === '') throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  if (page.limit === 0) await room.store.bucketSettings(request.bucket);
  const listing =
    page.limit === 0
      ? { versions: [], prefixes: [], isTruncated: false }
      : await room.store.listVersions(request.bucket, {
          prefix: page.prefix,
          delimiter: page.delimiter,
          after: keyMarker,
          limit: page.limit,
          ...(versionMarker === '' ? {} : { afterVersionId: versionMarker }),
        });
  const body =
    echo(request.bucket, page, listing.isTruncated) +
    element('KeyMarker', shownKey(keyMarker, page.entries)) +
    element('VersionIdMarker', versionMarker) +
    ('nextKey' in listing && listing.nextKey !== undefined ? element('NextKeyMarker', shownKey(listing.nextKey, page.entries)) : '') +
    ('nextVersionId' in listing && listing.nextVersionId !== undefined ? element('NextVersionIdMarker', listing.nextVersionId) : '') +
    listing.versions.map((info) => versionEntry(presentedVersion(room, request.bucket, info), page.entries)).join('') +
    prefixEntries(listing.prefixes, page.entries);
  return { status: 200, headers: XML, body: xmlDocument('ListVersionsResult', body) };
};

/** Continuation tokens are opaque to clients: the last entry in base64. */
function encodeToken(entry: string): string {
  return Buffer.from(entry, 'utf8').toString('base64');
}

function decodeToken(token: string): string {
  const entry = Buffer.from(token, 'base64').toString('utf8');
  if (token === '' || encodeToken(entry) !== token) throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.');
  checkKey(entry);
  return entry;
}
