/** Writes a drive's identity: whole or not at all, and only where nothing has changed since it was looked at. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from '../base/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import { expandPlaces, lookAt } from './sighting.js';

export interface NewIdentity {
  readonly path: string;
  readonly driveId: string;
  /** format.json as it will be. */
  readonly bytes: Uint8Array;
  /** What is replaced; undefined where there was no file. */
  readonly replaces: Uint8Array | undefined;
  /** A healing tracker to be written too, before the identity. */
  readonly tracker?: Uint8Array | undefined;
}

/** Gives the path of the backup of what was replaced. */
export async function writeIdentity({ path, driveId, bytes, replaces, tracker }: NewIdentity, nowMs: number): Promise<string | undefined> {
  const system = join(path, SYSTEM_VOLUME);
  const { uid, gid } = await stat(path);
  // Run as root, it must not leave files that the server's user cannot write.
  const owner = { uid, gid };
  await makeFolder(system, owner);
  const backup = replaces === undefined ? undefined : join(system, `format.json.mts-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`);
  if (backup !== undefined && replaces !== undefined) await writeWhole(backup, replaces, owner);
  if (tracker !== undefined) {
    // The tracker first: a drive that carries the identity without it would pass for a whole one.
    await makeFolder(join(system, 'buckets'), owner);
    await writeWhole(join(system, 'buckets', '.healing.bin'), tracker, owner);
  }
  await writeWhole(join(system, 'format.json'), bytes, owner);
  const written = await lookAt(path);
  if (written.format?.driveId !== driveId) throw new Error(`${path} was written and does not read back as it should: ${written.failure?.remark ?? 'another id'}`);
  return backup;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

async function makeFolder(path: string, { uid, gid }: Owner): Promise<void> {
  if ((await mkdir(path, { recursive: true })) === undefined) return;
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  await syncFolder(dirname(path));
}

/** A new file beside, synced, renamed over the old one, and the folder synced. */
async function writeWhole(path: string, bytes: Uint8Array, { uid, gid }: Owner): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(fresh, 'wx', 0o644);
    try {
      await file.writeFile(bytes);
      if (process.getuid?.() === 0) await file.chown(uid, gid);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Throws a UsageError where format.json is no longer what it was. */
export async function refuseIfChanged({ path, replaces }: Pick<NewIdentity, 'path' | 'replaces'>): Promise<void> {
  const now = await lookAt(path);
  const isSame = replaces === undefined ? now.bytes === undefined && now.failure?.condition === 'unformatted' : now.bytes !== undefined && Buffer.compare(now.bytes, replaces) === 0;
  if (!isSame) throw new UsageError(`${path} has changed since it was looked at`, 'a server may be working on it: look with `mts format inspect`, then try again; nothing was written');
}

/** A server that has the drive among its arguments formats and heals it itself, and must not be surprised. */
export async function refuseRunningServer(path: string): Promise<void> {
  const pids = (await readdir('/proc').catch((): string[] => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter((word) => word !== '');
    const at = words.indexOf('server');
    if (at < 0 || !words.slice(0, at).some((word) => /(?:^|\/)(?:minio|mts|run\.js|minio\.js)$/.test(word))) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '/');
    const drives = await expandPlaces(words.slice(at + 1).filter((word) => !word.startsWith('-') && !word.includes('://'))).catch((): string[] => []);
    const real = await Promise.all(drives.map(async (drive) => realpath(drive.startsWith('/') ? drive : join(cwd, drive)).catch(() => '')));
    if (real.includes(path)) throw new UsageError(`a running server (process ${pid}) has ${path} among its drives`, 'it gives an empty drive its identity back by itself and heals it (see `mts cluster status`); to do it by hand, stop it first');
  }
}

