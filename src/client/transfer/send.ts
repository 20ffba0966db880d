/**
 * Sending bytes to an object, from a file or from another server: one PUT, or parts in parallel that a later run can
 * go on with.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PUT_SIZE_MAX, UsageError } from '../../base/index.js';
import { isS3Error } from '../errors.js';
import type { CompletedPart, Written } from '../s3-types.js';
import type { S3Body } from '../s3-connection.js';
import type { ByteSource, ObjectPlace } from './byte-source.js';
import type { Checksum } from './checksum.js';
import { Meter } from './metered.js';
import { forEachParallel, type Slots } from './parallel.js';
import { isEtagMd5 } from './metadata.js';
import { choosePartSize, OBJECT_SIZE_MAX, partSize, planParts, type ByteRange, type PartRange } from './parts.js';
import type { RateLimit } from './rate-limit.js';
import { isTransient, ShortBody, withRetry, type RetryPolicy } from './retry.js';
import type { Session, SessionStore } from './sessions.js';

/** What all transfers of one command share. */
export interface TransferContext {
  readonly signal: AbortSignal;
  readonly sessions: SessionStore;
  /** Parts in flight over all objects. */
  readonly slots: Slots;
  readonly partSizeBytes: number;
  readonly partParallel: number;
  readonly isMultipartDisabled: boolean;
  readonly uploadLimit?: RateLimit | undefined;
  readonly downloadLimit?: RateLimit | undefined;
  readonly checksum?: Checksum | undefined;
  readonly retry: RetryPolicy;
  /** Bytes that moved (negative: that must move again). */
  readonly onBytes: (count: number) => void;
}

/** How long the clean-up after an interruption may take. */
const CLEANUP_MS = 5_000;
const SEND_BUFFER_BYTES = 1024 * 1024;
const EMPTY_MD5 = createHash('md5').digest('hex');

/**
 * Stores all of `source` as `target` with the given headers. Verifies length, and the MD5 where the ETag is one.
 * When the signal fires, the upload is aborted on the server; when the network or the server fails for good, the upload
 * and its session stay for the next run.
 */
export async function sendObject(
  source: ByteSource,
  target: ObjectPlace,
  headers: Readonly<Record<string, string>>,
  context: TransferContext,
): Promise<void> {
  if (source.sizeBytes > OBJECT_SIZE_MAX) {
    throw new UsageError(`${source.identity} is larger than 5 TiB, the most that an S3 object can hold.`);
  }
  if (source.sizeBytes <= context.partSizeBytes || context.isMultipartDisabled) {
    await context.slots.run(() => sendWhole(source, target, headers, context));
  } else {
    await new MultipartSend(source, target, headers, context).run();
  }
}

async function sendWhole(
  source: ByteSource,
  target: ObjectPlace,
  headers: Readonly<Record<string, string>>,
  context: TransferContext,
): Promise<void> {
  if (source.sizeBytes > PUT_SIZE_MAX) {
    throw new UsageError(
      `${source.identity} is larger than 5 GiB, the most that one PUT can carry.`,
      'Leave out --disable-multipart.',
    );
  }
  const range = { first: 0, last: source.sizeBytes - 1 };
  await withRetry(
    async () => {
      const checksum = await context.checksum?.compute(await openRange(source, range, context.signal));
      await attemptSend(source, range, context, (body) =>
        target.s3.put(target.bucket, target.key, body, { headers: { ...headers, ...checksum?.headers }, signal: context.signal }),
      );
    },
    context.signal,
    context.retry,
  );
}

/**
 * One request with a range as its body; the answer's ETag must be the MD5 of what was sent. Resolves to that MD5.
 * The S3 client may open the body several times: each opening starts the count and the hash anew.
 */
async function attemptSend(
  source: ByteSource,
  range: ByteRange,
  context: TransferContext,
  send: (body: S3Body) => Promise<Written>,
): Promise<{ readonly md5: string; readonly written: Written }> {
  const sizeBytes = range.last - range.first + 1;
  const limits = [context.uploadLimit].filter((limit) => limit !== undefined);
  let meter: Meter | undefined;
  const open = (): Readable => {
    meter?.undo();
    meter = new Meter({ sizeBytes, limits, onBytes: context.onBytes, signal: context.signal });
    return Readable.from(meter.chunks(lazily(() => openRange(source, range, context.signal))), {
      objectMode: false,
      highWaterMark: SEND_BUFFER_BYTES,
    });
  };
  try {
    const written = await send(sizeBytes === 0 ? new Uint8Array(0) : { sizeBytes, open });
    const md5 = meter?.md5() ?? EMPTY_MD5;
    if (isEtagMd5(written.headers) && written.etag !== md5) {
      throw new ShortBody(`The server stored something else than was sent: ETag ${written.etag}, sent ${md5}.`);
    }
    return { md5, written };
  } catch (error) {
    meter?.undo();
    throw error;
  }
}

async function* lazily(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  yield* await open();
}

async function openRange(source: ByteSource, range: ByteRange, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  return range.last < range.first ? Readable.from([]) : source.open(range, signal);
}

class MultipartSend {
  readonly #parts: PartRange[];
  readonly #partSizeBytes: number;
  readonly #finished = new Map<number, CompletedPart>();

  constructor(
    private readonly source: ByteSource,
    private readonly target: ObjectPlace,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly context: TransferContext,
  ) {
    this.#partSizeBytes = choosePartSize(source.sizeBytes, context.partSizeBytes);
    this.#parts = planParts(source.sizeBytes, this.#partSizeBytes);
  }

  async run(): Promise<void> {
    const { signal } = this.context;
    const { session, uploadId } = await this.#open();
    try {
      const missing = this.#parts.filter((part) => !this.#finished.has(part.number));
      await forEachParallel(missing, this.context.partParallel, (part) =>
        this.context.slots.run(() => this.#sendPart(uploadId, part, session)),
      );
      await this.source.confirmUnchanged();
      await this.#complete(uploadId);
      session?.remove();
    } catch (error) {
      if (signal.aborted || !isTransient(error) || session === undefined) {
        await this.#abort(uploadId);
        session?.remove();
      }
      throw error;
    }
  }

  /** The upload to fill: one that an earlier run began and the server still has, or a new one. */
  async #open(): Promise<{ session: Session | undefined; uploadId: string }> {
    const { source, target, context } = this;
    const key = {
      kind: 'upload' as const,
      source: source.identity,
      target: target.s3.plainUrl(target.bucket, target.key),
      sizeBytes: source.sizeBytes,
      stamp: source.stamp + (context.checksum?.name ?? '') + JSON.stringify(this.headers),
      partSizeBytes: this.#partSizeBytes,
    };
    const kept = context.sessions.resume(key);
    if (kept !== undefined && kept !== 'busy' && (await this.#adopt(kept))) return { session: kept, uploadId: kept.uploadId };
    const uploadId = await withRetry(
      () =>
        target.s3.createUpload(target.bucket, target.key, {
          headers: { ...this.headers, ...context.checksum?.uploadHeaders },
          signal: context.signal,
        }),
      context.signal,
      context.retry,
    );
    return { session: kept === 'busy' ? undefined : context.sessions.create(key, uploadId), uploadId };
  }

  /** Takes over the parts that are on the server exactly as they were sent. False when the upload is gone. */
  async #adopt(session: Session): Promise<boolean> {
    const { target, context } = this;
    let present;
    try {
      present = await withRetry(
        () => target.s3.listParts(target.bucket, target.key, session.uploadId, context.signal),
        context.signal,
        context.retry,
      );
    } catch (error) {
      if (isS3Error(error, 'NoSuchUpload')) return false;
      throw error;
    }
    const stored = new Map(present.map((part) => [part.partNumber, part]));
    for (const range of this.#parts) {
      const part = stored.get(range.number);
      const sent = session.parts.get(range.number);
      if (!part || !sent || part.etag !== sent.etag || part.sizeBytes !== partSize(range)) continue;
      this.#finished.set(range.number, { partNumber: range.number, etag: part.etag, checksum: sent.checksum });
      context.onBytes(part.sizeBytes);
    }
    return true;
  }

  async #sendPart(uploadId: string, range: PartRange, session: Session | undefined): Promise<void> {
    const { source, target, context } = this;
    await withRetry(
      async () => {
        const checksum = await context.checksum?.compute(await openRange(source, range, context.signal));
        const { md5, written } = await attemptSend(source, range, context, (body) =>
          target.s3.uploadPart(target.bucket, target.key, uploadId, range.number, body, {
            headers: checksum?.headers,
            signal: context.signal,
          }),
        );
        const part = { etag: written.etag, checksum: checksum?.element ?? {} };
        this.#finished.set(range.number, { partNumber: range.number, ...part });
        session?.add({ number: range.number, md5, ...part });
      },
      context.signal,
      context.retry,
    );
  }

  async #complete(uploadId: string): Promise<void> {
    const { source, target, context } = this;
    const parts = [...this.#finished.values()].sort((a, b) => a.partNumber - b.partNumber);
    const wanted = compositeEtag(parts.map((part) => part.etag));
    const options = { headers: context.checksum?.completeHeaders, signal: context.signal };
    let written: Pick<Written, 'etag' | 'headers'>;
    try {
      written = await withRetry(
        () => target.s3.completeUpload(target.bucket, target.key, uploadId, parts, options),
        context.signal,
        context.retry,
      );
    } catch (error) {
      // A completion whose answer was lost finds no upload when it is sent again: fine if the object is there.
      if (!isS3Error(error, 'NoSuchUpload')) throw error;
      written = await target.s3.head(target.bucket, target.key, { signal: context.signal });
      if (written.etag !== wanted) throw error;
    }
    if (isEtagMd5(written.headers) && written.etag !== wanted) {
      const url = target.s3.plainUrl(target.bucket, target.key);
      throw new Error(`${url} was stored with ETag ${written.etag}, which does not belong to the ${source.sizeBytes} bytes that were sent.`);
    }
  }

  async #abort(uploadId: string): Promise<void> {
    const { target } = this;
    try {
      await target.s3.abortUpload(target.bucket, target.key, uploadId, AbortSignal.timeout(CLEANUP_MS));
    } catch {
      // The transfer's own error says more than that its remains could not be removed; the server drops them in time.
    }
  }
}

/** The ETag of a multipart object: MD5 of its parts' MD5s, and their count. */
export function compositeEtag(etags: readonly string[]): string {
  const hash = createHash('md5');
  for (const etag of etags) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${etags.length}`;
}
