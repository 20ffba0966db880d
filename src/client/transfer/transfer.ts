/**
 * Carrying out one planned copy, whichever way it goes: up, down, between servers, on one server, or between files.
 */
import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../../base/index.js';
import type { ObjectHead } from '../s3-types.js';
import { fileSource, objectSource, type ObjectPlace } from './byte-source.js';
import { contentTypeOf } from './content-type.js';
import type { CopyItem } from './copy-plan.js';
import { applyFileAttributes, ATTRIBUTES_HEADER, encodeTags, fileAttributes, metadataOf, tagCountOf } from './metadata.js';
import type { RemotePlace } from './place.js';
import { receiveObject } from './receive.js';
import { sendObject, type TransferContext } from './send.js';
import { copyOnServer, type CopyChanges } from './server-copy.js';

export interface TransferOptions extends CopyChanges {
  /** Keep file attributes (mode, owner, times) with the object, and give them back to the file. */
  readonly isPreserving: boolean;
}

/** Copies one item. Rejects with the S3, network or file error that stopped it. */
export async function transferItem(item: CopyItem, options: TransferOptions, context: TransferContext): Promise<void> {
  const { source, target } = item;
  if (source.kind === 'local') {
    if (target.kind === 'local') await copyFile(source.text, target.text, options, context);
    else await upload(source.text, target, options, context);
    return;
  }
  const from: ObjectPlace = { s3: source.s3, bucket: source.bucket, key: source.key, versionId: item.versionId };
  if (target.kind === 'local') await download(from, item, target.text, options, context);
  else if (source.alias === target.alias) await copyOnServer(from, item, objectAt(target), options, context);
  else await relay(from, objectAt(target), options, context);
}

function objectAt(place: RemotePlace): ObjectPlace {
  if (place.bucket === '' || place.key === '') {
    throw new UsageError(`Object name cannot be empty: \`${place.text}\` names no object.`, 'Give alias/bucket/object.');
  }
  return { s3: place.s3, bucket: place.bucket, key: place.key };
}

function writeHeaders(options: TransferOptions, own: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...own,
    ...(options.tags === undefined ? {} : { 'x-amz-tagging': options.tags }),
    ...(options.storageClass === undefined ? {} : { 'x-amz-storage-class': options.storageClass }),
    ...options.metadata,
  };
}

async function upload(path: string, target: RemotePlace, options: TransferOptions, context: TransferContext): Promise<void> {
  const absolute = resolve(path);
  const stats = await stat(absolute, { bigint: true });
  const preserved = options.isPreserving ? { [ATTRIBUTES_HEADER]: fileAttributes(stats) } : {};
  const headers = writeHeaders(options, { 'content-type': contentTypeOf(absolute), ...preserved });
  await sendObject(fileSource(absolute, stats), objectAt(target), headers, context);
}

async function download(
  from: ObjectPlace,
  item: CopyItem,
  path: string,
  options: TransferOptions,
  context: TransferContext,
): Promise<void> {
  if (from.key.endsWith('/') && item.sizeBytes === 0) {
    await mkdir(path, { recursive: true });
    return;
  }
  const { s3, bucket, key, versionId } = from;
  const attributes = options.isPreserving
    ? (await s3.head(bucket, key, { versionId, signal: context.signal })).headers[ATTRIBUTES_HEADER]
    : undefined;
  const partSizeBytes = await uploadPartSize(from, item, context);
  await receiveObject(objectSource(from, item), resolve(path), partSizeBytes, context, async (temporaryPath) => {
    if (typeof attributes === 'string') await applyFileAttributes(temporaryPath, attributes);
    else if (options.isPreserving) await utimes(temporaryPath, new Date(), item.modifiedMs / 1000);
  });
}

/** The part size of a multipart object whose parts, but for the last, are equal; undefined when they are not, or unknown. */
async function uploadPartSize(from: ObjectPlace, item: CopyItem, context: TransferContext): Promise<number | undefined> {
  const count = Number(/-(\d+)$/.exec(item.etag)?.[1] ?? 0);
  if (count === 0 || item.sizeBytes <= context.partSizeBytes) return undefined;
  const { s3, bucket, key, versionId } = from;
  const sizeOf = async (partNumber: number): Promise<number> => {
    const head: ObjectHead = await s3.head(bucket, key, { versionId, partNumber, signal: context.signal });
    return Number(head.headers['content-length'] ?? 0);
  };
  try {
    const [first, last] = [await sizeOf(1), await sizeOf(count)];
    const isUniform = first > 0 && last <= first && first * (count - 1) + last === item.sizeBytes;
    return isUniform ? first : undefined;
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
}

async function relay(from: ObjectPlace, target: ObjectPlace, options: TransferOptions, context: TransferContext): Promise<void> {
  const { s3, bucket, key, versionId } = from;
  const head = await s3.head(bucket, key, { versionId, signal: context.signal });
  const tags = options.tags ?? (tagCountOf(head) > 0 ? encodeTags(await s3.tagsOf(bucket, key, versionId)) : undefined);
  const headers = writeHeaders({ ...options, tags }, metadataOf(head));
  await sendObject(objectSource(from, head), target, headers, context);
}

async function copyFile(from: string, to: string, options: TransferOptions, context: TransferContext): Promise<void> {
  const [source, path] = [resolve(from), resolve(to)];
  const stats = await stat(source, { bigint: true });
  const present = await stat(path, { bigint: true }).catch(() => undefined);
  if (present?.ino === stats.ino && present.dev === stats.dev) {
    context.onBytes(Number(stats.size));
    return;
  }
  // One reader in one piece: a local disk gains nothing from ranges.
  const whole = { ...context, isMultipartDisabled: true };
  await receiveObject(fileSource(source, stats), path, undefined, whole, async (temporaryPath) => {
    if (options.isPreserving) await applyFileAttributes(temporaryPath, fileAttributes(stats));
  });
}

/** Removes the source of a move, after its copy is safe. */
export async function removeSource(item: CopyItem, context: TransferContext): Promise<void> {
  const { source } = item;
  if (source.kind === 'local') await rm(resolve(source.text));
  else await source.s3.delete(source.bucket, source.key, { versionId: item.versionId, signal: context.signal });
}
