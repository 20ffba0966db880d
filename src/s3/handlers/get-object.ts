/** GetObject and HeadObject: the same answer, with and without the bytes. */
import { clientSize } from '../../content/index.js';
import type { ByteRange, ObjectInfo } from '../../store/index.js';
import { checksumHeaders, storedChecksum } from '../object-checksum.js';
import { ALGORITHMS } from '../checksums.js';
import { failed, judgeRead, validators } from '../conditions.js';
import { customerKey, encryptionHeaders, refuseEncryptionOnRead } from '../encryption.js';
import { S3Error } from '../errors.js';
import { applyOverrides, objectHeaders } from '../metadata.js';
import { checkKey, partNumber, versionParameter } from '../parameters.js';
import { readable, readBytes, refuseMoved, visible } from '../presented.js';
import { parseRange, partRange } from '../ranges.js';
import { header, type Handler, type S3Request } from '../request.js';
import { asMethodNotAllowed } from './delete-marker.js';

export const getObject: Handler = async (room, request) => {
  checkKey(request.key);
  refuseEncryptionOnRead(request);
  const customer = customerKey(request);
  const versionId = versionParameter(request.query);
  const object = await room.store
    // No signal: a client that hangs up is noticed between two buffers, and making one costs as much as the signature.
    .open(request.bucket, request.key, versionId === undefined ? {} : { versionId })
    .catch(asMethodNotAllowed(versionId));
  try {
    const { info, content } = readable(room, request.bucket, object.info, customer);
    const answer = describe(request, info);
    if (answer.range.length === 0 || answer.status === 304) {
      object.close();
      return { status: answer.status, headers: answer.headers };
    }
    refuseMoved(info);
    return { status: answer.status, headers: answer.headers, body: { stream: readBytes(object, content, answer.isWhole ? undefined : answer.range), length: answer.range.length } };
  } catch (error) {
    object.close();
    throw error;
  }
};

export const headObject: Handler = async (room, request) => {
  checkKey(request.key);
  refuseEncryptionOnRead(request);
  const customer = customerKey(request);
  const versionId = versionParameter(request.query);
  const info = await room.store.stat(request.bucket, request.key, versionId === undefined ? {} : { versionId }).catch(asMethodNotAllowed(versionId));
  const { status, headers } = describe(request, visible(room, request.bucket, info, customer));
  return { status, headers };
};

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly range: ByteRange;
  readonly isWhole: boolean;
}

/** @throws S3Error PreconditionFailed, InvalidRange, InvalidPartNumber */
function describe(request: S3Request, info: ObjectInfo): Answer {
  const size = clientSize(info);
  const verdict = judgeRead(request.message.headers, validators(info));
  if (verdict === 'failed') throw failed('If-Match or If-Unmodified-Since');
  const headers = { ...objectHeaders(info), ...encryptionHeaders(request, info) };
  if (verdict === 'not-modified') return { status: 304, headers, range: { start: 0, length: 0 }, isWhole: false };
  headers['Accept-Ranges'] = 'bytes';
  const range = wantedRange(request, info, size, headers);
  if (request.message.headers['x-amz-checksum-mode']?.toString().toUpperCase() === 'ENABLED') addChecksum(request, headers, info, range);
  applyOverrides(request, headers);
  const { start, length } = range ?? { start: 0, length: size };
  headers['Content-Length'] = String(length);
  if (!range) return { status: 200, headers, range: { start, length }, isWhole: true };
  headers['Content-Range'] = `bytes ${start}-${start + length - 1}/${size}`;
  return { status: 206, headers, range, isWhole: false };
}

/** Undefined for the whole object. */
function wantedRange(request: S3Request, info: ObjectInfo, size: number, headers: Record<string, string>): ByteRange | undefined {
  const rangeHeader = header(request, 'range');
  const part = request.query.get('partNumber');
  if (part === undefined || part === '') return parseRange(rangeHeader, size);
  if (rangeHeader !== undefined) throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter.');
  const range = partRange(info, partNumber(part));
  if (isMultipart(info)) headers['x-amz-mp-parts-count'] = String(info.parts.length);
  // An empty object has no byte whose place a Content-Range could name.
  return size === 0 ? undefined : range;
}

/** An object put together from parts has an etag with a dash and their number. */
export function isMultipart(info: ObjectInfo): boolean {
  return info.parts.length > 1 || /-\d+$/.test(info.metaUser.get('etag') ?? '');
}

/** A checksum belongs to the whole object or to a part; with any other range clients would compare it with the wrong bytes. */
function addChecksum(request: S3Request, headers: Record<string, string>, info: ObjectInfo, range: ByteRange | undefined): void {
  const checksum = storedChecksum(info);
  if (!checksum) return;
  const raw = checksum.parts[info.parts.findIndex(({ number }) => String(number) === request.query.get('partNumber'))];
  if (raw) {
    headers[ALGORITHMS[checksum.name].header] = Buffer.from(raw).toString('base64');
    headers['x-amz-checksum-type'] = checksum.scope;
  } else if (!range || range.length === clientSize(info)) Object.assign(headers, checksumHeaders(checksum));
}
