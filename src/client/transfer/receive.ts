/**
 * Fetching an object into a local file: always into `<name>.part.mts` first, which is synced and renamed when every byte
 * is there and verified. Large objects come in ranges, several at a time, and a later run goes on with what is there.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ByteSource } from './byte-source.js';
import { Meter } from './metered.js';
import { forEachParallel } from './parallel.js';
import { partSize, planParts, type PartRange } from './parts.js';
import { isTransient, ShortBody, withRetry } from './retry.js';
import { compositeEtag, type TransferContext } from './send.js';
import type { Session, SessionKey } from './sessions.js';

/** Ranges larger than this are cut, though a composite ETag can then not be verified part by part. */
const RANGE_SIZE_MAX = 128 * 1024 * 1024;
const RANGE_SIZE_MIN = 1024 * 1024;
const VERIFY_CHUNK_BYTES = 1024 * 1024;

/**
 * Stores all of `source` in the file `path`, making folders as needed. `uploadPartSizeBytes` is the size of the parts the
 * object was uploaded in, when all but the last are equal: then a composite ETag can be verified. `finish` may set times
 * and modes of the temporary file before it gets its name.
 */
export async function receiveObject(
  source: ByteSource,
  path: string,
  uploadPartSizeBytes: number | undefined,
  context: TransferContext,
  finish: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await refuseFolder(path);
  const rangeSizeBytes = chooseRangeSize(uploadPartSizeBytes, context);
  if (source.sizeBytes <= rangeSizeBytes || context.isMultipartDisabled) {
    await receiveWhole(source, path, context, finish);
  } else {
    const canVerifyParts = rangeSizeBytes === uploadPartSizeBytes;
    await new RangedReceive(source, path, context, rangeSizeBytes, canVerifyParts).run(finish);
  }
}

/** Ranges follow the parts of the upload where these have a handy size. */
function chooseRangeSize(size: number | undefined, context: TransferContext): number {
  return size !== undefined && size >= RANGE_SIZE_MIN && size <= RANGE_SIZE_MAX ? size : context.partSizeBytes;
}

async function refuseFolder(path: string): Promise<void> {
  const present = await stat(path).catch(() => undefined);
  if (present?.isDirectory()) {
    throw Object.assign(new Error(`\`${path}\` is a folder; a file of that name cannot be written.`), { code: 'EISDIR' });
  }
}

const temporaryName = (path: string, isShared: boolean): string => (isShared ? `${path}.part.mts` : `${path}.${process.pid}.part.mts`);

/** Makes the file durable and gives it its name, in this order: a reader never meets half a file. */
async function publish(
  file: FileHandle,
  temporaryPath: string,
  path: string,
  finish: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  await file.datasync();
  await file.close();
  await finish(temporaryPath);
  await rename(temporaryPath, path);
}

async function receiveWhole(
  source: ByteSource,
  path: string,
  context: TransferContext,
  finish: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  const temporaryPath = temporaryName(path, false);
  try {
    await context.slots.run(() =>
      withRetry(
        async () => {
          const file = await open(temporaryPath, 'w');
          try {
            const range = { number: 1, first: 0, last: source.sizeBytes - 1 };
            const md5 = await receiveRange(source, range, file, context);
            verifyPlainEtag(source, md5);
            await publish(file, temporaryPath, path, finish);
          } finally {
            await file.close();
          }
        },
        context.signal,
        context.retry,
      ),
    );
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}

/** Writes one range to its place in the file; resolves to the MD5 of its bytes. */
async function receiveRange(source: ByteSource, range: PartRange, file: FileHandle, context: TransferContext): Promise<string> {
  const limits = [context.downloadLimit].filter((limit) => limit !== undefined);
  const meter = new Meter({ sizeBytes: partSize(range), limits, onBytes: context.onBytes, signal: context.signal });
  try {
    let position = range.first;
    for await (const chunk of meter.chunks(await source.open(range, context.signal))) {
      await writeFully(file, chunk, position);
      position += chunk.length;
    }
    return meter.md5();
  } catch (error) {
    meter.undo();
    throw error;
  }
}

async function writeFully(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

const PLAIN_ETAG = /^[0-9a-f]{32}$/;

function verifyPlainEtag(source: ByteSource, md5: string): void {
  const etag = source.md5Etag();
  if (etag !== undefined && PLAIN_ETAG.test(etag) && md5 !== etag) {
    throw new ShortBody(`The bytes received of ${source.identity} do not belong to its ETag ${etag}: their MD5 is ${md5}.`);
  }
}

class RangedReceive {
  readonly #ranges: PartRange[];
  readonly #md5s = new Map<number, string>();

  constructor(
    private readonly source: ByteSource,
    private readonly path: string,
    private readonly context: TransferContext,
    private readonly rangeSizeBytes: number,
    /** The ranges are the parts of the upload. */
    private readonly canVerifyParts: boolean,
  ) {
    this.#ranges = planParts(source.sizeBytes, rangeSizeBytes);
  }

  async run(finish: (temporaryPath: string) => Promise<void>): Promise<void> {
    const { source, context, path } = this;
    const key: SessionKey = {
      kind: 'download',
      source: source.identity,
      target: path,
      sizeBytes: source.sizeBytes,
      stamp: source.stamp,
      partSizeBytes: this.rangeSizeBytes,
    };
    const kept = context.sessions.resume(key);
    const temporaryPath = temporaryName(path, kept !== 'busy');
    const file = await open(temporaryPath, kept === undefined || kept === 'busy' ? 'w+' : await existingMode(temporaryPath));
    let session: Session | undefined;
    try {
      if (kept !== undefined && kept !== 'busy') await this.#adopt(kept, file);
      session = kept === 'busy' ? undefined : (kept ?? context.sessions.create(key, ''));
      await file.truncate(source.sizeBytes);
      const missing = this.#ranges.filter((range) => !this.#md5s.has(range.number));
      await forEachParallel(missing, context.partParallel, (range) => context.slots.run(() => this.#fetch(range, file, session)));
      await this.#verify(file);
      await publish(file, temporaryPath, path, finish);
      session?.remove();
    } catch (error) {
      await file.close();
      if (context.signal.aborted || session === undefined || !isTransient(error) || error instanceof ShortBody) {
        await rm(temporaryPath, { force: true });
        session?.remove();
      }
      throw error;
    }
  }

  /** Takes over the ranges whose bytes in the temporary file still have the MD5 they had when they were written. */
  async #adopt(session: Session, file: FileHandle): Promise<void> {
    for (const range of this.#ranges) {
      const part = session.parts.get(range.number);
      if (!part || (await md5OfRange(file, range)) !== part.md5) continue;
      this.#md5s.set(range.number, part.md5);
      this.context.onBytes(partSize(range));
    }
  }

  async #fetch(range: PartRange, file: FileHandle, session: Session | undefined): Promise<void> {
    const { source, context } = this;
    const md5 = await withRetry(() => receiveRange(source, range, file, context), context.signal, context.retry);
    this.#md5s.set(range.number, md5);
    session?.add({ number: range.number, md5, etag: '', checksum: {} });
  }

  /** Plain ETags are the MD5 of all bytes; composite ones of the parts' MD5s, when the ranges were the parts. */
  async #verify(file: FileHandle): Promise<void> {
    const { source } = this;
    const etag = source.md5Etag();
    if (etag === undefined) return;
    if (PLAIN_ETAG.test(etag)) {
      verifyPlainEtag(source, await md5OfRange(file, { number: 0, first: 0, last: source.sizeBytes - 1 }));
      return;
    }
    if (!this.canVerifyParts) return;
    const composite = compositeEtag(this.#ranges.map((range) => this.#md5s.get(range.number) ?? ''));
    if (composite !== etag) {
      throw new ShortBody(`The bytes received of ${source.identity} do not belong to its ETag ${etag}: their parts give ${composite}.`);
    }
  }
}

async function existingMode(path: string): Promise<string> {
  const present = await stat(path).catch(() => undefined);
  return present?.isFile() ? 'r+' : 'w+';
}

async function md5OfRange(file: FileHandle, range: PartRange): Promise<string> {
  const hash = createHash('md5');
  const buffer = Buffer.allocUnsafe(VERIFY_CHUNK_BYTES);
  for (let position = range.first; position <= range.last; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.last - position + 1), position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}
