/**
 * What `cp` and `mv` have to do: every source argument turned into single files and objects, each with its target.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../../base/index.js';
import { isS3Error } from '../errors.js';
import { baseName, hasPrefix, isFolder, placeInside, placeName, remoteAt, sourceName, type Place, type RemotePlace } from './place.js';
import { walkFiles, walkObjects, walkObjectsAt } from './walk.js';

/** One file or object to be copied. */
export interface CopyItem {
  readonly source: Place;
  /** Set when another than the latest version is meant. */
  readonly versionId?: string | undefined;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Objects: their ETag, without quotes. */
  readonly etag: string;
  readonly target: Place;
}

interface CopyPlanOptions {
  readonly isRecursive: boolean;
  readonly versionId?: string | undefined;
  /** Objects as they were at this time, milliseconds since 1970. */
  readonly rewindMs?: number | undefined;
  /** Only what was modified before / after, milliseconds since 1970. */
  readonly beforeMs?: number | undefined;
  readonly afterMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Yields the items of all sources, in the order given. With several sources, or recursively, the target is a folder.
 * @throws UsageError for arguments that cannot mean anything; S3Error for sources that are not there
 */
export async function* planCopies(sources: readonly Place[], target: Place, options: CopyPlanOptions): AsyncGenerator<CopyItem> {
  const targetIsFolder = options.isRecursive || (await isFolder(target, options.signal));
  if (sources.length > 1 && !targetIsFolder) {
    throw new UsageError(
      `With several sources the target must be a folder, which \`${placeName(target)}\` is not.`,
      'End it with a slash to make it one.',
    );
  }
  for (const source of sources) {
    for await (const item of planSource(source, target, targetIsFolder, options)) {
      if (passesAge(item.modifiedMs, options)) yield item;
    }
  }
}

/** True when the modification time is within the asked-for range. */
export function passesAge(modifiedMs: number, options: { readonly beforeMs?: number | undefined; readonly afterMs?: number | undefined }): boolean {
  if (options.beforeMs !== undefined && modifiedMs >= options.beforeMs) return false;
  return options.afterMs === undefined || modifiedMs >= options.afterMs;
}

function planSource(source: Place, target: Place, targetIsFolder: boolean, options: CopyPlanOptions): AsyncGenerator<CopyItem> {
  const single = targetIsFolder ? placeInside(target, baseName(source)) : target;
  if (source.kind === 'local') return planLocal(source, single, target, options);
  return options.isRecursive ? planPrefix(source, target, options) : planObject(source, single, options);
}

async function* planLocal(source: Place, single: Place, folder: Place, options: CopyPlanOptions): AsyncGenerator<CopyItem> {
  const path = resolve(source.text);
  const stats = await stat(path).catch((error: unknown) => {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw isMissing ? new UsageError(`Requested path \`${path}\` not found`) : error;
  });
  if (!stats.isDirectory()) {
    if (!stats.isFile()) throw new UsageError(`\`${path}\` is neither a file nor a folder.`);
    yield { source, sizeBytes: stats.size, modifiedMs: stats.mtimeMs, etag: '', target: single };
    return;
  }
  if (!options.isRecursive) throw needsRecursive(source);
  // `data/` stands for what is in it, `data` for the folder itself.
  const root = source.text.endsWith('/') || source.text === '.' || source.text.endsWith('/.') ? path : dirname(path);
  const leading = path.slice(root.length).replace(/^\//, '');
  for await (const file of walkFiles(path, options.signal)) {
    const name = leading === '' ? file.name : `${leading}/${file.name}`;
    yield {
      source: { kind: 'local', text: join(path, file.name) },
      sizeBytes: file.sizeBytes,
      modifiedMs: file.modifiedMs,
      etag: '',
      target: placeInside(folder, name),
    };
  }
}

const needsRecursive = (source: Place): UsageError =>
  new UsageError(`To copy or move '${source.text}' the --recursive flag is required.`);

async function* planObject(source: RemotePlace, target: Place, options: CopyPlanOptions): AsyncGenerator<CopyItem> {
  const { signal } = options;
  if (source.key === '' || source.key.endsWith('/')) throw needsRecursive(source);
  if (options.rewindMs !== undefined) {
    for await (const version of walkObjectsAt(source.s3, source.bucket, source.key, options.rewindMs, signal)) {
      if (version.key !== source.key) continue;
      yield { source, ...factsOf(version), versionId: version.versionId, target };
      return;
    }
    throw new UsageError(`Object did not exist at \`${new Date(options.rewindMs).toUTCString()}\``);
  }
  const { versionId } = options;
  try {
    const head = await source.s3.head(source.bucket, source.key, { versionId, signal });
    yield { source, ...factsOf(head), versionId, target };
  } catch (error) {
    if (isS3Error(error, 'NoSuchKey') && (await hasPrefix(source, `${source.key}/`, signal))) throw needsRecursive(source);
    throw error;
  }
}

const factsOf = (entry: { readonly sizeBytes: number; readonly modifiedAt: Date; readonly etag: string }) => ({
  sizeBytes: entry.sizeBytes,
  modifiedMs: entry.modifiedAt.getTime(),
  etag: entry.etag,
});

async function* planPrefix(source: RemotePlace, folder: Place, options: CopyPlanOptions): AsyncGenerator<CopyItem> {
  if (options.versionId !== undefined) {
    throw new UsageError('A version id belongs to one object and cannot be used with --recursive.', 'Use --rewind to copy a whole prefix as it was.');
  }
  if (source.bucket === '') {
    for (const bucket of await source.s3.listBuckets(options.signal)) {
      yield* planKeys(remoteAt(source, bucket.name, ''), '', `${bucket.name}/`, folder, options);
    }
    return;
  }
  if (source.key === '') {
    yield* planKeys(source, '', source.text.endsWith('/') ? '' : `${source.bucket}/`, folder, options);
    return;
  }
  // A folder of exactly that name is meant, if there is one; else all keys that begin so.
  const isWholeFolder = !source.key.endsWith('/') && (await hasPrefix(source, `${source.key}/`, options.signal));
  const root = source.key.slice(0, source.key.lastIndexOf('/') + 1);
  const prefix = isWholeFolder ? `${source.key}/` : source.key;
  let count = 0;
  for await (const item of planKeys(source, prefix, prefix.slice(root.length), folder, options)) {
    count += 1;
    yield item;
  }
  if (count === 0 && options.beforeMs === undefined && options.afterMs === undefined) {
    throw new UsageError(`Object does not exist: nothing is stored under \`${sourceName(source)}\``);
  }
}

/** All keys under `prefix`; `leading` stands for the prefix in the target's names. */
async function* planKeys(
  source: RemotePlace,
  prefix: string,
  leading: string,
  folder: Place,
  options: CopyPlanOptions,
): AsyncGenerator<CopyItem> {
  const { s3, bucket } = source;
  const walk =
    options.rewindMs === undefined
      ? walkObjects(s3, bucket, prefix, options.signal)
      : walkObjectsAt(s3, bucket, prefix, options.rewindMs, options.signal);
  for await (const entry of walk) {
    const name = leading + entry.key.slice(prefix.length);
    if (folder.kind === 'local') refuseEscape(name);
    yield {
      source: remoteAt(source, bucket, entry.key),
      ...factsOf(entry),
      versionId: 'versionId' in entry && options.rewindMs !== undefined ? (entry.versionId as string) : undefined,
      target: placeInside(folder, name),
    };
  }
}

/** A key may contain `..`; as a path it would leave the folder that the user named. */
export function refuseEscape(name: string): void {
  if (name.split('/').includes('..')) {
    throw new UsageError(`The key \`${name}\` contains "..", which would lead out of the target folder; it is not copied.`);
  }
}
