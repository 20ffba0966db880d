/** PutObject: small objects go into xl.meta, larger ones stripe by stripe into part files; both become visible by a transaction. */
import { StorageError } from '../base/index.js';
import { writeQuorum, type ErasureSet, type LockHandle } from '../cluster/index.js';
import { INLINE_DATA_KEY, NULL_VERSION_ID, encodeVersion, withShardIndex, type ObjectVersion } from '../format/index.js';
import { createDigest } from '../hash/index.js';
import { BodyReader } from './body-reader.js';
import { checkPrecondition, lockName, objectRef, setForWrite, withLock, type ObjectRef, type StoreContext } from './context.js';
import { encodeInline } from './inline-shards.js';
import { isInlineSize, shapeFor, storageClassMeta, type Shape } from './shape.js';
import { ShardWriters } from './shard-writers.js';
import { UNTHREADED_DIGEST_BYTES_MAX, writeStripes } from './stripe-writer.js';
import { runTransaction, type DriveChange } from './transaction.js';
import type { Body, BodyVerdict, ObjectInfo, PutOptions } from './types.js';

const INLINE_MARK = [INLINE_DATA_KEY, Buffer.from('true')] as const;

/**
 * Stores an object. Nothing is visible until all of the body has come, `judge` accepted it and a quorum of drives has it.
 * Throws object-name-invalid, object-name-too-long, bucket-not-found, size-mismatch, aborted, write-quorum, storage-full,
 * and what the body, `judge` and the precondition throw.
 */
export async function putObject(context: StoreContext, bucket: string, key: string, body: Body, options: PutOptions): Promise<ObjectInfo> {
  const ref = objectRef(bucket, key);
  const reader = new BodyReader(body, { bucket, key }, options.signal);
  try {
    const set = await setForWrite(context, ref, body.size);
    const shape = shapeFor(set, ref, options.storageClass);
    const put = { context, ref, set, shape, options };
    return isInlineSize(body.size, shape.erasure, options.versioning) ? await putInline(put, reader, body) : await putStriped(put, reader, body);
  } finally {
    await reader.close().catch(() => undefined);
  }
}

interface Put {
  readonly context: StoreContext;
  readonly ref: ObjectRef;
  readonly set: ErasureSet;
  readonly shape: Shape;
  readonly options: PutOptions;
}

async function putInline(put: Put, reader: BodyReader, body: Body): Promise<ObjectInfo> {
  const bytes = new Uint8Array(body.size ?? 0);
  await reader.fill(bytes);
  const digest = createDigest(body.digests, { threaded: bytes.length > UNTHREADED_DIGEST_BYTES_MAX });
  await digest.update(bytes);
  const verdict = put.options.judge(await digest.finish(), bytes.length);
  return commitInline(put, bytes, verdict);
}

function commitInline(put: Put, bytes: Uint8Array, verdict: BodyVerdict): Promise<ObjectInfo> {
  const streams = encodeInline(bytes, put.shape.erasure);
  return commit(put, { size: bytes.length, dataDir: put.context.random.uuid(), transaction: put.context.random.uuid(), verdict, inline: streams });
}

async function putStriped(put: Put, reader: BodyReader, body: Body): Promise<ObjectInfo> {
  const { context, ref, set, shape, options } = put;
  const transaction = context.random.uuid();
  const dataDir = context.random.uuid();
  const { dataShards, parityShards } = shape.erasure;
  const quorum = writeQuorum(dataShards, parityShards);
  const { bucket, key } = ref;
  const writers = new ShardWriters(context.lanes, { bucket, key, drives: set.drives, quorum, transaction, dataDir, partNumber: 1 });
  let isStaging = false;
  try {
    const { size, digests } = await writeStripes(reader, body, shape.erasure, writers);
    const verdict = options.judge(digests, size);
    if (size === 0) return await commitInline(put, new Uint8Array(), verdict);
    await writers.close();
    const onStaging = (): void => {
      isStaging = true;
    };
    return await commit(put, { size, dataDir, transaction, verdict, failures: writers.failures, onStaging });
  } finally {
    // From the staging on, the transaction cleans up after itself.
    if (!isStaging) await writers.abort();
  }
}

interface Written {
  readonly size: number;
  readonly dataDir: string;
  readonly transaction: string;
  readonly verdict: BodyVerdict;
  /** Shard streams by shard index, where the data is inline. */
  readonly inline?: readonly Uint8Array[];
  /** By slot: why a drive has no part file. */
  readonly failures?: readonly (StorageError | undefined)[];
  /** Called when the part files become the transaction's. */
  readonly onStaging?: () => void;
}

async function commit(put: Put, written: Written): Promise<ObjectInfo> {
  const { context, ref, set, options } = put;
  const { bucket, key, path } = ref;
  const work = async (lock: LockHandle): Promise<ObjectInfo> => {
    if (options.signal?.aborted === true) throw new StorageError('aborted', `The client went away while it sent ${key}`, { bucket, key });
    if (options.precondition !== undefined) await checkPrecondition(context, ref, options.precondition);
    let version = newVersion(put, written);
    const { dataShards, parityShards, distribution } = version.erasure;
    const changes = (newestModTimeNs: bigint | undefined): DriveChange[] => {
      if (newestModTimeNs !== undefined) version = { ...version, modTimeNs: newestModTimeNs + 1n };
      const entry = encodeVersion(version, { shardIndex: 1 });
      return set.drives.map((_, slot) => {
        const shardIndex = distribution[slot] ?? 0;
        const inline = written.inline?.[shardIndex - 1];
        return written.failures?.[slot] ?? { kind: 'put', entry: withShardIndex(entry, shardIndex), ...(inline && { inline }) };
      });
    };
    written.onStaging?.();
    await runTransaction(
      context.lanes,
      {
        bucket,
        key,
        id: written.transaction,
        drives: set.drives,
        volume: bucket,
        path,
        changes,
        modTimeNs: () => version.modTimeNs,
        quorum: writeQuorum(dataShards, parityShards),
        lock,
        what: `Writing ${key}`,
      },
      context.log,
    );
    return { ...version, key, isLatest: true };
  };
  return withLock(context, lockName(ref), work, options.signal);
}

function newVersion(put: Put, written: Written): ObjectVersion {
  const { context, shape, options } = put;
  const { size, dataDir, verdict, inline } = written;
  return {
    kind: 'object',
    versionId: options.versioning === 'enabled' ? context.random.uuid() : NULL_VERSION_ID,
    modTimeNs: context.clock.nextModTimeNs(),
    size,
    dataDir,
    erasure: shape.erasure,
    parts: [{ number: 1, size, actualSize: size }],
    metaUser: new Map([...options.metaUser, ...storageClassMeta(options.storageClass), ...(verdict.metaUser ?? []), ['etag', verdict.etag]]),
    metaSys: new Map([...shape.metaSys, ...(options.metaSys ?? []), ...(verdict.metaSys ?? []), ...(inline ? [INLINE_MARK] : [])]),
  };
}
