/**
 * Digests over a body that comes in chunks: on the calling thread for small bodies, in digest threads for large ones.
 */
import { createHash } from 'node:crypto';
import { createCrc } from './crc.js';
import { openThreadedDigest } from './digest-pool.js';

export { closeDigestThreads } from './digest-pool.js';

/** Digests over an object's bytes. */
export type DigestName = 'md5' | 'sha256' | 'sha1' | 'crc32' | 'crc32c' | 'crc64nvme';

/** Values by name: raw bytes, CRCs big endian. */
export type DigestValues = ReadonlyMap<DigestName, Uint8Array>;

export interface Digest {
  /**
   * Takes the next bytes. What it returns tells when the memory is free for reuse; where that is a promise, wait for it before too many
   * chunks are under way. Chunks may be handed over without waiting for each other; they count in the order of the calls.
   */
  update(chunk: Uint8Array): Promise<void> | void;
  /** The values over all chunks. Called once, after which no chunk may follow. */
  finish(): Promise<DigestValues>;
  /** Gives up a digest that will not be finished. Harmless after `finish`; chunks under way are still awaited by their promises. */
  close(): void;
}

export interface DigestOptions {
  /** In a digest thread: for bodies above some hundred KiB. Chunks in shared memory are read in place, others are copied. */
  readonly threaded: boolean;
}

export function createDigest(names: readonly DigestName[], options: DigestOptions): Digest {
  return options.threaded && names.length > 0 ? openThreadedDigest(names) : new InlineDigest(names);
}

interface Hasher {
  update(chunk: Uint8Array): unknown;
  finish(): Uint8Array;
}

/** Computes on the thread that calls it; its calls return at once. */
export class InlineDigest implements Digest {
  readonly #hashers: readonly (readonly [DigestName, Hasher])[];

  constructor(names: readonly DigestName[]) {
    this.#hashers = names.map((name) => [name, openHasher(name)] as const);
  }

  update(chunk: Uint8Array): void {
    for (const [, hasher] of this.#hashers) hasher.update(chunk);
  }

  values(): DigestValues {
    return new Map(this.#hashers.map(([name, hasher]) => [name, hasher.finish()]));
  }

  finish(): Promise<DigestValues> {
    return Promise.resolve(this.values());
  }

  close(): void {
    // Nothing is held but memory.
  }
}

function openHasher(name: DigestName): Hasher {
  switch (name) {
    case 'crc32':
    case 'crc32c':
    case 'crc64nvme':
      return createCrc(name);
    case 'md5':
    case 'sha1':
    case 'sha256': {
      const hash = createHash(name);
      return { update: (chunk) => hash.update(chunk), finish: () => hash.digest() };
    }
  }
}
