/**
 * One way to list local folders and S3: entries in the order in which mc shows them, as they arrive. Names are relative
 * to what `base` says, so that views need not know where an entry came from.
 */
import { opendir, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isS3Error } from './errors.js';
import type { S3 } from './s3.js';
import type { ObjectEntry, Page, UploadEntry, UploadMarker, VersionEntry, VersionMarker } from './s3-types.js';
import type { Place, RemotePlace } from './transfer/place.js';

export interface Listed {
  readonly type: 'file' | 'folder';
  /** Relative to the place's folder; a folder's ends with `/`. */
  readonly name: string;
  /** Full key in its bucket, or the path of a local file. */
  readonly key: string;
  /** Empty for local files. */
  readonly bucket: string;
  readonly sizeBytes: number;
  /** Undefined where none is known: prefixes have none. */
  readonly modifiedAt: Date | undefined;
  readonly etag: string;
  readonly storageClass: string;
  readonly versionId?: string | undefined;
  readonly isDeleteMarker?: boolean;
  readonly isLatest?: boolean;
  /** Counts the versions of a key from 1, the oldest. */
  readonly versionOrdinal: number;
}

export interface ListingOptions {
  /** All levels; without it folders are entries of their own. */
  readonly isRecursive?: boolean;
  /** All versions and delete markers, newest first. */
  readonly withVersions?: boolean;
  /** The state at that time. With versions: those not younger. */
  readonly rewindTo?: Date | undefined;
  /** With `isRecursive`: also buckets and local folders, each before what is in it. */
  readonly withFolders?: boolean;
  /** Unfinished multipart uploads instead of objects. */
  readonly incomplete?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Everything at or below a place. What does not exist lists as nothing, except a missing bucket (S3Error NoSuchBucket). */
export async function* list(place: Place, options: ListingOptions = {}): AsyncGenerator<Listed> {
  if (place.kind === 'local') yield* listLocal(place.text, options);
  else if (place.bucket === '') yield* listBuckets(place, options);
  else yield* listBucket(place.s3, place.bucket, place.key, options, '');
}

async function* listBuckets(place: RemotePlace, options: ListingOptions): AsyncGenerator<Listed> {
  for (const { name, createdAt } of await place.s3.listBuckets(options.signal)) {
    const isRecursive = options.isRecursive === true;
    if (!isRecursive || options.withFolders === true) yield { ...folder(name, '', `${name}/`), modifiedAt: createdAt };
    if (isRecursive) yield* listBucket(place.s3, name, '', options, `${name}/`);
  }
}

async function* listBucket(s3: S3, bucket: string, prefix: string, options: ListingOptions, above: string): AsyncGenerator<Listed> {
  const { isRecursive = false, withVersions = false, rewindTo, incomplete = false, signal } = options;
  const common = { prefix, delimiter: isRecursive ? undefined : '/', signal };
  const baseLength = prefix.lastIndexOf('/') + 1;
  const nameOf = (key: string): string => above + key.slice(baseLength);
  const folders = (page: Page<unknown, unknown>): Listed[] => page.prefixes.map((key) => folder(bucket, key, nameOf(key)));
  if (incomplete) {
    for await (const page of pages<UploadEntry, UploadMarker>((marker) => s3.listUploads(bucket, { ...common, marker }))) {
      for (const { key, startedAt } of page.entries) {
        yield { ...folder(bucket, key, nameOf(key)), type: 'file', modifiedAt: startedAt };
      }
      yield* folders(page);
    }
  } else if (withVersions || rewindTo !== undefined) {
    const rows = new VersionRows(withVersions, rewindTo);
    const named = (row: VersionRow): Listed => ({ ...row, bucket, type: 'file', name: nameOf(row.key) });
    for await (const page of pages<VersionEntry, VersionMarker>((marker) => s3.listVersions(bucket, { ...common, marker }))) {
      for (const version of page.entries) yield* rows.take(version).map(named);
      if (page.next === undefined) yield* rows.rest().map(named);
      yield* folders(page);
    }
  } else {
    for await (const page of pages<ObjectEntry, string>((marker) => s3.listObjects(bucket, { ...common, marker }))) {
      for (const object of page.entries) {
        const type = !isRecursive && object.key.endsWith('/') && object.sizeBytes === 0 ? 'folder' : 'file';
        yield { ...object, bucket, name: nameOf(object.key), type, versionOrdinal: 1 };
      }
      yield* folders(page);
    }
  }
}

async function* pages<T, Marker>(fetch: (marker: Marker | undefined) => Promise<Page<T, Marker>>): AsyncGenerator<Page<T, Marker>> {
  let marker: Marker | undefined;
  do {
    const page = await fetch(marker);
    yield page;
    marker = page.next;
  } while (marker !== undefined);
}

const folder = (bucket: string, key: string, name: string): Listed => ({
  type: 'folder', name, key, bucket, sizeBytes: 0, modifiedAt: undefined, etag: '', storageClass: '', versionOrdinal: 1,
});

type VersionRow = VersionEntry & { readonly versionOrdinal: number };

/** Gathers the versions of one key, because the oldest is number 1 and comes last. */
class VersionRows {
  #held: VersionEntry[] = [];

  constructor(
    readonly withVersions: boolean,
    readonly rewindTo: Date | undefined,
  ) {}

  /** The rows that are complete when `version` arrives: those of the key before it. */
  take(version: VersionEntry): VersionRow[] {
    const done = this.#held[0] !== undefined && this.#held[0].key !== version.key ? this.rest() : [];
    if (this.rewindTo === undefined || version.modifiedAt <= this.rewindTo) this.#held.push(version);
    return done;
  }

  rest(): VersionRow[] {
    const all = this.#held.map((version, index) => ({ ...version, versionOrdinal: this.#held.length - index }));
    this.#held = [];
    if (this.withVersions) return all;
    return all.slice(0, 1).filter(({ isDeleteMarker }) => !isDeleteMarker);
  }
}

/** A folder's entries, a file itself, or every name that starts with the path's last element. */
async function* listLocal(text: string, options: ListingOptions): AsyncGenerator<Listed> {
  if (options.withVersions === true || options.rewindTo !== undefined || options.incomplete === true) return;
  const stats = await stat(text).catch(() => undefined);
  if (stats?.isDirectory() === true) yield* listFolder(resolve(text), '', options);
  else if (stats !== undefined) yield localEntry(resolve(text), basename(text), stats);
  else if (!text.endsWith('/')) yield* listFolder(resolve(dirname(text)), '', options, basename(text));
}

async function* listFolder(path: string, above: string, options: ListingOptions, startsWith = ''): AsyncGenerator<Listed> {
  for (const name of await namesIn(path)) {
    options.signal?.throwIfAborted();
    if (!name.startsWith(startsWith)) continue;
    const full = join(path, name.replace(/\/$/, ''));
    const stats = await stat(full).catch(() => undefined);
    if (stats === undefined) continue;
    const isWalked = name.endsWith('/') && options.isRecursive === true;
    if (!isWalked || options.withFolders === true) yield localEntry(full, above + name, stats);
    if (isWalked) yield* listFolder(full, above + name, options);
  }
}

/** Sorted as keys are: a folder sorts with its slash. An unreadable or missing folder has none. */
async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && ((await stat(join(path, entry.name)).catch(() => undefined))?.isDirectory() ?? false));
      names.push(isFolder ? `${entry.name}/` : entry.name);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function localEntry(path: string, name: string, stats: Stats): Listed {
  const { size, mtime } = stats;
  const type = stats.isDirectory() ? 'folder' : 'file';
  return { type, name, key: path, bucket: '', sizeBytes: size, modifiedAt: mtime, etag: '', storageClass: '', versionOrdinal: 1 };
}

/**
 * What a place is: a folder (with something in it, or a bucket, an alias, a directory), an object or file, or nothing.
 * A missing bucket throws S3Error NoSuchBucket.
 */
export async function kindOf(place: Place, signal?: AbortSignal): Promise<'file' | 'folder' | 'nothing'> {
  if (place.kind === 'local') {
    const stats = await stat(place.text).catch(() => undefined);
    return stats === undefined ? 'nothing' : stats.isDirectory() ? 'folder' : 'file';
  }
  if (place.bucket === '') return 'folder';
  if (place.key === '') {
    await place.s3.headBucket(place.bucket, signal);
    return 'folder';
  }
  if (!place.key.endsWith('/')) {
    try {
      await place.s3.head(place.bucket, place.key, { signal });
      return 'file';
    } catch (error) {
      if (!isS3Error(error) || error.status !== 404) throw error;
    }
  }
  const prefix = place.key.endsWith('/') ? place.key : `${place.key}/`;
  const page = await place.s3.listObjects(place.bucket, { prefix, delimiter: '/', maxKeys: 1, signal });
  return page.entries.length + page.prefixes.length > 0 ? 'folder' : 'nothing';
}
