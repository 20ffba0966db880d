/**
 * Files of metadata that are no xl.meta, of every generation, decoded: what `mts inspect` shows of them. What a file is follows from its
 * name where that tells, else from its bytes.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { StorageError } from '../base/index.js';
import {
  decodeBucketMetadata, decodeFormatJson, decodeFsJson, decodeHealingTracker, decodePartMeta, decodePoolBin, decodeUploadsJson, decodeUsageJson, nsToMs, ZERO_TIME_NS,
} from '../format/index.js';
import { readIfThere } from './read-file.js';

export type MetadataKind = 'format.json' | 'fs.json' | 'uploads.json' | 'part meta' | 'bucket metadata' | 'pool list' | 'healing tracker' | 'usage' | 'json' | 'encrypted';

export interface MetadataReport {
  readonly path: string;
  readonly kind: MetadataKind;
  readonly size: number;
  /** Plain values only: times as ISO text, bytes as text or `hex:...`; secrets are left out. */
  readonly content: unknown;
}

/** No metadata file of sense is larger. */
const SIZE_MAX = 64 * 1024 * 1024;

interface Decoder {
  readonly kind: MetadataKind;
  readonly name: RegExp;
  decode(bytes: Uint8Array): unknown;
  /** Of a file without a telling name: undefined where its bytes can be read so and say nothing. */
  guess(bytes: Uint8Array): unknown;
}

function decoder<T>(kind: MetadataKind, name: RegExp, decode: (bytes: Uint8Array) => T, says: (value: T) => boolean = () => true): Decoder {
  const guess = (bytes: Uint8Array): T | undefined => {
    const value = decode(bytes);
    return says(value) ? value : undefined;
  };
  return { kind, name, decode, guess };
}

const DECODERS: readonly Decoder[] = [
  decoder('format.json', /^format\.json/, decodeFormatJson),
  decoder('fs.json', /^fs\.json$/, decodeFsJson),
  decoder('uploads.json', /^uploads\.json$/, decodeUploadsJson, ({ length }) => length > 0),
  decoder('part meta', /^part\.\d+\.meta$/, decodePartMeta, ({ number }) => number > 0),
  decoder('bucket metadata', /\.metadata\.bin$/, decodeBucketMetadata, ({ name }) => name !== ''),
  decoder('pool list', /pool\.bin$/, decodePoolBin, ({ length }) => length > 0),
  decoder('healing tracker', /\.healing\.bin$/, decodeHealingTracker, ({ driveId }) => driveId !== ''),
  decoder('usage', /\.usage\.json$/, decodeUsageJson),
];

/** undefined for a folder, an xl.meta, an xl.json, and what is not there. Throws metadata-corrupt where the file is none of them. */
export async function inspectMetadata(path: string): Promise<MetadataReport | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || /^xl\.(?:meta|json)/.test(basename(path))) return undefined;
  const bytes = await readIfThere(path, SIZE_MAX);
  if (bytes === undefined || Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'XL2 ') return undefined;
  const named = DECODERS.filter(({ name }) => name.test(basename(path)));
  let failure: unknown;
  for (const one of named.length > 0 ? named : DECODERS) {
    try {
      const content = named.length > 0 ? one.decode(bytes) : one.guess(bytes);
      if (content !== undefined) return reportOf(path, one.kind, bytes, content);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      failure ??= error;
    }
  }
  const json = parseJson(bytes);
  // Configuration, users, policies: JSON of their own.
  if (json !== undefined && (named.length === 0 || isIamFormat(json))) return isOldObject(json) ? undefined : reportOf(path, 'json', bytes, json);
  if (named.length > 0 && failure instanceof Error) throw failure;
  if (isSealed(bytes)) return reportOf(path, 'encrypted', bytes, { note: 'sealed with the root credential or a KMS key' });
  throw new StorageError('metadata-corrupt', `${path} is no metadata that any release wrote`);
}

function reportOf(path: string, kind: MetadataKind, bytes: Uint8Array, content: unknown): MetadataReport {
  return { path, kind, size: bytes.length, content: plain(content) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** The format.json among users and policies has nothing in it but its version. */
function isIamFormat(json: unknown): boolean {
  return typeof json === 'object' && json !== null && Object.keys(json).join() === 'version';
}

/** An xl.json under another name. */
function isOldObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'erasure' in json && 'stat' in json;
}

/** DARE and sio begin so; a salt comes first in what the root credential seals. */
function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= 32 && (bytes[0] === 0x20 || bytes[0] === 0x10 || bytes[32] === 0 || bytes[32] === 1);
}

const SECRETS = /^(?:secretkey|sessiontoken|secret_key|secret|password|passphrase)$/i;
const HIDDEN = '(not shown)';

/** Values as JSON and tables can show them. */
function plain(value: unknown, name = ''): unknown {
  if (SECRETS.test(name) && typeof value === 'string' && value !== '') return HIDDEN;
  if (typeof value === 'bigint') return name.endsWith('Ns') ? timeText(value) : String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof Map) return Object.fromEntries([...(value as Map<unknown, unknown>)].map(([key, of]) => [String(key), plain(of, typeof of === 'bigint' ? 'Ns' : String(key))]));
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]: [string, unknown]) => [typeof of === 'bigint' ? key.replace(/Ns$/, '') : key, plain(of, key)]));
}

function timeText(ns: bigint): string {
  return ns === ZERO_TIME_NS ? 'never' : new Date(nsToMs(ns)).toISOString();
}

function bytesText(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return '';
  const json = parseJson(bytes);
  if (typeof json === 'object' && json !== null) return plain(json);
  const text = Buffer.from(bytes).toString('utf8');
  return /^[\t\n\r\x20-\x7e\u00a0-\uffff]*$/.test(text) && !text.includes('\ufffd') ? text : `hex:${Buffer.from(bytes).toString('hex')}`;
}
