/** Small steps on files that several calls of the drive's thread are made of. */
import { closeSync, linkSync, openSync, unlinkSync, writeSync, writevSync } from 'node:fs';

import { isErrno } from './failures.js';
import type { Syncs } from './syncs.js';

/** Creates a file that must not exist and writes it; gives the open descriptor, for a sync. */
export function createFile(path: string, bytes: Uint8Array): number {
  const fd = openSync(path, 'wx');
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset, bytes.length - offset, null);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Creates a file; durable when this resolves. */
export async function createDurable(path: string, bytes: Uint8Array, syncs: Syncs): Promise<void> {
  await syncAndClose(createFile(path, bytes), syncs);
}

/** Makes a file's contents durable and closes it in any case. */
export async function syncAndClose(fd: number, syncs: Syncs): Promise<void> {
  try {
    await syncs.data(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of the buffers at a position; gives the position after them. */
export function writeAll(fd: number, buffers: readonly Uint8Array[], position: number): number {
  const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  let written = writevSync(fd, buffers, position);
  // A short write (a signal, a quota just reached) goes on where it stopped, until it fails or is done.
  while (written < size) {
    let skip = written;
    const rest: Uint8Array[] = [];
    for (const buffer of buffers) {
      if (skip < buffer.length) rest.push(buffer.subarray(skip));
      skip = Math.max(0, skip - buffer.length);
    }
    written += writevSync(fd, rest, position + written);
  }
  return position + size;
}

/** Removes a file; true where there was one. */
export function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Gives a file a second name; false where there is no such file, or the file system cannot. */
export function linkIfPossible(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    // EPERM is what file systems without hard links say, and Linux of files that are somebody else's.
    if (isErrno(error, 'ENOENT', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EACCES')) return false;
    throw error;
  }
}
