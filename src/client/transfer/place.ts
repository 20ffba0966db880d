/**
 * Both ends of a transfer as values: a local path, or a bucket and key on a server.
 */
import { stat } from 'node:fs/promises';
import { join, normalize, resolve } from 'node:path';
import { isS3Error } from '../errors.js';
import type { S3 } from '../s3.js';

export interface LocalPlace {
  readonly kind: 'local';
  /** As it was typed. */
  readonly text: string;
}

export interface RemotePlace {
  readonly kind: 'remote';
  readonly text: string;
  readonly alias: string;
  readonly s3: S3;
  /** Empty for the alias alone. */
  readonly bucket: string;
  /** Empty for the bucket alone; may end with a slash. */
  readonly key: string;
}

export type Place = LocalPlace | RemotePlace;

/** How a place is shown in results: `alias/bucket/key`; a local path without `./`. */
export function placeName(place: Place): string {
  if (place.kind === 'local') return normalize(place.text);
  return [place.alias, place.bucket, place.key].filter((part) => part !== '').join('/');
}

/** Local sources are shown as absolute paths. */
export function sourceName(place: Place): string {
  return place.kind === 'local' ? resolve(place.text) : placeName(place);
}

/** The place called `name` inside a folder. `name` may contain slashes. */
export function placeInside(folder: Place, name: string): Place {
  if (folder.kind === 'local') return { kind: 'local', text: join(folder.text, name) };
  if (folder.bucket === '') {
    const at = name.indexOf('/');
    const [bucket, key] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
    return remoteAt(folder, bucket, key);
  }
  const prefix = folder.key === '' || folder.key.endsWith('/') ? folder.key : `${folder.key}/`;
  return remoteAt(folder, folder.bucket, prefix + name);
}

export function remoteAt(place: RemotePlace, bucket: string, key: string): RemotePlace {
  return { ...place, bucket, key, text: `${place.alias}/${bucket}/${key}` };
}

/** The name after the last slash. */
export function baseName(place: Place): string {
  const path = place.kind === 'local' ? resolve(place.text) : place.key === '' ? place.bucket : place.key.replace(/\/+$/, '');
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * True when things copied there keep their names: a trailing slash, a bucket, an alias, an existing directory, or a
 * prefix that already has something under it.
 */
export async function isFolder(place: Place, signal: AbortSignal): Promise<boolean> {
  if (place.text.endsWith('/')) return true;
  if (place.kind === 'local') return (await stat(place.text).catch(() => undefined))?.isDirectory() ?? false;
  return place.key === '' || (await hasPrefix(place, `${place.key}/`, signal));
}

/** True when at least one key starts with `prefix`. A missing bucket has none. */
export async function hasPrefix(place: RemotePlace, prefix: string, signal: AbortSignal): Promise<boolean> {
  try {
    const page = await place.s3.listObjects(place.bucket, { prefix, delimiter: '/', maxKeys: 1, signal });
    return page.entries.length > 0 || page.prefixes.length > 0;
  } catch (error) {
    if (isS3Error(error, 'NoSuchBucket', 'AccessDenied')) return false;
    throw error;
  }
}
