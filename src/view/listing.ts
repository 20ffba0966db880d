/** Rows of listings, as `ls`, `tree` and `find` show them. */
import type { Listed, Place } from '../client/index.js';
import { formatListingSize } from './size.js';
import type { Palette } from './terminal.js';
import { formatJsonTime, formatTime } from './time.js';

/** Prefixes have no time of their own; like mc we show the time of looking. */
const timeOf = (entry: Listed): Date => entry.modifiedAt ?? new Date();

/** `[2026-11-22 18:55:35 UTC] 2.9KiB STANDARD b.bin`; with versions also the id and `v3 PUT`. */
export function listingLine(entry: Listed, paint: Palette, clock = formatTime): string {
  const name = entry.type === 'folder' ? paint.folder(entry.name) : entry.name;
  const time = paint.time(`[${clock(timeOf(entry))}]`);
  const size = paint.size(formatListingSize(entry.sizeBytes));
  const storageClass = entry.storageClass === '' ? '' : ` ${paint.storageClass(entry.storageClass)}`;
  return `${time} ${size}${storageClass}${versionColumns(entry, paint)} ${name}`;
}

function versionColumns(entry: Listed, paint: Palette): string {
  if (entry.versionId === undefined) return '';
  const what = entry.isDeleteMarker === true ? paint.deleted('DEL') : paint.good('PUT');
  return ` ${paint.version(entry.versionId)} v${entry.versionOrdinal} ${what}`;
}

/** mc's object for a row; `url` is what was listed. */
export function listingObject(entry: Listed, url: string): object {
  return {
    status: 'success',
    type: entry.type,
    lastModified: formatJsonTime(timeOf(entry)),
    size: entry.sizeBytes,
    key: entry.name,
    etag: entry.etag,
    url,
    ...(entry.versionId === undefined ? {} : { versionId: entry.versionId }),
    versionOrdinal: entry.versionOrdinal,
    ...(entry.isDeleteMarker === true ? { isDeleteMarker: true } : {}),
    ...(entry.storageClass === '' ? {} : { storageClass: entry.storageClass }),
  };
}

/** `http://host/bucket/key`, or the absolute path of something local. */
export function placeUrl(place: Place, resolvePath: (path: string) => string): string {
  if (place.kind === 'local') return resolvePath(place.text) + (place.text.endsWith('/') ? '/' : '');
  return place.bucket === '' ? `${place.s3.alias.url}/` : place.s3.plainUrl(place.bucket, place.key);
}
