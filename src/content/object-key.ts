/**
 * The key of an encrypted object, kept with it under a seal. What opens the seal is the client's own key (SSE-C), or a data key that the KMS
 * key opens (SSE-S3, SSE-KMS).
 *
 * | metadata (`X-Minio-Internal-Server-Side-Encryption-` ...) | meaning                                              |
 * |---|---|
 * | `Sealed-Key`, `S3-Sealed-Key`, `Kms-Sealed-Key`            | the sealed key, base64 of 64 bytes; the name tells the kind |
 * | `Iv`, `Seal-Algorithm`                                      | of the seal                                          |
 * | `S3-Kms-Key-Id`, `S3-Kms-Sealed-Key`                        | name of the KMS key; the data key that it opens      |
 * | `Context`                                                   | base64 JSON of what the client bound the data key to |
 */
import { createHash, createHmac } from 'node:crypto';
import { StorageError } from '../base/index.js';
import { findName } from '../format/index.js';
import { openSealed } from './dare.js';
import type { KmsContext, KmsKey } from './kms.js';

export type EncryptionKind = 'SSE-C' | 'SSE-S3' | 'SSE-KMS';

/** What keys there are to open an object with. */
export interface ContentKeys {
  /** Of MINIO_KMS_SECRET_KEY. */
  readonly kms?: KmsKey | undefined;
  /** The client's, 32 bytes. */
  readonly customer?: Uint8Array | undefined;
}

export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
}

type Metadata = ReadonlyMap<string, Uint8Array>;

const PREFIX = 'x-minio-internal-server-side-encryption-';
const SEALED_KEY_NAMES: Readonly<Record<EncryptionKind, string>> = { 'SSE-C': 'sealed-key', 'SSE-S3': 's3-sealed-key', 'SSE-KMS': 'kms-sealed-key' };
const KEY_BYTES = 32;

/** How the object is encrypted; undefined where it is not. */
export function encryptionKind(metaSys: Metadata): EncryptionKind | undefined {
  for (const name of metaSys.keys()) {
    if (name.length < PREFIX.length || name.slice(0, PREFIX.length).toLowerCase() !== PREFIX) continue;
    for (const kind of ['SSE-S3', 'SSE-KMS', 'SSE-C'] as const) if (findName(metaSys, PREFIX + SEALED_KEY_NAMES[kind]) !== undefined) return kind;
    throw new StorageError('content-unknown', 'The object is encrypted in a form that is not known: its sealed key is missing');
  }
  return undefined;
}

/** True where each part has a key of its own. */
export function isEncryptedInParts(metaSys: Metadata): boolean {
  return findName(metaSys, 'x-minio-internal-encrypted-multipart') !== undefined;
}

/** The name of the KMS key that an object needs; empty where it does not say. */
export function kmsKeyName(metaSys: Metadata): string {
  return textOf(metaSys, 's3-kms-key-id') ?? '';
}

/** The client's context as it was given, base64 of JSON; undefined where there was none. */
export function kmsContextText(metaSys: Metadata): string | undefined {
  return textOf(metaSys, 'context');
}

/** The object's own key. Throws kms-key-missing, customer-key-missing, key-wrong, content-unknown, content-corrupt. */
export function openObjectKey(kind: EncryptionKind, metaSys: Metadata, { bucket, key }: ObjectName, keys: ContentKeys): Uint8Array {
  // As Go's path.Join has it: folders without their slash.
  const path = `${bucket}/${key}`.replace(/\/+$/, '');
  const outer = kind === 'SSE-C' ? customerKey(keys, path) : dataKey(kind, metaSys, { bucket, path }, keys);
  const sealed = bytesOf(metaSys, SEALED_KEY_NAMES[kind]);
  const iv = bytesOf(metaSys, 'iv');
  const algorithm = textOf(metaSys, 'seal-algorithm');
  let sealingKey: Uint8Array;
  if (algorithm === 'DAREv2-HMAC-SHA256') sealingKey = createHmac('sha256', outer).update(iv).update(kind).update(algorithm).update(path).digest();
  else if (algorithm === 'DARE-SHA256') sealingKey = createHash('sha256').update(outer).update(iv).digest();
  else throw new StorageError('content-unknown', `The object's key is sealed by "${algorithm ?? ''}", which is not known`);
  try {
    const opened = openSealed(sealed, sealingKey);
    if (opened.length === KEY_BYTES) return opened;
  } catch (cause) {
    throw new StorageError('key-wrong', `The key given is not the one that ${path} was encrypted with`, { bucket, key, cause });
  }
  throw new StorageError('content-corrupt', `The key of ${path} has a wrong length`, { bucket, key });
}

/** The key of one part of an upload. */
export function partKey(objectKey: Uint8Array, partNumber: number): Uint8Array {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(partNumber);
  return createHmac('sha256', objectKey).update(number).digest();
}

/** Opens a small value that is kept sealed with the object: `SSE-etag`, `object-checksum`, `compression-index`. Throws content-corrupt. */
export function openValue(objectKey: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  return openSealed(sealed, createHmac('sha256', objectKey).update(name).digest());
}

function customerKey({ customer }: ContentKeys, path: string): Uint8Array {
  if (customer !== undefined) return customer;
  throw new StorageError('customer-key-missing', `${path} was encrypted with a key of its client (SSE-C), which must be given to read it`);
}

function dataKey(kind: EncryptionKind, metaSys: Metadata, { bucket, path }: { readonly bucket: string; readonly path: string }, { kms }: ContentKeys): Uint8Array {
  const name = kmsKeyName(metaSys).replace(/^arn:aws:kms:/, '');
  if (kms === undefined || (name !== '' && kms.name !== name)) {
    const have = kms === undefined ? 'is not set' : `holds the key "${kms.name}"`;
    throw new StorageError('kms-key-missing', `${path} is encrypted with the KMS key "${name}", and MINIO_KMS_SECRET_KEY ${have}; set it to ${name}:KEY as the MinIO server had it`);
  }
  return kms.openDataKey(bytesOf(metaSys, 's3-kms-sealed-key'), kind === 'SSE-S3' ? { [bucket]: path } : boundContext(metaSys, bucket, path));
}

function boundContext(metaSys: Metadata, bucket: string, path: string): KmsContext {
  const text = kmsContextText(metaSys);
  if (text === undefined) return { [bucket]: path };
  try {
    const document = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
    if (typeof document === 'object' && document !== null && Object.values(document).every((value) => typeof value === 'string')) return { [bucket]: path, ...document };
  } catch {
    // Said below.
  }
  throw new StorageError('content-corrupt', `The KMS context kept with ${path} cannot be read`);
}

function textOf(metaSys: Metadata, name: string): string | undefined {
  const value = findName(metaSys, PREFIX + name);
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
}

function bytesOf(metaSys: Metadata, name: string): Uint8Array {
  const text = textOf(metaSys, name);
  if (text === undefined) throw new StorageError('content-corrupt', `The metadata of an encrypted object lacks ${name}`);
  return Buffer.from(text, 'base64');
}
