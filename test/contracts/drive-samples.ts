/** Versions, changes and short ways to read them back, for tests of drives. */
import { randomUUID } from 'node:crypto';

import { expect } from 'vitest';

import { isStorageError, type DriveErrorCode } from '../../src/base/index.js';
import type { Drive, VersionChange, WalkEntry, WalkOptions } from '../../src/drive/index.js';
import { encodeVersion, parseXlMeta, type ObjectVersion } from '../../src/format/index.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A version with some metadata; inline where `inline` is given, else with one part in `dataDir`. */
function versionOf(options: Partial<ObjectVersion> & { readonly inline?: boolean } = {}): ObjectVersion {
  const { inline, ...given } = options;
  return {
    kind: 'object',
    versionId: 'null',
    modTimeNs: 1_700_000_000_000_000_000n,
    size: 5,
    dataDir: randomUUID(),
    erasure: { dataShards: 2, parityShards: 2, blockSizeBytes: 1024 * 1024, distribution: [1, 2, 3, 4] },
    parts: [{ number: 1, size: 5, actualSize: 5 }],
    metaUser: new Map([['etag', '5d41402abc4b2a76b9719d911017c592']]),
    metaSys: new Map(inline === true ? [['x-minio-internal-inline-data', bytesOf('true')]] : []),
    ...given,
  };
}

/** The change that puts a version; with inline data where text is given. */
export function putOf(options: Partial<ObjectVersion> = {}, text?: string): VersionChange & { readonly kind: 'put' } {
  const version = versionOf({ ...options, inline: text !== undefined });
  return { kind: 'put', entry: encodeVersion(version, { shardIndex: 1 }), ...(text !== undefined && { inline: bytesOf(text) }) };
}

/** Stages, commits and settles. */
export async function change(drive: Drive, volume: string, path: string, versionChange: VersionChange, transaction: string = randomUUID()): Promise<void> {
  await drive.stage(transaction, volume, path, versionChange);
  await drive.commit(transaction);
  await drive.settle(transaction);
}

/** Puts an object whose data is in part files; gives its data dir. */
export async function putWithParts(drive: Drive, volume: string, path: string, content: string | Uint8Array, options: Partial<ObjectVersion> = {}): Promise<string> {
  const transaction = randomUUID();
  const dataDir = options.dataDir ?? randomUUID();
  const writer = drive.createPart(transaction, dataDir, 1);
  await writer.write([typeof content === 'string' ? bytesOf(content) : content]);
  await writer.close();
  await change(drive, volume, path, putOf({ ...options, dataDir }), transaction);
  return dataDir;
}

export async function readPart(drive: Drive, volume: string, path: string, dataDir: string, length: number, offset = 0, partNumber = 1): Promise<string> {
  const reader = drive.openData(volume, path, dataDir);
  try {
    const target = new Uint8Array(new SharedArrayBuffer(length));
    await reader.read(partNumber, offset, target);
    return textOf(Uint8Array.from(target));
  } finally {
    reader.close();
  }
}

export async function versionIds(drive: Drive, volume: string, path: string): Promise<string[]> {
  return parseXlMeta(await drive.readXlMeta(volume, path, { inline: true })).versions.map((entry) => entry.header.versionId);
}

export async function walkAll(drive: Drive, volume: string, options: Partial<WalkOptions> = {}): Promise<WalkEntry[]> {
  const entries: WalkEntry[] = [];
  for await (const batch of drive.walk(volume, { prefix: '', from: '', recursive: true, detail: 'headers', ...options })) entries.push(...batch);
  return entries;
}

export async function keysOf(drive: Drive, volume: string, options: Partial<WalkOptions> = {}): Promise<string[]> {
  return (await walkAll(drive, volume, options)).map((entry) => entry.key);
}

/** Expects a call to reject with one of these codes. */
export async function refusal(call: Promise<unknown>, ...codes: DriveErrorCode[]): Promise<void> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(isStorageError(error, ...codes), `expected ${codes.join(' or ')}, got ${String(error)}`).toBe(true);
}
