/** Whether the bytes that drives give are those that the client once sent: their MD5 against the ETag. */
import { createHash } from 'node:crypto';
import { StorageError } from '../../base/index.js';
import { findName, LEGACY_DATA_DIR, type ObjectVersion } from '../../format/index.js';
import { readSalvaged, withoutDrives, type SalvageRead } from '../../store/index.js';

/** Why the bytes on the drives are not the client's; undefined where they are. */
export function obstacleOf({ metaSys, dataDir }: ObjectVersion): string | undefined {
  if (dataDir === LEGACY_DATA_DIR) return 'it was written before 2021 and is kept in its old form, which rescue does not read';
  const names = [...metaSys.keys()].map((name) => name.toLowerCase());
  if (names.some((name) => name.startsWith('x-minio-internal-server-side-encryption'))) return 'it is encrypted, and rescue has no keys';
  if (names.includes('x-minio-internal-compression')) return 'it is kept compressed, and rescue does not unpack';
  if (names.includes('x-minio-internal-transition-status')) return 'its data was moved to a remote tier';
  return undefined;
}

export function etagOf({ metaUser }: ObjectVersion): string {
  return findName(metaUser, 'etag') ?? findName(metaUser, 'md5Sum') ?? '';
}

/** Follows an object's bytes. */
export class EtagCheck {
  readonly #etag: string;
  readonly #partSizes: readonly number[];
  readonly #whole = createHash('md5');
  #part = createHash('md5');
  #partNumber = 0;
  #partLeft: number;

  constructor(version: ObjectVersion) {
    const etag = etagOf(version);
    const parts = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1];
    const isKnown = parts === undefined ? /^[0-9a-f]{32}$/.test(etag) : Number(parts) === version.parts.length;
    this.#etag = isKnown ? etag : '';
    this.#partSizes = parts === undefined ? [version.size] : version.parts.map(({ size }) => size);
    this.#partLeft = this.#partSizes[0] ?? 0;
  }

  update(bytes: Uint8Array): void {
    if (this.#etag === '') return;
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + this.#partLeft);
      this.#part.update(taken);
      at += taken.length;
      this.#partLeft -= taken.length;
      if (this.#partLeft === 0) this.#nextPart();
      if (taken.length === 0 && this.#partNumber >= this.#partSizes.length) return;
    }
  }

  /** True where they are the client's bytes, or nothing tells. Call it once, after the last byte. */
  isFine(): boolean {
    if (this.#etag === '') return true;
    if (!this.#etag.includes('-')) return this.#part.digest('hex') === this.#etag;
    return `${this.#whole.digest('hex')}-${this.#partSizes.length}` === this.#etag;
  }

  #nextPart(): void {
    if (!this.#etag.includes('-')) return;
    this.#whole.update(this.#part.digest());
    this.#part = createHash('md5');
    this.#partLeft = this.#partSizes[++this.#partNumber] ?? 0;
  }
}

/** Hands every buffer to `take` (it is valid until that resolves) and says whether they are the client's bytes. Throws read-quorum, aborted. */
export async function readChecked(read: SalvageRead, take: (bytes: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<boolean> {
  const check = new EtagCheck(read.version);
  for await (const bytes of readSalvaged(read, { signal })) {
    check.update(bytes);
    await take(bytes);
  }
  return check.isFine();
}

/** Tries without one drive, then without two, until the bytes are right: a drive with another's shards has good hashes. undefined where they never are. */
export async function readAround(read: SalvageRead, signal?: AbortSignal): Promise<SalvageRead | undefined> {
  for (const found of withoutDrives(read.found, read.version)) {
    try {
      if (await readChecked({ ...read, found }, () => undefined, signal)) return { ...read, found };
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'read-quorum') throw error;
    }
  }
  return undefined;
}

export function wrongBytes({ volume, path, version }: SalvageRead): StorageError {
  return new StorageError('checksum-mismatch', `the bytes of ${volume}/${path} do not match its ETag ${etagOf(version)}: shards of different writes are mixed up`, { bucket: volume });
}
