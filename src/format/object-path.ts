/** Where objects and uploads lie on a drive. */
import { createHash } from 'node:crypto';
import { isUuid } from './uuid.js';

/** Stands for the trailing slash of a key: `dir/` is kept in `dir__XLDIR__`, so that it can live beside `dir` and `dir/x`. */
const DIRECTORY_SUFFIX = '__XLDIR__';
/** Folder of the system volume that holds the uploads in progress. */
export const MULTIPART_FOLDER = 'multipart';

/** The object's folder in its bucket, from its key. */
export function encodeObjectPath(key: string): string {
  return key.endsWith('/') ? `${key.slice(0, -1)}${DIRECTORY_SUFFIX}` : key;
}

/** The key, from the object's folder in its bucket. */
export function decodeObjectPath(path: string): string {
  return path.endsWith(DIRECTORY_SUFFIX) ? `${path.slice(0, -DIRECTORY_SUFFIX.length)}/` : path;
}

/** Folder below the system volume that holds all uploads of an object: it hides bucket and key behind a SHA-256. */
export function uploadsFolder(bucket: string, objectPath: string): string {
  return `${MULTIPART_FOLDER}/${createHash('sha256').update(`${bucket}/${objectPath}`).digest('hex')}`;
}

/** Folder below the system volume that held the uploads of an object in releases of 2016 and 2017. */
export function oldUploadsFolder(bucket: string, objectPath: string): string {
  return `${MULTIPART_FOLDER}/${bucket}/${objectPath}`;
}

/** True for the name of a folder that uploadsFolder gives, below MULTIPART_FOLDER. */
export function isUploadsFolderName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** The name of a new upload's folder: a UUID and the start in nanoseconds since 1970. */
export function uploadName(uuid: string, startedNs: bigint): string {
  return `${uuid}x${startedNs}`;
}

/** The start of an upload, from its folder's name; undefined for uploads of before 2022. */
export function uploadStartNs(name: string): bigint | undefined {
  const match = /^[0-9a-f-]{36}x(\d{1,19})$/.exec(name);
  return match?.[1] === undefined ? undefined : BigInt(match[1]);
}

/** The UUID in the name of an upload's folder. */
export function uploadUuid(name: string): string {
  return name.slice(0, 36);
}

/** The upload id that clients get. */
export function encodeUploadId(deploymentId: string, name: string): string {
  return Buffer.from(`${deploymentId}.${name}`).toString('base64url');
}

/**
 * The name of an upload's folder, from a client's upload id; undefined where no upload can have that id. Ids of releases
 * before 2022 are the folder's name.
 */
export function decodeUploadId(uploadId: string): { readonly deploymentId?: string; readonly name: string } | undefined {
  const isName = (name: string): boolean => isUuid(name) || uploadStartNs(name) !== undefined;
  if (isName(uploadId)) return { name: uploadId };
  if (!/^[\w-]+={0,2}$/.test(uploadId) || uploadId.length > 256) return undefined;
  const text = Buffer.from(uploadId, 'base64url').toString('latin1');
  const dot = text.indexOf('.');
  const name = text.slice(dot + 1);
  return dot >= 0 && isName(name) ? { deploymentId: text.slice(0, dot), name } : undefined;
}
