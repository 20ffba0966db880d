/** Request headers as S3 reads them: repeated ones joined as signatures join them, text above ASCII as UTF-8. */
import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.js';

type HeaderCarrier = { readonly message: IncomingMessage };

/**
 * The value of a header, repeated ones joined by a comma (node would drop all but the first of some and join others with
 * a comma and a space, neither of which is what clients sign). Undefined where the header was not sent.
 *
 * @param name in lower case
 */
export function headerValue(request: HeaderCarrier, name: string): string | undefined {
  const { message } = request;
  const value = message.headers[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && !hasRepeated(message)) return value;
  const values: string[] = [];
  const raw = message.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() === name) values.push(raw[index + 1] ?? '');
  }
  return values.join(',');
}

/** Every line of the request has an entry of its own unless some header came twice. */
function hasRepeated(message: IncomingMessage): boolean {
  let count = repeatedCache.get(message);
  if (count === undefined) {
    count = Object.keys(message.headers).length * 2 !== message.rawHeaders.length;
    repeatedCache.set(message, count);
  }
  return count;
}
const repeatedCache = new WeakMap<IncomingMessage, boolean>();

/** Headers that decide who asks for what: sent twice, nobody can say which one counts. */
const ONCE_ONLY = ['authorization', 'host', 'content-length', 'content-md5', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-decoded-content-length', 'x-amz-copy-source'];

/** @throws S3Error InvalidRequest where a header that must be unique came twice */
export function refuseRepeatedHeaders(request: HeaderCarrier): void {
  if (!hasRepeated(request.message)) return;
  const raw = request.message.rawHeaders;
  const seen = new Set<string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? '';
    if (seen.has(name) && ONCE_ONLY.includes(name)) throw new S3Error('InvalidRequest', `The header ${name} was sent more than once.`);
    seen.add(name);
  }
}

 
const ABOVE_ASCII = /[^\u0000-\u007f]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A header value from node's latin1: UTF-8 where it is, else latin1, so that nothing is lost. */
export function decodeHeaderText(value: string): string {
  if (!ABOVE_ASCII.test(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

 
const UNSENDABLE = /[\u0000-\u0008\u000a-\u001f\u007f]/g;

/** Text as a response header can carry it: UTF-8 bytes in node's latin1, control characters replaced by a space. */
export function encodeHeaderText(value: string): string {
  const bytes = ABOVE_ASCII.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
  return bytes.replace(UNSENDABLE, ' ');
}
