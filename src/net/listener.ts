/**
 * The HTTP door: a node server hardened against slow, dead and malformed clients, that finishes what is in flight before
 * it closes. It knows nothing of S3 but the form of an error.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { UsageError } from '../base/index.js';
import type { ListenAddress } from './address.js';
import type { Certificate } from './certificates.js';
import { LISTENER_LIMITS, type ListenerLimits } from './limits.js';

/** Called for plain requests and for those with `Expect: 100-continue`, which it must answer with writeContinue if it wants the body. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes the sockets of upgrade requests that are for it; what became of them is its own matter, but they end with the listener. */
export interface UpgradeHandler {
  isForPeers(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, early: Buffer): void;
}

interface ListenerOptions {
  readonly address: ListenAddress;
  readonly certificate?: Certificate | undefined;
  readonly handler: RequestHandler;
  /** Upgrade requests that are not for it are served as if they had asked for none, which is what HTTP wants. */
  readonly upgrades?: UpgradeHandler | undefined;
  readonly limits?: Partial<ListenerLimits>;
}

export interface Listener {
  /** The port listened on, also where 0 was asked for. */
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Takes another certificate for connections to come. */
  setCertificate(certificate: Certificate): void;
  /**
   * Stops accepting, lets requests in flight finish, and closes their connections. What is not finished after `limitMs`
   * is cut off. Repeating it with a shorter limit hurries it.
   */
  close(limitMs: number): Promise<void>;
}

/** Listens. Throws a UsageError where the address cannot be had. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const listener = new HttpListener(options);
  await listener.open();
  return listener;
}

/** A request in progress, and for how long nothing has moved on its connection. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  idleMs: number;
  bytes: number;
}

class HttpListener implements Listener {
  readonly scheme: 'http' | 'https';
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server | TlsServer;
  /** Request in progress on each connection. */
  readonly #exchanges = new Map<Socket, Exchange>();
  /** Connections that are no longer HTTP. */
  readonly #upgraded = new Set<Duplex>();
  #closing: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = { ...LISTENER_LIMITS, ...options.limits };
    const limits = this.#limits;
    const settings = {
      maxHeaderSize: limits.headersSize + limits.requestLineSize,
      headersTimeout: limits.headersTimeoutMs,
      // A large upload over a thin line takes hours; idle ones are found by progress instead.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(5000, Math.ceil(limits.headersTimeoutMs / 4)),
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
      highWaterMark: 256 * 1024,
    };
    const { certificate } = options;
    this.scheme = certificate === undefined ? 'http' : 'https';
    this.#server = certificate === undefined ? createServer(settings) : createTlsServer({ ...settings, ...certificate, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] });
    this.#server.maxHeadersCount = 0;
    this.#server.timeout = Math.min(limits.uploadIdleMs, limits.downloadIdleMs);
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response));
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response));
    this.#server.on('timeout', (socket: Socket) => this.#idle(socket));
    this.#server.on('clientError', refuseMalformed);
    const { upgrades } = options;
    if (upgrades !== undefined) this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, early: Buffer) => this.#upgrade(upgrades, request, socket, early));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async open(): Promise<void> {
    const { host, port } = this.#options.address;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(listenFailure(error, host, port));
      this.#server.once('error', onError);
      this.#server.listen({ port, ...(host !== undefined && { host }), backlog: 1024 }, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
  }

  setCertificate(certificate: Certificate): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
  }

  async close(limitMs: number): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    this.#hangUpIfDone();
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    }, limitMs);
    try {
      await this.#closing;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Connections that were taken over last as long as requests do: those may need them. */
  #hangUpIfDone(): void {
    if (this.#closing !== undefined && this.#exchanges.size === 0) for (const socket of this.#upgraded) socket.destroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const exchange: Exchange = { request, response, idleMs: 0, bytes: -1 };
    this.#exchanges.set(socket, exchange);
    response.once('close', () => {
      if (this.#exchanges.get(socket) === exchange) this.#exchanges.delete(socket);
      // A connection that was busy when closing began becomes idle only now.
      if (this.#closing !== undefined) setImmediate(() => this.#server.closeIdleConnections());
      this.#hangUpIfDone();
    });
    if (this.#closing !== undefined) response.shouldKeepAlive = false;
    if (headersSizeOf(request) > this.#limits.headersSize) {
      request.resume();
      response.shouldKeepAlive = false;
      response.writeHead(400, { 'Content-Type': 'application/xml' });
      response.end(errorXml('RequestHeaderSectionTooLarge', `The request's headers are larger than ${this.#limits.headersSize} bytes.`));
      return;
    }
    this.#options.handler(request, response);
  }

  #upgrade(upgrades: UpgradeHandler, request: IncomingMessage, socket: Duplex, early: Buffer): void {
    if (upgrades.isForPeers(request)) {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      upgrades.upgrade(request, socket, early);
      return;
    }
    // Java's client asks every http server for HTTP/2 in passing. The request is read again without that wish.
    socket.unshift(Buffer.concat([Buffer.from(withoutUpgrade(request), 'latin1'), early]));
    this.#server.emit('connection', socket);
  }

  /** No byte went either way for a while. Only a client that we wait for is cut off; the server's own work may take long. */
  #idle(socket: Socket): void {
    const exchange = this.#exchanges.get(socket);
    if (exchange === undefined) {
      socket.destroy();
      return;
    }
    const { request, response } = exchange;
    const bytes = socket.bytesRead + socket.bytesWritten;
    exchange.idleMs = bytes === exchange.bytes ? exchange.idleMs + this.#server.timeout : this.#server.timeout;
    exchange.bytes = bytes;
    // A body that nobody reads at the moment is held back by us, not by the client.
    const waitsForBody = !request.complete && request.readableFlowing !== false && request.readableLength === 0;
    const waitsForReader = response.writableLength > 0;
    const limitMs = waitsForReader ? this.#limits.downloadIdleMs : waitsForBody ? this.#limits.uploadIdleMs : Infinity;
    if (exchange.idleMs >= limitMs) socket.destroy();
    else socket.setTimeout(this.#server.timeout);
  }
}

/** Request line and headers as they came, but for the wish to upgrade. */
function withoutUpgrade({ method, url, rawHeaders }: IncomingMessage): string {
  let text = `${method} ${url} HTTP/1.1\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!/^(?:upgrade|http2-settings|connection)$/i.test(name)) text += `${name}: ${rawHeaders[index + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

function headersSizeOf(request: IncomingMessage): number {
  let size = 0;
  // Each pair is two texts with ": " and a line end.
  for (const text of request.rawHeaders) size += text.length + 2;
  return size;
}

/** What node's parser could not take: answered as far as the connection still allows, then closed. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = MALFORMED[error.code ?? ''] ?? ['400 Bad Request', 'BadRequest', 'The request is not well-formed HTTP.'];
  const body = errorXml(code, message);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

const MALFORMED: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'RequestHeaderSectionTooLarge', 'The request line and the headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'RequestTimeout', 'The request line and the headers did not arrive in time.'],
};

function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

function listenFailure(error: NodeJS.ErrnoException, host: string | undefined, port: number): Error {
  const where = `port ${port}${host === undefined ? '' : ` of ${host}`}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new UsageError(`${where} is in use by another process`, `find it with: ss -ltnp 'sport = :${port}' (or lsof -i :${port}); stop it, or choose another port with --address :${port + 1}`);
    case 'EACCES':
      return new UsageError(`this user may not listen on ${where}`, 'choose a port above 1023 with --address, for instance --address :9000');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UsageError(`${host ?? 'the address'} is no address of this machine`, `listen on all addresses with --address :${port}, or name one that this machine has`);
    default:
      return error;
  }
}
