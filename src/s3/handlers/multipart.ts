/** CreateMultipartUpload, UploadPart, AbortMultipartUpload, ListParts, ListMultipartUploads. */
import type { UploadInfo } from '../../store/index.js';
import { ALGORITHMS, checksumScope, parseChecksumName, type ChecksumName, type ChecksumScope } from '../checksums.js';
import { S3Error } from '../errors.js';
import { refuseCustomerKeys } from '../encryption.js';
import { requestMetadata } from '../metadata.js';
import { refuseTransformedUpload } from '../presented.js';
import { checkKey, integerParameter, listLimit, partNumber, prefixParameter, wantsUrlEncoding } from '../parameters.js';
import { header, type Handler, type S3Request } from '../request.js';
import { receiveUpload } from '../upload-body.js';
import { element, etagElement, wrap, xmlDocument } from '../xml/writer.js';
import { INITIATOR, isoTime, OWNER, prefixEntries, shownKey } from './listing-entries.js';

const XML = { 'Content-Type': 'application/xml' };
/** Where an upload in progress keeps which checksum was asked for, as MinIO names it. */
const CHECKSUM_KEY = 'x-minio-multipart-checksum';
const CHECKSUM_TYPE_KEY = 'x-minio-multipart-checksum-type';

export const createMultipartUpload: Handler = async (room, request) => {
  checkKey(request.key);
  const { metaUser, storageClass } = requestMetadata(request);
  const checksum = requestedChecksum(request);
  if (checksum) {
    metaUser.set(CHECKSUM_KEY, checksum.name);
    metaUser.set(CHECKSUM_TYPE_KEY, checksum.scope);
  }
  const { versioning } = await room.store.bucketSettings(request.bucket);
  const upload = await room.store.createUpload(request.bucket, request.key, {
    versioning,
    metaUser,
    ...(storageClass === undefined ? {} : { storageClass }),
  });
  const body = element('Bucket', request.bucket) + element('Key', request.key) + element('UploadId', upload.uploadId);
  const headers = checksum ? { ...XML, 'x-amz-checksum-algorithm': checksum.name, 'x-amz-checksum-type': checksum.scope } : XML;
  return { status: 200, headers, body: xmlDocument('InitiateMultipartUploadResult', body) };
};

interface UploadChecksum {
  readonly name: ChecksumName;
  readonly scope: ChecksumScope;
}

function requestedChecksum(request: S3Request): UploadChecksum | undefined {
  const algorithm = header(request, 'x-amz-checksum-algorithm');
  const type = header(request, 'x-amz-checksum-type')?.toUpperCase();
  if (algorithm === undefined) {
    if (type !== undefined) throw new S3Error('InvalidRequest', 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
    return undefined;
  }
  const name = parseChecksumName(algorithm);
  return { name, scope: checksumScope(name, type) };
}

/** The checksum that was asked for when the upload began. */
export function uploadChecksum(upload: UploadInfo): UploadChecksum | undefined {
  const algorithm = upload.metaUser.get(CHECKSUM_KEY);
  if (algorithm === undefined || algorithm === '') return undefined;
  const name = parseChecksumName(algorithm);
  return { name, scope: checksumScope(name, upload.metaUser.get(CHECKSUM_TYPE_KEY) || undefined) };
}

/** @throws S3Error NoSuchUpload where the parameter is empty */
export function uploadIdParameter(request: S3Request): string {
  const uploadId = request.query.get('uploadId') ?? '';
  if (uploadId === '') throw new S3Error('NoSuchUpload');
  return uploadId;
}

export const uploadPart: Handler = async (room, request) => {
  checkKey(request.key);
  refuseCustomerKeys(request);
  const uploadId = uploadIdParameter(request);
  const number = partNumber(request.query.get('partNumber') ?? '');
  const begun = await room.store.uploadInfo(request.bucket, request.key, uploadId);
  refuseTransformedUpload(begun);
  const wanted = uploadChecksum(begun);
  const upload = receiveUpload(request);
  if (wanted && upload.checksumName !== wanted.name) {
    const given = upload.checksumName?.toLowerCase() ?? 'null';
    throw new S3Error('InvalidRequest', `Checksum Type mismatch occurred, expected checksum Type: ${wanted.name.toLowerCase()}, actual checksum Type: ${given}.`);
  }
  const answer: Record<string, string> = {};
  const part = await room.store.putPart(request.bucket, request.key, uploadId, number, upload.body, {
    signal: request.signal,
    judge: (digests) => {
      const { etag, checksum } = upload.verify(digests);
      if (!checksum) return { etag };
      answer[ALGORITHMS[checksum.name].header] = checksum.base64;
      return { etag, partChecksums: new Map([[checksum.name, checksum.base64]]) };
    },
  });
  return { status: 200, headers: { ETag: `"${part.etag}"`, ...answer } };
};

export const abortMultipartUpload: Handler = async (room, request) => {
  checkKey(request.key);
  await room.store.abortUpload(request.bucket, request.key, uploadIdParameter(request));
  return { status: 204 };
};

export const listParts: Handler = async (room, request) => {
  checkKey(request.key);
  const { query } = request;
  const uploadId = uploadIdParameter(request);
  const limit = listLimit(query, 'max-parts');
  const marker = integerParameter(query, 'part-number-marker', 0);
  const isUrlEncoded = wantsUrlEncoding(query);
  const { upload, parts } = await room.store.listParts(request.bucket, request.key, uploadId);
  const rest = parts.filter((part) => part.number > marker).sort((a, b) => a.number - b.number);
  const page = rest.slice(0, limit);
  const checksum = uploadChecksum(upload);
  const entries = page.map((part) => {
    const value = checksum ? part.checksums.get(checksum.name) : undefined;
    return wrap(
      'Part',
      element('PartNumber', part.number) +
        element('LastModified', isoTime(Number(part.modTimeNs / 1_000_000n))) +
        etagElement(part.etag) +
        element('Size', part.actualSize) +
        (checksum ? element(ALGORITHMS[checksum.name].element, value) : ''),
    );
  });
  const body =
    element('Bucket', request.bucket) +
    element('Key', shownKey(request.key, { isUrlEncoded })) +
    element('UploadId', uploadId) +
    INITIATOR +
    OWNER +
    element('StorageClass', upload.metaUser.get('x-amz-storage-class') ?? 'STANDARD') +
    element('PartNumberMarker', marker) +
    element('NextPartNumberMarker', page.at(-1)?.number ?? marker) +
    element('MaxParts', limit) +
    element('IsTruncated', rest.length > page.length) +
    (checksum ? element('ChecksumAlgorithm', checksum.name) + element('ChecksumType', checksum.scope) : '') +
    (isUrlEncoded ? element('EncodingType', 'url') : '') +
    entries.join('');
  return { status: 200, headers: XML, body: xmlDocument('ListPartsResult', body) };
};

export const listMultipartUploads: Handler = async (room, request) => {
  const { query } = request;
  const prefix = prefixParameter(query);
  const delimiter = query.get('delimiter') ?? '';
  const limit = listLimit(query, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  const uploadIdMarker = query.get('upload-id-marker') ?? '';
  const shown = { isUrlEncoded: wantsUrlEncoding(query) };
  await room.store.bucketSettings(request.bucket);
  const listing =
    limit === 0
      ? { uploads: [], prefixes: [], isTruncated: false, nextKey: undefined, nextUploadId: undefined }
      : await room.store.listUploads(request.bucket, {
          prefix,
          delimiter,
          after: keyMarker,
          limit,
          ...(keyMarker === '' || uploadIdMarker === '' ? {} : { afterUploadId: uploadIdMarker }),
        });
  const entries = listing.uploads.map((upload) => {
    const checksum = uploadChecksum(upload);
    return wrap(
      'Upload',
      element('Key', shownKey(upload.key, shown)) +
        element('UploadId', upload.uploadId) +
        INITIATOR +
        OWNER +
        element('StorageClass', upload.metaUser.get('x-amz-storage-class') ?? 'STANDARD') +
        element('Initiated', isoTime(upload.initiatedMs)) +
        (checksum ? element('ChecksumAlgorithm', checksum.name) + element('ChecksumType', checksum.scope) : ''),
    );
  });
  const body =
    element('Bucket', request.bucket) +
    element('KeyMarker', shownKey(keyMarker, shown)) +
    element('UploadIdMarker', uploadIdMarker) +
    element('NextKeyMarker', shownKey(listing.nextKey ?? '', shown)) +
    element('NextUploadIdMarker', listing.nextUploadId ?? '') +
    element('Delimiter', delimiter === '' ? undefined : shownKey(delimiter, shown)) +
    (shown.isUrlEncoded ? element('EncodingType', 'url') : '') +
    element('MaxUploads', limit) +
    element('IsTruncated', listing.isTruncated) +
    element('Prefix', shownKey(prefix, shown)) +
    entries.join('') +
    prefixEntries(listing.prefixes, shown);
  return { status: 200, headers: XML, body: xmlDocument('ListMultipartUploadsResult', body) };
};
