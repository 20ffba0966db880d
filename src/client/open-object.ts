/** Reading one object or file for `cat` and `head`: which version, which bytes. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { UsageError } from '../base/index.js';
import { list } from './list.js';
import type { Place, RemotePlace } from './transfer/place.js';

export interface ReadChoice {
  readonly versionId?: string | undefined;
  /** The version that was current then. */
  readonly rewindTo?: Date | undefined;
  readonly partNumber?: number | undefined;
  /** First byte wanted. */
  readonly offset?: number | undefined;
  /** That many last bytes; not together with `offset`. */
  readonly tail?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Opened {
  readonly body: Readable;
  /** Bytes that `body` will give. */
  readonly sizeBytes: number;
}

/** Opens a place for reading. Throws UsageError, S3Error, or the file system's error. */
export async function openObject(place: Place, choice: ReadChoice): Promise<Opened> {
  if (place.kind === 'local') return openFile(place.text, choice);
  if (place.key === '') throw new UsageError('Object name cannot be empty.');
  const { partNumber, signal } = choice;
  const versionId = await chooseVersion(place, choice);
  const whole = choice.offset === undefined && choice.tail === undefined;
  const range = whole ? undefined : rangeOf((await place.s3.head(place.bucket, place.key, { versionId, signal })).sizeBytes, choice);
  if (range?.count === 0) return { body: emptyBody(), sizeBytes: 0 };
  const { body, headers } = await place.s3.get(place.bucket, place.key, {
    versionId, partNumber, signal, ...(range === undefined ? {} : { range: { first: range.first, last: range.first + range.count - 1 } }),
  });
  return { body, sizeBytes: Number(headers['content-length'] ?? 0) };
}

/** The version that `--rewind` means, or the one that was named; undefined is the current one. */
export async function chooseVersion(place: RemotePlace, choice: Pick<ReadChoice, 'versionId' | 'rewindTo' | 'signal'>): Promise<string | undefined> {
  const { rewindTo, versionId, signal } = choice;
  if (rewindTo === undefined) return versionId;
  for await (const entry of list(place, { isRecursive: true, rewindTo, signal })) {
    if (entry.key === place.key) return entry.versionId;
    if (entry.key > place.key) break;
  }
  throw new UsageError(`Object did not exist at \`${rewindTo.toUTCString().replace('GMT', 'UTC')}\`.`);
}

async function openFile(path: string, choice: ReadChoice): Promise<Opened> {
  const stats = await stat(resolve(path));
  if (stats.isDirectory()) throw new UsageError(`\`${path}\` is a folder.`);
  const { first, count } = rangeOf(stats.size, choice);
  if (count === 0 && stats.isFile()) return { body: emptyBody(), sizeBytes: 0 };
  const body = createReadStream(path, { ...(stats.isFile() ? { start: first, end: first + count - 1 } : {}), ...(choice.signal === undefined ? {} : { signal: choice.signal }) });
  return { body, sizeBytes: count };
}

const emptyBody = (): Readable => Readable.from([]);

function rangeOf(sizeBytes: number, { offset = 0, tail }: ReadChoice): { first: number; count: number } {
  if (offset > sizeBytes) throw new UsageError(`specified offset (${offset}) bigger than file (${sizeBytes}).`);
  const first = tail === undefined ? offset : Math.max(0, sizeBytes - tail);
  return { first, count: sizeBytes - first };
}
