/**
 * Versions brought to a server over S3. A real MinIO takes ids, times and etags from its administrators (the headers with which MinIO
 * servers replicate to each other); any other S3 gives new ids and times. Objects are sent in the parts that they came in, so that their etags
 * come out the same, and every one is read back. What is there already is known by its bytes: nothing is noted at the target.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { StorageError } from '../../base/index.js';
import { isS3Error, type ObjectHead, type RemotePlace, type S3, type VersionEntry, type VersionMarker } from '../../client/index.js';
import { NULL_VERSION_ID } from '../../format/index.js';
import type { BucketSettings, ObjectInfo, VersionInfo } from '../../store/index.js';
import { etagOf } from '../etag-check.js';
import type { SourceStore } from './open-drives.js';
import { partSizes } from './part-sizes.js';
import { bringSettings, makeBucket } from './server-settings.js';
import type { ConvertTarget, Difference, KeyTarget } from './target.js';

export interface ServerTarget extends ConvertTarget {
  /** It keeps ids, times and etags. */
  readonly isExact: boolean;
}

type Headers = Readonly<Record<string, string>>;

const CLEANUP_MS = 5000;
const KEPT = /^(?:content-type|content-encoding|content-language|content-disposition|cache-control|expires|x-amz-meta-.*|x-amz-tagging|x-amz-storage-class)$/;
const LOCK = /^x-amz-object-lock-/;
/** Internal metadata that says that the stored bytes are not the client's. */
const TRANSFORMED = /^x-minio-internal-(compression|server-side-encryption-|encrypted-multipart|transition-status)/i;

/** Throws S3Error, ConnectionError. */
export async function openServerTarget(source: SourceStore, place: RemotePlace, signal: AbortSignal): Promise<ServerTarget> {
  const { s3 } = place;
  // Requests that run at once all listen to it.
  setMaxListeners(0, signal);
  const { headers, body } = await s3.request({ method: 'GET', signal });
  body.resume();
  const isExact = /^minio/i.test(String(headers['server'] ?? ''));
  return {
    isExact,
    async beginBucket(bucket, settings) {
      await makeBucket(s3, bucket, settings);
      return bringSettings(s3, bucket, settings);
    },
    async endBucket(bucket, settings) {
      if (settings.versioning === 'suspended') await s3.setVersioning(bucket, 'Suspended');
    },
    async key(bucket, settings, versions) {
      const key = versions[0]?.key ?? '';
      const work = { source, s3, bucket, key, settings, isExact, signal };
      return isExact || settings.versioning === 'unversioned' ? new NamedVersions(work) : new OrderedVersions(work, await versionsThere(s3, bucket, key));
    },
  };
}

interface Work {
  readonly source: SourceStore;
  readonly s3: S3;
  readonly bucket: string;
  readonly key: string;
  readonly settings: BucketSettings;
  readonly isExact: boolean;
  readonly signal: AbortSignal;
}

/** Versions keep their ids at the target (or there is only one): each is asked for by its own. */
class NamedVersions implements KeyTarget {
  constructor(private readonly work: Work) {}

  async take(version: VersionInfo): ReturnType<KeyTarget['take']> {
    const { s3, bucket, key, settings, signal } = this.work;
    const versionId = settings.versioning === 'unversioned' ? undefined : version.versionId;
    const there = await s3.head(bucket, key, { versionId, signal }).catch(markerOrMissing);
    if (version.kind === 'delete-marker') {
      if (there === 'marker') return { isFound: true, differences: [] };
      if (there !== undefined) throw occupied(this.work);
      await s3.delete(bucket, key, { versionId, signal, headers: { ...sourceTime(version), 'x-minio-source-deletemarker': 'true', 'x-minio-source-replication-request': 'true', 'x-amz-replication-status': 'REPLICA' } });
      if ((await s3.head(bucket, key, { versionId, signal }).catch(markerOrMissing)) !== 'marker') throw new StorageError('checksum-mismatch', 'the server did not keep the delete marker');
      return { isFound: false, differences: [] };
    }
    if (there === 'marker') throw occupied(this.work);
    const isFound = there !== undefined;
    if (isFound && !(await isSame(this.work, version, versionId))) throw occupied(this.work);
    if (!isFound) await writeChecked(this.work, version, versionId);
    return { isFound, differences: await differencesOf(this.work, version, await s3.head(bucket, key, { versionId, signal })) };
  }
}

/** The target gives ids of its own: its oldest version is the oldest of the source, and so on. */
class OrderedVersions implements KeyTarget {
  #next = 0;

  /** @param there oldest first */
  constructor(private readonly work: Work, private readonly there: readonly VersionEntry[]) {}

  async take(version: VersionInfo): ReturnType<KeyTarget['take']> {
    const { s3, bucket, key, signal } = this.work;
    const found = this.there[this.#next];
    this.#next++;
    if (version.kind === 'delete-marker') {
      if (found?.isDeleteMarker === false) throw occupied(this.work);
      if (found === undefined) await s3.delete(bucket, key, { signal });
      return { isFound: found !== undefined, differences: ['time', 'version-id'] };
    }
    if (found !== undefined && (found.isDeleteMarker || !(await isSame(this.work, version, found.versionId)))) throw occupied(this.work);
    const versionId = found?.versionId ?? (await writeChecked(this.work, version, undefined));
    return { isFound: found !== undefined, differences: await differencesOf(this.work, version, await s3.head(bucket, key, { versionId, signal })) };
  }
}

/** Oldest first. */
async function versionsThere(s3: S3, bucket: string, key: string): Promise<VersionEntry[]> {
  const found: VersionEntry[] = [];
  let marker: VersionMarker | undefined;
  do {
    const page = await s3.listVersions(bucket, { prefix: key, marker });
    const own = page.entries.filter((entry) => entry.key === key);
    found.push(...own);
    marker = own.length === page.entries.length ? page.next : undefined;
  } while (marker !== undefined);
  return found.reverse();
}

function occupied({ bucket, key }: Work): StorageError {
  return new StorageError('precondition-failed', `the target has something else as ${bucket}/${key}, which is not overwritten: remove it there, or give another target`);
}

function markerOrMissing(error: unknown): 'marker' | undefined {
  if (!isS3Error(error)) throw error;
  if (error.status === 405) return 'marker';
  if (error.status === 404) return undefined;
  throw error;
}

/** Sends it and reads it back; gives its id at the target. */
async function writeChecked(work: Work, version: ObjectInfo, versionId: string | undefined): Promise<string | undefined> {
  const transformed = [...version.metaSys.keys()].some((name) => TRANSFORMED.test(name));
  if (transformed) throw new StorageError('precondition-failed', 'it is stored encrypted or compressed, which only drives as a target take as it is');
  const { s3, bucket, key, isExact, signal } = work;
  const etag = etagOf(version);
  const parts = await partSizes(version, etag, (start, length) => readSource(work, version, start, length));
  const headers: Headers = { ...keptHeaders(version), ...(isExact && { ...sourceTime(version), 'x-minio-source-etag': etag }) };
  const sizes = parts?.map(({ size }) => size) ?? [version.size];
  const sent: string[] = [];
  const body = (index: number): ReturnType<typeof bodyOf> => bodyOf(work, version, { index, start: sizes.slice(0, index).reduce((sum, size) => sum + size, 0), length: sizes[index] ?? 0 }, sent);
  const options = { headers, versionId, signal };
  const written = parts === undefined ? await s3.put(bucket, key, body(0), options) : await sendParts(work, parts, body, options, isExact ? sourceTime(version) : {});
  const id = versionId ?? written.versionId;
  const back = await s3.get(bucket, key, { versionId: id, signal });
  if ((await digestsOf(back.body, sizes)).join() !== sent.join()) throw new StorageError('checksum-mismatch', 'what was read back is not what was sent');
  return id;
}

async function sendParts(
  { s3, bucket, key, signal }: Work,
  parts: readonly { readonly number: number }[],
  body: (index: number) => ReturnType<typeof bodyOf>,
  options: { readonly headers: Headers; readonly versionId: string | undefined },
  completion: Headers,
): Promise<{ readonly versionId: string | undefined }> {
  const uploadId = await s3.createUpload(bucket, key, { ...options, signal });
  try {
    const done = [];
    for (const [index, { number }] of parts.entries()) {
      const { etag } = await s3.uploadPart(bucket, key, uploadId, number, body(index), { signal });
      done.push({ partNumber: number, etag });
    }
    return await s3.completeUpload(bucket, key, uploadId, done, { headers: completion, signal });
  } catch (error) {
    // The failure's own reason says more than that its remains could not be removed.
    await s3.abortUpload(bucket, key, uploadId, AbortSignal.timeout(CLEANUP_MS)).catch(() => undefined);
    throw error;
  }
}

/** Compares the bytes. */
async function isSame(work: Work, version: ObjectInfo, versionId: string | undefined): Promise<boolean> {
  const { s3, bucket, key, signal } = work;
  const there = await s3.get(bucket, key, { versionId, signal });
  if (there.sizeBytes !== version.size) {
    there.body.destroy();
    return false;
  }
  const [own, theirs] = await Promise.all([digestsOf(readSource(work, version, 0, version.size), [version.size]), digestsOf(there.body, [version.size])]);
  return own.join() === theirs.join();
}

async function differencesOf({ s3, bucket, key, isExact }: Work, version: ObjectInfo, there: ObjectHead): Promise<Difference[]> {
  const wanted = keptHeaders(version);
  const tags = wanted['x-amz-tagging'];
  const isOther = async ([name, value]: [string, string]): Promise<boolean> => {
    if (name !== 'x-amz-tagging') return !LOCK.test(name) && text(there.headers[name]) !== value;
    const found = await s3.tagsOf(bucket, key, there.versionId);
    return new URLSearchParams(tags).size !== Object.keys(found).length || [...new URLSearchParams(tags)].some(([tag, wantedValue]) => found[tag] !== wantedValue);
  };
  const others = await Promise.all(Object.entries(wanted).map(isOther));
  const ownId = version.versionId === NULL_VERSION_ID ? undefined : version.versionId;
  const theirId = there.versionId === NULL_VERSION_ID ? undefined : there.versionId;
  return [
    ...(there.etag === etagOf(version) ? [] : (['etag'] as const)),
    ...(isExact && Math.floor(there.modifiedAt.getTime() / 1000) === Number(version.modTimeNs / 1_000_000_000n) ? [] : (['time'] as const)),
    ...(ownId === theirId ? [] : (['version-id'] as const)),
    ...(others.some(Boolean) ? (['metadata'] as const) : []),
  ];
}

function text(value: string | string[] | undefined): string | undefined {
  // Node reads headers as latin1; values above ASCII are sent as UTF-8.
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString() : undefined;
}

/** Locks that are over keep nothing any more, and servers refuse them. */
function keptHeaders({ metaUser }: ObjectInfo): Record<string, string> {
  const all = [...metaUser].map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const until = all.find(([name]) => name === 'x-amz-object-lock-retain-until-date')?.[1];
  const isHeld = until !== undefined && Date.parse(until) > Date.now();
  return Object.fromEntries(all.filter(([name, value]) => (KEPT.test(name) && value !== '') || (LOCK.test(name) && (isHeld || name === 'x-amz-object-lock-legal-hold'))));
}

/** RFC 3339 with all nine digits. */
function sourceTime({ modTimeNs }: VersionInfo): Headers {
  const seconds = new Date(Number(modTimeNs / 1_000_000n)).toISOString().slice(0, 19);
  return { 'x-minio-source-mtime': `${seconds}.${String(modTimeNs % 1_000_000_000n).padStart(9, '0')}Z` };
}

interface Span {
  readonly index: number;
  readonly start: number;
  readonly length: number;
}

/** The bytes to send; once they were, `digests` has their SHA-256. */
function bodyOf(work: Work, version: ObjectInfo, { index, start, length }: Span, digests: string[]): Uint8Array | { readonly sizeBytes: number; readonly open: () => Readable } {
  if (length === 0) {
    digests[index] = createHash('sha256').digest('hex');
    return new Uint8Array(0);
  }
  const hashed = async function* (): AsyncGenerator<Buffer, void> {
    const hash = createHash('sha256');
    for await (const chunk of readSource(work, version, start, length)) {
      hash.update(chunk);
      yield Buffer.from(chunk);
    }
    digests[index] = hash.digest('hex');
  };
  return { sizeBytes: length, open: () => Readable.from(hashed(), { objectMode: false }) };
}

async function* readSource({ source, bucket }: Work, { key, versionId }: ObjectInfo, start: number, length: number): AsyncGenerator<Uint8Array, void> {
  if (length === 0) return;
  const opened = await source.open(bucket, key, { versionId });
  yield* opened.read({ start, length });
}

/** SHA-256 of each of the spans, one after another. */
async function digestsOf(stream: AsyncIterable<Uint8Array>, sizes: readonly number[]): Promise<string[]> {
  const digests: string[] = [];
  let [hash, left] = [createHash('sha256'), sizes[0] ?? 0];
  const turn = (): void => {
    digests.push(hash.digest('hex'));
    [hash, left] = [createHash('sha256'), sizes[digests.length] ?? Infinity];
  };
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(left, chunk.length - at);
      hash.update(chunk.subarray(at, at + taken));
      [at, left] = [at + taken, left - taken];
      if (left === 0) turn();
    }
  }
  if (digests.length < sizes.length) turn();
  return digests;
}
