/**
 * Where an object goes: the set that its key hashes to, the order of its shards over the drives of that set, and the pool
 * that takes a new object. Layout as real servers wrote it (test vectors in test/cluster/placement.test.ts).
 */
import { crc32 } from 'node:zlib';

import type { DriveInfo } from '../drive/index.js';
import type { FormatAlgorithm } from '../format/index.js';
import { sipHash24 } from '../hash/index.js';

/** Key (object name on the drive, without the bucket) -> set index. */
export type SetChooser = (key: string) => number;

/** How a pool finds the set of a key. `deploymentId` is the SipHash key of the SIPMOD algorithms. */
export function setChooser(algorithm: FormatAlgorithm, deploymentId: string, setCount: number): SetChooser {
  if (setCount === 1) return () => 0;
  if (algorithm === 'CRCMOD') return (key) => crc32(key) % setCount;
  const hashKey = Buffer.from(deploymentId.replaceAll('-', ''), 'hex');
  const count = BigInt(setCount);
  return (key) => Number(sipHash24(hashKey, Buffer.from(key)) % count);
}

/**
 * `distribution[slot]`: the 1-based index of the shard that the drive in that slot holds. New objects are ordered by
 * `bucket/key`; readers use what the object's metadata says.
 */
export function hashOrder(name: string, driveCount: number): number[] {
  const start = crc32(name) % driveCount;
  return Array.from({ length: driveCount }, (_, slot) => 1 + ((start + slot + 1) % driveCount));
}

/** What is known of a pool when a new object looks for a place. */
export interface PoolSpace {
  readonly index: number;
  readonly setCount: number;
  /** Drives of the set that the object's key hashes to; undefined where a drive gave no answer. */
  readonly drives: readonly (DriveInfo | undefined)[];
  /** Being emptied: takes no new objects. */
  readonly isSuspended: boolean;
}

const UNKNOWN_SIZE_BYTES = 1024 ** 3;
const FREE_INODES_MIN = 1000;
const USED_FRACTION_MAX = 0.99;
/** A pool with a fuller drive is left alone while another has room. */
const USED_FRACTION_PREFERRED = 0.85;

/**
 * Index of the pool for a new object: at random, weighted by free space. undefined where none has room (storage-full).
 * `size` is undefined where the client did not say; `fraction` is a random number in [0, 1).
 */
export function choosePool(pools: readonly PoolSpace[], size: number | undefined, fraction: number): number | undefined {
  const roomy = pools.filter((pool) => !pool.isSuspended && hasRoom(pool, size ?? UNKNOWN_SIZE_BYTES));
  const preferred = roomy.filter((pool) => known(pool).every((drive) => usedFraction(drive, 0) <= USED_FRACTION_PREFERRED));
  const candidates = preferred.length > 0 ? preferred : roomy;
  const weights = candidates.map((pool) => known(pool).reduce((sum, drive) => sum + drive.freeBytes, 0) * pool.setCount);
  let ticket = weights.reduce((sum, weight) => sum + weight, 0) * fraction;
  const winner = candidates.find((_, index) => (ticket -= weights[index] ?? 0) < 0);
  return (winner ?? candidates.at(-1))?.index;
}

/** Parity is at most half of the set, so a drive takes at most the size divided by half of the drives. */
function hasRoom(pool: PoolSpace, size: number): boolean {
  const drives = known(pool);
  if (drives.length === 0 || drives.length < pool.drives.length / 2) return false;
  const perDrive = size / Math.ceil(pool.drives.length / 2);
  return drives.every(
    (drive) =>
      drive.freeBytes >= perDrive &&
      usedFraction(drive, perDrive) <= USED_FRACTION_MAX &&
      // Some file systems have no inode table and report none at all.
      (drive.totalInodes === 0 || drive.freeInodes >= FREE_INODES_MIN),
  );
}

function known(pool: PoolSpace): DriveInfo[] {
  return pool.drives.filter((drive) => drive !== undefined);
}

function usedFraction(drive: DriveInfo, moreBytes: number): number {
  return drive.totalBytes === 0 ? 0 : (drive.totalBytes - drive.freeBytes + moreBytes) / drive.totalBytes;
}
