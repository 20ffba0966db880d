/** GetObject and HeadObject: the version that the drives agree on, and its bytes. */
import { StorageError } from '../base/index.js';
import { LEGACY_DATA_DIR, type ObjectVersion } from '../format/index.js';
import { checkRange } from './block-plan.js';
import { locate, objectRef, requireLocated, type ObjectRef, type StoreContext } from './context.js';
import { decodeInline, isInlineVersion } from './inline-reader.js';
import { objectInfo } from './object-info.js';
import { notFoundError } from './quorum.js';
import type { FoundVersion } from './read-version.js';
import { StripeReader } from './stripe-reader.js';
import type { ByteRange, ObjectInfo, OpenedObject } from './types.js';

/** How often a version that is overwritten while it is being opened is looked for again. */
const OPEN_TRIES_MAX = 5;

/** Throws object-not-found, version-not-found, delete-marker, read-quorum. */
export async function statObject(context: StoreContext, bucket: string, key: string, options: { readonly versionId?: string }): Promise<ObjectInfo> {
  const ref = objectRef(bucket, key, options.versionId);
  return objectInfo(ref, await requireLocated(context, ref, { inline: false }));
}

/** As statObject; what is opened stays readable when the object is overwritten or removed meanwhile. */
export async function openObject(
  context: StoreContext,
  bucket: string,
  key: string,
  options: { readonly versionId?: string; readonly signal?: AbortSignal },
): Promise<OpenedObject> {
  const ref = objectRef(bucket, key, options.versionId);
  let found = await requireLocated(context, ref, { inline: true });
  // How its part file is to be checked only each drive itself can tell.
  if (isLegacy(found)) found = await requireLocated(context, ref, { inline: true, askAll: true });
  for (let tries = 1; ; tries++) {
    const info = objectInfo(ref, found);
    const opened = isInlineVersion(found, info) ? openInline(context, ref, found, info, options.signal) : await openStriped(context, ref, found, info, options.signal);
    if (opened !== undefined) return opened;
    // Shards are missing or damaged on the drives that were asked, or the version has just been replaced: have all drives say.
    const next = await locate(context, ref, { inline: true, askAll: true });
    if (next === undefined) throw notFoundError(ref);
    const isSame = next.version.modTimeNs === found.version.modTimeNs && next.version.versionId === found.version.versionId;
    if ((isSame && tries > 1) || tries === OPEN_TRIES_MAX) throw unreadable(ref, info);
    found = next;
  }
}

function isLegacy({ version }: FoundVersion): boolean {
  return version.kind === 'object' && version.dataDir === LEGACY_DATA_DIR;
}

function unreadable({ bucket, key }: ObjectRef, { versionId, erasure }: ObjectVersion): StorageError {
  return new StorageError('read-quorum', `Fewer than ${erasure.dataShards} drives have good data of ${bucket}/${key}`, { bucket, key, versionId });
}

/** The object from the answers at hand; undefined where they do not suffice. */
function openInline(context: StoreContext, ref: ObjectRef, found: FoundVersion, info: ObjectInfo, signal: AbortSignal | undefined): OpenedObject | undefined {
  const body = decodeInline(found, info, () => context.notices.damaged(found.set, ref.bucket, ref.path, 'normal'));
  if (body === undefined) return undefined;
  return {
    info,
    read: (range) => readInline(body, range ?? { start: 0, length: body.length }, signal),
    close: () => undefined,
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async generator like that of larger objects
async function* readInline(body: Uint8Array, { start, length }: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
  checkRange(body.length, { start, length });
  if (signal?.aborted === true) throw new StorageError('aborted', 'The client went away');
  if (length > 0) yield body.subarray(start, start + length);
}

async function openStriped(
  context: StoreContext,
  ref: ObjectRef,
  found: FoundVersion,
  info: ObjectInfo,
  signal: AbortSignal | undefined,
): Promise<OpenedObject | undefined> {
  const reader = new StripeReader(found, info, ref.bucket, ref.path, context.dataLatency, (scan) => context.notices.damaged(found.set, ref.bucket, ref.path, scan));
  try {
    await reader.check();
  } catch (error) {
    reader.close();
    if (error instanceof StorageError && error.code === 'read-quorum') return undefined;
    throw error;
  }
  return {
    info,
    read: (range) => reader.read(range ?? { start: 0, length: info.size }, signal),
    close: () => reader.close(),
  };
}
