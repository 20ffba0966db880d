/**
 * An ObjectStore that keeps everything in maps: what the S3 door is tested against where drives would only be in the way.
 * It follows the contract of src/store/types.ts; keys sort by code units, which suffices for tests.
 */
import { createHash } from 'node:crypto';
import { StorageError } from '../../src/base/index.js';
import { NULL_VERSION_ID } from '../../src/format/index.js';
import { crc, type CrcName, type DigestName } from '../../src/hash/index.js';
import type * as store from '../../src/store/index.js';

type Info = store.VersionInfo;
type ObjectInfo = store.ObjectInfo;
interface Kept {
  info: Info;
  bytes: Buffer;
}
interface Bucket {
  createdMs: number;
  objectLock: boolean;
  documents: Map<string, Uint8Array>;
  /** Newest first. */
  keys: Map<string, Kept[]>;
  uploads: Map<string, Upload>;
}
interface Upload {
  info: store.UploadInfo;
  versioning: store.Versioning;
  parts: Map<number, { info: store.PartInfo; bytes: Buffer }>;
}

const PART_SIZE_MIN = 5 * 1024 * 1024;

export class MemoryStore implements store.ObjectStore {
  readonly buckets = new Map<string, Bucket>();
  #lastNs = 1_767_225_600_000_000_000n;
  #count = 0;

  makeBucket(name: string, options: { versioning?: store.Versioning; objectLock?: boolean }): Promise<void> {
    return attempt(() => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw new StorageError('bucket-name-invalid', 'bad name', { bucket: name });
      if (this.buckets.has(name)) throw new StorageError('bucket-exists', 'there', { bucket: name });
      const documents = new Map<string, Uint8Array>();
      if (options.versioning === 'enabled') documents.set('VersioningConfigXML', Buffer.from('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'));
      this.buckets.set(name, { createdMs: 1_767_225_600_000, objectLock: options.objectLock ?? false, documents, keys: new Map(), uploads: new Map() });
    });
  }

  listBuckets(): Promise<store.BucketInfo[]> {
    return attempt(() => [...this.buckets].map(([name, { createdMs }]) => ({ name, createdMs })));
  }

  bucketSettings(name: string): Promise<store.BucketSettings> {
    return attempt(() => {
      const { createdMs, objectLock, documents } = this.#bucket(name);
      const xml = Buffer.from(documents.get('VersioningConfigXML') ?? []).toString();
      const versioning = xml.includes('>Enabled<') ? 'enabled' : xml.includes('>Suspended<') ? 'suspended' : 'unversioned';
      return { createdMs, versioning, objectLockEnabled: objectLock, documents };
    });
  }

  updateBucket(name: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return attempt(() => {
      for (const [member, bytes] of documents) this.#bucket(name).documents.set(member, bytes);
    });
  }

  deleteBucket(name: string, { force }: { force: boolean }): Promise<void> {
    return attempt(() => {
      if (this.#bucket(name).keys.size > 0 && !force) throw new StorageError('bucket-not-empty', 'full', { bucket: name });
      this.buckets.delete(name);
    });
  }

  async put(bucket: string, key: string, body: store.Body, options: store.PutOptions): Promise<ObjectInfo> {
    this.#bucket(bucket);
    const bytes = await collect(body, options.signal);
    const verdict = options.judge(digest(body.digests, bytes), bytes.length);
    const parts = [{ number: 1, size: bytes.length, actualSize: bytes.length }];
    return this.#commit(bucket, key, bytes, parts, options, verdict);
  }

  stat(bucket: string, key: string, options: { versionId?: string }): Promise<ObjectInfo> {
    return attempt(() => this.#find(bucket, key, options.versionId).info as ObjectInfo);
  }

  open(bucket: string, key: string, options: { versionId?: string }): Promise<store.OpenedObject> {
    return attempt(() => {
      const { info, bytes } = this.#find(bucket, key, options.versionId);
      return {
        info: info as ObjectInfo,
        close: () => {},
        async *read(range?: store.ByteRange) {
          await Promise.resolve();
          const end = range ? range.start + range.length : bytes.length;
          // One buffer, overwritten for each piece: readers that hold on to it are found out.
          const shared = Buffer.alloc(Math.min(64 * 1024, bytes.length));
          for (let start = range?.start ?? 0; start < end; start += shared.length) {
            const length = bytes.copy(shared, 0, start, Math.min(end, start + shared.length));
            yield shared.subarray(0, length);
          }
        },
      };
    });
  }

  updateMetadata(
    bucket: string,
    key: string,
    options: { versionId?: string },
    change: (current: ObjectInfo) => { metaUser: ReadonlyMap<string, string>; metaSys: ReadonlyMap<string, Uint8Array>; modTimeNs?: bigint },
  ): Promise<ObjectInfo> {
    return attempt(() => {
      const kept = this.#find(bucket, key, options.versionId);
      const info = { ...(kept.info as ObjectInfo), ...change(kept.info as ObjectInfo) };
      kept.info = info;
      return info;
    });
  }

  delete(bucket: string, key: string, options: store.DeleteOptions): Promise<store.DeleteResult> {
    return attempt(() => {
      const keys = this.#bucket(bucket).keys;
      const versions = keys.get(key) ?? [];
      const target = options.versionId === undefined ? versions[0] : versions.find(({ info }) => info.versionId === options.versionId);
      options.precondition?.(target?.info);
      if (options.versionId === undefined && options.versioning !== 'unversioned') {
        const versionId = options.versioning === 'enabled' ? this.#id() : NULL_VERSION_ID;
        const marker: Info = { kind: 'delete-marker', key, versionId, modTimeNs: this.#now(), metaSys: new Map(), isFree: false, isLatest: true };
        this.#insert(bucket, key, { info: marker, bytes: Buffer.alloc(0) });
        return { isDeleteMarker: true, versionId };
      }
      if (!target) throw new StorageError(options.versionId === undefined ? 'object-not-found' : 'version-not-found', 'nothing there', { bucket, key });
      const rest = versions.filter((kept) => kept !== target);
      if (rest.length === 0) keys.delete(key);
      else keys.set(key, rest);
      return { isDeleteMarker: target.info.kind === 'delete-marker', versionId: target.info.versionId };
    });
  }

  list(bucket: string, options: store.ListOptions): Promise<store.ObjectListing> {
    return attempt(() => {
      const latest = [...this.#bucket(bucket).keys.values()].map((versions) => versions[0]!.info).filter((info) => info.kind === 'object');
      const page = paginate(latest, options, (info) => info.key > options.after);
      const next = page.last === undefined ? {} : { next: page.last };
      return { objects: page.items, prefixes: page.prefixes, isTruncated: page.isTruncated, ...next };
    });
  }

  listVersions(bucket: string, options: store.ListOptions & { afterVersionId?: string }): Promise<store.VersionListing> {
    return attempt(() => {
      const all = [...this.#bucket(bucket).keys.values()].flatMap((versions) => versions.map(({ info }, index) => ({ ...info, isLatest: index === 0 })));
      let isBehind = false;
      const page = paginate(all, options, (info) => {
        if (info.key !== options.after) return info.key > options.after;
        const isAfter = isBehind;
        if (info.versionId === options.afterVersionId) isBehind = true;
        return isAfter;
      });
      const last = page.items.at(-1);
      const nextKey = page.isTruncated && page.last !== undefined ? { nextKey: page.last } : {};
      const nextVersionId = page.isTruncated && last && last.key === page.last ? { nextVersionId: last.versionId } : {};
      return { versions: page.items, prefixes: page.prefixes, isTruncated: page.isTruncated, ...nextKey, ...nextVersionId };
    });
  }

  createUpload(bucket: string, key: string, options: Parameters<store.ObjectStore['createUpload']>[2]): Promise<store.UploadInfo> {
    return attempt(() => {
      const info = { key, uploadId: this.#id(), initiatedMs: 1_767_225_600_000 + this.#count, metaUser: options.metaUser, metaSys: options.metaSys ?? new Map<string, Uint8Array>() };
      this.#bucket(bucket).uploads.set(info.uploadId, { info, versioning: options.versioning, parts: new Map() });
      return info;
    });
  }

  uploadInfo(bucket: string, key: string, uploadId: string): Promise<store.UploadInfo> {
    return attempt(() => this.#upload(bucket, key, uploadId).info);
  }

  async putPart(
    bucket: string,
    key: string,
    uploadId: string,
    number: number,
    body: store.Body,
    options: { judge: store.JudgeBody; signal?: AbortSignal },
  ): Promise<store.PartInfo> {
    const upload = this.#upload(bucket, key, uploadId);
    const bytes = await collect(body, options.signal);
    const verdict = options.judge(digest(body.digests, bytes), bytes.length);
    const info = { number, etag: verdict.etag, size: bytes.length, actualSize: bytes.length, modTimeNs: this.#now(), checksums: verdict.partChecksums ?? new Map<string, string>() };
    upload.parts.set(number, { info, bytes });
    return info;
  }

  listParts(bucket: string, key: string, uploadId: string): Promise<{ upload: store.UploadInfo; parts: store.PartInfo[] }> {
    return attempt(() => {
      const { info, parts } = this.#upload(bucket, key, uploadId);
      return { upload: info, parts: [...parts.values()].map((part) => part.info) };
    });
  }

  listUploads(bucket: string, options: store.ListOptions & { afterUploadId?: string }): Promise<store.UploadListing> {
    return attempt(() => {
      const uploads = [...this.#bucket(bucket).uploads.values()].map(({ info }) => info);
      let isBehind = false;
      const page = paginate(uploads, options, (info) => {
        if (info.key !== options.after) return info.key > options.after;
        const isAfter = isBehind;
        if (info.uploadId === options.afterUploadId) isBehind = true;
        return isAfter;
      });
      const last = page.items.at(-1);
      const next = page.isTruncated && page.last !== undefined ? { nextKey: page.last, ...(last ? { nextUploadId: last.uploadId } : {}) } : {};
      return { uploads: page.items, prefixes: page.prefixes, isTruncated: page.isTruncated, ...next };
    });
  }

  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly store.CompletePart[],
    options: Parameters<store.ObjectStore['completeUpload']>[4],
  ): Promise<ObjectInfo> {
    return attempt(() => {
      const upload = this.#upload(bucket, key, uploadId);
      const chosen = parts.map((wanted, index) => {
        const part = upload.parts.get(wanted.number);
        const isWrong = [...(wanted.checksums ?? [])].some(([name, value]) => part?.info.checksums.get(name) !== value);
        if (!part || part.info.etag !== wanted.etag || isWrong) throw new StorageError('part-invalid', 'no such part', { partNumber: wanted.number });
        if (index < parts.length - 1 && part.bytes.length < PART_SIZE_MIN) throw new StorageError('part-too-small', 'small', { partNumber: wanted.number });
        return part;
      });
      const verdict = options.judge(
        chosen.map(({ info }) => info),
        upload.info,
      );
      const metaUser = new Map([...upload.info.metaUser].filter(([name]) => !name.startsWith('x-minio-multipart-')));
      const info = this.#commit(
        bucket,
        key,
        Buffer.concat(chosen.map(({ bytes }) => bytes)),
        chosen.map(({ info: part }) => ({ number: part.number, size: part.size, actualSize: part.actualSize })),
        { metaUser, versioning: upload.versioning, ...(options.precondition ? { precondition: options.precondition } : {}) },
        verdict,
        uploadId,
      );
      this.#bucket(bucket).uploads.delete(uploadId);
      return info;
    });
  }

  completedUpload(bucket: string, key: string, uploadId: string): Promise<ObjectInfo> {
    return attempt(() => {
      const current = this.#bucket(bucket).keys.get(key)?.[0]?.info;
      if (current?.kind === 'object' && current.dataDir === uploadId) return current;
      throw new StorageError('upload-not-found', 'no such upload', { bucket, key, uploadId });
    });
  }

  abortUpload(bucket: string, key: string, uploadId: string): Promise<void> {
    return attempt(() => {
      this.#upload(bucket, key, uploadId);
      this.#bucket(bucket).uploads.delete(uploadId);
    });
  }

  #commit(
    bucket: string,
    key: string,
    bytes: Buffer,
    parts: ObjectInfo['parts'],
    options: Pick<store.PutOptions, 'metaUser' | 'versioning' | 'precondition'>,
    verdict: store.BodyVerdict,
    dataDir = this.#id(),
  ): ObjectInfo {
    const current = this.#bucket(bucket).keys.get(key)?.[0]?.info;
    options.precondition?.(current?.kind === 'object' ? current : undefined);
    const info: ObjectInfo = {
      kind: 'object',
      key,
      isLatest: true,
      versionId: options.versioning === 'enabled' ? this.#id() : NULL_VERSION_ID,
      modTimeNs: this.#now(),
      size: bytes.length,
      dataDir,
      erasure: { dataShards: 2, parityShards: 2, blockSizeBytes: 1 << 20, distribution: [1, 2, 3, 4] },
      parts,
      metaUser: new Map([...options.metaUser, ...(verdict.metaUser ?? []), ['etag', verdict.etag]]),
      metaSys: verdict.metaSys ?? new Map<string, Uint8Array>(),
    };
    this.#insert(bucket, key, { info, bytes });
    return info;
  }

  #insert(bucket: string, key: string, kept: Kept): void {
    const { keys } = this.#bucket(bucket);
    keys.set(key, [kept, ...(keys.get(key) ?? []).filter(({ info }) => info.versionId !== kept.info.versionId)]);
  }

  #bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new StorageError('bucket-not-found', 'no such bucket', { bucket: name });
    return bucket;
  }

  #find(bucket: string, key: string, versionId: string | undefined): Kept {
    const versions = this.#bucket(bucket).keys.get(key) ?? [];
    if (versionId !== undefined && versionId !== 'null' && !/^[0-9a-f-]{36}$/.test(versionId)) throw new StorageError('version-id-invalid', 'bad id', { bucket, key });
    const kept = versionId === undefined ? versions[0] : versions.find(({ info }) => info.versionId === versionId);
    if (!kept) throw new StorageError(versionId === undefined ? 'object-not-found' : 'version-not-found', 'nothing there', { bucket, key });
    if (kept.info.kind === 'delete-marker') throw new StorageError('delete-marker', 'deleted', { bucket, key, versionId: kept.info.versionId });
    return kept;
  }

  #upload(bucket: string, key: string, uploadId: string): Upload {
    const upload = this.#bucket(bucket).uploads.get(uploadId);
    if (upload?.info.key !== key) throw new StorageError('upload-not-found', 'no such upload', { bucket, key, uploadId });
    return upload;
  }

  #now(): bigint {
    this.#lastNs += 1_000_000_000n;
    return this.#lastNs;
  }

  #id(): string {
    this.#count++;
    return `00000000-0000-4000-8000-${this.#count.toString(16).padStart(12, '0')}`;
  }
}

/** What throws synchronously, as a promise. */
async function attempt<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}

async function collect(body: store.Body, signal?: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body.stream) {
    if (signal?.aborted) throw new StorageError('aborted', 'the client hung up', { cause: signal.reason });
    size += piece.length;
    if (body.size !== undefined && size > body.size) break;
    pieces.push(Buffer.from(piece));
  }
  if (body.size !== undefined && size !== body.size) throw new StorageError('size-mismatch', `${size} bytes of ${body.size}`);
  return Buffer.concat(pieces);
}

function digest(names: readonly DigestName[], bytes: Buffer): Map<DigestName, Uint8Array> {
  const compute = (name: DigestName): Uint8Array =>
    name.startsWith('crc') ? crc(name as CrcName, bytes) : createHash(name).update(bytes).digest();
  return new Map(names.map((name) => [name, compute(name)]));
}

function paginate<T extends { readonly key: string }>(all: readonly T[], options: store.ListOptions, isAfter: (item: T) => boolean) {
  const items: T[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  const sorted = all.filter(({ key }) => key.startsWith(options.prefix)).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const item of sorted) {
    if (!isAfter(item)) continue;
    const cut = options.delimiter === '' ? -1 : item.key.indexOf(options.delimiter, options.prefix.length);
    const prefix = cut < 0 ? undefined : item.key.slice(0, cut + options.delimiter.length);
    if (prefix !== undefined && (prefix === prefixes.at(-1) || prefix <= options.after)) continue;
    if (items.length + prefixes.length >= options.limit) return { items, prefixes, isTruncated: true, last };
    if (prefix !== undefined) prefixes.push(prefix);
    else items.push(item);
    last = prefix ?? item.key;
  }
  return { items, prefixes, isTruncated: false, last };
}
