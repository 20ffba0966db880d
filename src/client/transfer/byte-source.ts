/**
 * Where bytes come from: a local file or an object, both readable by range and able to tell whether they changed.
 */
import { createReadStream, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { S3 } from '../s3.js';
import { isEtagMd5 } from './metadata.js';
import type { ByteRange } from './parts.js';

export interface ByteSource {
  /** Absolute path, or URL with version id: what a session is found by. */
  readonly identity: string;
  /** Differs when the content may differ. */
  readonly stamp: string;
  readonly sizeBytes: number;
  open(range: ByteRange, signal: AbortSignal): Promise<Readable>;
  /** The ETag of the content, once something was read, if it is known to be made of MD5s. */
  md5Etag(): string | undefined;
  /** Rejects when the source is no longer what it was when the transfer began. */
  confirmUnchanged(): Promise<void>;
}

const READ_CHUNK_BYTES = 512 * 1024;

/** A local file as it was when `stats` were taken. */
export function fileSource(path: string, stats: BigIntStats): ByteSource {
  const sizeBytes = Number(stats.size);
  return {
    identity: path,
    stamp: String(stats.mtimeNs),
    sizeBytes,
    open: (range, signal) =>
      Promise.resolve(createReadStream(path, { start: range.first, end: range.last, highWaterMark: READ_CHUNK_BYTES, signal })),
    md5Etag: () => undefined,
    confirmUnchanged: async () => {
      const now = await stat(path, { bigint: true });
      if (now.size !== stats.size || now.mtimeNs !== stats.mtimeNs) {
        throw new Error(`\`${path}\` was changed while it was being read; run the command again.`);
      }
    },
  };
}

/** Where an object is. */
export interface ObjectPlace {
  readonly s3: S3;
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** What must be known of an object before its bytes are asked for; a listing's row or a HEAD tells it. */
export interface ObjectFacts {
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
}

/** An object; every range is asked for on condition that the ETag is still the same. */
export function objectSource(place: ObjectPlace, facts: ObjectFacts): ByteSource {
  const { s3, bucket, key, versionId } = place;
  let canVerify = false;
  return {
    identity: `${s3.plainUrl(bucket, key)}${versionId === undefined ? '' : `?versionId=${versionId}`}`,
    stamp: facts.etag,
    sizeBytes: facts.sizeBytes,
    open: async (range, signal) => {
      const headers = { 'if-match': `"${facts.etag}"` };
      const isWhole = range.first === 0 && range.last === facts.sizeBytes - 1;
      const answer = await s3.get(bucket, key, { versionId, headers, signal, ...(isWhole ? {} : { range }) });
      canVerify = isEtagMd5(answer.headers);
      return answer.body;
    },
    md5Etag: () => (canVerify ? facts.etag : undefined),
    confirmUnchanged: () => Promise.resolve(),
  };
}
