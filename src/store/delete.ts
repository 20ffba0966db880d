/** DeleteObject: a marker, one version, or the object, as the bucket's versioning says. */
import { StorageError } from '../base/index.js';
import { deleteQuorum, type ErasureSet, type LockHandle } from '../cluster/index.js';
import type { VersionChange } from '../drive/index.js';
import { NULL_VERSION_ID, encodeVersion, type DeleteMarker } from '../format/index.js';
import { locate, lockName, objectRef, setForWrite, setsOf, withLock, type ObjectRef, type StoreContext } from './context.js';
import { versionInfo } from './object-info.js';
import type { FoundVersion } from './read-version.js';
import { runTransaction, type TransactionResult } from './transaction.js';
import type { DeleteOptions, DeleteResult } from './types.js';

/** Deleting what is not there succeeds, as S3 wants it. Throws write-quorum, read-quorum, bucket-not-found and what the precondition throws. */
export async function deleteObject(context: StoreContext, bucket: string, key: string, options: DeleteOptions): Promise<DeleteResult> {
  const ref = objectRef(bucket, key, options.versionId);
  return withLock(context, lockName(ref), async (lock) => {
    const { precondition, versioning } = options;
    if (precondition !== undefined) {
      const current = await locate(context, ref, { inline: false });
      precondition(current && versionInfo(ref, current));
    }
    if (ref.versionId !== undefined) return removeVersion(context, ref, ref.versionId, lock);
    if (versioning !== 'unversioned') return putMarker(context, ref, versioning === 'enabled' ? context.random.uuid() : NULL_VERSION_ID, lock);
    // A copy in another pool that lost a race long ago must not come back.
    for (const set of setsOf(context, ref)) await removeFrom(context, ref, set, NULL_VERSION_ID, lock);
    return { isDeleteMarker: false };
  });
}

async function removeVersion(context: StoreContext, ref: ObjectRef, versionId: string, lock: LockHandle): Promise<DeleteResult> {
  let found: FoundVersion | undefined;
  for (;;) {
    const next = await locate(context, ref, { inline: false });
    found ??= next;
    // Pools may each hold one; a version below the quorum is taken along where it lies.
    const sets = next === undefined ? (found === undefined ? setsOf(context, ref) : []) : [next.set];
    for (const set of sets) await removeFrom(context, ref, set, versionId, lock);
    if (next === undefined || context.deployment.pools.length === 1) break;
  }
  return { isDeleteMarker: found?.version.kind === 'delete-marker', versionId };
}

function removeFrom(context: StoreContext, ref: ObjectRef, set: ErasureSet, versionId: string, lock: LockHandle): Promise<TransactionResult> {
  return transact(context, ref, set, lock, () => ({ kind: 'remove', versionId }));
}

async function putMarker(context: StoreContext, ref: ObjectRef, versionId: string, lock: LockHandle): Promise<DeleteResult> {
  const set = await setForWrite(context, ref, 0);
  let marker: DeleteMarker = { kind: 'delete-marker', versionId, modTimeNs: context.clock.nextModTimeNs(), metaSys: new Map(), isFree: false };
  const change = (newestModTimeNs: bigint | undefined): VersionChange => {
    if (newestModTimeNs !== undefined) marker = { ...marker, modTimeNs: newestModTimeNs + 1n };
    return { kind: 'put', entry: encodeVersion(marker, { shardIndex: 1 }) };
  };
  await transact(context, ref, set, lock, change, () => marker.modTimeNs);
  return { isDeleteMarker: true, versionId };
}

function transact(
  context: StoreContext,
  ref: ObjectRef,
  set: ErasureSet,
  lock: LockHandle,
  change: (newestModTimeNs: bigint | undefined) => VersionChange,
  modTimeNs?: () => bigint,
): Promise<TransactionResult> {
  const request = {
    ...ref,
    id: context.random.uuid(),
    drives: set.drives,
    volume: ref.bucket,
    changes: (newestModTimeNs: bigint | undefined) => {
      const same = change(newestModTimeNs);
      return set.drives.map((drive) => (drive === undefined ? new StorageError('drive-not-found', 'There is no drive in this slot') : same));
    },
    ...(modTimeNs && { modTimeNs }),
    quorum: deleteQuorum(set.size),
    lock,
    what: `Deleting ${ref.key}`,
  };
  return runTransaction(context.lanes, request, context.log);
}
