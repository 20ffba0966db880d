/**
 * Everything under a folder or prefix, in order, a page or a directory at a time.
 */
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3 } from '../s3.js';
import type { ObjectEntry, VersionEntry } from '../s3-types.js';

/** A local file; symbolic links to files count as files, links to directories are not followed. */
interface WalkedFile {
  readonly path: string;
  /** Relative to the folder walked, with slashes. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The files below `folder`, names sorted as keys are sorted. What vanishes meanwhile is left out. */
export async function* walkFiles(folder: string, signal: AbortSignal, prefix = ''): AsyncGenerator<WalkedFile> {
  const entries: { readonly name: string; readonly isDirectory: boolean }[] = [];
  for await (const entry of await opendir(folder)) {
    if (entry.isFile() || entry.isSymbolicLink()) entries.push({ name: entry.name, isDirectory: false });
    else if (entry.isDirectory()) entries.push({ name: `${entry.name}/`, isDirectory: true });
  }
  // A directory sorts with its slash, so that the whole walk is in key order.
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  for (const { name, isDirectory } of entries) {
    signal.throwIfAborted();
    const path = join(folder, name);
    if (isDirectory) {
      yield* walkFiles(path, signal, prefix + name);
      continue;
    }
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile()) yield { path, name: prefix + name, sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
  }
}

/** All objects whose keys start with `prefix`, in key order. */
export async function* walkObjects(s3: S3, bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<ObjectEntry> {
  let marker: string | undefined;
  do {
    const page = await s3.listObjects(bucket, { prefix, marker, signal });
    yield* page.entries;
    marker = page.next;
  } while (marker !== undefined);
}

/** All versions and delete markers of those keys: keys in order, versions newest first. */
export async function* walkVersions(s3: S3, bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<VersionEntry> {
  let marker;
  do {
    const page: Awaited<ReturnType<S3['listVersions']>> = await s3.listVersions(bucket, { prefix, marker, signal });
    yield* page.entries;
    marker = page.next;
  } while (marker !== undefined);
}

/** The objects as they were at `atMs`: of each key the newest version not younger, unless it is a delete marker. */
export async function* walkObjectsAt(
  s3: S3,
  bucket: string,
  prefix: string,
  atMs: number,
  signal: AbortSignal,
): AsyncGenerator<VersionEntry> {
  let decidedKey: string | undefined;
  for await (const version of walkVersions(s3, bucket, prefix, signal)) {
    if (version.key === decidedKey || version.modifiedAt.getTime() > atMs) continue;
    decidedKey = version.key;
    if (!version.isDeleteMarker) yield version;
  }
}
