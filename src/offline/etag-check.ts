/** Whether bytes are those that a client once sent: their MD5 against the ETag, which no drive's hash of a shard can replace. */
import { createHash } from 'node:crypto';
import { findName, type ObjectVersion } from '../format/index.js';

/** As it is kept: sealed where the object is encrypted. */
export function etagOf({ metaUser }: Pick<ObjectVersion, 'metaUser'>): string {
  return findName(metaUser, 'etag') ?? findName(metaUser, 'md5Sum') ?? '';
}

/** The object's client's bytes by size, as a whole and by part. */
export interface CheckedContent {
  readonly version: Pick<ObjectVersion, 'metaSys'>;
  readonly size: number;
  readonly parts: readonly { readonly size: number }[];
}

/** Follows an object's bytes. */
export class EtagCheck {
  readonly #etag: string;
  readonly #partSizes: readonly number[];
  readonly #whole = createHash('md5');
  #part = createHash('md5');
  #partNumber = 0;
  #partLeft: number;

  /** @param etag empty where nothing is to be compared */
  constructor(etag: string, { version, size, parts: clientParts }: CheckedContent) {
    const parts = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1];
    // Some servers gave objects of one PUT random ETags that end so; of uploads they noted the client's size.
    const isRandom = parts === '1' && findName(version.metaSys, 'x-minio-internal-actual-size') === undefined;
    const isKnown = parts === undefined ? /^[0-9a-f]{32}$/.test(etag) : !isRandom && Number(parts) === clientParts.length;
    this.#etag = isKnown ? etag : '';
    this.#partSizes = parts === undefined ? [size] : clientParts.map((part) => part.size);
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
