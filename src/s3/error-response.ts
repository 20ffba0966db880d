/** An S3 error as its document, or as headers where the answer may have no body. */
import type { S3Error } from './errors.js';
import { encodeHeaderText } from './headers.js';
import type { S3Response } from './request.js';
import { element, plainXmlDocument } from './xml/writer.js';

interface ErrorContext {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  /** Path as sent. */
  readonly resource: string;
  readonly requestId: string;
  readonly hostId: string;
}

export function errorResponse(error: S3Error, context: ErrorContext): S3Response {
  if (context.method === 'HEAD') {
    // No body says what went wrong: MinIO's clients read these headers.
    return { status: error.status, headers: { ...error.headers, 'x-minio-error-code': error.code, 'x-minio-error-desc': `"${encodeHeaderText(error.message)}"` } };
  }
  let fields = '';
  for (const [name, value] of Object.entries(error.fields)) if (name !== 'BucketName') fields += element(name, value);
  const body =
    element('Code', error.code) +
    element('Message', error.message) +
    element('Key', context.key === '' ? undefined : context.key) +
    element('BucketName', context.bucket === '' ? undefined : context.bucket) +
    fields +
    element('Resource', context.resource) +
    element('RequestId', context.requestId) +
    element('HostId', context.hostId);
  return { status: error.status, headers: { ...error.headers, 'Content-Type': 'application/xml' }, body: plainXmlDocument('Error', body) };
}
