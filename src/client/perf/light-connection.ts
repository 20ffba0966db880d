/**
 * One kept-alive HTTP/1.1 connection that sends a ready-made request and counts what comes back. It does what a load
 * generator needs and nothing else, because every microsecond spent here is taken from the server under test.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Answer {
  readonly status: number;
  /** Payload bytes. */
  readonly bodyBytes: number;
  /** The payload, when it was asked for. */
  readonly body: string;
}

/** A response head longer than this is not from an S3 server. */
const HEAD_BYTES_MAX = 64 * 1024;
const READ_BUFFER_BYTES = 512 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
/** No answer within this time ends the connection. */
const IDLE_TIMEOUT_MS = 60_000;

interface Pending {
  readonly keepsBody: boolean;
  readonly hasBody: boolean;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class LightConnection {
  #socket: Socket | undefined;
  #pending: Pending | undefined;
  /** Bytes of a head, or of a chunk-size line, that is not complete yet. */
  #held: Buffer = Buffer.alloc(0);
  #state: 'head' | 'length' | 'close' | 'chunk-size' | 'chunk-data' | 'trailer' = 'head';
  /** Payload bytes still to come: of the body, or of the chunk with its line end. */
  #left = 0;
  #status = 0;
  #bodyBytes = 0;
  #body: string[] = [];
  #closes = false;

  constructor(
    private readonly url: URL,
    private readonly isInsecure: boolean,
  ) {}

  /** Sends one request; one at a time. `hasBody` is false for HEAD, whose answer only announces a body. */
  send(head: string, body: Uint8Array | undefined, options: { readonly keepsBody: boolean; readonly hasBody: boolean }): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.#pending = { ...options, resolve, reject };
      this.#state = 'head';
      this.#held = Buffer.alloc(0);
      this.#bodyBytes = 0;
      this.#body = [];
      const socket = this.#open();
      if (body === undefined || body.length === 0) {
        socket.write(head, 'latin1');
        return;
      }
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const isTls = this.url.protocol === 'https:';
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(this.url.port || (isTls ? 443 : 80));
    const socket = isTls
      ? connectTls({ host, port, rejectUnauthorized: !this.isInsecure, ...(/[a-z]/i.test(host) ? { servername: host } : {}) })
      : connectTcp({
          host,
          port,
          noDelay: true,
          onread: {
            buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
            callback: (count, buffer) => {
              this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, count));
              return true;
            },
          },
        });
    if (isTls) socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${IDLE_TIMEOUT_MS / 1000} s`)));
    // A socket that was given up may still say that it closed, when the next request runs on another.
    socket.on('error', (error: Error) => {
      if (this.#socket === socket) this.#fail(error);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.#state === 'close') this.#finish();
      else this.#fail(new Error('the server closed the connection'));
    });
    this.#socket = socket;
    return socket;
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.close();
    pending?.reject(error);
  }

  #finish(): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const answer = { status: this.#status, bodyBytes: this.#bodyBytes, body: this.#body.join('') };
    this.#state = 'head';
    if (this.#closes) this.close();
    pending.resolve(answer);
  }

  #receive(data: Buffer): void {
    let rest: Buffer | undefined = data;
    while (rest !== undefined && rest.length > 0 && this.#pending) rest = this.#step(rest);
  }

  /** Consumes some of `data`; gives back what is left of it. */
  #step(data: Buffer): Buffer | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data);
      case 'close':
        this.#take(data);
        return undefined;
      case 'length': {
        const count = Math.min(data.length, this.#left);
        this.#take(data.subarray(0, count));
        this.#left -= count;
        if (this.#left === 0) this.#finish();
        return data.subarray(count);
      }
      case 'chunk-data': {
        const count = Math.min(data.length, this.#left);
        // The last two bytes of a chunk are its line end.
        this.#take(data.subarray(0, Math.max(0, Math.min(count, this.#left - 2))));
        this.#left -= count;
        if (this.#left === 0) this.#state = 'chunk-size';
        return data.subarray(count);
      }
      case 'chunk-size':
      case 'trailer':
        return this.#readLine(data);
    }
  }

  #take(data: Buffer): void {
    this.#bodyBytes += data.length;
    if (this.#pending?.keepsBody) this.#body.push(data.toString('latin1'));
  }

  #readHead(data: Buffer): Buffer | undefined {
    const all = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
    const end = all.indexOf(HEAD_END);
    if (end < 0) {
      if (all.length > HEAD_BYTES_MAX) this.#fail(new Error('the response head is longer than 64 KiB'));
      else this.#held = Buffer.from(all);
      return undefined;
    }
    const head = all.toString('latin1', 0, end).toLowerCase();
    this.#held = Buffer.alloc(0);
    this.#status = Number(head.slice(9, 12));
    this.#closes = head.includes('\r\nconnection: close');
    const rest = all.subarray(end + HEAD_END.length);
    if (this.#status === 100) return rest;
    if (this.#pending?.hasBody === false || this.#status === 204 || this.#status === 304) {
      this.#finish();
      return rest;
    }
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#state = 'length';
      if (this.#left === 0) this.#finish();
    } else if (head.includes('\r\ntransfer-encoding: chunked')) {
      this.#state = 'chunk-size';
    } else {
      this.#state = 'close';
    }
    return rest;
  }

  #readLine(data: Buffer): Buffer | undefined {
    const all = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
    const end = all.indexOf('\r\n');
    if (end < 0) {
      this.#held = Buffer.from(all);
      return undefined;
    }
    this.#held = Buffer.alloc(0);
    const line = all.toString('latin1', 0, end);
    const rest = all.subarray(end + 2);
    if (this.#state === 'trailer') {
      if (line === '') this.#finish();
      return rest;
    }
    const size = parseInt(line, 16);
    if (Number.isNaN(size)) this.#fail(new Error('a chunk of the response has no size'));
    else if (size === 0) this.#state = 'trailer';
    else {
      this.#state = 'chunk-data';
      this.#left = size + 2;
    }
    return rest;
  }
}
