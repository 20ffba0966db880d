/** Whole answers in memory, for the small documents that S3 sends. */
import type { Readable } from 'node:stream';

/** More than this is no S3 document: a page of 1,000 keys of 1,024 bytes, all escaped, stays below 8 MiB. */
const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024;

/** Reads a stream to its end as UTF-8. Throws when it is longer than any S3 document. */
export async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > DOCUMENT_BYTES_MAX) throw new Error(`the answer is longer than ${DOCUMENT_BYTES_MAX} bytes; this is not an S3 server's document`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
