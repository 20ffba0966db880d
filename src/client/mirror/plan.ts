/**
 * What `mirror` has to do to make a target like its source: compare both sides as they are listed, and turn each
 * difference that the options allow into an action.
 */
import { rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isS3Error } from '../errors.js';
import { passesAge, refuseEscape, type CopyItem } from '../transfer/copy-plan.js';
import { placeInside, remoteAt, type Place, type RemotePlace } from '../transfer/place.js';
import { walkFiles, walkObjects } from '../transfer/walk.js';
import { compareListings, type MirrorEntry } from './compare.js';
import { compilePattern, matchesAny } from './patterns.js';

export interface MirrorOptions {
  readonly isOverwriting: boolean;
  readonly isRemoving: boolean;
  /** Wildcards over names relative to the mirrored folder. */
  readonly exclude: readonly string[];
  readonly excludeBuckets: readonly string[];
  readonly excludeStorageClasses: readonly string[];
  readonly beforeMs?: number | undefined;
  readonly afterMs?: number | undefined;
  readonly signal: AbortSignal;
}

type MirrorAction =
  | { readonly kind: 'copy'; readonly item: CopyItem }
  | { readonly kind: 'remove'; readonly target: Place }
  /** Differs, but overwriting was not allowed. */
  | { readonly kind: 'conflict'; readonly target: Place; readonly reason: 'size' | 'newer' };

/** Decides by name and storage class whether something takes part in the mirroring. */
export class MirrorFilter {
  readonly #names: readonly RegExp[];
  readonly #buckets: readonly RegExp[];

  constructor(private readonly options: MirrorOptions) {
    this.#names = options.exclude.map(compilePattern);
    this.#buckets = options.excludeBuckets.map(compilePattern);
  }

  /** `bucket` is that of the source, where it has one. */
  admits(entry: Pick<MirrorEntry, 'name' | 'storageClass'>, bucket: string): boolean {
    if (matchesAny(this.#names, entry.name)) return false;
    if (bucket !== '' && matchesAny(this.#buckets, bucket)) return false;
    return !this.options.excludeStorageClasses.includes(entry.storageClass || 'STANDARD') || entry.storageClass === '';
  }
}

/** The bucket that an entry of a listing of `folder` lies in: part of the name when the folder is a whole alias. */
export function bucketOf(folder: Place, name: string): string {
  if (folder.kind === 'local') return '';
  return folder.bucket === '' ? name.slice(0, Math.max(0, name.indexOf('/'))) : folder.bucket;
}

/** Yields the actions in key order. Excluded names are left alone on both sides. */
export async function* planMirror(source: Place, target: Place, options: MirrorOptions): AsyncGenerator<MirrorAction> {
  const filter = new MirrorFilter(options);
  const { signal } = options;
  for await (const difference of compareListings(listFolder(source, signal), listFolder(target, signal))) {
    if (difference.kind === 'extra') {
      const { name } = difference.target;
      if (options.isRemoving && filter.admits({ name, storageClass: '' }, bucketOf(target, name))) {
        yield { kind: 'remove', target: placeInside(target, name) };
      }
      continue;
    }
    const entry = difference.source;
    if (!filter.admits(entry, bucketOf(source, entry.name)) || !passesAge(entry.modifiedMs, options)) continue;
    if (target.kind === 'local') refuseEscape(entry.name);
    if (difference.kind !== 'missing' && !options.isOverwriting) {
      yield { kind: 'conflict', target: placeInside(target, entry.name), reason: difference.kind };
      continue;
    }
    yield { kind: 'copy', item: copyItemFor(source, target, entry) };
  }
}

export function copyItemFor(source: Place, target: Place, entry: MirrorEntry): CopyItem {
  return {
    source: placeInside(source, entry.name),
    sizeBytes: entry.sizeBytes,
    modifiedMs: entry.modifiedMs,
    etag: entry.etag,
    target: placeInside(target, entry.name),
  };
}

/** Everything under a folder, sorted by name. A folder or prefix that does not exist is empty; a missing bucket is not. */
export async function* listFolder(folder: Place, signal: AbortSignal): AsyncGenerator<MirrorEntry> {
  if (folder.kind === 'local') {
    const present = await stat(folder.text).catch(() => undefined);
    if (!present) return;
    for await (const file of walkFiles(resolve(folder.text), signal)) yield { ...file, etag: '', storageClass: '' };
    return;
  }
  if (folder.bucket !== '') {
    yield* listPrefix(folder, '', signal);
    return;
  }
  // Sorted with their slash, as the names below them are.
  const names = (await folder.s3.listBuckets(signal)).map((bucket) => `${bucket.name}/`).sort();
  for (const name of names) yield* listPrefix(remoteAt(folder, name.slice(0, -1), ''), name, signal);
}

async function* listPrefix(folder: RemotePlace, leading: string, signal: AbortSignal): AsyncGenerator<MirrorEntry> {
  const prefix = folder.key === '' || folder.key.endsWith('/') ? folder.key : `${folder.key}/`;
  for await (const entry of walkObjects(folder.s3, folder.bucket, prefix, signal)) {
    const name = leading + entry.key.slice(prefix.length);
    if (name === leading) continue;
    yield { name, sizeBytes: entry.sizeBytes, modifiedMs: entry.modifiedAt.getTime(), etag: entry.etag, storageClass: entry.storageClass };
  }
}

/** Creates on the target alias the buckets of the source that are missing there; yields each one's name on the way. */
export async function* mirrorBuckets(
  source: Place,
  target: RemotePlace,
  options: MirrorOptions,
  region: string,
): AsyncGenerator<{ readonly name: string; readonly isNew: boolean }> {
  if (source.kind === 'local' || source.bucket !== '') return;
  const excluded = options.excludeBuckets.map(compilePattern);
  const present = new Set((await target.s3.listBuckets(options.signal)).map((bucket) => bucket.name));
  for (const { name } of await source.s3.listBuckets(options.signal)) {
    if (matchesAny(excluded, name)) continue;
    const isNew = !present.has(name);
    if (isNew) await target.s3.createBucket(name, { region });
    yield { name, isNew };
  }
}

/** Removes a file, with the folders that it leaves empty below `root`, or an object. What is already gone is fine. */
export async function removeTarget(target: Place, root: Place, signal: AbortSignal): Promise<void> {
  if (target.kind === 'remote') {
    try {
      await target.s3.delete(target.bucket, target.key, { signal });
    } catch (error) {
      if (!isS3Error(error, 'NoSuchKey')) throw error;
    }
    return;
  }
  const [path, top] = [resolve(target.text), resolve(root.text)];
  await rm(path, { force: true, recursive: true });
  for (let folder = dirname(path); folder.startsWith(join(top, '/')); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}
