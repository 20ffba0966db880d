/** What is saved goes to a server: with its metadata, and in the parts that it was uploaded in, so that its ETag stays. */
import { Readable } from 'node:stream';
import { isS3Error, type RemotePlace, type S3 } from '../../client/index.js';
import { etagOf } from '../etag-check.js';
import { clientBytes, readAround, readChecked, wrongBytes, type RescueRead } from './content.js';
import type { CopyJob, CopySink } from './copy.js';
import { smallContent } from './folder-sink.js';

/** Objects up to this are held in memory while they are sent. */
const SMALL_BYTES_MAX = 8 * 1024 * 1024;
const CLEANUP_MS = 5000;
const KEPT = /^(?:content-type|content-encoding|content-language|content-disposition|cache-control|expires|x-amz-meta-.*|x-amz-tagging|x-amz-storage-class)$/;

export function serverSink(target: RemotePlace): CopySink {
  const buckets = new Map<string, Promise<void>>();
  const placeOf = async (bucket: string, key: string): Promise<{ readonly bucket: string; readonly key: string; readonly name: string }> => {
    const into = target.bucket === '' ? bucket : target.bucket;
    const ready = buckets.get(into) ?? makeBucket(target.s3, into);
    buckets.set(into, ready);
    await ready;
    const prefix = target.key === '' || target.key.endsWith('/') ? target.key : `${target.key}/`;
    return { bucket: into, key: prefix + key, name: `${target.alias}/${into}/${prefix}${key}` };
  };
  return {
    async write(job) {
      const place = await placeOf(job.bucket, job.key);
      await send(target.s3, place, job);
      return { target: place.name, isPresent: false };
    },
    async writeMarker(bucket, key) {
      const place = await placeOf(bucket, key);
      await target.s3.delete(place.bucket, place.key);
      return place.name;
    },
  };
}

async function makeBucket(s3: S3, bucket: string): Promise<void> {
  try {
    await s3.createBucket(bucket);
  } catch (error) {
    if (!isS3Error(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) throw error;
  }
}

async function send(s3: S3, { bucket, key }: { readonly bucket: string; readonly key: string }, job: CopyJob): Promise<void> {
  const { version, size: wholeSize, parts: clientParts } = job.read;
  const headers = Object.fromEntries([...version.metaUser].map(([name, value]): [string, string] => [name.toLowerCase(), value]).filter(([name]) => KEPT.test(name)));
  const isMultipart = etagOf(version).includes('-');
  if (wholeSize <= SMALL_BYTES_MAX && !isMultipart) {
    await s3.put(bucket, key, await smallContent(job), { headers, signal: job.signal });
    return;
  }
  const read = await checked(job);
  if (!isMultipart) {
    await s3.put(bucket, key, bodyOf(read, 0, wholeSize, job.signal), { headers, signal: job.signal });
    return;
  }
  const uploadId = await s3.createUpload(bucket, key, { headers, signal: job.signal });
  try {
    const parts = [];
    let start = 0;
    for (const { number, size } of clientParts) {
      const { etag } = await s3.uploadPart(bucket, key, uploadId, number, bodyOf(read, start, size, job.signal), { signal: job.signal });
      parts.push({ partNumber: number, etag });
      start += size;
    }
    await s3.completeUpload(bucket, key, uploadId, parts, { signal: job.signal });
  } catch (error) {
    // The failure's own reason says more than that its remains could not be removed.
    await s3.abortUpload(bucket, key, uploadId, AbortSignal.timeout(CLEANUP_MS)).catch(() => undefined);
    throw error;
  }
}

/** Read once before it is sent: a server must never be given wrong bytes under the right name. */
async function checked({ read, signal }: CopyJob): Promise<RescueRead> {
  if (await readChecked(read, () => undefined, signal)) return read;
  const right = await readAround(read, signal);
  if (right === undefined) throw wrongBytes(read);
  return right;
}

function bodyOf(read: RescueRead, start: number, length: number, signal: AbortSignal | undefined) {
  if (length === 0) return new Uint8Array(0);
  return { sizeBytes: length, open: () => Readable.from(copied(read, start, length, signal), { objectMode: false }) };
}

async function* copied(read: RescueRead, start: number, length: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for await (const bytes of clientBytes(read, { range: { start, length }, signal })) yield Buffer.from(bytes);
}
