/** A version brought from elsewhere as it is: its id, its times, its parts and its metadata, etag and all, stay what they were. */
import type { StorageError } from '../base/index.js';
import { deleteQuorum, writeQuorum, type ErasureSet } from '../cluster/index.js';
import { INLINE_DATA_KEY, encodeVersion, findName, withShardIndex, type DeleteMarker, type ObjectVersion } from '../format/index.js';
import { BodyReader } from './body-reader.js';
import { lockName, objectRef, setForWrite, withLock, type ObjectRef, type StoreContext } from './context.js';
import { encodeInline } from './inline-shards.js';
import { isInlineSize, shapeFor } from './shape.js';
import { ShardWriters } from './shard-writers.js';
import { writeStripes } from './stripe-writer.js';
import { runTransaction, type DriveChange } from './transaction.js';
import type { ByteRange, Versioning } from './types.js';

const ACTUAL_SIZE_KEY = 'X-Minio-Internal-actual-size';
/** Internal metadata that is about how the version lay where it came from. */
const LAYOUT_KEYS = new Set([INLINE_DATA_KEY, 'x-minio-internal-erasure-upgraded']);

/** Gives the stored bytes of a range. */
export type ReadStored = (range: ByteRange) => AsyncIterable<Uint8Array>;

interface Import {
  readonly context: StoreContext;
  readonly ref: ObjectRef;
  readonly set: ErasureSet;
  readonly transaction: string;
}

/** Replaces a version with the same id. Throws what `put` and `read` throw. */
export async function importVersion(
  context: StoreContext,
  bucket: string,
  key: string,
  version: ObjectVersion | DeleteMarker,
  options: { readonly versioning: Versioning; readonly read: ReadStored },
): Promise<void> {
  const ref = objectRef(bucket, key);
  const set = await setForWrite(context, ref, version.kind === 'object' ? version.size : 0);
  const work: Import = { context, ref, set, transaction: context.random.uuid() };
  if (version.kind === 'delete-marker') {
    const entry = encodeVersion(version, { shardIndex: 1 });
    await commit(work, deleteQuorum(set.size), () => ({ kind: 'put', entry }));
  } else await importObject(work, version, options);
}

async function importObject(work: Import, version: ObjectVersion, { versioning, read }: { readonly versioning: Versioning; readonly read: ReadStored }): Promise<void> {
  const { context, ref, set } = work;
  const { erasure, metaSys } = shapeFor(set, ref, findName(version.metaUser, 'x-amz-storage-class'));
  const isInline = version.parts.length <= 1 && !(findName(version.metaUser, 'etag') ?? '').includes('-') && isInlineSize(version.size, erasure, versioning);
  const kept = [...version.metaSys].filter(([name]) => !LAYOUT_KEYS.has(name.toLowerCase()));
  const parts = (version.parts.length === 0 ? [{ number: 1, size: version.size, actualSize: version.size }] : version.parts).map(({ number, size, actualSize, index }) => ({
    number,
    size,
    actualSize: actualSize < 0 ? size : actualSize,
    ...(index !== undefined && { index }),
  }));
  const isMultipart = parts.length > 1 || parts[0]?.number !== 1;
  const hasActualSize = findName(version.metaSys, ACTUAL_SIZE_KEY.toLowerCase()) !== undefined;
  const moved: ObjectVersion = {
    ...version,
    dataDir: context.random.uuid(),
    erasure,
    parts,
    metaSys: new Map([
      ...kept,
      ...metaSys,
      ...(isMultipart && !hasActualSize ? [[ACTUAL_SIZE_KEY, Buffer.from(String(version.size))] as const] : []),
      ...(isInline ? [[INLINE_DATA_KEY, Buffer.from('true')] as const] : []),
    ]),
  };
  const entry = encodeVersion(moved, { shardIndex: 1 });
  const quorum = writeQuorum(erasure.dataShards, erasure.parityShards);
  const indexOf = (slot: number): number => erasure.distribution[slot] ?? 0;
  if (isInline) {
    const bytes = new Uint8Array(moved.size);
    const reader = new BodyReader({ size: moved.size, stream: read({ start: 0, length: moved.size }), digests: [] }, ref, undefined);
    await reader.fill(bytes);
    await reader.close();
    const streams = encodeInline(bytes, erasure);
    await commit(work, quorum, (slot) => ({ kind: 'put', entry: withShardIndex(entry, indexOf(slot)), inline: streams[indexOf(slot) - 1] ?? new Uint8Array() }));
    return;
  }
  const failures = await writeParts(work, moved, read, quorum);
  await commit(work, quorum, (slot) => failures[slot] ?? { kind: 'put', entry: withShardIndex(entry, indexOf(slot)) });
}

/** By slot: why a drive has not all part files. */
async function writeParts({ context, ref, set, transaction }: Import, version: ObjectVersion, read: ReadStored, quorum: number): Promise<readonly (StorageError | undefined)[]> {
  const failures: (StorageError | undefined)[] = set.drives.map(() => undefined);
  const { bucket, key } = ref;
  let start = 0;
  for (const part of version.parts) {
    const body = { size: part.size, stream: read({ start, length: part.size }), digests: [] };
    const reader = new BodyReader(body, ref, undefined);
    const writers = new ShardWriters(context.lanes, { bucket, key, drives: set.drives, quorum, transaction, dataDir: version.dataDir, partNumber: part.number });
    try {
      await writeStripes(reader, body, version.erasure, writers);
      await writers.close();
    } catch (error) {
      await writers.abort();
      throw error;
    } finally {
      await reader.close().catch(() => undefined);
    }
    writers.failures.forEach((failure, slot) => (failures[slot] ??= failure));
    start += part.size;
  }
  return failures;
}

function commit({ context, ref, set, transaction }: Import, quorum: number, change: (slot: number) => DriveChange): Promise<unknown> {
  return withLock(context, lockName(ref), (lock) =>
    runTransaction(
      context.lanes,
      { ...ref, id: transaction, drives: set.drives, volume: ref.bucket, changes: () => set.drives.map((_, slot) => change(slot)), quorum, lock, what: `Bringing ${ref.key}` },
      context.log,
    ),
  );
}
