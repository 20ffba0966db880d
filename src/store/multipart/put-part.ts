/** UploadPart: the part's shards are written like an object's, then moved into the upload's folder. */
import { PART_NUMBER_MAX, StorageError } from '../../base/index.js';
import { writeQuorum, type LockHandle } from '../../cluster/index.js';
import { encodePartMeta, type PartMeta } from '../../format/index.js';
import { BodyReader } from '../body-reader.js';
import { withLock, type StoreContext } from '../context.js';
import { SHORT_GRACE, gather, outcomeOf } from '../drive-lanes.js';
import { requireWriteQuorum, type Outcome } from '../quorum.js';
import { ShardWriters } from '../shard-writers.js';
import { writeStripes } from '../stripe-writer.js';
import type { Body, ObjectStore, PartInfo } from '../types.js';
import { partInfo } from './part-metas.js';
import { findUpload, requireContinuable, uploadLock, type Upload } from './upload.js';

/** Throws upload-not-found, part-number-invalid, size-mismatch, write-quorum, storage-full, and what the body and `judge` throw. */
export async function putPart(
  context: StoreContext,
  bucket: string,
  key: string,
  uploadId: string,
  partNumber: number,
  body: Body,
  options: Parameters<ObjectStore['putPart']>[5],
): Promise<PartInfo> {
  const reader = new BodyReader(body, { bucket, key }, options.signal);
  try {
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
      throw new StorageError('part-number-invalid', `Part numbers run from 1 to ${PART_NUMBER_MAX}; this one is ${partNumber}`, { bucket, key, uploadId, partNumber });
    }
    const upload = await findUpload(context, bucket, key, uploadId);
    requireContinuable(upload);
    return await writePart(context, upload, partNumber, reader, body, options);
  } finally {
    await reader.close().catch(() => undefined);
  }
}

async function writePart(
  context: StoreContext,
  upload: Upload,
  partNumber: number,
  reader: BodyReader,
  body: Body,
  options: Parameters<ObjectStore['putPart']>[5],
): Promise<PartInfo> {
  const { set, version, ref } = upload;
  const { bucket, key } = ref;
  const { erasure, dataDir } = version;
  const transaction = context.random.uuid();
  const quorum = writeQuorum(erasure.dataShards, erasure.parityShards);
  const writers = new ShardWriters(context.lanes, { bucket, key, drives: set.drives, quorum, transaction, dataDir, partNumber });
  let isDone = false;
  try {
    const { size, digests } = await writeStripes(reader, body, erasure, writers);
    const verdict = options.judge(digests, size);
    await writers.close();
    const meta: PartMeta = {
      number: partNumber,
      etag: verdict.etag,
      size,
      actualSize: size,
      modTimeNs: context.clock.nextModTimeNs(),
      checksums: verdict.partChecksums ?? new Map<string, string>(),
    };
    const commit = async (lock: LockHandle): Promise<void> => {
      lock.check();
      await commitPart(context, upload, transaction, writers, meta);
    };
    // Parts go in side by side; completing and aborting wait for them, and two of the same number for each other.
    await withLock(context, uploadLock(upload), () => withLock(context, `${uploadLock(upload)}/${partNumber}`, commit, options.signal), options.signal, 'read');
    isDone = true;
    return partInfo(meta);
  } finally {
    if (!isDone) await writers.abort();
  }
}

async function commitPart(context: StoreContext, upload: Upload, transaction: string, writers: ShardWriters, meta: PartMeta): Promise<void> {
  const { set, folder, version, ref, info } = upload;
  const bytes = encodePartMeta(meta);
  const { dataShards, parityShards } = version.erasure;
  const quorum = writeQuorum(dataShards, parityShards);
  const votes = set.drives.map((drive, slot): Promise<Outcome<void>> => {
    const failure = writers.failures[slot];
    if (failure !== undefined || drive === undefined) {
      if (drive?.state === 'online') void outcomeOf(drive.settle(transaction));
      return Promise.resolve({ ok: false, error: failure });
    }
    return new Promise((resolve) => {
      context.lanes.run(drive, `${folder}/${meta.number}`, async () => {
        resolve(await outcomeOf(drive.commitPart(transaction, folder, version.dataDir, meta.number, bytes)));
        await outcomeOf(drive.settle(transaction));
      });
    });
  });
  const late = new StorageError('drive-timeout', 'The drive was slower than the others');
  const patience = { ...SHORT_GRACE, isWaitedFor: (slot: number): boolean => isReady(context, set.drives[slot]) };
  const outcomes = (await gather(votes, quorum, patience)).map((outcome): Outcome<void> => outcome ?? { ok: false, error: late });
  const gone = outcomes.filter((outcome) => !outcome.ok && outcome.error instanceof StorageError && outcome.error.code === 'file-not-found').length;
  if (set.size - gone < quorum) {
    throw new StorageError('upload-not-found', `The upload of ${ref.key} was completed or aborted while a part came in`, { ...ref, uploadId: info.uploadId });
  }
  requireWriteQuorum(outcomes, quorum, `Writing part ${meta.number} of ${ref.key}`, ref);
}

function isReady(context: StoreContext, drive: Upload['set']['drives'][number]): boolean {
  return drive !== undefined && !context.lanes.isOverdue(drive);
}
