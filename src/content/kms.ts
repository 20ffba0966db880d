/**
 * The key that MinIO is given as MINIO_KMS_SECRET_KEY, `NAME:BASE64` (32 bytes): it opens the data keys kept with objects.
 *
 * A data key's ciphertext: sealed key | 16 bytes iv | 12 bytes nonce, sealed by AES-256-GCM with HMAC-SHA256(key, iv). Earlier releases
 * wrote a JSON document of these; it may name ChaCha20-Poly1305, with HChaCha20(key, iv).
 */
import { createDecipheriv, createHmac } from 'node:crypto';
import { StorageError, UsageError } from '../base/index.js';
import { hchacha20 } from './hchacha20.js';

/** Names and values that a data key is bound to. */
export type KmsContext = Readonly<Record<string, string>>;

export class KmsKey {
  constructor(
    readonly name: string,
    private readonly key: Uint8Array,
  ) {}

  /** Throws key-wrong where the data key was sealed with another key, or for another object. */
  openDataKey(ciphertext: Uint8Array, context: KmsContext): Uint8Array {
    const { cipher, bytes, iv, nonce } = parseCiphertext(ciphertext);
    const key = cipher === 'aes-256-gcm' ? createHmac('sha256', this.key).update(iv).digest() : hchacha20(this.key, iv);
    const options = { authTagLength: TAG_BYTES };
    const decipher = cipher === 'aes-256-gcm' ? createDecipheriv(cipher, key, nonce, options) : createDecipheriv(cipher, key, nonce, options);
    const sealed = bytes.subarray(0, bytes.length - TAG_BYTES);
    try {
      decipher.setAAD(Buffer.from(contextText(context)), { plaintextLength: sealed.length });
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return Buffer.concat([decipher.update(sealed), decipher.final()]);
    } catch (cause) {
      throw new StorageError('key-wrong', `The key ${this.name} of MINIO_KMS_SECRET_KEY is not the one that the object was encrypted with`, { cause });
    }
  }
}

const TAG_BYTES = 16;
const IV_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** `NAME:BASE64`. Throws a UsageError. */
export function parseKmsKey(text: string): KmsKey {
  const colon = text.indexOf(':');
  const key = Buffer.from(text.slice(colon + 1), 'base64');
  if (colon < 1 || key.length !== KEY_BYTES) throw new UsageError('MINIO_KMS_SECRET_KEY holds no key', 'set it to NAME:KEY, where KEY is 32 bytes in base64, as the MinIO server had it');
  return new KmsKey(text.slice(0, colon), key);
}

interface Ciphertext {
  readonly cipher: 'aes-256-gcm' | 'chacha20-poly1305';
  /** With the tag. */
  readonly bytes: Uint8Array;
  readonly iv: Uint8Array;
  readonly nonce: Uint8Array;
}

function parseCiphertext(ciphertext: Uint8Array): Ciphertext {
  const old = parseOld(ciphertext);
  if (old !== undefined) return old;
  const end = ciphertext.length - IV_BYTES - NONCE_BYTES;
  if (end < TAG_BYTES) throw new StorageError('content-corrupt', 'The data key kept with the object is too short');
  return { cipher: 'aes-256-gcm', bytes: ciphertext.subarray(0, end), iv: ciphertext.subarray(end, end + IV_BYTES), nonce: ciphertext.subarray(end + IV_BYTES) };
}

/** Undefined for what is no such document; today's ciphertext may begin with any byte. */
function parseOld(ciphertext: Uint8Array): Ciphertext | undefined {
  if (ciphertext[0] !== 0x7b || ciphertext.at(-1) !== 0x7d) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(ciphertext).toString('utf8'));
  } catch {
    return undefined;
  }
  const { aead, iv, nonce, bytes } = document as Record<string, unknown>;
  const cipher = aead === 'AES-256-GCM-HMAC-SHA-256' ? 'aes-256-gcm' : aead === 'ChaCha20Poly1305' ? 'chacha20-poly1305' : undefined;
  if (cipher === undefined || typeof iv !== 'string' || typeof nonce !== 'string' || typeof bytes !== 'string') return undefined;
  const parsed = { cipher, iv: Buffer.from(iv, 'base64'), nonce: Buffer.from(nonce, 'base64'), bytes: Buffer.from(bytes, 'base64') } as const;
  return parsed.iv.length === IV_BYTES && parsed.nonce.length === NONCE_BYTES && parsed.bytes.length >= TAG_BYTES ? parsed : undefined;
}

/** The context as it is authenticated: JSON without blanks, names in order, escaped as Go does. */
export function contextText(context: KmsContext): string {
  const names = Object.keys(context).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${names.map((name) => `${quoted(name)}:${quoted(context[name] ?? '')}`).join(',')}}`;
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f<>&\u2028\u2029]/g, (character) => {
    const short = SHORT_ESCAPES[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
