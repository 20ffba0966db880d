/** Writing an answer: small bodies in one piece with the headers, streams with back pressure. */
import type { ServerResponse } from 'node:http';
import type { S3Response, StreamedBody } from './request.js';

/** The client hung up before it had everything; nothing is left to tell it. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

export interface SendOptions {
  /** False: the caller ends the response. */
  readonly isLast: boolean;
  readonly monotonicMs: () => number;
}

export interface Sent {
  /** Of the body. */
  readonly bytes: number;
  /** When the headers were written, by `monotonicMs`. */
  readonly firstByteMs: number;
}

/**
 * Sends an answer whole, or (`isLast` false) all but its very end: the caller may have to read what is left of the request
 * before it ends the response.
 *
 * @throws whatever the stream throws before its first buffer (nothing is sent then), HungUp
 */
export async function send(response: ServerResponse, answer: S3Response, headers: Record<string, string>, options: SendOptions): Promise<Sent> {
  const { body } = answer;
  const { isLast } = options;
  if (body === undefined) {
    // 204 and 304 have no length; a HEAD brings its own.
    if (answer.status !== 204 && answer.status !== 304 && headers['Content-Length'] === undefined) headers['Content-Length'] = '0';
    response.writeHead(answer.status, headers);
    if (isLast) response.end();
    else response.flushHeaders();
    return { bytes: 0, firstByteMs: options.monotonicMs() };
  }
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    headers['Content-Length'] = String(bytes);
    response.writeHead(answer.status, headers);
    if (isLast) response.end(body);
    else response.write(body);
    return { bytes, firstByteMs: options.monotonicMs() };
  }
  return sendStream(response, answer.status, headers, body, options);
}

async function sendStream(response: ServerResponse, status: number, headers: Record<string, string>, body: StreamedBody, options: SendOptions): Promise<Sent> {
  const iterator = body.stream[Symbol.asyncIterator]();
  try {
    // Until the first buffer is there a failure can still be answered with its own status.
    let step = await iterator.next();
    headers['Content-Length'] = String(body.length);
    response.writeHead(status, headers);
    const firstByteMs = options.monotonicMs();
    let sent = 0;
    while (!step.done) {
      sent += step.value.length;
      if (sent > body.length) break;
      await flush(response, step.value, options.isLast && sent === body.length);
      if (sent === body.length) break;
      step = await iterator.next();
    }
    if (sent !== body.length) throw new Error(`the store gave ${sent} bytes of ${body.length}`);
    return { bytes: sent, firstByteMs };
  } finally {
    await iterator.return?.();
  }
}

/** Resolves when the kernel has the bytes: only then may their buffer be used again. */
function flush(response: ServerResponse, bytes: Uint8Array, isEnd: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed || response.socket === null) {
      reject(new HungUp());
      return;
    }
    const onClose = (): void => reject(new HungUp());
    response.once('close', onClose);
    const onFlushed = (error?: Error | null): void => {
      response.off('close', onClose);
      if (error) reject(new HungUp());
      else resolve();
    };
    if (isEnd) response.end(bytes, onFlushed);
    else response.write(bytes, onFlushed);
  });
}
