/**
 * The sealed bodies of MinIO's admin calls: secrets travel encrypted with a key derived from the caller's own secret key.
 *
 * | offset | size | meaning |
 * |---|---|---|
 * | 0 | 32 | salt |
 * | 32 | 1 | 0: Argon2id and AES-256-GCM, 1: Argon2id and ChaCha20-Poly1305, 2: PBKDF2 and AES-256-GCM |
 * | 33 | 8 | nonce of the stream |
 * | 41 | | chunks of 16,384 bytes (the last one shorter), each followed by its 16-byte tag |
 *
 * A chunk's nonce is the stream's and a little-endian counter from 1; what it is authenticated with says whether it is
 * the last one, so that nothing can be cut off.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

export type SealKind = 'argon2id-aes' | 'argon2id-chacha' | 'pbkdf2-aes';

const KINDS: readonly SealKind[] = ['argon2id-aes', 'argon2id-chacha', 'pbkdf2-aes'];
const SALT_SIZE = 32;
const NONCE_SIZE = 8;
const HEADER_SIZE = SALT_SIZE + 1 + NONCE_SIZE;
const CHUNK_SIZE = 16 * 1024;
const TAG_SIZE = 16;
const KEY_SIZE = 32;
const LAST = 0x80;

/** The body was not sealed with this secret, or is not whole. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}

interface SealOptions {
  /** Default `argon2id-aes`, as senders with AES instructions choose. */
  readonly kind?: SealKind;
  /** For tests: what is otherwise random. */
  readonly salt?: Uint8Array;
  readonly nonce?: Uint8Array;
}

export async function sealPayload(secret: string, plain: Uint8Array, options: SealOptions = {}): Promise<Buffer> {
  const { kind = 'argon2id-aes', salt = randomBytes(SALT_SIZE), nonce = randomBytes(NONCE_SIZE) } = options;
  const cipher = new ChunkCipher(kind, await deriveKey(kind, secret, salt), nonce);
  return Buffer.concat([salt, Uint8Array.of(KINDS.indexOf(kind)), nonce, ...sealAll(cipher, plain)]);
}

/** The chunks alone, of AES-256-GCM under a key of 32 bytes that is used once: the nonce is zero. */
export function sealChunks(key: Uint8Array, plain: Uint8Array): Buffer {
  return Buffer.concat(sealAll(new ChunkCipher('argon2id-aes', key, new Uint8Array(NONCE_SIZE)), plain));
}

/** What `sealChunks` sealed. Throws UnsealError. */
export function openChunks(key: Uint8Array, sealed: Uint8Array): Buffer {
  return openAll(new ChunkCipher('argon2id-aes', key, new Uint8Array(NONCE_SIZE)), sealed);
}

function sealAll(cipher: ChunkCipher, plain: Uint8Array): Buffer[] {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (let counter = 1; ; counter++) {
    const end = Math.min(offset + CHUNK_SIZE, plain.length);
    const isLast = end === plain.length;
    chunks.push(cipher.seal(plain.subarray(offset, end), counter, isLast));
    if (isLast) return chunks;
    offset = end;
  }
}

/** Throws UnsealError. */
export async function unsealPayload(secret: string, sealed: Uint8Array): Promise<Buffer> {
  const kind = kindOf(sealed);
  if (kind === undefined) throw new UnsealError('The body is not a sealed one.');
  const key = await deriveKey(kind, secret, sealed.subarray(0, SALT_SIZE));
  const cipher = new ChunkCipher(kind, key, sealed.subarray(SALT_SIZE + 1, HEADER_SIZE));
  return openAll(cipher, sealed.subarray(HEADER_SIZE));
}

function openAll(cipher: ChunkCipher, sealed: Uint8Array): Buffer {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (let counter = 1; ; counter++) {
    const end = Math.min(offset + CHUNK_SIZE + TAG_SIZE, sealed.length);
    const isLast = end === sealed.length;
    pieces.push(cipher.open(sealed.subarray(offset, end), counter, isLast));
    if (isLast) return Buffer.concat(pieces);
    offset = end;
  }
}

function kindOf(sealed: Uint8Array): SealKind | undefined {
  return sealed.length < HEADER_SIZE + TAG_SIZE ? undefined : KINDS[sealed[SALT_SIZE] ?? KINDS.length];
}

async function deriveKey(kind: SealKind, secret: string, salt: Uint8Array): Promise<Uint8Array> {
  if (kind === 'pbkdf2-aes') return promisify(pbkdf2)(secret, salt, 8192, KEY_SIZE, 'sha256');
  const { argon2id } = await import('hash-wasm');
  return argon2id({ password: secret, salt, iterations: 1, memorySize: 64 * 1024, parallelism: 4, hashLength: KEY_SIZE, outputType: 'binary' });
}

class ChunkCipher {
  readonly #algorithm: 'aes-256-gcm' | 'chacha20-poly1305';
  /** Tag of an empty text under counter 0: ties all chunks to their stream. */
  readonly #streamTag: Buffer;

  constructor(
    kind: SealKind,
    private readonly key: Uint8Array,
    private readonly nonce: Uint8Array,
  ) {
    this.#algorithm = kind === 'argon2id-chacha' ? 'chacha20-poly1305' : 'aes-256-gcm';
    this.#streamTag = this.#seal(new Uint8Array(0), 0, new Uint8Array(0));
  }

  seal(plain: Uint8Array, counter: number, isLast: boolean): Buffer {
    return this.#seal(plain, counter, this.#associated(isLast));
  }

  open(chunk: Uint8Array, counter: number, isLast: boolean): Buffer {
    if (chunk.length < TAG_SIZE) throw new UnsealError('The sealed body ends too early.');
    const text = chunk.subarray(0, chunk.length - TAG_SIZE);
    const decipher = createDecipheriv(this.#algorithm as 'aes-256-gcm', this.key, this.#nonceOf(counter), { authTagLength: TAG_SIZE });
    decipher.setAAD(this.#associated(isLast), { plaintextLength: text.length });
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG_SIZE));
    try {
      return Buffer.concat([decipher.update(text), decipher.final()]);
    } catch {
      throw new UnsealError('The body was sealed with another secret, or was changed on its way.');
    }
  }

  #seal(plain: Uint8Array, counter: number, associated: Uint8Array): Buffer {
    const cipher = createCipheriv(this.#algorithm as 'aes-256-gcm', this.key, this.#nonceOf(counter), { authTagLength: TAG_SIZE });
    cipher.setAAD(associated, { plaintextLength: plain.length });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  #associated(isLast: boolean): Buffer {
    return Buffer.concat([Uint8Array.of(isLast ? LAST : 0), this.#streamTag]);
  }

  #nonceOf(counter: number): Buffer {
    const nonce = Buffer.alloc(NONCE_SIZE + 4);
    nonce.set(this.nonce);
    nonce.writeUInt32LE(counter, NONCE_SIZE);
    return nonce;
  }
}
