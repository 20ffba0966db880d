import { once } from 'node:events';
import { get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { UsageError } from '../../src/base/index.js';
import { listen, loadCertificate, parseListenAddress, type Listener, type ListenerLimits, type RequestHandler } from '../../src/net/index.js';
import { one, two } from './test-certificates.js';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(handler: RequestHandler, limits: Partial<ListenerLimits> = {}, more: { port?: number; certificate?: { cert: Buffer; key: Buffer } } = {}): Promise<Listener> {
  const listener = await listen({ address: { host: '127.0.0.1', port: more.port ?? 0 }, handler, limits, certificate: more.certificate });
  cleanups.push(() => listener.close(0));
  return listener;
}

const ok: RequestHandler = (request, response) => {
  request.resume();
  request.on('end', () => response.end('ok'));
};

/** A raw connection; `answer` gives all that came until the server closed. */
async function raw(listener: Listener, text: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(listener.port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => {});
  const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  cleanups.push(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  return { socket, answer };
}

describe('a listener and bad clients', () => {
  it('refuses more than 8 KiB of headers with 400', async () => {
    const { answer } = await raw(await open(ok), `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(9000)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 400 [\s\S]*<Code>RequestHeaderSectionTooLarge</);
  });

  it('takes almost 8 KiB of headers and a long presigned URL', async () => {
    const { answer } = await raw(await open(ok), `GET /b/${'k'.repeat(3072)}?X-Amz-Signature=${'s'.repeat(5000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Big: ${'a'.repeat(8000)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('refuses headers without end with 431', async () => {
    const { answer } = await raw(await open(ok), `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(30_000)}`);
    expect(await answer).toMatch(/^HTTP\/1.1 431 [\s\S]*<Code>RequestHeaderSectionTooLarge</);
  });

  it('refuses what is not HTTP with 400', async () => {
    const { answer } = await raw(await open(ok), 'hello there\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1.1 400 [\s\S]*<Code>BadRequest</);
  });

  it('gives up on headers that drip in', async () => {
    const { socket, answer } = await raw(await open(ok, { headersTimeoutMs: 300 }), 'GET / HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 50);
    cleanups.push(() => clearInterval(drip));
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it('gives up on an upload that stops', async () => {
    let onAborted = (): void => {};
    const seen = new Promise<void>((resolve) => (onAborted = resolve));
    const listener = await open((request) => void request.on('error', () => onAborted()).resume(), { uploadIdleMs: 200, downloadIdleMs: 10_000 });
    const { answer } = await raw(listener, 'PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome');
    expect(await answer).toBe('');
    await seen;
  });

  it('does not give up on an upload that is slow but alive', async () => {
    const { socket, answer } = await raw(await open(ok, { uploadIdleMs: 300 }), 'PUT /b/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n');
    for (let count = 0; count < 10; count++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.write('x');
    }
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('does not give up while the server itself works, or does not read', async () => {
    const later: RequestHandler = (request, response) => {
      request.pause();
      setTimeout(() => ok(request, response), 700);
    };
    const listener = await open(later, { uploadIdleMs: 100 });
    const whole = await raw(listener, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const held = await raw(listener, 'PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nsome');
    expect(await whole.answer).toMatch(/^HTTP\/1.1 200 /);
    expect(await held.answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('gives up on a download that nobody reads', async () => {
    let onClosed = (): void => {};
    const closed = new Promise<void>((resolve) => (onClosed = resolve));
    const flood: RequestHandler = (_, response) => {
      response.on('close', onClosed);
      response.write(Buffer.alloc(32 * 1024 * 1024));
    };
    const { socket } = await raw(await open(flood, { downloadIdleMs: 300, uploadIdleMs: 10_000 }), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.pause();
    await closed;
  });

  it('closes a connection on which no request comes', async () => {
    const { answer } = await raw(await open(ok, { uploadIdleMs: 200, headersTimeoutMs: 60_000 }), '');
    expect(await answer).toBe('');
  });

  it('leaves "Expect: 100-continue" to the handler', async () => {
    const listener = await open((request, response) => {
      if (request.url === '/no') response.writeHead(403, { Connection: 'close' }).end();
      else {
        response.writeContinue();
        ok(request, response);
      }
    });
    const head = (path: string) => `PUT ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
    expect(await (await raw(listener, head('/no'))).answer).toMatch(/^HTTP\/1.1 403 /);
    const { socket, answer } = await raw(listener, head('/yes'));
    await once(socket, 'data');
    socket.write('ok');
    expect(await answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
  });
});

describe('a listener that is closed', () => {
  it('finishes what is in flight, then closes its connections, and takes no new ones', async () => {
    let onRequest: ((response: ServerResponse) => void) | undefined;
    const started = new Promise<ServerResponse>((resolve) => (onRequest = resolve));
    const listener = await open((_, response) => onRequest?.(response));
    const { answer } = await raw(listener, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await started;
    const { port } = listener;
    const closed = listener.close(10_000);
    await expect(new Promise((resolve, reject) => httpGet({ port, host: '127.0.0.1', agent: false }, resolve).on('error', reject))).rejects.toThrow('ECONNREFUSED');
    response.end('done');
    expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*done/);
    await closed;
  });

  it('does not wait for idle connections, nor longer than its limit for busy ones', async () => {
    const listener = await open((request, response) => (request.url === '/hang' ? undefined : ok(request, response)));
    const idle = await raw(listener, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle.socket, 'data');
    const busy = await raw(listener, 'GET /hang HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = listener.close(60_000);
    await idle.answer;
    await listener.close(10);
    await closed;
    expect(await busy.answer).toBe('');
  });
});

describe('an address', () => {
  it.each([
    [':9000', { host: undefined, port: 9000 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[::]:80', { host: undefined, port: 80 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['storage.example:9000', { host: 'storage.example', port: 9000 }],
  ])('%s is understood', (text, address) => expect(parseListenAddress(text)).toEqual(address));
  it.each(['', '9000', ':', ':70000', ':x', 'host', 'http://host:9000', '::1:80', ':-1'])('"%s" is refused', (text) => expect(() => parseListenAddress(text)).toThrow(UsageError));

  it('whose port is taken is refused with how to find who has it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    cleanups.push(() => void holder.close());
    const { port } = holder.address() as { port: number };
    await expect(open(ok, {}, { port })).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining(`port ${port}`) as string, hint: expect.stringContaining(`:${port}`) as string });
  });

  it('that this machine does not have is refused', async () => {
    await expect(listen({ address: { host: '198.51.100.7', port: 0 }, handler: ok })).rejects.toThrow('198.51.100.7 is no address of this machine');
  });
});

describe('certificates', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'mts-certs-test-'));
    cleanups.push(() => rmSync(path, { recursive: true }));
    return path;
  };
  const peer = async (port: number): Promise<string> => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => httpsGet({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, resolve).on('error', reject));
    response.resume();
    return (response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN;
  };

  it('serve TLS, and can be replaced while the listener runs', async () => {
    const path = folder();
    writeFileSync(join(path, 'public.crt'), one.cert);
    writeFileSync(join(path, 'private.key'), one.key);
    const certificate = await loadCertificate(path);
    const listener = await listen({ address: { host: '127.0.0.1', port: 0 }, handler: ok, certificate });
    cleanups.push(() => listener.close(0));
    expect(listener.scheme).toBe('https');
    expect(await peer(listener.port)).toBe('localhost-one');
    listener.setCertificate({ cert: Buffer.from(two.cert), key: Buffer.from(two.key) });
    expect(await peer(listener.port)).toBe('localhost-two');
  });

  it('are none in an empty folder, or where the folder is missing', async () => {
    expect(await loadCertificate(folder())).toBeUndefined();
    expect(await loadCertificate('/nowhere/at/all')).toBeUndefined();
  });

  it.each([
    ['a certificate without a key', { 'public.crt': one.cert }, 'no private.key'],
    ['a key without a certificate', { 'private.key': one.key }, 'no public.crt'],
    ['a key of another certificate', { 'public.crt': one.cert, 'private.key': two.key }, 'cannot be used'],
    ['garbage', { 'public.crt': 'x', 'private.key': 'y' }, 'cannot be used'],
  ])('%s is refused with what to do', async (_, files, words) => {
    const path = folder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    await expect(loadCertificate(path)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining(words) as string, hint: expect.any(String) as string });
  });
});
