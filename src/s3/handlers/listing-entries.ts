/** What the listings share: owner, times, encoded keys, entries for objects and versions. */
import { clientSize } from '../../content/index.js';
import type { ObjectInfo, VersionInfo } from '../../store/index.js';
import { etagOf, modTimeMs, storageClassOf, TAGGING_KEY, metaValue } from '../metadata.js';
import { storedChecksum } from '../object-checksum.js';
import { encodePath } from '../query.js';
import { element, escapeXml, etagElement, wrap } from '../xml/writer.js';

/** Everything belongs to one owner; id and name are those that MinIO shows. */
export const OWNER_ID = '02d6176db174dc93cb1b899f7c6078f08654445fe8cf1b6ce98d8855f66bdbf4';
export const OWNER_NAME = 'minio';
export const OWNER = wrap('Owner', element('ID', OWNER_ID) + element('DisplayName', OWNER_NAME));
export const INITIATOR = wrap('Initiator', element('ID', OWNER_ID) + element('DisplayName', OWNER_NAME));

/** `2026-01-02T03:04:05.678Z`; year 1 for times that nobody knows. */
export function isoTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  return iso.startsWith('-') || iso.startsWith('+') ? '0001-01-01T00:00:00.000Z' : iso;
}

export interface EntryOptions {
  readonly isUrlEncoded: boolean;
  readonly withOwner: boolean;
  /** MinIO's extension `metadata=true`: user metadata, tags and erasure coding in each entry. */
  readonly withMetadata: boolean;
}

/** A key as the listing shows it. */
export function shownKey(key: string, options: Pick<EntryOptions, 'isUrlEncoded'>): string {
  return options.isUrlEncoded ? encodePath(key) : key;
}

export function objectEntry(info: ObjectInfo, options: EntryOptions): string {
  return wrap('Contents', keyAndTime(info, options) + facts(info) + (options.withOwner ? OWNER : '') + metadataOf(info, options));
}

export function versionEntry(info: VersionInfo, options: EntryOptions): string {
  const version = element('VersionId', info.versionId) + element('IsLatest', info.isLatest);
  if (info.kind === 'delete-marker') return wrap('DeleteMarker', keyAndTime(info, options) + version + OWNER);
  return wrap('Version', keyAndTime(info, options) + facts(info) + version + OWNER + metadataOf(info, options));
}

export function prefixEntries(prefixes: readonly string[], options: Pick<EntryOptions, 'isUrlEncoded'>): string {
  return prefixes.map((prefix) => wrap('CommonPrefixes', element('Prefix', shownKey(prefix, options)))).join('');
}

function keyAndTime(info: VersionInfo, options: EntryOptions): string {
  return element('Key', shownKey(info.key, options)) + element('LastModified', isoTime(modTimeMs(info)));
}

function facts(info: ObjectInfo): string {
  const checksum = storedChecksum(info);
  const algorithm = checksum ? element('ChecksumAlgorithm', checksum.name) + element('ChecksumType', checksum.scope) : '';
  return etagElement(etagOf(info)) + element('Size', clientSize(info)) + element('StorageClass', storageClassOf(info)) + algorithm;
}

function metadataOf(info: ObjectInfo, options: EntryOptions): string {
  if (!options.withMetadata) return '';
  let user = '';
  for (const [name, value] of info.metaUser) {
    const lower = name.toLowerCase();
    const isShown = lower.startsWith('x-amz-meta-') || lower === 'content-type' || lower === 'content-encoding' || lower === 'cache-control' || lower === 'expires';
    if (isShown && /^[A-Za-z_][\w.-]*$/.test(name)) user += `<${name}>${escapeXml(value)}</${name}>`;
  }
  const { dataShards, parityShards } = info.erasure;
  return wrap('UserMetadata', user) + element('UserTags', metaValue(info, TAGGING_KEY) ?? '') + wrap('Internal', element('K', dataShards) + element('M', parityShards));
}
