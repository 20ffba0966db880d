/** Cross-origin requests: every origin may ask, as with MinIO's default; what protects data is the signature. */
import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.js';
import type { S3Response } from './request.js';

const EXPOSED = 'Date,ETag,Server,Connection,Accept-Ranges,Content-Range,Content-Encoding,Content-Length,Content-Type,Content-Disposition,Last-Modified,Content-Language,Cache-Control,Retry-After,X-Amz*,x-amz*,*';
const METHODS = 'GET,PUT,HEAD,POST,DELETE,OPTIONS';

/** Headers that let a page of another origin read the answer. */
export function corsHeaders(message: IncomingMessage, headers: Record<string, string>): void {
  const { origin } = message.headers;
  if (origin === undefined) return;
  headers['Access-Control-Allow-Origin'] = origin;
  headers['Access-Control-Allow-Credentials'] = 'true';
  headers['Access-Control-Expose-Headers'] = EXPOSED;
}

/** The answer to a preflight; undefined where the request is none. @throws S3Error BadRequest on half of one */
export function preflight(message: IncomingMessage): S3Response | undefined {
  if (message.method !== 'OPTIONS') return undefined;
  if (message.headers.origin === undefined || message.headers['access-control-request-method'] === undefined) {
    throw new S3Error('BadRequest', 'Insufficient information. The Origin and Access-Control-Request-Method headers are needed.');
  }
  const wanted = message.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: { 'Access-Control-Allow-Methods': METHODS, ...(typeof wanted === 'string' ? { 'Access-Control-Allow-Headers': wanted } : {}) },
  };
}
