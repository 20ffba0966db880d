import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/client/perf/histogram.js';
import { LightConnection } from '../../../src/client/perf/light-connection.js';

async function withServer(listener: RequestListener, test: (connection: LightConnection) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connection = new LightConnection(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), false);
  try {
    await test(connection);
  } finally {
    connection.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const kept = { keepsBody: true, hasBody: true };

describe('the light connection', () => {
  it('reads bodies with a length, in chunks, and none, one after another', async () => {
    const bodies = ['plain', 'chunk', ''];
    let turn = 0;
    await withServer(
      (_request, response) => {
        const body = bodies[turn]!;
        turn += 1;
        if (body === 'chunk') {
          response.write('chu');
          setImmediate(() => response.end('nk'));
        } else response.writeHead(body === '' ? 204 : 200, body === '' ? {} : { 'content-length': body.length }).end(body);
      },
      async (connection) => {
        for (const body of bodies) {
          expect(await connection.send(GET, undefined, kept)).toEqual({ status: body === '' ? 204 : 200, bodyBytes: body.length, body });
        }
      },
    );
  });

  it('counts large bodies without keeping them, and sends bodies', async () => {
    const large = Buffer.alloc(3_000_000, 7);
    await withServer(
      (request, response) => {
        let got = 0;
        request.on('data', (chunk: Buffer) => (got += chunk.length));
        request.on('end', () => response.setHeader('x-got', got).end(large));
      },
      async (connection) => {
        const answer = await connection.send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n', large, { keepsBody: false, hasBody: true });
        expect(answer).toEqual({ status: 200, bodyBytes: large.length, body: '' });
      },
    );
  });

  it('expects no body after HEAD, and reconnects when the server has closed', async () => {
    await withServer(
      (_request, response) => response.writeHead(200, { 'content-length': '99', connection: 'close' }).end(),
      async (connection) => {
        const head = 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n';
        for (let round = 0; round < 3; round += 1) {
          expect((await connection.send(head, undefined, { keepsBody: false, hasBody: false })).status).toBe(200);
        }
      },
    );
  });

  it('fails when the server hangs up in the middle', async () => {
    await withServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('only this', () => response.destroy());
      },
      async (connection) => {
        await expect(connection.send(GET, undefined, kept)).rejects.toThrow();
      },
    );
  });
});

describe('the histogram', () => {
  it('finds percentiles within two percent', () => {
    const histogram = new Histogram();
    for (let ms = 1; ms <= 1000; ms += 1) histogram.add(ms);
    for (const fraction of [0.5, 0.9, 0.99]) {
      const exact = fraction * 1000;
      expect(Math.abs(histogram.percentileMs(fraction) - exact) / exact).toBeLessThan(0.025);
    }
    expect(histogram.count).toBe(1000);
    expect(new Histogram().percentileMs(0.5)).toBe(0);
  });
});
