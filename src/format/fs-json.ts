/**
 * fs.json: the metadata of an object on a single drive without erasure coding (2016 to 2022), in
 * `.minio.sys/buckets/<bucket>/<key>/fs.json`. The bytes are the plain file `<bucket>/<key>`; its size and time are the object's.
 *
 * | member              | meaning                                                                       |
 * |---------------------|-------------------------------------------------------------------------------|
 * | `version`           | `1.0.0`, `1.0.1` (2016 to 2018, with `format` "fs") or `1.0.2`                  |
 * | `meta`              | client's and internal metadata, `etag` among them                             |
 * | `parts`             | of a multipart object or upload: [{`number`, `size`, `actualSize`, `etag`, `name`}] |
 * | `minio`, `checksum` | of no use                                                                     |
 */
import { corrupt } from './corrupt.js';
import { JsonDocument } from './json-document.js';
import type { ObjectPart } from './model.js';
import { splitOldMetadata } from './old-metadata.js';

export interface FsJson {
  readonly version: string;
  readonly metaUser: ReadonlyMap<string, string>;
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
  /** Empty for what came in one piece. */
  readonly parts: readonly ObjectPart[];
}

const VERSIONS = ['1.0.0', '1.0.1', '1.0.2'];

/** Decodes an fs.json of any release. Throws metadata-corrupt: after a crash it may be empty or cut off, and the object has no metadata then. */
export function decodeFsJson(bytes: Uint8Array): FsJson {
  const document = JsonDocument.parse(bytes, 'fs.json');
  const version = document.text('version');
  if (!VERSIONS.includes(version)) throw corrupt(`fs.json is of version "${version.slice(0, 20)}"; ${VERSIONS.join(', ')} are known`);
  const parts = document.objects('parts').map((part): ObjectPart => {
    const number = part.size('number');
    if (number < 1) throw corrupt(`fs.json has a part ${number}`);
    const etag = part.optionalText('etag');
    return { number, size: part.size('size'), actualSize: part.optionalInteger('actualSize'), ...(etag !== '' && { etag }) };
  });
  return { version, ...splitOldMetadata(document.texts('meta')), parts };
}
