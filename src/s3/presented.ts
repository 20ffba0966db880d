/** Objects that MinIO keeps compressed or encrypted, as clients see them: their etags, the sizes of their parts, their bytes. */
import { isStorageError } from '../base/index.js';
import { clientEtag, Content, isTransformed, type ContentKeys } from '../content/index.js';
import { CHECKSUM_RECORD_KEY, findName } from '../format/index.js';
import type { ByteRange, ObjectInfo, OpenedObject, UploadInfo, VersionInfo } from '../store/index.js';
import { S3Error } from './errors.js';
import type { Room } from './request.js';

/** An object as its metadata tells it, without the client's key: in listings and conditions. */
export function presented(room: Room, bucket: string, info: ObjectInfo): ObjectInfo {
  return isTransformed(info) ? { ...info, metaUser: withEtag(room, bucket, info) } : info;
}

/** As presented, of a version that may be a delete marker. */
export function presentedVersion(room: Room, bucket: string, version: VersionInfo): VersionInfo {
  return version.kind === 'object' ? presented(room, bucket, version) : version;
}

function withEtag(room: Room, bucket: string, info: ObjectInfo): Map<string, string> {
  const metaUser = new Map([...info.metaUser].filter(([name]) => name.toLowerCase() !== 'etag'));
  return metaUser.set('etag', clientEtag(info, { bucket, key: info.key }, { kms: room.kms }));
}

/** An object that a client is about to read, and what gives its bytes where they are not those that are kept. */
export interface Readable {
  readonly info: ObjectInfo;
  readonly content: Content | undefined;
}

/** @throws StorageError kms-key-missing, customer-key-missing, customer-key-needless, key-wrong, content-unknown, content-corrupt */
export function readable(room: Room, bucket: string, info: ObjectInfo, customer: Uint8Array | undefined): Readable {
  const keys: ContentKeys = { kms: room.kms, customer };
  if (!isTransformed(info) && customer === undefined) return { info, content: undefined };
  const content = new Content(info, { bucket, key: info.key }, keys);
  const parts = info.parts.map((part, i) => ({ ...part, actualSize: content.parts[i]?.size ?? part.actualSize }));
  return { info: { ...info, parts, metaUser: withEtag(room, bucket, info), metaSys: withChecksum(info, content) }, content };
}

/** As readable, for those who only look: what the server has no key for is shown as far as it is known. */
export function visible(room: Room, bucket: string, info: ObjectInfo, customer: Uint8Array | undefined): ObjectInfo {
  try {
    return readable(room, bucket, info, customer).info;
  } catch (error) {
    if (isStorageError(error, 'kms-key-missing', 'content-unknown')) return presented(room, bucket, info);
    throw error;
  }
}

function withChecksum(info: ObjectInfo, content: Content): ObjectInfo['metaSys'] {
  if (content.encryption === undefined || findName(info.metaSys, CHECKSUM_RECORD_KEY) === undefined) return info.metaSys;
  const kept = [...info.metaSys].filter(([name]) => name.toLowerCase() !== CHECKSUM_RECORD_KEY);
  try {
    const record = content.checksumRecord();
    return new Map(record === undefined ? kept : [...kept, [CHECKSUM_RECORD_KEY, record]]);
  } catch (error) {
    // A checksum that cannot be opened is none; the bytes are authenticated anyway.
    if (isStorageError(error, 'content-corrupt')) return new Map(kept);
    throw error;
  }
}

/** The client's bytes; the whole object where no range is given. */
export function readBytes(object: OpenedObject, content: Content | undefined, range?: ByteRange): AsyncIterable<Uint8Array> {
  if (content !== undefined) return content.read((stored) => object.read(stored), range);
  return range === undefined ? object.read() : object.read(range);
}

/** Objects moved to another tier are shown but not handed out: their bytes are not here. @throws S3Error NotImplemented */
export function refuseMoved(info: ObjectInfo): void {
  if (info.metaSys.size === 0 || findName(info.metaSys, 'x-minio-internal-transition-status') === undefined) return;
  throw new S3Error('NotImplemented', 'The object was moved to another tier, which this server cannot read.');
}

/** Parts cannot be added to an upload that a MinIO server began encrypted or compressed: they would be neither. @throws S3Error NotImplemented */
export function refuseTransformedUpload(upload: UploadInfo): void {
  if (isTransformed(upload)) throw new S3Error('NotImplemented', 'The upload was begun encrypted or compressed, which this server cannot go on with; abort it and begin anew.');
}
