/** How a new object is laid out over its set: shards, order, and whether it is kept inline. */
import { BLOCK_SIZE_BYTES, StorageError } from '../base/index.js';
import { hashOrder, systemParity, writeShape, type ErasureSet } from '../cluster/index.js';
import { shardFileSize } from '../erasure/index.js';
import { SYSTEM_VOLUME, type ErasureLayout } from '../format/index.js';
import type { ObjectRef } from './context.js';
import type { Versioning } from './types.js';

const REDUCED_REDUNDANCY = 'REDUCED_REDUNDANCY';
const STANDARD = 'STANDARD';

/** Shards of at most this size are kept in xl.meta, as MinIO does; an eighth of it where versions pile up there. */
const INLINE_SHARD_BYTES_MAX = 128 * 1024;
const INLINE_SHARD_BYTES_MAX_VERSIONED = INLINE_SHARD_BYTES_MAX / 8;

export interface Shape {
  readonly erasure: ErasureLayout;
  /** Internal metadata that says so where the parity was raised for offline drives. */
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
}

/** Throws write-quorum where half of the drives or more are offline. */
export function shapeFor(set: ErasureSet, ref: ObjectRef, storageClass: string | undefined): Shape {
  const isSystem = ref.bucket === SYSTEM_VOLUME;
  const parity = isSystem ? systemParity(set.size) : storageClass === REDUCED_REDUNDANCY ? set.reducedParity : set.defaultParity;
  const offlineCount = set.drives.filter((drive) => drive?.state !== 'online').length;
  const shape = writeShape(set.size, parity, offlineCount);
  if (shape === undefined) {
    const { bucket, key } = ref;
    throw new StorageError('write-quorum', `Writing ${key} needs more than half of the ${set.size} drives of its set, ${offlineCount} are offline`, { bucket, key });
  }
  const { dataShards, parityShards, upgradedFrom } = shape;
  const distribution = hashOrder(`${ref.bucket}/${ref.path}`, set.size);
  return {
    erasure: { dataShards, parityShards, blockSizeBytes: BLOCK_SIZE_BYTES, distribution },
    metaSys: upgradedFrom === undefined ? new Map() : new Map([['x-minio-internal-erasure-upgraded', Buffer.from(`${upgradedFrom}->${parityShards}`)]]),
  };
}

/** User metadata that remembers the storage class: STANDARD is what an object without it has. */
export function storageClassMeta(storageClass: string | undefined): [string, string][] {
  return storageClass === undefined || storageClass === '' || storageClass === STANDARD ? [] : [['x-amz-storage-class', storageClass]];
}

/** Whether a single PUT of `size` client bytes is kept in xl.meta. */
export function isInlineSize(size: number | undefined, layout: ErasureLayout, versioning: Versioning): boolean {
  if (size === undefined) return false;
  return shardFileSize(size, layout) <= (versioning === 'enabled' ? INLINE_SHARD_BYTES_MAX_VERSIONED : INLINE_SHARD_BYTES_MAX);
}
