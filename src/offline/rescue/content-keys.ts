/** The keys that a person has for encrypted objects: the KMS key of the dead server, and those of its clients (SSE-C) by what they are for. */
import { UsageError } from '../../base/index.js';
import { encryptionKind, parseKmsKey, type ContentKeys } from '../../content/index.js';
import type { ObjectVersion } from '../../format/index.js';

export type KeysFor = (version: Pick<ObjectVersion, 'metaSys'>, name: { readonly bucket: string; readonly key: string }) => ContentKeys;

const KEY_BYTES = 32;

/**
 * @param kms as in MINIO_KMS_SECRET_KEY; empty or undefined where there is none
 * @param customer `BUCKET/PREFIX=KEY` each, the key in base64 or as 64 hexadecimal digits; the longest prefix counts
 * @throws UsageError
 */
export function contentKeys({ kms, customer = [] }: { readonly kms?: string | undefined; readonly customer?: readonly string[] | undefined }): KeysFor {
  const kmsKey = kms === undefined || kms === '' ? undefined : parseKmsKey(kms);
  const keys = customer.map(parseCustomerKey).sort((a, b) => b.prefix.length - a.prefix.length);
  return ({ metaSys }, { bucket, key }) => {
    if (encryptionKind(metaSys) !== 'SSE-C') return { kms: kmsKey };
    return { customer: keys.find(({ prefix }) => `${bucket}/${key}`.startsWith(prefix))?.bytes };
  };
}

/** Those of MINIO_KMS_SECRET_KEY, of `given`, and of MC_ENC_C, where commas are between several. Throws a UsageError. */
export function contentKeysFrom(environment: Readonly<Record<string, string | undefined>>, given: readonly string[] = []): KeysFor {
  const { MINIO_KMS_SECRET_KEY: kms, MC_ENC_C: more = '' } = environment;
  return contentKeys({ kms, customer: [...given, ...more.split(',').filter((text) => text !== '')] });
}

function parseCustomerKey(text: string): { readonly prefix: string; readonly bytes: Uint8Array } {
  // Base64 may end with equals signs itself.
  const mark = /=(?=[^=])/g;
  let at = -1;
  for (const found of text.matchAll(mark)) at = found.index;
  const word = text.slice(at + 1);
  const bytes = /^[0-9a-f]{64}$/i.test(word) ? Buffer.from(word, 'hex') : Buffer.from(word, 'base64');
  if (at < 0 || bytes.length !== KEY_BYTES) throw new UsageError('a key for objects of SSE-C cannot be read', 'write BUCKET/PREFIX=KEY, the key being 32 bytes in base64 or as 64 hexadecimal digits');
  return { prefix: text.slice(0, at).replace(/^\/+/, ''), bytes };
}
