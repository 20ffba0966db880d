/**
 * Copies that never leave the server: one request up to 5 GiB, above that ranges of the source as parts.
 */
import { PUT_SIZE_MAX } from '../../base/index.js';
import type { CompletedPart } from '../s3-types.js';
import type { ObjectFacts, ObjectPlace } from './byte-source.js';
import { encodeTags, metadataOf, tagCountOf } from './metadata.js';
import { forEachParallel } from './parallel.js';
import { choosePartSize, planParts } from './parts.js';
import { withRetry } from './retry.js';
import type { TransferContext } from './send.js';

/** What the copy gets that its source has not. Without any of it, metadata and tags are the source's. */
export interface CopyChanges {
  /** Metadata headers that replace or join the source's. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Value of the tagging header. */
  readonly tags?: string | undefined;
  readonly storageClass?: string | undefined;
}

/** Large copies go in parts of this size: few requests, yet several at a time. */
const COPY_PART_SIZE = 512 * 1024 * 1024;
const CLEANUP_MS = 5_000;

export async function copyOnServer(
  source: ObjectPlace,
  facts: ObjectFacts,
  target: ObjectPlace,
  changes: CopyChanges,
  context: TransferContext,
): Promise<void> {
  if (facts.sizeBytes > PUT_SIZE_MAX) {
    await copyParts(source, facts, target, changes, context);
    return;
  }
  const headers = await copyHeaders(source, target, changes, context);
  await context.slots.run(() =>
    withRetry(
      () =>
        target.s3.copy(source, target.bucket, target.key, {
          headers: { ...headers, 'x-amz-copy-source-if-match': `"${facts.etag}"` },
          signal: context.signal,
        }),
      context.signal,
      context.retry,
    ),
  );
  context.onBytes(facts.sizeBytes);
}

/** An object can be copied onto itself only when something about it is replaced: then all of it is. */
async function copyHeaders(
  source: ObjectPlace,
  target: ObjectPlace,
  changes: CopyChanges,
  context: TransferContext,
): Promise<Record<string, string>> {
  const isSelf = source.bucket === target.bucket && source.key === target.key;
  const headers: Record<string, string> = {};
  if (isSelf || Object.keys(changes.metadata).length > 0) {
    const { versionId } = source;
    const head = await source.s3.head(source.bucket, source.key, { versionId, signal: context.signal });
    Object.assign(headers, metadataOf(head), changes.metadata, { 'x-amz-metadata-directive': 'REPLACE' });
  }
  if (changes.tags !== undefined) Object.assign(headers, { 'x-amz-tagging': changes.tags, 'x-amz-tagging-directive': 'REPLACE' });
  if (changes.storageClass !== undefined) headers['x-amz-storage-class'] = changes.storageClass;
  return headers;
}

async function copyParts(
  source: ObjectPlace,
  facts: ObjectFacts,
  target: ObjectPlace,
  changes: CopyChanges,
  context: TransferContext,
): Promise<void> {
  const { signal } = context;
  const { versionId } = source;
  const head = await source.s3.head(source.bucket, source.key, { versionId, signal });
  const tags =
    changes.tags ?? (tagCountOf(head) > 0 ? encodeTags(await source.s3.tagsOf(source.bucket, source.key, versionId)) : undefined);
  const uploadId = await target.s3.createUpload(target.bucket, target.key, {
    headers: {
      ...metadataOf(head),
      ...changes.metadata,
      'x-amz-tagging': tags,
      'x-amz-storage-class': changes.storageClass,
    },
    signal,
  });
  try {
    const parts: CompletedPart[] = [];
    const ranges = planParts(facts.sizeBytes, choosePartSize(facts.sizeBytes, COPY_PART_SIZE));
    await forEachParallel(ranges, context.partParallel, (range) =>
      context.slots.run(async () => {
        const written = await withRetry(
          () =>
            target.s3.uploadPartCopy(
              { ...source, range },
              { bucket: target.bucket, key: target.key, uploadId, partNumber: range.number },
              { headers: { 'x-amz-copy-source-if-match': `"${facts.etag}"` }, signal },
            ),
          signal,
          context.retry,
        );
        parts.push({ partNumber: range.number, etag: written.etag });
        context.onBytes(range.last - range.first + 1);
      }),
    );
    parts.sort((a, b) => a.partNumber - b.partNumber);
    await target.s3.completeUpload(target.bucket, target.key, uploadId, parts, { signal });
  } catch (error) {
    await target.s3
      .abortUpload(target.bucket, target.key, uploadId, AbortSignal.timeout(CLEANUP_MS))
      .catch(() => {
        // The copy's own error says more.
      });
    throw error;
  }
}
