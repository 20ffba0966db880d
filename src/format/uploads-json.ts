/**
 * uploads.json: the unfinished uploads of one object, kept by releases of 2016 to early 2018 in
 * `.minio.sys/multipart/<bucket>/<key>/uploads.json`: {`version`, `format`, `uploadIds`: [{`uploadId`, `deleted`, `initiated`}]}.
 */
import { corrupt } from './corrupt.js';
import { JsonDocument } from './json-document.js';
import { rfc3339ToNs } from './time.js';
import { isUuid } from './uuid.js';

export interface OldUpload {
  /** A UUID, and the name of the upload's folder. */
  readonly uploadId: string;
  readonly initiatedNs: bigint;
}

/** The uploads that are not deleted. Throws metadata-corrupt. */
export function decodeUploadsJson(bytes: Uint8Array): OldUpload[] {
  const document = JsonDocument.parse(bytes, 'uploads.json');
  return document.objects('uploadIds').flatMap((upload) => {
    const uploadId = upload.text('uploadId');
    const initiatedNs = rfc3339ToNs(upload.text('initiated'));
    if (!isUuid(uploadId) || initiatedNs === undefined) throw corrupt('uploads.json lists an upload without an id or a time');
    return upload.isTrue('deleted') ? [] : [{ uploadId, initiatedNs }];
  });
}
