/** Cross-origin requests: every origin may ask, as with MinIO's default; what protects data is the signature. */
import type { IncomingMessage } from 'node:http';
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

/** The answer to a preflight; undefined where the request is none. */
export function preflight(message: IncomingMessage): S3Response | undefined {
  if (message.method !== 'OPTIONS' || message.headers.origin === undefined || message.headers['access-control-request-method'] === undefined) return undefined;
  const wanted = message.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: { 'Access-Control-Allow-Methods': METHODS, ...(typeof wanted === 'string' ? { 'Access-Control-Allow-Headers': wanted } : {}) },
  };
}
