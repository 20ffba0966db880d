/** What MinIO's internal metadata says about a version itself. Names match case-insensitively, as releases vary. */

/** Internal metadata begins with this; everything else is the client's. */
const INTERNAL_PREFIX = 'x-minio-internal-';
/** Marks a version whose data lies inside xl.meta; its value is `true`. */
export const INLINE_DATA_KEY = 'x-minio-internal-inline-data';
const FREE_VERSION_KEY = 'x-minio-internal-free-version';
const TRANSITION_STATUS_KEY = 'x-minio-internal-transition-status';
const RESTORE_KEY = 'x-amz-restore';

/** True for a name of MinIO's internal metadata. */
export function isInternalName(name: string): boolean {
  return name.length >= INTERNAL_PREFIX.length && name.slice(0, INTERNAL_PREFIX.length).toLowerCase() === INTERNAL_PREFIX;
}

/** True where the metadata says that the data lies inside xl.meta. */
export function isInlineData(metaSys: ReadonlyMap<string, Uint8Array>): boolean {
  return metaSys.has(INLINE_DATA_KEY) || findName(metaSys, INLINE_DATA_KEY) !== undefined;
}

/** True for a delete marker that is no marker but a note to delete tiered data. */
export function isFreeVersion(metaSys: ReadonlyMap<string, Uint8Array>): boolean {
  return findName(metaSys, FREE_VERSION_KEY) !== undefined;
}

/** False where the data went to a remote tier and was not brought back. */
export function usesDataDir(metaUser: ReadonlyMap<string, string>, metaSys: ReadonlyMap<string, Uint8Array>): boolean {
  const status = findName(metaSys, TRANSITION_STATUS_KEY);
  if (status === undefined || Buffer.from(status).toString() !== 'complete') return true;
  const restore = findName(metaUser, RESTORE_KEY);
  return restore !== undefined && isRestored(restore);
}

/** The value of a name, whatever its case; undefined where there is none. */
export function findName<T>(map: ReadonlyMap<string, T>, lowerCaseName: string): T | undefined {
  for (const [name, value] of map) if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) return value;
  return undefined;
}

/** `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`: the copy is there, and kept for a while. */
function isRestored(header: string): boolean {
  return /ongoing-request\s*=\s*"?false"?/i.test(header) && /expiry-date\s*=/i.test(header);
}
