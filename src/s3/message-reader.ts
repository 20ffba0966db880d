/**
 * A request's body as an async iterator. It hands on the buffers that the socket gave, one by one. (Node's own iterator
 * joins what has piled up, and tears the connection down when its reader stops early, before an answer could be sent.)
 */
import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.js';

/** The socket is paused while this much waits to be read. */
const QUEUED_BYTES_MAX = 256 * 1024;

type Result = IteratorResult<Buffer, undefined>;
interface Waiter {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export class MessageReader implements AsyncIterableIterator<Buffer> {
  readonly #message: IncomingMessage;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #hasEnded = false;
  #failure: S3Error | undefined;
  #waiter: Waiter | undefined;

  constructor(message: IncomingMessage) {
    this.#message = message;
    message.on('data', this.#onData);
    message.on('end', this.#onEnd);
    message.on('error', this.#onGone);
    message.on('close', this.#onGone);
    if (message.readableEnded) this.#hasEnded = true;
    else if (message.destroyed) this.#onGone();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.#queuedBytes -= value.length;
      if (this.#queue.length === 0 && this.#message.isPaused()) this.#message.resume();
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Stops reading; the connection and what is still to come are left alone. */
  return(): Promise<Result> {
    this.#message.off('data', this.#onData);
    this.#message.off('end', this.#onEnd);
    this.#message.off('close', this.#onGone);
    // The error listener stays: an unheard 'error' would end the process.
    this.#message.pause();
    this.#queue.length = 0;
    this.#hasEnded = true;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  readonly #onData = (chunk: Buffer): void => {
    const waiter = this.#waiter;
    if (waiter) {
      this.#waiter = undefined;
      waiter.resolve({ done: false, value: chunk });
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= QUEUED_BYTES_MAX) this.#message.pause();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  };

  readonly #onGone = (): void => {
    if (this.#hasEnded || this.#failure) return;
    this.#failure = new S3Error('IncompleteBody', 'The client hung up before the end of the body.');
    this.#waiter?.reject(this.#failure);
    this.#waiter = undefined;
  };
}
