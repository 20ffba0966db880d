/** GetObjectAttributes: chosen facts about an object as a document. */
import { clientSize } from '../../content/index.js';
import type { ObjectInfo } from '../../store/index.js';
import { checksumText, storedChecksum, type ObjectChecksum } from '../object-checksum.js';
import { ALGORITHMS } from '../checksums.js';
import { failed, judgeRead, validators } from '../conditions.js';
import { customerKey } from '../encryption.js';
import { S3Error } from '../errors.js';
import { etagOf, modTimeMs, storageClassOf } from '../metadata.js';
import { checkKey, integerParameter, versionParameter } from '../parameters.js';
import { visible } from '../presented.js';
import { Query } from '../query.js';
import { header, type Handler, type S3Request } from '../request.js';
import { element, wrap, xmlDocument } from '../xml/writer.js';
import { asMethodNotAllowed } from './delete-marker.js';
import { versionHeader } from './put-object.js';
import { isMultipart } from './get-object.js';

const KNOWN = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];
const PARTS_MAX = 1000;

export const getObjectAttributes: Handler = async (room, request) => {
  checkKey(request.key);
  const customer = customerKey(request);
  const wanted = wantedAttributes(request);
  const versionId = versionParameter(request.query);
  const stored = await room.store.stat(request.bucket, request.key, versionId === undefined ? {} : { versionId }).catch(asMethodNotAllowed(versionId));
  const info = visible(room, request.bucket, stored, customer);
  if (judgeRead(request.message.headers, validators(info)) !== 'proceed') throw failed('If-Match or If-Unmodified-Since');
  const checksum = storedChecksum(info);
  const body =
    (wanted.has('ETag') ? element('ETag', etagOf(info)) : '') +
    (wanted.has('Checksum') && checksum ? wrap('Checksum', element(ALGORITHMS[checksum.name].element, checksumText(checksum)) + element('ChecksumType', checksum.scope)) : '') +
    (wanted.has('ObjectParts') && isMultipart(info) ? wrap('ObjectParts', parts(request, info, checksum)) : '') +
    (wanted.has('StorageClass') ? element('StorageClass', storageClassOf(info)) : '') +
    (wanted.has('ObjectSize') ? element('ObjectSize', clientSize(info)) : '');
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/xml',
      'Last-Modified': new Date(modTimeMs(info)).toUTCString(),
      ...versionHeader(info.versionId),
    },
    body: xmlDocument('GetObjectAttributesResponse', body),
  };
};

function wantedAttributes(request: S3Request): Set<string> {
  const names = (header(request, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim());
  if (names.some((name) => !KNOWN.includes(name))) throw new S3Error('InvalidArgument', 'The x-amz-object-attributes header must name attributes of an object.');
  return new Set(names);
}

function parts(request: S3Request, info: ObjectInfo, checksum: ObjectChecksum | undefined): string {
  const limit = Math.min(headerInteger(request, 'x-amz-max-parts', PARTS_MAX), PARTS_MAX);
  const marker = headerInteger(request, 'x-amz-part-number-marker', 0);
  const rest = info.parts.map((part, index) => ({ part, raw: checksum?.parts[index] })).filter(({ part }) => part.number > marker);
  const page = rest.slice(0, limit);
  // S3 lists single parts only where they have checksums of their own.
  const entries = page.map(({ part, raw }) => {
    const value = checksum && raw ? element(ALGORITHMS[checksum.name].element, Buffer.from(raw).toString('base64')) : '';
    return wrap('Part', value + element('PartNumber', part.number) + element('Size', part.actualSize >= 0 ? part.actualSize : part.size));
  });
  return (
    element('IsTruncated', rest.length > page.length) +
    element('MaxParts', limit) +
    element('NextPartNumberMarker', page.at(-1)?.part.number ?? 0) +
    element('PartNumberMarker', marker) +
    entries.join('') +
    element('PartsCount', info.parts.length)
  );
}

function headerInteger(request: S3Request, name: string, fallback: number): number {
  const text = header(request, name);
  return text === undefined ? fallback : integerParameter(new Query([[name, text]]), name, fallback);
}
