/** Signing keys, derived once per access key, day and region; and the comparison of signatures. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CredentialScope } from './scope.js';

/** Days and regions of as many clients as are likely to be active at once; a miss costs 8 microseconds. */
const CACHED_KEYS_MAX = 1000;

interface CachedKey {
  readonly secretKey: string;
  readonly key: Buffer;
}

export class SigningKeys {
  readonly #cache = new LRUCache<string, CachedKey>({ max: CACHED_KEYS_MAX });

  /** The HMAC key of a scope. A changed secret is noticed. */
  get(secretKey: string, credential: CredentialScope): Buffer {
    const name = `${credential.accessKey}/${credential.scope}`;
    const cached = this.#cache.get(name);
    if (cached !== undefined && cached.secretKey === secretKey) return cached.key;
    const key = deriveSigningKey(secretKey, credential.date, credential.region);
    this.#cache.set(name, { secretKey, key });
    return key;
  }
}

function deriveSigningKey(secretKey: string, date: string, region: string): Buffer {
  const dateKey = hmac(`AWS4${secretKey}`, date);
  return hmac(hmac(hmac(dateKey, region), 's3'), 'aws4_request');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/** The hex signature of a string to sign (ASCII). */
export function sign(key: Buffer, stringToSign: string): string {
  return createHmac('sha256', key).update(stringToSign, 'latin1').digest('hex');
}

/** Compares without telling by its duration where two signatures part. */
export function signaturesEqual(expected: string, given: string): boolean {
  if (expected.length !== given.length) return false;
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(given, 'latin1'));
}
