/**
 * Uploads that were never completed, on a drive without erasure coding. Releases until early 2018 kept them in `multipart/<bucket>/<key>/<id>`,
 * listed by an uploads.json and with their parts in fs.json; later ones in `multipart/<SHA-256 of bucket/key>/<id>`, with a file for each
 * part that is called `<number>.<etag>.<client's size>`. The latter do not say their key: they are found where it is asked for.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError, isStorageError } from '../../base/index.js';
import { SYSTEM_VOLUME, decodeFsJson, decodeUploadsJson, isUuid, oldUploadsFolder, uploadsFolder, type FsJson } from '../../format/index.js';
import type { ObjectRef } from '../context.js';
import type { PartInfo, UploadInfo } from '../types.js';

interface FsUpload {
  readonly info: UploadInfo;
  readonly folder: string;
  readonly json: FsJson;
}

const UPLOADS_FILE = 'uploads.json';
const NO_CHECKSUMS: ReadonlyMap<string, string> = new Map();

export class FsUploads {
  /** The drive's folder. */
  constructor(private readonly root: string) {}

  /** Those to keys that begin with the prefix; of newer releases, those to the key that is the prefix. */
  async all(bucket: string, prefix: string): Promise<UploadInfo[]> {
    const found: (FsUpload | undefined)[] = [];
    const oldFolder = this.#path(oldUploadsFolder(bucket, ''));
    for await (const key of keysWithUploads(oldFolder, '')) {
      if (!key.startsWith(prefix)) continue;
      for (const { uploadId, initiatedNs } of await listed(join(oldFolder, key, UPLOADS_FILE))) {
        found.push(await upload(key, uploadId, join(oldFolder, key, uploadId), Number(initiatedNs / 1_000_000n)));
      }
    }
    if (prefix !== '') {
      const folder = this.#path(uploadsFolder(bucket, prefix));
      const names = await readdir(folder).catch(() => []);
      for (const name of names.filter(isUuid)) found.push(await upload(prefix, name, join(folder, name)));
    }
    return found.flatMap((one) => one?.info ?? []);
  }

  /** Throws upload-not-found. */
  async find({ bucket, key, path }: ObjectRef, uploadId: string): Promise<FsUpload> {
    const folders = isUuid(uploadId) ? [uploadsFolder(bucket, key), oldUploadsFolder(bucket, path)] : [];
    for (const folder of folders) {
      const found = await upload(key, uploadId, join(this.#path(folder), uploadId));
      if (found !== undefined) return found;
    }
    throw new StorageError('upload-not-found', `There is no upload ${uploadId} of ${bucket}/${key}`, { bucket, key, uploadId });
  }

  /** In order of their numbers. */
  async parts({ folder, json }: FsUpload): Promise<PartInfo[]> {
    const parts = new Map<number, PartInfo>();
    for (const name of await readdir(folder)) {
      const file = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
      if (file?.isFile() !== true) continue;
      const part = partOf(name, json, { size: Number(file.size), modTimeNs: file.mtimeNs });
      // A part that was sent again stands beside its earlier self.
      if (part !== undefined && (parts.get(part.number)?.modTimeNs ?? 0n) <= part.modTimeNs) parts.set(part.number, part);
    }
    return [...parts.values()].sort((a, b) => a.number - b.number);
  }

  #path(path: string): string {
    return join(this.root, SYSTEM_VOLUME, path);
  }
}

function partOf(name: string, json: FsJson, file: { readonly size: number; readonly modTimeNs: bigint }): PartInfo | undefined {
  const oldNumber = /^object(\d+)$/.exec(name)?.[1];
  if (oldNumber !== undefined) {
    const noted = json.parts.find(({ number }) => number === Number(oldNumber));
    return noted?.etag === undefined ? undefined : { ...file, number: noted.number, etag: noted.etag, actualSize: file.size, checksums: NO_CHECKSUMS };
  }
  const [, number, etag, actualSize] = /^(\d{5})\.([^.]+)\.(\d+)$/.exec(name) ?? [];
  return etag === undefined ? undefined : { ...file, number: Number(number), etag, actualSize: Number(actualSize), checksums: NO_CHECKSUMS };
}

/** undefined where there is none, or a crash left no metadata. */
async function upload(key: string, uploadId: string, folder: string, initiatedMs?: number): Promise<FsUpload | undefined> {
  const file = join(folder, 'fs.json');
  const bytes = await readFile(file).catch(() => undefined);
  const json = bytes === undefined ? undefined : orUnreadable(() => decodeFsJson(bytes));
  if (json === undefined) return undefined;
  const { metaUser, metaSys } = json;
  return { folder, json, info: { key, uploadId, initiatedMs: initiatedMs ?? Math.trunc((await stat(file)).mtimeMs), metaUser, metaSys } };
}

async function listed(file: string): Promise<ReturnType<typeof decodeUploadsJson>> {
  const bytes = await readFile(file);
  return orUnreadable(() => decodeUploadsJson(bytes)) ?? [];
}

function orUnreadable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

/** Keys below the folder that an uploads.json lies at. */
async function* keysWithUploads(folder: string, key: string): AsyncGenerator<string, void> {
  const entries = await readdir(join(folder, key), { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.isFile() && entry.name === UPLOADS_FILE)) yield key;
  for (const entry of entries) if (entry.isDirectory()) yield* keysWithUploads(folder, key === '' ? entry.name : `${key}/${entry.name}`);
}
