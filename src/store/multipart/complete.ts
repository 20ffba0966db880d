/** CompleteMultipartUpload: the upload's record gets its parts, and its data dir becomes the object's. */
import { PART_SIZE_MIN, StorageError } from '../../base/index.js';
import { writeQuorum, type LockHandle } from '../../cluster/index.js';
import { encodeVersion, withShardIndex, type ObjectVersion } from '../../format/index.js';
import { checkPrecondition, lockName, withLock, type StoreContext } from '../context.js';
import { LONG_GRACE, gather, outcomeOf } from '../drive-lanes.js';
import type { Outcome } from '../quorum.js';
import { runTransaction, type DriveChange } from '../transaction.js';
import type { BodyVerdict, CompletePart, ObjectInfo, ObjectStore } from '../types.js';
import { readParts, type AgreedPart } from './part-metas.js';
import { UPLOAD_TARGET_KEY, findUpload, removeUpload, requireContinuable, uploadLock, type Upload } from './upload.js';

/** Metadata that only unfinished uploads have (which checksums the parts carry). */
const UPLOAD_ONLY_META = new Set(['x-minio-multipart-checksum', 'x-minio-multipart-checksum-type']);
const ACTUAL_SIZE_KEY = 'X-Minio-Internal-actual-size';

type CompleteOptions = Parameters<ObjectStore['completeUpload']>[4];

/** Throws upload-not-found, part-order-invalid, part-invalid, part-too-small, write-quorum, and what `judge` and the precondition throw. */
export async function completeUpload(
  context: StoreContext,
  bucket: string,
  key: string,
  uploadId: string,
  parts: readonly CompletePart[],
  options: CompleteOptions,
): Promise<ObjectInfo> {
  const known = await findUpload(context, bucket, key, uploadId);
  requireContinuable(known);
  return withLock(context, uploadLock(known), async () => {
    const upload = await findUpload(context, bucket, key, uploadId);
    const chosen = choose(upload, parts, await readParts(context, upload));
    const verdict = options.judge(
      chosen.map(({ info }) => info),
      upload.info,
    );
    const info = await withLock(context, lockName(upload.ref), (lock) => commit(context, upload, chosen, verdict, options, lock));
    await tidy(context, upload, chosen);
    return info;
  });
}

/** The parts that the client names, checked against those that are there. */
export function choose({ ref, info }: Pick<Upload, 'ref' | 'info'>, wanted: readonly CompletePart[], parts: ReadonlyMap<number, AgreedPart>): AgreedPart[] {
  const { bucket, key } = ref;
  const fail = (code: 'part-order-invalid' | 'part-invalid' | 'part-too-small', message: string, partNumber?: number): never => {
    throw new StorageError(code, message, { bucket, key, uploadId: info.uploadId, partNumber });
  };
  if (wanted.length === 0) fail('part-invalid', 'An object needs at least one part');
  let before = 0;
  const chosen = wanted.map(({ number, etag, checksums }): AgreedPart => {
    if (number <= before) fail('part-order-invalid', `Part ${number} comes after part ${before}: they must be named in ascending order`, number);
    before = number;
    const part = parts.get(number);
    if (part === undefined || part.info.etag !== etag.replaceAll('"', '').toLowerCase()) {
      return fail('part-invalid', part === undefined ? `Part ${number} was never uploaded` : `Part ${number} has the etag ${part.info.etag}, not ${etag}`, number);
    }
    for (const [name, value] of checksums ?? []) {
      const stored = part.info.checksums.get(name) ?? part.info.checksums.get(name.toUpperCase());
      if (stored !== value) fail('part-invalid', `Part ${number} does not have the ${name} checksum ${value}`, number);
    }
    return part;
  });
  for (const { info: part } of chosen.slice(0, -1)) {
    if (part.actualSize < PART_SIZE_MIN) {
      fail('part-too-small', `Part ${part.number} has ${part.actualSize} bytes; all but the last need ${PART_SIZE_MIN}`, part.number);
    }
  }
  return chosen;
}

/** The caller holds the locks of upload and object. */
async function commit(
  context: StoreContext,
  upload: Upload,
  chosen: readonly AgreedPart[],
  verdict: BodyVerdict,
  options: CompleteOptions,
  lock: LockHandle,
): Promise<ObjectInfo> {
  const { ref, set, folder } = upload;
  const { bucket, key, path } = ref;
  if (options.precondition !== undefined) await checkPrecondition(context, ref, options.precondition);
  let version = finalVersion(upload, chosen, verdict, context.clock.nextModTimeNs());
  const { dataShards, parityShards, distribution } = version.erasure;
  const quorum = writeQuorum(dataShards, parityShards);
  const whole = set.drives.map((_, slot) => chosen.every(({ slots }) => slots.includes(slot)));
  // A drive that missed a part would be an incomplete copy: better none, unless each drive that has some is needed.
  const leaveOut = whole.filter(Boolean).length >= quorum;
  const changes = (newestModTimeNs: bigint | undefined): DriveChange[] => {
    if (newestModTimeNs !== undefined) version = { ...version, modTimeNs: newestModTimeNs + 1n };
    const entry = encodeVersion(version, { shardIndex: 1 });
    return set.drives.map((drive, slot): DriveChange => {
      if (leaveOut && whole[slot] !== true) return new StorageError('file-not-found', `The drive lacks parts of ${key}`, { drive: drive?.endpoint });
      return { kind: 'put', entry: withShardIndex(entry, distribution[slot] ?? 0), dataFrom: `${folder}/${version.dataDir}` };
    });
  };
  const incomplete = whole.flatMap((isWhole, slot) => (isWhole ? [] : [slot]));
  const request = { bucket, key, id: context.random.uuid(), drives: set.drives, volume: bucket, path, quorum, lock, incomplete };
  await runTransaction(context.lanes, { ...request, changes, modTimeNs: () => version.modTimeNs, what: `Completing the upload of ${key}` }, context.log);
  return { ...version, key, isLatest: true };
}

function finalVersion({ version, info }: Upload, chosen: readonly AgreedPart[], verdict: BodyVerdict, modTimeNs: bigint): ObjectVersion {
  const actualSize = chosen.reduce((sum, { info: part }) => sum + part.actualSize, 0);
  const metaUser = new Map([...info.metaUser].filter(([name]) => !UPLOAD_ONLY_META.has(name.toLowerCase())));
  const metaSys = new Map([...info.metaSys].filter(([name]) => name.toLowerCase() !== UPLOAD_TARGET_KEY));
  return {
    ...version,
    modTimeNs,
    size: chosen.reduce((sum, { info: part }) => sum + part.size, 0),
    parts: chosen.map(({ meta }) => ({
      number: meta.number,
      size: meta.size,
      actualSize: meta.actualSize,
      ...(meta.index !== undefined && { index: meta.index }),
    })),
    metaUser: new Map([...metaUser, ...(verdict.metaUser ?? []), ['etag', verdict.etag]]),
    metaSys: new Map([...metaSys, ...(verdict.metaSys ?? []), [ACTUAL_SIZE_KEY, Buffer.from(String(actualSize))]]),
  };
}

/** Removes what the object does not need: the parts' own metadata, parts that were not chosen, the upload. What fails here is only litter. */
async function tidy(context: StoreContext, upload: Upload, chosen: readonly AgreedPart[]): Promise<void> {
  const { set, ref, version } = upload;
  const folder = `${ref.path}/${version.dataDir}`;
  const kept = new Set(chosen.map(({ info }) => `part.${info.number}`));
  const votes = set.drives.map(async (drive): Promise<Outcome<void>> => {
    if (drive === undefined || context.lanes.refuse(drive) !== undefined) return { ok: true, value: undefined };
    const names = await outcomeOf(drive.listDir(ref.bucket, folder));
    const litter = names.ok ? names.value.filter((name) => /^part\./.test(name) && !kept.has(name)) : [];
    await Promise.all(litter.map((name) => outcomeOf(drive.remove(ref.bucket, `${folder}/${name}`))));
    return { ok: true, value: undefined };
  });
  await gather(votes, writeQuorum(version.erasure.dataShards, version.erasure.parityShards), {
    ...LONG_GRACE,
    isWaitedFor: (slot) => set.drives[slot]?.state === 'online',
  });
  const removed = await outcomeOf(removeUpload(context, upload));
  if (!removed.ok) context.log.warn('an upload that was completed could not be removed; it expires', { bucket: ref.bucket, key: ref.key });
}
