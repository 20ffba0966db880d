/**
 * `mirror --watch`: after the first mirroring, every change of the source is carried over as it happens, until the signal
 * fires. Local folders are watched by the system, buckets by MinIO's notifications, other servers by comparing again.
 */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isS3Error } from '../errors.js';
import { passesAge } from '../transfer/copy-plan.js';
import { placeInside, remoteAt, type LocalPlace, type Place, type RemotePlace } from '../transfer/place.js';
import { runTransfers } from '../transfer/run.js';
import type { TransferContext } from '../transfer/send.js';
import { bucketOf, copyItemFor, listFolder, MirrorFilter, removeTarget } from './plan.js';
import { runMirror, type MirrorListener, type MirrorRunOptions } from './run.js';
import { FolderWatch } from './watch-local.js';
import { BucketWatch } from './watch-remote.js';
import type { MirrorEntry } from './compare.js';

/** Between two comparisons, where the server does not tell what changes. */
const POLL_MS = 5_000;
/** Before a broken notification stream is opened again. */
const RECONNECT_MS = 2_000;

interface Watched {
  readonly source: Place;
  readonly target: Place;
  readonly options: MirrorRunOptions;
  readonly context: Omit<TransferContext, 'onBytes'>;
  readonly listener: MirrorListener;
}

/** Mirrors once, then follows the changes. Resolves only when the signal fires; rejects when the first mirroring does. */
export async function watchMirror(
  source: Place,
  target: Place,
  options: MirrorRunOptions,
  context: Omit<TransferContext, 'onBytes'>,
  listener: MirrorListener,
): Promise<void> {
  const watched: Watched = { source, target, options, context, listener };
  if (source.kind === 'local') await followFolder(source, watched);
  else await followBuckets(source, watched);
}

async function mirrorOnce({ source, target, options, context, listener }: Watched): Promise<void> {
  await runMirror(source, target, options, context, listener);
}

async function followFolder(source: LocalPlace, watched: Watched): Promise<void> {
  const { signal } = watched.options;
  // Watching begins before the first comparison, so that nothing falls between the two.
  const watching = await FolderWatch.open(resolve(source.text));
  try {
    await mirrorOnce(watched);
    for await (const { name } of watching.changes(signal)) await carryOver(name, watched);
  } finally {
    watching.close();
  }
}

/** Copies what is at that name now, or removes it from the target. A failure is told and the watching goes on. */
async function carryOver(name: string, watched: Watched): Promise<void> {
  const { source, target, options, listener } = watched;
  try {
    const entry = await entryAt(source, name, options.signal);
    if (entry) await copyEntry(entry, watched);
    else if (options.isRemoving) await removeName(name, watched);
  } catch (error) {
    options.signal.throwIfAborted();
    listener.onRemoveFailed(placeInside(target, name), error);
  }
}

async function entryAt(source: Place, name: string, signal: AbortSignal): Promise<MirrorEntry | undefined> {
  const place = placeInside(source, name);
  if (place.kind === 'local') {
    const stats = await stat(join(resolve(source.text), name)).catch(() => undefined);
    if (!stats?.isFile()) return undefined;
    return { name, sizeBytes: stats.size, modifiedMs: stats.mtimeMs, etag: '', storageClass: '' };
  }
  try {
    const head = await place.s3.head(place.bucket, place.key, { signal });
    return { name, sizeBytes: head.sizeBytes, modifiedMs: head.modifiedAt.getTime(), etag: head.etag, storageClass: head.storageClass };
  } catch (error) {
    if (isS3Error(error) && (error.status === 404 || error.status === 405)) return undefined;
    throw error;
  }
}

async function copyEntry(entry: MirrorEntry, watched: Watched): Promise<void> {
  const { source, target, options, context, listener } = watched;
  const filter = new MirrorFilter(options);
  if (!filter.admits(entry, bucketOf(source, entry.name)) || !passesAge(entry.modifiedMs, options)) return;
  const present = await entryAt(target, entry.name, options.signal);
  if (present?.sizeBytes === entry.sizeBytes && present.etag !== '' && present.etag === entry.etag) return;
  if (present && !options.isOverwriting) {
    // The first mirroring may have copied this very state a moment ago.
    const isSame = present.sizeBytes === entry.sizeBytes && present.modifiedMs + 1000 >= entry.modifiedMs;
    if (!isSame) listener.onConflict(placeInside(target, entry.name), present.sizeBytes === entry.sizeBytes ? 'newer' : 'size');
    return;
  }
  await runTransfers(only(copyItemFor(source, target, entry)), options.transfer, context, listener);
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}

/** The name may have been a file or a whole folder; the target is asked what there is to remove. */
async function removeName(name: string, watched: Watched): Promise<void> {
  const { source, target, options, listener } = watched;
  const filter = new MirrorFilter(options);
  const gone: string[] = [];
  if (await entryAt(target, name, options.signal)) gone.push(name);
  for await (const entry of listFolder(placeInside(target, `${name}/`), options.signal)) gone.push(`${name}/${entry.name}`);
  for (const each of gone) {
    if (!filter.admits({ name: each, storageClass: '' }, bucketOf(target, each))) continue;
    if (await entryAt(source, each, options.signal)) continue;
    const place = placeInside(target, each);
    await removeTarget(place, target, options.signal);
    listener.onRemove(place, { itemCount: 1, sizeBytes: 0, movedBytes: 0, doneCount: 1, failedCount: 0 });
  }
}

async function followBuckets(source: RemotePlace, watched: Watched): Promise<void> {
  const { signal } = watched.options;
  const buckets = source.bucket === '' ? (await source.s3.listBuckets(signal)).map(({ name }) => name) : [source.bucket];
  await Promise.all(buckets.map((bucket) => followBucket(source, bucket, watched)));
}

async function followBucket(source: RemotePlace, bucket: string, watched: Watched): Promise<void> {
  const { signal } = watched.options;
  const key = source.key === '' || source.key.endsWith('/') ? source.key : `${source.key}/`;
  const scope: Watched =
    source.bucket === ''
      ? { ...watched, source: remoteAt(source, bucket, ''), target: placeInside(watched.target, `${bucket}/`) }
      : watched;
  let isFirst = true;
  let canNotify = true;
  while (!signal.aborted) {
    try {
      // The stream is opened before the comparison, so that nothing falls between the two.
      const watching: BucketWatch | undefined = canNotify ? await BucketWatch.open(source.s3, bucket, key, signal) : undefined;
      canNotify = watching !== undefined;
      await mirrorOnce(scope);
      isFirst = false;
      if (watching) await drainChanges(watching, key, scope);
      else await sleep(POLL_MS, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst) throw error;
      // The server is away: what changes meanwhile is found by the next comparison.
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Carries over each notified change, one after the other, until the stream ends. */
async function drainChanges(watching: BucketWatch, prefix: string, scope: Watched): Promise<void> {
  let work = Promise.resolve();
  await watching.run(({ key }) => {
    if (key.startsWith(prefix)) work = work.then(() => carryOver(key.slice(prefix.length), scope));
  });
  await work;
}
