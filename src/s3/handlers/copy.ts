/** CopyObject and UploadPartCopy. */
import type { BodyVerdict, ByteRange, ObjectInfo, OpenedObject, Versioning } from '../../store/index.js';
import { PUT_SIZE_MAX } from '../../base/index.js';
import type { DigestName } from '../../hash/index.js';
import { clientSize, type Content } from '../../content/index.js';
import { NULL_VERSION_ID } from '../../format/index.js';
import { checksumMetadata, checksumText, storedChecksum, type ObjectChecksum } from '../object-checksum.js';
import { ALGORITHMS, digestBase64, digestHex, parseChecksumName, type ChecksumName } from '../checksums.js';
import { failed, judgeRead, validators, writePrecondition } from '../conditions.js';
import { customerKey } from '../encryption.js';
import { S3Error } from '../errors.js';
import { copiedMetadata, etagOf, metaValue, modTimeMs, refuseUnsupported, requestMetadata, storageClassOf, TAGGING_KEY } from '../metadata.js';
import { checkBucketName, checkKey, partNumber, trimKey } from '../parameters.js';
import { presented, readable, readBytes, refuseMoved, refuseTransformedUpload } from '../presented.js';
import { decodeComponent } from '../query.js';
import { parseCopyRange } from '../ranges.js';
import { header, type Handler, type Room, type S3Request } from '../request.js';
import { element, etagElement, xmlDocument } from '../xml/writer.js';
import { isoTime } from './listing-entries.js';
import { uploadChecksum, uploadIdParameter } from './multipart.js';
import { versionHeader } from './put-object.js';

const XML = { 'Content-Type': 'application/xml' };

interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** `[/]bucket/key[?versionId=id]`, percent-encoded. @throws S3Error InvalidArgument */
function parseCopySource(text: string): CopySource {
  const mark = text.lastIndexOf('?versionId=');
  const path = decodeComponent(mark < 0 ? text : text.slice(0, mark), false);
  const versionId = mark < 0 ? undefined : decodeComponent(text.slice(mark + '?versionId='.length), false);
  const start = path.startsWith('/') ? 1 : 0;
  const slash = path.indexOf('/', start);
  if (slash <= start || slash === path.length - 1 || versionId === '') {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey.');
  }
  const source = { bucket: path.slice(start, slash), key: trimKey(path.slice(slash + 1)), versionId };
  checkBucketName(source.bucket);
  checkKey(source.key);
  return source;
}

function directive(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = header(request, name)?.toUpperCase() ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') throw new S3Error('InvalidArgument', `Unknown value of ${name}.`);
  return value;
}

interface OpenedSource {
  readonly source: CopySource;
  readonly object: OpenedObject;
  /** As clients see it. */
  readonly info: ObjectInfo;
  /** What gives the client's bytes where they are not those that are kept. */
  readonly content: Content | undefined;
}

/** The source, opened and compared with the request's conditions. A delete marker named by its id is no source. */
async function openSource(room: Room, request: S3Request): Promise<OpenedSource> {
  const source = parseCopySource(header(request, 'x-amz-copy-source') ?? '');
  const customer = customerKey(request, 'source');
  const object = await room.store.open(source.bucket, source.key, {
    ...(source.versionId === undefined ? {} : { versionId: source.versionId }),
    signal: request.signal,
  });
  try {
    const { info, content } = readable(room, source.bucket, object.info, customer);
    if (judgeRead(request.message.headers, validators(info), 'x-amz-copy-source-') !== 'proceed') throw failed('x-amz-copy-source-if');
    refuseMoved(info);
    return { source, object, info, content };
  } catch (error) {
    object.close();
    throw error;
  }
}

export const copyObject: Handler = async (room, request) => {
  checkKey(request.key);
  const replaces = directive(request, 'x-amz-metadata-directive') === 'REPLACE';
  const { metaUser: requested, storageClass } = requestMetadata(request);
  const { versioning } = await room.store.bucketSettings(request.bucket);
  const opened = await openSource(room, request);
  const { source, object, info: sourceInfo } = opened;
  try {
    const isOntoItself = source.bucket === request.bucket && source.key === request.key;
    const changesClass = header(request, 'x-amz-storage-class') !== undefined && (storageClass ?? 'STANDARD') !== storageClassOf(sourceInfo);
    const wantedChecksum = copyChecksum(request, sourceInfo);
    const changesChecksum = wantedChecksum !== undefined && storedChecksum(sourceInfo)?.name !== wantedChecksum;
    if (isOntoItself && source.versionId === undefined && !replaces && !changesClass && !changesChecksum) {
      throw new S3Error('InvalidRequest', "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class or checksum.");
    }
    const metaUser = replaces ? requested : withClass(copiedMetadata(sourceInfo), storageClass);
    applyTags(request, sourceInfo, metaUser, requested);
    const isMetadataOnly = isOntoItself && source.versionId === undefined && versioning === 'unversioned' && !changesClass && !changesChecksum;
    const plan = { metaUser, storageClass, versioning, checksumName: wantedChecksum };
    const precondition = writePrecondition(room, request);
    const info = isMetadataOnly && !precondition ? presented(room, request.bucket, await replaceMetadata(room, request, object, metaUser)) : await copyBytes(room, request, opened, plan, precondition);
    return {
      status: 200,
      headers: { ...XML, ...versionHeader(info.versionId), ...sourceVersion(sourceInfo) },
      body: xmlDocument('CopyObjectResult', result(info.metaUser.get('etag') ?? '', modTimeMs(info)) + checksumElement(storedChecksum(info))),
    };
  } finally {
    object.close();
  }
};

interface CopyPlan {
  readonly metaUser: ReadonlyMap<string, string>;
  readonly storageClass: string | undefined;
  readonly versioning: Versioning;
  readonly checksumName: ChecksumName | undefined;
}

async function copyBytes(
  room: Room,
  request: S3Request,
  { object, info, content }: OpenedSource,
  plan: CopyPlan,
  precondition: ReturnType<typeof writePrecondition>,
): Promise<ObjectInfo> {
  const size = clientSize(info);
  if (size > PUT_SIZE_MAX) throw new S3Error('InvalidRequest', 'The specified copy source is larger than the maximum allowable size for a copy source: 5 GiB.');
  const digests: DigestName[] = plan.checksumName ? ['md5', ALGORITHMS[plan.checksumName].digest] : ['md5'];
  return room.store.put(
    request.bucket,
    request.key,
    { size, stream: readBytes(object, content), digests },
    {
      versioning: plan.versioning,
      metaUser: plan.metaUser,
      ...(plan.storageClass === undefined ? {} : { storageClass: plan.storageClass }),
      ...(precondition === undefined ? {} : { precondition }),
      signal: request.signal,
      judge: (computed): BodyVerdict => ({ etag: digestHex(computed, 'md5'), metaSys: checksumMetadata(computedChecksum(plan.checksumName, computed)) }),
    },
  );
}

function computedChecksum(name: ChecksumName | undefined, digests: ReadonlyMap<DigestName, Uint8Array>): ObjectChecksum | undefined {
  if (!name) return undefined;
  return { name, raw: Buffer.from(digestBase64(digests, ALGORITHMS[name].digest), 'base64'), scope: 'FULL_OBJECT', partCount: 0, parts: [] };
}

/** A copy onto itself without versioning changes the metadata and the time; the bytes stay where they are. */
async function replaceMetadata(room: Room, request: S3Request, object: OpenedObject, metaUser: ReadonlyMap<string, string>): Promise<ObjectInfo> {
  return room.store.updateMetadata(request.bucket, request.key, {}, (current) => {
    if (etagOf(current) !== etagOf(object.info)) throw failed('the object was replaced while it was copied');
    const kept = new Map(metaUser);
    kept.set('etag', etagOf(current));
    return { metaUser: kept, metaSys: current.metaSys, modTimeNs: room.clock.nextModTimeNs() };
  });
}

/** The checksum that the copy is to have: as asked for, else as the source has one. */
function copyChecksum(request: S3Request, source: ObjectInfo): ChecksumName | undefined {
  const algorithm = header(request, 'x-amz-checksum-algorithm');
  return algorithm === undefined ? storedChecksum(source)?.name : parseChecksumName(algorithm);
}

function withClass(metaUser: Map<string, string>, storageClass: string | undefined): Map<string, string> {
  if (storageClass !== undefined) metaUser.set('x-amz-storage-class', storageClass);
  return metaUser;
}

function applyTags(request: S3Request, source: ObjectInfo, metaUser: Map<string, string>, requested: ReadonlyMap<string, string>): void {
  const replaces = directive(request, 'x-amz-tagging-directive') === 'REPLACE';
  const tags = replaces ? requested.get(TAGGING_KEY) : metaValue(source, TAGGING_KEY);
  if (tags === undefined || tags === '') metaUser.delete(TAGGING_KEY);
  else metaUser.set(TAGGING_KEY, tags);
}

export const uploadPartCopy: Handler = async (room, request) => {
  checkKey(request.key);
  refuseUnsupported(request);
  const uploadId = uploadIdParameter(request);
  const number = partNumber(request.query.get('partNumber') ?? '');
  const begun = await room.store.uploadInfo(request.bucket, request.key, uploadId);
  refuseTransformedUpload(begun);
  const wanted = uploadChecksum(begun);
  const { object, info, content } = await openSource(room, request);
  try {
    const range = copyRange(request, clientSize(info));
    const digests: DigestName[] = wanted ? ['md5', ALGORITHMS[wanted.name].digest] : ['md5'];
    const part = await room.store.putPart(
      request.bucket,
      request.key,
      uploadId,
      number,
      { size: range.length, stream: readBytes(object, content, range), digests },
      {
        signal: request.signal,
        judge: (computed) => {
          const etag = digestHex(computed, 'md5');
          if (!wanted) return { etag };
          return { etag, partChecksums: new Map([[wanted.name, digestBase64(computed, ALGORITHMS[wanted.name].digest)]]) };
        },
      },
    );
    const checksum = wanted ? element(ALGORITHMS[wanted.name].element, part.checksums.get(wanted.name)) : '';
    return {
      status: 200,
      headers: { ...XML, ...sourceVersion(info) },
      body: xmlDocument('CopyPartResult', result(part.etag, Number(part.modTimeNs / 1_000_000n)) + checksum),
    };
  } finally {
    object.close();
  }
};

function copyRange(request: S3Request, size: number): ByteRange {
  const text = header(request, 'x-amz-copy-source-range');
  const range = text === undefined ? { start: 0, length: size } : parseCopyRange(text, size);
  if (range.length > PUT_SIZE_MAX) throw new S3Error('EntityTooLarge');
  return range;
}

function result(etag: string, modifiedMs: number): string {
  return element('LastModified', isoTime(modifiedMs)) + etagElement(etag);
}

function checksumElement(checksum: ObjectChecksum | undefined): string {
  return checksum ? element(ALGORITHMS[checksum.name].element, checksumText(checksum)) + element('ChecksumType', checksum.scope) : '';
}

function sourceVersion(source: ObjectInfo): Record<string, string> {
  return source.versionId === NULL_VERSION_ID ? {} : { 'x-amz-copy-source-version-id': source.versionId };
}
