/**
 * `pipe`: bytes of unknown length from standard input into an object, part by part, without ever holding more than the
 * parts in flight; or into a local file, which gets its name when the input has ended.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { PART_NUMBER_MAX, UsageError } from '../../base/index.js';
import type { CompletedPart } from '../s3-types.js';
import type { ObjectPlace } from './byte-source.js';
import { isEtagMd5 } from './metadata.js';
import { forEachParallel } from './parallel.js';
import { ShortBody, withRetry } from './retry.js';
import { compositeEtag, type TransferContext } from './send.js';

/** Parts grow by this factor every so many parts, so that 10,000 of them reach 5 TiB while a short input stays light. */
const PART_GROWTH_EVERY = 1_000;
const PART_GROWTH = 2;
const CLEANUP_MS = 5_000;

interface PipeOptions {
  /** Size of the parts, of the first thousand when `isGrowing`. */
  readonly partSizeBytes: number;
  readonly isGrowing: boolean;
  /** Parts in memory and in flight at once. */
  readonly parallel: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Stores all of `input`; resolves to its length. When the input or the upload fails, the upload is aborted. */
export async function pipeToObject(input: Readable, target: ObjectPlace, options: PipeOptions, context: TransferContext): Promise<number> {
  const { s3, bucket, key } = target;
  const { signal } = context;
  const uploadId = await withRetry(
    () => s3.createUpload(bucket, key, { headers: { ...options.headers, ...context.checksum?.uploadHeaders }, signal }),
    signal,
    context.retry,
  );
  try {
    const parts: CompletedPart[] = [];
    let total = 0;
    await forEachParallel(cutParts(input, options, signal), options.parallel, async ({ number, data }) => {
      total += data.length;
      parts.push(await sendBuffer(target, uploadId, number, data, context));
    });
    parts.sort((a, b) => a.partNumber - b.partNumber);
    const written = await s3.completeUpload(bucket, key, uploadId, parts, { headers: context.checksum?.completeHeaders, signal });
    const wanted = compositeEtag(parts.map((part) => part.etag));
    if (isEtagMd5(written.headers) && written.etag !== wanted) {
      throw new Error(`${s3.plainUrl(bucket, key)} was stored with ETag ${written.etag} instead of ${wanted}.`);
    }
    return total;
  } catch (error) {
    input.destroy();
    await s3.abortUpload(bucket, key, uploadId, AbortSignal.timeout(CLEANUP_MS)).catch(() => {
      // The pipe's own error says more than that its remains could not be removed.
    });
    throw error;
  }
}

interface Part {
  readonly number: number;
  readonly data: Buffer;
}

/** Cuts a stream into parts; an empty stream is one empty part. */
async function* cutParts(input: Readable, options: PipeOptions, signal: AbortSignal): AsyncGenerator<Part> {
  let number = 1;
  let size = options.partSizeBytes;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    held.push(chunk);
    heldBytes += chunk.length;
    while (heldBytes >= size) {
      const all = Buffer.concat(held);
      yield { number, data: all.subarray(0, size) };
      held = [all.subarray(size)];
      heldBytes -= size;
      number += 1;
      if (number > PART_NUMBER_MAX) {
        throw new UsageError('The input is too long for 10,000 parts of this size.', 'Use a larger --part-size.');
      }
      if (options.isGrowing && number % PART_GROWTH_EVERY === 0) size *= PART_GROWTH;
    }
  }
  if (heldBytes > 0 || number === 1) yield { number, data: Buffer.concat(held) };
}

async function sendBuffer(target: ObjectPlace, uploadId: string, number: number, data: Buffer, context: TransferContext): Promise<CompletedPart> {
  const { s3, bucket, key } = target;
  const { signal } = context;
  const checksum = await context.checksum?.compute(oneChunk(data));
  await context.uploadLimit?.take(data.length, signal);
  const md5 = createHash('md5').update(data).digest('hex');
  const written = await withRetry(
    async () => {
      const answer = await s3.uploadPart(bucket, key, uploadId, number, data, { headers: checksum?.headers, signal });
      if (isEtagMd5(answer.headers) && answer.etag !== md5) {
        throw new ShortBody(`The server stored something else than was sent: ETag ${answer.etag}, sent ${md5}.`);
      }
      return answer;
    },
    signal,
    context.retry,
  );
  context.onBytes(data.length);
  return { partNumber: number, etag: written.etag, checksum: checksum?.element };
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* oneChunk(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}

/** Stores all of `input` in a file; resolves to its length. */
export async function pipeToFile(input: Readable, path: string, context: TransferContext): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const temporaryPath = `${path}.${process.pid}.part.mts`;
  const file = await open(temporaryPath, 'w');
  let total = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      context.signal.throwIfAborted();
      for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten;
      total += chunk.length;
      context.onBytes(chunk.length);
    }
    await file.datasync();
    await file.close();
    await rename(temporaryPath, path);
    return total;
  } catch (error) {
    await file.close();
    await rm(temporaryPath, { force: true });
    throw error;
  }
}
