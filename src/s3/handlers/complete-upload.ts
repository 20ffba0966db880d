/** CompleteMultipartUpload. */
import { createHash } from 'node:crypto';
import { isStorageError, PART_NUMBER_MAX } from '../../base/index.js';
import type { BodyVerdict, CompletePart, ObjectInfo, PartInfo, UploadInfo } from '../../store/index.js';
import { checksumHeaders, checksumMetadata, checksumText, storedChecksum, type ObjectChecksum } from '../object-checksum.js';
import { ALGORITHMS, CHECKSUM_NAMES, joinChecksums } from '../checksums.js';
import { stripEtag, writePrecondition } from '../conditions.js';
import { S3Error } from '../errors.js';
import { etagOf } from '../metadata.js';
import { checkKey } from '../parameters.js';
import { refuseTransformedUpload } from '../presented.js';
import { header, type Handler, type Room, type S3Request } from '../request.js';
import { childText, malformed, parseRoot, type XmlElement } from '../xml/reader.js';
import { element, etagElement, xmlDocument } from '../xml/writer.js';
import { uploadChecksum, uploadIdParameter } from './multipart.js';
import { versionHeader } from './put-object.js';

/** 10,000 parts with an etag and a SHA-256 each, generously indented. */
const COMPLETE_DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;

export const completeMultipartUpload: Handler = async (room, request) => {
  checkKey(request.key);
  const uploadId = uploadIdParameter(request);
  // Not readDocument: checksum headers describe the object here, not the document.
  const parts = parseComplete(await request.body.readAll(COMPLETE_DOCUMENT_BYTES_MAX));
  const precondition = writePrecondition(room, request);
  let checksum: ObjectChecksum | undefined;
  const judge = (chosen: readonly PartInfo[], upload: UploadInfo): BodyVerdict => {
    refuseTransformedUpload(upload);
    checkSize(request, chosen);
    checksum = objectChecksum(chosen, upload);
    checkChecksum(request, checksum);
    return { etag: multipartEtag(chosen), metaSys: checksumMetadata(checksum) };
  };
  let info: ObjectInfo;
  try {
    info = await room.store.completeUpload(request.bucket, request.key, uploadId, parts, {
      judge,
      ...(precondition === undefined ? {} : { precondition }),
    });
  } catch (error) {
    if (!isStorageError(error, 'upload-not-found')) throw error;
    info = await completedBefore(room, request, uploadId, parts, error);
    checksum = storedChecksum(info);
  }
  const location = `http://${request.message.headers.host ?? 'localhost'}/${request.bucket}/${request.key}`;
  const body =
    element('Location', location) +
    element('Bucket', request.bucket) +
    element('Key', request.key) +
    etagElement(etagOf(info)) +
    (checksum ? element(ALGORITHMS[checksum.name].element, checksumText(checksum)) + element('ChecksumType', checksum.scope) : '');
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml', ...versionHeader(info.versionId), ...checksumHeaders(checksum) },
    body: xmlDocument('CompleteMultipartUploadResult', body),
  };
};

/** A client that lost the answer asks again: as long as the object is what these parts of this upload made, that is the answer. */
async function completedBefore(room: Room, request: S3Request, uploadId: string, parts: readonly CompletePart[], notFound: unknown): Promise<ObjectInfo> {
  const info = await room.store.completedUpload(request.bucket, request.key, uploadId);
  if (etagOf(info) !== multipartEtag(parts)) throw notFound;
  return info;
}

/** Hex MD5 of the parts' MD5s, a dash, and how many there are. */
function multipartEtag(parts: readonly { readonly etag: string }[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

function parseComplete(bytes: Buffer): CompletePart[] {
  const root = parseRoot(bytes, 'CompleteMultipartUpload', 'CompleteMultipartUploadRequest');
  const entries = root.children.filter((entry) => entry.name === 'Part');
  if (entries.length === 0) throw malformed('You must specify at least one part.');
  if (entries.length > PART_NUMBER_MAX) throw malformed(`There can be at most ${PART_NUMBER_MAX} parts.`);
  const parts = entries.map(parsePart);
  for (let index = 1; index < parts.length; index++) {
    if ((parts[index]?.number ?? 0) <= (parts[index - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder');
  }
  return parts;
}

function parsePart(entry: XmlElement): CompletePart {
  const number = childText(entry, 'PartNumber')?.trim() ?? '';
  const etag = childText(entry, 'ETag');
  if (etag === undefined || !/^\d{1,10}$/.test(number)) throw malformed('A part lacks its number or its etag.');
  if (Number(number) < 1 || Number(number) > PART_NUMBER_MAX) throw new S3Error('InvalidArgument', `PartNumber must be an integer between 1 and ${PART_NUMBER_MAX}.`);
  const checksums = new Map<string, string>();
  for (const name of CHECKSUM_NAMES) {
    const value = childText(entry, ALGORITHMS[name].element);
    if (value !== undefined && value !== '') checksums.set(name, value.trim());
  }
  return { number: Number(number), etag: stripEtag(etag.trim()).toLowerCase(), ...(checksums.size === 0 ? {} : { checksums }) };
}

function objectChecksum(parts: readonly PartInfo[], upload: UploadInfo): ObjectChecksum | undefined {
  const wanted = uploadChecksum(upload);
  if (!wanted) return undefined;
  const raws = parts.map((part) => {
    const value = part.checksums.get(wanted.name);
    if (value === undefined) throw new S3Error('InvalidPart', `Part ${part.number} was uploaded without the ${wanted.name} checksum that the upload asks for.`);
    return { raw: Buffer.from(value, 'base64'), size: part.actualSize };
  });
  return {
    name: wanted.name,
    scope: wanted.scope,
    raw: joinChecksums(wanted.name, wanted.scope, raws),
    partCount: parts.length,
    parts: raws.map((part) => part.raw),
  };
}

/** Compares what the client computed over its whole object. */
function checkChecksum(request: S3Request, checksum: ObjectChecksum | undefined): void {
  for (const name of CHECKSUM_NAMES) {
    const given = header(request, ALGORITHMS[name].header);
    if (given === undefined) continue;
    if (!checksum || checksum.name !== name) throw new S3Error('InvalidRequest', `The upload was not created with the ${name} checksum algorithm.`);
    const have = checksumText(checksum);
    // Clients may leave the number of parts out.
    if (given !== have && given !== Buffer.from(checksum.raw).toString('base64')) {
      throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`, { fields: { ExpectedDigest: given, CalculatedDigest: have } });
    }
  }
}

function checkSize(request: S3Request, parts: readonly PartInfo[]): void {
  const given = header(request, 'x-amz-mp-object-size');
  if (given === undefined) return;
  const size = parts.reduce((sum, part) => sum + part.actualSize, 0);
  if (given !== String(size)) {
    throw new S3Error('InvalidRequest', `The provided 'x-amz-mp-object-size' header value ${given.slice(0, 20)} does not match what was computed: ${size}.`);
  }
}
