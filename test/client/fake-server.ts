/** An HTTP server that answers what a test says and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { S3 } from '../../src/client/s3.js';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Reply = (asked: Asked, response: ServerResponse) => void;

/** Runs `use` with a client of a server whose n-th answer is `replies[n]`, the last one for all further ones. */
export async function withServer(replies: readonly Reply[], use: (s3: S3, asked: readonly Asked[]) => Promise<void>, alias: Partial<S3['alias']> = {}): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body });
      replies[Math.min(asked.length, replies.length) - 1]?.(asked.at(-1)!, response);
    }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const s3 = new S3({ name: 'x', url: `http://127.0.0.1:${port}`, accessKey: 'ak', secretKey: 'sk', api: 's3v4', path: 'auto', source: '', ...alias });
  try {
    await use(s3, asked);
  } finally {
    s3.transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const answer = (status: number, body = '', headers: Record<string, string> = {}): Reply => (_asked, response) => {
  response.writeHead(status, headers).end(body);
};
