/** What is saved goes into a folder: a file for each object, named by its key. */
import { mkdir, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageError } from '../../base/index.js';
import { salvagedRanges } from '../../store/index.js';
import { isErrno } from '../read-file.js';
import { readAround, readChecked, wrongBytes } from './content.js';
import type { CopyJob, CopySink, Hole } from './copy.js';

/** Objects up to this are held in memory, checked, and written at once. */
const SMALL_BYTES_MAX = 1024 * 1024;

export interface FolderSinkOptions {
  readonly folder: string;
  /** Put each bucket into a folder of its own. */
  readonly withBucket: boolean;
}

export function folderSink({ folder, withBucket }: FolderSinkOptions): CopySink {
  const made = new Set<string>();
  const pathOf = ({ bucket, key, isLatest, modTime, read }: CopyJob): string => {
    const name = isLatest ? key : `${key}~${modTime.toISOString().replace(/[-:]|\.\d+/g, '')}~${read.version.versionId}`;
    return join(folder, ...(withBucket ? [bucket] : []), name);
  };
  const makeParent = async (path: string): Promise<void> => {
    const parent = dirname(path);
    if (made.has(parent)) return;
    try {
      await mkdir(parent, { recursive: true });
    } catch (error) {
      if (!isErrno(error, 'EEXIST', 'ENOTDIR')) throw error;
      throw new Error(`a file stands where the folder ${parent} must be: two keys, one a folder of the other; copy to a server, or this prefix into another folder`);
    }
    if (made.size > 10_000) made.clear();
    made.add(parent);
  };
  return {
    async write(job) {
      const path = pathOf(job);
      if (job.key.endsWith('/')) {
        if (job.read.size > 0) throw new Error('its key ends with a slash: no file can have that name; copy it to a server');
        await mkdir(path, { recursive: true });
        return { target: path, isPresent: false };
      }
      if (await isThere(path, job)) return { target: path, isPresent: true };
      await makeParent(path);
      await storeAs(path, job, (fresh) => writeWhole(fresh, job));
      return { target: path, isPresent: false };
    },
    async writePartial(job) {
      const path = `${pathOf(job)}.partial`;
      await makeParent(path);
      let holes: Hole[] = [];
      await storeAs(path, job, async (fresh) => (holes = await writeRanges(fresh, job)));
      await writeFile(`${path}.holes`, `${JSON.stringify({ bucket: job.bucket, key: job.key, versionId: job.read.version.versionId, size: job.read.version.size, holes })}\n`);
      return { target: path, holes };
    },
  };
}

/** The file that an earlier run wrote: it has the object's time only once it is whole. */
async function isThere(path: string, { read, modTime }: CopyJob): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error(`a folder stands where the file ${path} must be: two keys, one a folder of the other; copy to a server, or this prefix into another folder`);
    return found.size === read.size && Math.abs(found.mtimeMs - modTime.getTime()) < 1;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

async function storeAs(path: string, { modTime }: CopyJob, write: (fresh: string) => Promise<unknown>): Promise<void> {
  const fresh = `${path}.${process.pid}.part.mts`;
  try {
    await write(fresh);
    await utimes(fresh, modTime, modTime);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function writeWhole(path: string, job: CopyJob): Promise<void> {
  const { read, signal } = job;
  if (read.size <= SMALL_BYTES_MAX) return writeFile(path, await smallContent(job));
  const file = await open(path, 'w');
  try {
    const put = (bytes: Uint8Array): Promise<void> => writeAll(file, bytes);
    if (await readChecked(read, put, signal)) return;
    const right = await readAround(read, signal);
    if (right === undefined) throw wrongBytes(read);
    await file.truncate(0);
    let at = 0;
    await readChecked(right, async (bytes) => {
      await file.write(bytes, 0, bytes.length, at);
      at += bytes.length;
    }, signal);
  } finally {
    await file.close();
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}

/** A small object's bytes, checked. Throws read-quorum, checksum-mismatch. */
export async function smallContent({ read, signal }: CopyJob): Promise<Uint8Array> {
  const collect = async (from: CopyJob['read']): Promise<{ readonly bytes: Uint8Array; readonly isFine: boolean }> => {
    const chunks: Uint8Array[] = [];
    const isFine = await readChecked(from, (bytes) => void chunks.push(Uint8Array.from(bytes)), signal);
    return { bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks), isFine };
  };
  const first = await collect(read);
  if (first.isFine) return first.bytes;
  const right = await readAround(read, signal);
  if (right === undefined) throw wrongBytes(read);
  return (await collect(right)).bytes;
}

/** A sparse file: holes read as zeros, and are listed. */
async function writeRanges(path: string, { read, signal }: CopyJob): Promise<Hole[]> {
  const holes: { start: number; length: number }[] = [];
  const file = await open(path, 'w');
  try {
    await file.truncate(read.version.size);
    for await (const { start, length, bytes } of salvagedRanges(read)) {
      if (signal?.aborted === true) throw new StorageError('aborted', 'The copy was stopped');
      const last = holes.at(-1);
      if (bytes !== undefined) await file.write(bytes, 0, length, start);
      else if (last !== undefined && last.start + last.length === start) last.length += length;
      else holes.push({ start, length });
    }
    return holes;
  } finally {
    await file.close();
  }
}
