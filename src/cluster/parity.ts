/** Parity of sets and objects, and the quorums that follow from it. */
import { UsageError } from '../base/index.js';

export interface StorageClasses {
  /** Parity shards of new objects. */
  readonly standard: number;
  /** Parity shards of new objects with `x-amz-storage-class: REDUCED_REDUNDANCY`. */
  readonly reduced: number;
}

interface StorageClassRequest {
  /** Set size of each pool, first pool first. */
  readonly setSizes: readonly number[];
  /** MINIO_STORAGE_CLASS_STANDARD and MINIO_STORAGE_CLASS_RRS: `EC:n`, or undefined or empty for the default. */
  readonly standard?: string | undefined;
  readonly reduced?: string | undefined;
}

/** Parity shards of new objects in a set of this size, when nothing else is configured. As servers since 2021 choose. */
export function defaultParity(setSize: number): number {
  if (setSize < 2) return 0;
  if (setSize < 8) return Math.floor(setSize / 2);
  return 4;
}

/** Parity of what the server keeps for itself (settings, users): as much as there can be. */
export function systemParity(setSize: number): number {
  return Math.floor(setSize / 2);
}

/** The parity of both storage classes, the same for all pools. Throws a UsageError where a set cannot carry it. */
export function storageClasses(request: StorageClassRequest): StorageClasses {
  const smallest = Math.min(...request.setSizes);
  const largestParity = Math.floor(smallest / 2);
  const standard = parityOf('MINIO_STORAGE_CLASS_STANDARD', request.standard) ?? defaultParity(request.setSizes[0] ?? 1);
  if (standard > largestParity) {
    throw new UsageError(
      `parity ${standard} of the STANDARD storage class is more than a set of ${smallest} drives can carry (at most ${largestParity})`,
      `set MINIO_STORAGE_CLASS_STANDARD to EC:${largestParity} or less, or use larger sets`,
    );
  }
  const reduced = parityOf('MINIO_STORAGE_CLASS_RRS', request.reduced) ?? Math.min(1, standard);
  if (reduced > standard) {
    throw new UsageError(
      `parity ${reduced} of the REDUCED_REDUNDANCY storage class is above parity ${standard} of STANDARD`,
      `set MINIO_STORAGE_CLASS_RRS to EC:${standard} or less`,
    );
  }
  return { standard, reduced };
}

function parityOf(variable: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^EC:(\d{1,2})$/.exec(text);
  if (match === null) throw new UsageError(`${variable} is "${text}", which is not a parity`, 'write EC: and the number of parity drives, for instance EC:2');
  return Number(match[1]);
}

interface WriteShape {
  readonly dataShards: number;
  readonly parityShards: number;
  /** The parity it would have had with all drives there, where drives are offline and it was raised. */
  readonly upgradedFrom?: number;
}

/**
 * Shards of a new object: each drive that is offline adds one parity shard, up to half of the set, so that the object
 * tolerates as many further losses as others. undefined where half of the drives or more are offline: no write quorum.
 */
export function writeShape(setSize: number, parity: number, offlineCount: number): WriteShape | undefined {
  if (offlineCount >= (setSize + 1) / 2) return undefined;
  const raised = Math.max(parity, Math.min(parity + offlineCount, Math.floor(setSize / 2)));
  const shape = { dataShards: setSize - raised, parityShards: raised };
  return raised === parity ? shape : { ...shape, upgradedFrom: parity };
}

/** Drives that must have committed before a write is acknowledged. */
export function writeQuorum(dataShards: number, parityShards: number): number {
  return dataShards === parityShards ? dataShards + 1 : dataShards;
}

/** Drives that must agree before a version is believed. */
export function readQuorum(dataShards: number): number {
  return dataShards;
}

/** Drives that must have carried out a removal or a delete marker, whatever the parity. */
export function deleteQuorum(setSize: number): number {
  return Math.floor(setSize / 2) + 1;
}
