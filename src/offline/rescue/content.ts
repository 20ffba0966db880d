/** The client's bytes of a version, and whether they are those that it once sent: their MD5 against the ETag. */
import { isStorageError, StorageError } from '../../base/index.js';
import { Content, isTransformed } from '../../content/index.js';
import { findName, type ObjectVersion } from '../../format/index.js';
import { readSalvaged, withoutDrives, type SalvageRead } from '../../store/index.js';
import { EtagCheck, etagOf } from '../etag-check.js';
import type { KeysFor } from './content-keys.js';

/** A version that is to be read as its client wrote it. */
export interface RescueRead extends SalvageRead {
  /** Turns what is kept into what the client wrote; undefined where they are the same. */
  readonly content: Content | undefined;
  /** Of the client's bytes, and those of its parts. */
  readonly size: number;
  readonly parts: readonly { readonly number: number; readonly size: number }[];
}

/** Why the bytes of a version cannot be had, whatever the drives give; undefined where they can. */
export function obstacleOf({ metaSys }: ObjectVersion): string | undefined {
  if (findName(metaSys, 'x-minio-internal-transition-status') !== undefined) return 'its data was moved to a remote tier';
  return undefined;
}

/** Throws kms-key-missing, customer-key-missing, key-wrong, content-unknown, content-corrupt. */
export function clientRead(read: SalvageRead, name: { readonly bucket: string; readonly key: string }, keysFor: KeysFor): RescueRead {
  const { version } = read;
  if (!isTransformed(version)) return { ...read, content: undefined, size: version.size, parts: version.parts };
  const content = new Content(version, name, keysFor(version, name));
  return { ...read, content, size: content.size, parts: content.parts };
}

/** Each buffer is valid until the next is asked for. Throws read-quorum, content-corrupt, aborted. */
export function clientBytes(read: RescueRead, options: { readonly range?: { readonly start: number; readonly length: number }; readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<Uint8Array> {
  const { content } = read;
  return content === undefined ? readSalvaged(read, options) : content.read((range) => readSalvaged(read, { range, signal: options.signal }), options.range);
}

/** Hands every buffer to `take` (it is valid until that resolves) and says whether they are the client's bytes. Throws read-quorum, aborted. */
export async function readChecked(read: RescueRead, take: (bytes: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<boolean> {
  // What decrypts is right.
  const check = new EtagCheck(read.content?.encryption === undefined ? etagOf(read.version) : '', read);
  try {
    for await (const bytes of clientBytes(read, { signal })) {
      check.update(bytes);
      await take(bytes);
    }
  } catch (error) {
    if (isStorageError(error, 'content-corrupt')) return false;
    throw error;
  }
  return check.isFine();
}

/** Tries without one drive, then without two, until the bytes are right: a drive with another's shards has good hashes. undefined where they never are. */
export async function readAround(read: RescueRead, signal?: AbortSignal): Promise<RescueRead | undefined> {
  for (const found of withoutDrives(read.found, read.version)) {
    try {
      if (await readChecked({ ...read, found }, () => undefined, signal)) return { ...read, found };
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'read-quorum') throw error;
    }
  }
  return undefined;
}

export function wrongBytes({ volume, path, version, content }: RescueRead): StorageError {
  const why = content === undefined ? `do not match its ETag ${etagOf(version)}` : 'do not open: they are damaged';
  return new StorageError('checksum-mismatch', `the bytes of ${volume}/${path} ${why}: shards of different writes are mixed up`, { bucket: volume });
}
