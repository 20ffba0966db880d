/** What `stat` tells of one object or file. */
import { stat as statFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { shownMetadata } from './find.js';
import type { ObjectHead } from './s3-types.js';
import { contentTypeOf } from './transfer/content-type.js';
import { ATTRIBUTES_HEADER, fileAttributes } from './transfer/metadata.js';
import type { RemotePlace } from './transfer/place.js';

export interface ObjectStat {
  readonly name: string;
  readonly type: 'file' | 'folder';
  /** Undefined where there is none: buckets seen from the alias. */
  readonly modifiedAt: Date | undefined;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly versionId?: string | undefined;
  readonly isDeleteMarker?: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: Readonly<Record<string, string>>;
  readonly replicationStatus?: string;
  readonly expiration?: string;
  readonly restore?: string;
}

/** HeadObject, with checksums. */
export async function statObject(place: RemotePlace, name: string, choice: { versionId?: string | undefined; signal?: AbortSignal }): Promise<ObjectStat> {
  const head = await place.s3.head(place.bucket, place.key, { ...choice, headers: { 'x-amz-checksum-mode': 'ENABLED' } });
  return { ...fromHead(head), name };
}

function fromHead(head: ObjectHead): Omit<ObjectStat, 'name'> {
  const { sizeBytes, etag, versionId, modifiedAt, headers } = head;
  const text = (name: string): string | undefined => (typeof headers[name] === 'string' ? headers[name] : undefined);
  const checksum = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const kind = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.exec(name)?.[1];
      return kind === undefined || typeof value !== 'string' ? [] : [[kind.toUpperCase(), value] as const];
    }),
  );
  const replicationStatus = text('x-amz-replication-status');
  const [expiration, restore] = [text('x-amz-expiration'), text('x-amz-restore')];
  return {
    type: 'file', sizeBytes, etag, versionId, modifiedAt,
    metadata: shownMetadata(headers),
    ...(Object.keys(checksum).length === 0 ? {} : { checksum }),
    ...(replicationStatus === undefined ? {} : { replicationStatus }),
    ...(expiration === undefined ? {} : { expiration }),
    ...(restore === undefined ? {} : { restore }),
  };
}

/** A file or folder of this machine, with the attributes that `cp -a` would store. */
export async function statLocal(path: string, name = basename(path)): Promise<ObjectStat> {
  const stats = await statFile(path, { bigint: true });
  const isFolder = stats.isDirectory();
  return {
    name: isFolder ? `${name}/` : name,
    type: isFolder ? 'folder' : 'file',
    modifiedAt: stats.mtime,
    sizeBytes: Number(stats.size),
    etag: '',
    metadata: { 'Content-Type': isFolder ? 'application/octet-stream' : contentTypeOf(path), [spelled(ATTRIBUTES_HEADER)]: fileAttributes(stats) },
  };
}

const spelled = (name: string): string => name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase());
