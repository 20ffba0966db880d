/**
 * Buckets and objects of a drive without erasure coding (2016 to 2022), read in place: the bytes are plain files, the metadata
 * fs.json files (format/fs-json.ts). There are no versions, no checks against bit rot, and nothing is ever written.
 */
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError, isStorageError } from '../../base/index.js';
import { NULL_VERSION_ID, SYSTEM_VOLUME, decodeBucketMetadata, decodeFsJson, type FsJson, type ObjectPart } from '../../format/index.js';
import { checkRange } from '../block-plan.js';
import { isBucketName } from '../bucket-name.js';
import { settingsOf } from '../bucket-settings.js';
import { objectRef } from '../context.js';
import { withOldFiles, type ReadSystemObject } from '../old-bucket-files.js';
import { notFoundError } from '../quorum.js';
import type { BucketInfo, BucketSettings, ByteRange, ListOptions, ObjectInfo, ObjectListing, ObjectStore, OpenedObject, UploadInfo, UploadListing, VersionListing } from '../types.js';
import { pageOfUploads } from '../multipart/list-uploads.js';
import { fsKeys } from './keys.js';
import { FsUploads } from './uploads.js';

type FsReads = Pick<ObjectStore, 'listBuckets' | 'bucketSettings' | 'stat' | 'open' | 'list' | 'listVersions' | 'listUploads' | 'uploadInfo' | 'listParts'>;

const CHUNK_BYTES = 1024 * 1024;
/** What MinIO answered for a file that somebody put there by hand. */
const NO_ETAG = '00000000000000000000000000000000-1';
/** MD5 of nothing: a key that ends in a slash is an empty folder, and has no metadata. */
const EMPTY_ETAG = 'd41d8cd98f00b204e9800998ecf8427e';
const NO_DATA_DIR = '00000000-0000-0000-0000-000000000000';
const PLAIN_LAYOUT = { dataShards: 1, parityShards: 0, blockSizeBytes: CHUNK_BYTES, distribution: [1] };

export class FsStore implements FsReads {
  readonly #uploads: FsUploads;

  /** The drive's folder. */
  constructor(private readonly root: string) {
    this.#uploads = new FsUploads(root);
  }

  async listBuckets(): Promise<BucketInfo[]> {
    const entries = await readdir(this.root, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && entry.name !== SYSTEM_VOLUME && isBucketName(entry.name)).map(({ name }) => name);
    return Promise.all(names.sort().map(async (name) => ({ name, createdMs: (await this.bucketSettings(name)).createdMs })));
  }

  async bucketSettings(bucket: string): Promise<BucketSettings> {
    const folder = await this.#folderOf(bucket);
    const read: ReadSystemObject = async (path) => {
      const file = join(this.root, SYSTEM_VOLUME, path);
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      return found?.isFile() === true ? { bytes: await readFile(file), modTimeNs: found.mtimeNs } : undefined;
    };
    const own = await read(`buckets/${bucket}/.metadata.bin`);
    const settings = settingsOf(await withOldFiles(bucket, own === undefined ? undefined : decodeBucketMetadata(own.bytes), read));
    if (settings.createdMs > 0) return settings;
    const { birthtimeMs, ctimeMs } = await stat(folder);
    return { ...settings, createdMs: Math.trunc(birthtimeMs > 0 ? birthtimeMs : ctimeMs) };
  }

  async stat(bucket: string, key: string, options: { readonly versionId?: string }): Promise<ObjectInfo> {
    const file = await this.#fileOf(bucket, key, options.versionId);
    return this.#info(bucket, key, await stat(file, { bigint: true }));
  }

  async open(bucket: string, key: string, options: { readonly versionId?: string; readonly signal?: AbortSignal }): Promise<OpenedObject> {
    const handle = await open(await this.#fileOf(bucket, key, options.versionId), 'r');
    const info = await this.#info(bucket, key, await handle.stat({ bigint: true })).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    const close = (): void => void handle.close().catch(() => undefined);
    return { info, close, read: (range) => readRange(handle, info, range ?? { start: 0, length: info.size }, options.signal) };
  }

  async list(bucket: string, options: ListOptions): Promise<ObjectListing> {
    const folder = await this.#folderOf(bucket);
    const { prefix, delimiter, limit } = options;
    const objects: ObjectInfo[] = [];
    const prefixes: string[] = [];
    let next: string | undefined;
    for await (const key of fsKeys(folder, { prefix, after: options.after, rollUp: delimiter === '/' })) {
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      const rolledUp = end < 0 ? undefined : key.slice(0, end + delimiter.length);
      if (rolledUp !== undefined && (rolledUp === prefixes.at(-1) || rolledUp === options.after)) continue;
      if (objects.length + prefixes.length === limit) return { objects, prefixes, isTruncated: true, ...(next !== undefined && { next }) };
      if (rolledUp !== undefined) prefixes.push(rolledUp);
      else {
        const info = await this.stat(bucket, key, {}).catch(ifGone);
        if (info === undefined) continue;
        objects.push(info);
      }
      next = rolledUp ?? key;
    }
    return { objects, prefixes, isTruncated: false };
  }

  async listVersions(bucket: string, options: ListOptions & { readonly afterVersionId?: string }): Promise<VersionListing> {
    const { objects, prefixes, isTruncated, next } = await this.list(bucket, options);
    return { versions: objects, prefixes, isTruncated, ...(isTruncated && next !== undefined && { nextKey: next, nextVersionId: NULL_VERSION_ID }) };
  }

  async listUploads(bucket: string, options: Parameters<ObjectStore['listUploads']>[1]): Promise<UploadListing> {
    await this.#folderOf(bucket);
    return pageOfUploads(await this.#uploads.all(bucket, options.prefix), options);
  }

  async uploadInfo(bucket: string, key: string, uploadId: string): Promise<UploadInfo> {
    return (await this.#uploads.find(objectRef(bucket, key), uploadId)).info;
  }

  async listParts(bucket: string, key: string, uploadId: string): ReturnType<ObjectStore['listParts']> {
    const upload = await this.#uploads.find(objectRef(bucket, key), uploadId);
    return { upload: upload.info, parts: await this.#uploads.parts(upload) };
  }

  /** Throws bucket-not-found. */
  async #folderOf(bucket: string): Promise<string> {
    const folder = join(this.root, bucket);
    const found = isBucketName(bucket) ? await stat(folder).catch(() => undefined) : undefined;
    if (found?.isDirectory() !== true) throw new StorageError('bucket-not-found', `There is no bucket ${bucket}`, { bucket });
    return folder;
  }

  async #fileOf(bucket: string, key: string, versionId: string | undefined): Promise<string> {
    const ref = objectRef(bucket, key, versionId);
    const folder = await this.#folderOf(bucket);
    if (ref.versionId !== undefined && ref.versionId !== NULL_VERSION_ID) throw notFoundError(ref);
    const file = join(folder, key);
    const found = await stat(file).catch(() => undefined);
    const isThere = key.endsWith('/') ? found?.isDirectory() === true && (await readdir(file)).length === 0 : found?.isFile() === true;
    if (!isThere) throw notFoundError(ref);
    return file;
  }

  async #info(bucket: string, key: string, file: { readonly size: bigint; readonly mtimeNs: bigint }): Promise<ObjectInfo> {
    const json = await this.#metadataOf(bucket, key);
    const isFolder = key.endsWith('/');
    const size = isFolder ? 0 : Number(file.size);
    const metaUser = new Map(json?.metaUser);
    if (!metaUser.has('etag')) metaUser.set('etag', isFolder ? EMPTY_ETAG : NO_ETAG);
    const noted = json?.parts ?? [];
    const isFitting = noted.length > 0 && noted.reduce((sum, part) => sum + part.size, 0) === size;
    const parts: readonly ObjectPart[] = isFitting ? noted : [{ number: 1, size, actualSize: size }];
    const common = { kind: 'object', versionId: NULL_VERSION_ID, dataDir: NO_DATA_DIR, erasure: PLAIN_LAYOUT, isLatest: true } as const;
    return { ...common, key, modTimeNs: file.mtimeNs, size, parts, metaUser, metaSys: json?.metaSys ?? new Map() };
  }

  /** undefined for a file put there by hand, and where a crash left an empty or cut off fs.json. */
  async #metadataOf(bucket: string, key: string): Promise<FsJson | undefined> {
    const bytes = await readFile(join(this.root, SYSTEM_VOLUME, 'buckets', bucket, key, 'fs.json')).catch(() => undefined);
    try {
      return bytes === undefined ? undefined : decodeFsJson(bytes);
    } catch (error) {
      if (isStorageError(error, 'metadata-corrupt')) return undefined;
      throw error;
    }
  }
}

async function* readRange(handle: FileHandle, info: ObjectInfo, { start, length }: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
  try {
    checkRange(info.size, { start, length });
    const memory = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, length)));
    for (let at = start; at < start + length; ) {
      if (signal?.aborted === true) throw new StorageError('aborted', 'The client went away');
      const { bytesRead } = await handle.read(memory, 0, Math.min(memory.length, start + length - at), at);
      if (bytesRead === 0) throw new StorageError('read-quorum', `The file of ${info.key} became shorter while it was read`, { key: info.key });
      at += bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    await handle.close().catch(() => undefined);
  }
}

function ifGone(error: unknown): undefined {
  if (isStorageError(error, 'object-not-found')) return undefined;
  throw error;
}
