/**
 * DARE, the format in which MinIO encrypts: a stream of packages, each sealed with its place in the stream.
 *
 * | bytes  | 2.0                                                  | 1.0 (early 2018)          |
 * |--------|------------------------------------------------------|---------------------------|
 * | 0      | 0x20                                                 | 0x10                      |
 * | 1      | cipher: 0 AES-256-GCM, 1 ChaCha20-Poly1305           | the same                  |
 * | 2-3    | u16 LE, payload length - 1                           | the same                  |
 * | 4-15   | nonce of the stream; highest bit set in the last one | u32 LE number, 8 of nonce |
 * | 16-    | payload, 64 KiB in all packages but the last         | the same                  |
 * | last 16| tag                                                  | the same                  |
 *
 * The cipher's nonce is bytes 4-15, in 2.0 with the package's number (u32 LE) XORed into the last four; bytes 0-3 are
 * authenticated along.
 */
import { createDecipheriv } from 'node:crypto';
import { StorageError } from '../base/index.js';
import type { ByteFeed } from './byte-feed.js';

const PAYLOAD_BYTES = 64 * 1024;
const HEADER_BYTES = 16;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
export const PACKAGE_BYTES = PAYLOAD_BYTES + OVERHEAD_BYTES;

/** Bytes that a sealed stream of this size holds. Throws content-corrupt for a size that none has. */
export function openedSize(sealedSize: number): number {
  const rest = sealedSize % PACKAGE_BYTES;
  if (rest > 0 && rest <= OVERHEAD_BYTES) throw damaged('its size is none that an encrypted object can have');
  return sealedSize - Math.ceil(sealedSize / PACKAGE_BYTES) * OVERHEAD_BYTES;
}

/** Where the packages lie that hold a range of the opened stream. */
export interface PackageRange {
  readonly firstPackage: number;
  /** In the sealed stream. */
  readonly start: number;
  readonly end: number;
  /** Opened bytes before the range in its first package. */
  readonly skip: number;
}

export function packagesOf(sealedSize: number, from: number, to: number): PackageRange {
  const firstPackage = Math.floor(from / PAYLOAD_BYTES);
  const end = Math.min(sealedSize, Math.ceil(to / PAYLOAD_BYTES) * PACKAGE_BYTES);
  return { firstPackage, start: firstPackage * PACKAGE_BYTES, end, skip: from - firstPackage * PAYLOAD_BYTES };
}

/**
 * Opens the packages from one on; nothing of a package is given before its tag was found right. Each buffer is valid until the next is
 * asked for. Throws content-corrupt.
 *
 * @param sealedSize of the whole stream, whose last package must say that it is
 */
export async function* openPackages(feed: ByteFeed, key: Uint8Array, sealedSize: number, { firstPackage, start, end }: Omit<PackageRange, 'skip'>): AsyncGenerator<Uint8Array, void> {
  const sealed = new Uint8Array(Math.min(PACKAGE_BYTES, end - start));
  const opener = new PackageOpener(key);
  let at = start;
  for (let number = firstPackage; at < end; number++) {
    const size = Math.min(PACKAGE_BYTES, sealedSize - at);
    const one = sealed.subarray(0, size);
    if ((await feed.fill(one)) < size) throw damaged('it ends too early');
    at += size;
    yield opener.open(one, number, at === sealedSize);
  }
}

/** Opens a small sealed value, such as a key. Throws content-corrupt. */
export function openSealed(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  openedSize(sealed.length);
  const opener = new PackageOpener(key);
  const opened: Uint8Array[] = [];
  for (let at = 0, number = 0; at < sealed.length; at += PACKAGE_BYTES, number++) {
    const one = sealed.subarray(at, at + PACKAGE_BYTES);
    opened.push(opener.open(one, number, at + one.length === sealed.length));
  }
  return Buffer.concat(opened);
}

class PackageOpener {
  /** Bytes 4-15 of the first package seen, without the mark of the last one. */
  #streamNonce: Buffer | undefined;

  constructor(private readonly key: Uint8Array) {}

  open(bytes: Uint8Array, number: number, isLast: boolean): Uint8Array {
    const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const version = sealed[0];
    if (version !== 0x20 && version !== 0x10) throw damaged(`package ${number} has no known form`);
    if (sealed.readUInt16LE(2) + 1 + OVERHEAD_BYTES !== sealed.length) throw damaged(`package ${number} has another length than its place`);
    const nonce = version === 0x20 ? this.#nonce2(sealed, number, isLast) : nonce1(sealed, number);
    const tag = sealed.subarray(sealed.length - TAG_BYTES);
    const decipher = decipherOf(sealed[1], this.key, nonce);
    decipher.setAAD(sealed.subarray(0, 4), { plaintextLength: sealed.length - OVERHEAD_BYTES });
    decipher.setAuthTag(tag);
    const opened = decipher.update(sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES));
    try {
      decipher.final();
    } catch (cause) {
      throw damaged(`package ${number} does not open with its key`, cause);
    }
    return opened;
  }

  #nonce2(sealed: Buffer, number: number, isLast: boolean): Buffer {
    const nonce = Buffer.from(sealed.subarray(4, HEADER_BYTES));
    const mark = (nonce[0] ?? 0) & 0x80;
    if ((mark !== 0) !== isLast) throw damaged(isLast ? 'it ends before its last package' : `package ${number} says that it is the last`);
    const common = Buffer.from(nonce);
    common[0] = (nonce[0] ?? 0) & 0x7f;
    this.#streamNonce ??= common;
    if (!this.#streamNonce.equals(common)) throw damaged(`package ${number} is of another stream`);
    nonce.writeUInt32LE((nonce.readUInt32LE(8) ^ number) >>> 0, 8);
    return nonce;
  }
}

function nonce1(sealed: Buffer, number: number): Buffer {
  if (sealed.readUInt32LE(4) !== number) throw damaged(`package ${number} is of another place`);
  return sealed.subarray(4, HEADER_BYTES);
}

function decipherOf(cipher: number | undefined, key: Uint8Array, nonce: Uint8Array) {
  if (cipher === 0) return createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  if (cipher === 1) return createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  throw damaged(`cipher ${cipher ?? '?'} is not known`);
}

function damaged(why: string, cause?: unknown): StorageError {
  return new StorageError('content-corrupt', `The encrypted content is damaged: ${why}`, { cause });
}
