/** Links that let others read or write without keys. */
import { UsageError } from '../base/index.js';
import type { S3 } from './s3.js';
import type { ShareLink } from './share-links.js';
import { postPolicyFields } from './sign.js';
import { parsePlainDurationMs } from './time-arguments.js';

/** S3's longest life of a signature. */
const EXPIRY_MS_MAX = 7 * 86_400_000;

/** Reads `--expire`. Throws UsageError outside of 1 second to 7 days. */
export function parseExpiry(text: string): number {
  const expiryMs = parsePlainDurationMs(text, 'expire');
  if (expiryMs < 1000) throw new UsageError('Expiry cannot be lesser than 1 second.');
  if (expiryMs > EXPIRY_MS_MAX) throw new UsageError('Expiry cannot be larger than 7 days.');
  return expiryMs;
}

export function shareDownload(s3: S3, object: { readonly bucket: string; readonly key: string; readonly versionId?: string | undefined }, expiryMs: number): ShareLink {
  const { bucket, key, versionId } = object;
  const share = s3.presign('GET', bucket, key, Math.floor(expiryMs / 1000), { versionId });
  return { share, url: s3.plainUrl(bucket, key), versionId: versionId ?? '', createdAt: new Date(), expiryMs };
}

export interface UploadShare {
  readonly bucket: string;
  /** The key, or with `isPrefix` what keys must start with. */
  readonly key: string;
  readonly isPrefix: boolean;
  readonly contentType?: string | undefined;
}

/** A curl command that uploads by a signed POST policy. */
export function shareUpload(s3: S3, { bucket, key, isPrefix, contentType }: UploadShare, expiryMs: number): ShareLink {
  const createdAt = new Date();
  const conditions = [
    ...(contentType === undefined ? [] : [['eq', '$Content-Type', contentType]]),
    ['eq', '$bucket', bucket],
    [isPrefix ? 'starts-with' : 'eq', '$key', key],
  ];
  const signed = postPolicyFields(conditions, s3.signingContext(bucket, createdAt), new Date(createdAt.getTime() + expiryMs));
  const fields: Record<string, string> = { ...(contentType === undefined ? {} : { 'Content-Type': contentType }), bucket, ...signed };
  const form = Object.entries(fields).map(([name, value]) => `-F ${shellWord(`${name}=${value}`)}`);
  const keyField = `-F ${shellWord(`key=${key}`)}${isPrefix ? '<NAME>' : ''}`;
  const share = ['curl', shellWord(s3.plainUrl(bucket, '')), ...form, keyField, '-F file=@<FILE>'].join(' ');
  return { share, url: s3.plainUrl(bucket, key), versionId: '', createdAt, expiryMs, contentType };
}

/** As it is where the shell takes it so, else in quotes. */
const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
