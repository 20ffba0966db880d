/**
 * `inspect-data`: what each drive keeps of a file, as a zip: `xl.meta` of an object, or `format.json`. The answer is MinIO's
 * container: a byte 1, an AES-256 key, then the zip sealed with it.
 */
import { isStorageError } from '../../base/index.js';
import { allSets } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { sealChunks, writeZip } from '../../hash/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import { AdminError } from '../errors.js';

const FORM_SIZE_MAX = 64 * 1024;
/** Files of all drives together: the answer is made in memory. */
const ANSWER_SIZE_MAX = 128 * 1024 * 1024;

export async function inspectData(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const { volume, file } = await wantedFile(request);
  if (volume === '' || file === '') throw new AdminError('XMinioAdminInvalidArgument', 'Name a volume and a file.');
  const files = await Promise.all(drivesOf(room).map((drive) => readFrom(drive, volume, file)));
  const found = files.flatMap((read) => ('bytes' in read ? [read] : []));
  if (found.reduce((sum, { bytes }) => sum + bytes.length, 0) > ANSWER_SIZE_MAX) throw new AdminError('XMinioAdminInvalidArgument', 'The files are too large to be looked at this way.');
  const manifest = files.map((read, index) => ({ drive: read.drive, name: nameOf(read.drive, index, volume, file), ...('reason' in read && { error: read.reason }) }));
  const zip = writeZip([
    ...files.flatMap((read, index) => ('bytes' in read ? [{ name: nameOf(read.drive, index, volume, file), bytes: read.bytes }] : [])),
    { name: 'manifest.json', bytes: Buffer.from(JSON.stringify({ volume, file, files: manifest }, undefined, 1)) },
  ]);
  const key = room.random.bytes(32);
  return { bytes: Buffer.concat([Uint8Array.of(1), key, sealChunks(key, zip)]), contentType: 'application/octet-stream' };
}

async function wantedFile(request: AdminRequest): Promise<{ readonly volume: string; readonly file: string }> {
  const form = request.method === 'POST' ? new URLSearchParams((await request.body(FORM_SIZE_MAX)).toString('utf8')) : undefined;
  const value = (name: string): string => form?.get(name) ?? request.query.get(name) ?? '';
  return { volume: value('volume'), file: value('file').replace(/^\//, '') };
}

/** All drives that were given, those without a place too: their identity is what is asked for. */
function drivesOf({ statuses, deployment }: AdminRoom): Drive[] {
  const all = [...statuses().flatMap(({ drive }) => drive ?? []), ...allSets(deployment).flatMap((set) => set.drives.flatMap((drive) => drive ?? []))];
  return [...new Set(all)];
}

type Read = { readonly drive: string; readonly bytes: Uint8Array } | { readonly drive: string; readonly reason: string };

async function readFrom(drive: Drive, volume: string, file: string): Promise<Read> {
  try {
    return { drive: drive.endpoint, bytes: await drive.readFile(volume, file) };
  } catch (error) {
    return { drive: drive.endpoint, reason: isStorageError(error) ? error.code : String(error) };
  }
}

/** Unique, readable, and without anything that could lead out of the folder it is unpacked in. */
function nameOf(drive: string, index: number, volume: string, file: string): string {
  const safe = (text: string): string => text.split('/').filter((part) => part !== '' && part !== '.' && part !== '..').join('/');
  return `drive${index + 1}/${safe(drive.replace(/^https?:\/\//, ''))}/${safe(volume)}/${safe(file)}`;
}
