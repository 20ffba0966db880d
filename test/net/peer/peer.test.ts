import { request } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { isStorageError, StorageError, SystemClock, type StorageErrorCode } from '../../../src/base/index.js';
import { DataAnswer, type ClusterFacts, type Peer } from '../../../src/net/index.js';
import { one } from '../test-certificates.js';
import { answeringNode, connectionTo, stateOf, type NodeSettings, type TestNode } from './peers.js';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function node(settings: NodeSettings = {}): Promise<TestNode> {
  const made = await answeringNode('answering:9000', settings);
  opened.push(() => made.close());
  return made;
}

async function connected(to: TestNode, settings: Parameters<typeof connectionTo>[1] = {}): Promise<Peer> {
  const peer = dialing(to, settings);
  await stateOf(peer, 'connected');
  return peer;
}

function dialing(to: TestNode, settings: Parameters<typeof connectionTo>[1] = {}): Peer {
  const peer = connectionTo(to, settings);
  opened.push(() => peer.close());
  return peer;
}

async function refusal(promise: Promise<unknown>, code: StorageErrorCode): Promise<StorageError> {
  const error = await promise.then(
    (value) => expect.fail(`expected ${code}, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!isStorageError(error, code)) throw error;
  return error;
}

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const value of values) found.push(value);
  return found;
}

for (const scheme of ['http', 'https'] as const) {
  describe(`a call over ${scheme}`, () => {
    const settings: NodeSettings = scheme === 'https' ? { certificate: { cert: Buffer.from(one.cert), key: Buffer.from(one.key) } } : {};

    it('carries values of every kind there and back', async () => {
      const there = await node(settings);
      there.server.handle('echo', ({ payload }) => payload);
      const peer = await connected(there);
      const value = { text: 'h\u00e9\u{1F600}', yes: true, none: null, small: 7, large: 2 ** 52, half: 0.5, big: 1_700_000_000_000_000_000n, list: [1, [2n]], bytes: Uint8Array.of(1, 2, 3) };
      expect(await peer.call('echo', value)).toEqual(value);
      expect(await peer.call('echo', undefined)).toBe(undefined);
      expect(await peer.call('echo', 'x'.repeat(3_000_000))).toHaveLength(3_000_000);
      expect(peer.processId).toBe('answering-9000-process');
    });

    it('sends data along and fills memory with what comes back', async () => {
      const there = await node(settings);
      there.server.handle('reverse', ({ data }) => new DataAnswer(null, Uint8Array.from(data).reverse()));
      const peer = await connected(there);
      for (const size of [1, 1000, 300_000, 5_000_000]) {
        const data = new Uint8Array(size).map((_, index) => index * 7);
        const into = new Uint8Array(size);
        await peer.call('reverse', null, { data: [data.subarray(0, size >> 1), data.subarray(size >> 1)], into });
        expect(Buffer.compare(into.reverse(), data), `${size} bytes`).toBe(0);
      }
    });
  });
}

describe('a call', () => {
  it('fails with what the handler threw, names and all', async () => {
    const there = await node();
    there.server.handle('fail', () => {
      throw new StorageError('volume-not-empty', 'it is full of things', { bucket: 'b', modTimeNs: 12n, drive: '/d1' });
    });
    there.server.handle('bug', () => Promise.reject(new TypeError('oops')));
    const peer = await connected(there);
    expect(await refusal(peer.call('fail', null), 'volume-not-empty')).toMatchObject({ message: 'it is full of things', bucket: 'b', modTimeNs: 12n, drive: '/d1' });
    await expect(peer.call('bug', null)).rejects.toThrow('node answering:9000: oops');
    expect(there.logged.at(-1)).toBe('bug for node dialing:9000 failed');
    await refusal(peer.call('unheard-of', null), 'drive-not-found');
  });

  it('ends at its deadline, and its handler hears of it', async () => {
    const there = await node();
    let hasHeard: () => void = () => {};
    const heard = new Promise<void>((resolve) => (hasHeard = resolve));
    there.server.handle('hang', ({ signal }) => new Promise(() => signal.addEventListener('abort', hasHeard)));
    const peer = await connected(there);
    const error = await refusal(peer.call('hang', null, { deadlineMs: 50 }), 'drive-timeout');
    expect(error.message).toBe('node answering:9000 did not answer hang within 50 ms');
    await heard;
  });

  it('rejects with the reason of its signal', async () => {
    const there = await node();
    there.server.handle('hang', () => new Promise(() => {}));
    const peer = await connected(there);
    const controller = new AbortController();
    const call = peer.call('hang', null, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(peer.call('hang', null, { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('does not wait behind data', async () => {
    const there = await node();
    there.server.handle('data', () => new DataAnswer(null, new Uint8Array(32_000_000)));
    there.server.handle('small', () => 'here');
    const peer = await connected(there);
    const into = new Uint8Array(32_000_000);
    const order: string[] = [];
    await Promise.all([
      peer.call('data', null, { into }).then(() => order.push('data')),
      peer.call('small', null).then(() => order.push('small')),
      peer.call('small', null, { lane: 'control' }).then(() => order.push('small')),
    ]);
    expect(order).toEqual(['small', 'small', 'data']);
  });

  it('with data keeps its place among others', async () => {
    const there = await node();
    const seen: number[] = [];
    there.server.handle('note', ({ payload }) => void seen.push(payload as number));
    const peer = await connected(there);
    await Promise.all(Array.from({ length: 50 }, (_, index) => peer.call('note', index, index % 3 === 0 ? { data: [new Uint8Array(index * 20_000 + 1)] } : { inOrder: true })));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('on a connection that broke is not made on the next', async () => {
    const there = await node();
    there.server.handle('echo', ({ payload }) => payload);
    const peer = await connected(there);
    const { connection } = peer;
    expect(await peer.call('echo', 1, { connection })).toBe(1);
    await refusal(peer.call('echo', 1, { connection: connection! + 1 }), 'drive-not-found');
  });
});

describe('a stream', () => {
  it('carries values both ways and ends', async () => {
    const there = await node();
    there.server.handleStream('double', async (stream, { payload }) => {
      await stream.send(payload);
      for await (const value of stream) await stream.send((value as number) * 2);
    });
    const peer = await connected(there);
    const stream = peer.open('double', 'hello');
    for (const value of [1, 2, 3]) await stream.send(value);
    stream.end();
    expect(await all(stream)).toEqual(['hello', 2, 4, 6]);
  });

  it('fails after the values that came before', async () => {
    const there = await node();
    there.server.handleStream('fail', async (stream) => {
      await stream.send('one');
      throw new StorageError('volume-not-found', 'gone');
    });
    const stream = (await connected(there)).open('fail', null);
    const seen: unknown[] = [];
    await refusal((async () => { for await (const value of stream) seen.push(value); })(), 'volume-not-found');
    expect(seen).toEqual(['one']);
  });

  it('stops the sender when nobody takes, and is cancelled when the reader leaves', async () => {
    const there = await node();
    let sent = 0;
    let isOver: (error: unknown) => void = () => {};
    const over = new Promise((resolve) => (isOver = resolve));
    there.server.handleStream('endless', async (stream, { signal }) => {
      try {
        for (;; sent++) await stream.send(new Uint8Array(100_000));
      } catch {
        isOver(signal.aborted);
      }
    });
    const peer = await connected(there);
    peer.open('endless', null);
    const stream = peer.open('endless', null);
    let taken = 0;
    for await (const value of stream) {
      expect((value as Uint8Array).length).toBe(100_000);
      if (++taken === 50) break;
    }
    expect(await over).toBe(true);
    // The stream that nobody reads has sent its window, the other one what was taken and its window.
    expect(sent).toBeLessThan(11 + 50 + 15);
  });
});

describe('a connection', () => {
  it('is refused to who has other credentials, and both say so', async () => {
    const there = await node();
    const logged: string[] = [];
    const peer = dialing(there, { secret: 'another', logged });
    expect(await stateOf(peer, 'refused')).toContain('other root credentials');
    expect(there.logged).toEqual(['node dialing:9000 was refused: it has other root credentials, or something between the nodes changes what they say']);
    expect(logged[0]).toContain('node answering:9000 is refused: it has other root credentials');
    expect((await refusal(peer.call('x', null), 'drive-not-found')).message).toContain('other root credentials');
  });

  it('is refused where the clocks are far apart, and said where they are not quite the same', async () => {
    const ahead = (ms: number): NodeSettings => ({ clock: new (class extends SystemClock { override now(): number { return Date.now() + ms; } })() });
    const there = await node(ahead(400_000));
    expect(await stateOf(dialing(there), 'refused')).toMatch(/its clock is (400|399)\.\d s ahead of this node's/);
    expect(there.logged[0]).toMatch(/its clock is 400\.\d s behind this node's/);
    const near = await node(ahead(3000));
    const logged: string[] = [];
    const peer = await connected(near, { logged });
    await expect.poll(() => peer.clockOffsetMs).toBeGreaterThan(2900);
    expect(logged.some((line) => /the clock of node answering:9000 is \d\.\d s ahead of/.test(line))).toBe(true);
    expect(peer.roundTripMs).toBeLessThan(500);
  });

  it('is refused where the facts of the cluster differ, by either side', async () => {
    const facts = (own: string, isStrict: boolean): ClusterFacts => ({ own: () => own, check: (name, theirs) => (theirs === own || !isStrict ? undefined : `${name} says ${String(theirs)}, expected ${own}`) });
    const strict = await node({ facts: facts('4 drives', true) });
    expect(await stateOf(dialing(strict, { facts: facts('6 drives', false) }), 'refused')).toBe('dialing:9000 says 6 drives, expected 4 drives');
    expect(strict.logged).toEqual(['node dialing:9000 was refused: dialing:9000 says 6 drives, expected 4 drives']);
    const lax = await node({ facts: facts('4 drives', false) });
    expect(await stateOf(dialing(lax, { facts: facts('6 drives', true) }), 'refused')).toBe('answering:9000 says 4 drives, expected 6 drives');
    await expect.poll(() => lax.logged).toEqual(['node dialing:9000 refuses this one: answering:9000 says 4 drives, expected 6 drives']);
  });

  it('is refused by a node of another name', async () => {
    expect(await stateOf(dialing(await node(), { as: 'somebody:9000' }), 'refused')).toContain('it is another node');
  });

  it('comes back by itself, and calls under way do not wait for it', async () => {
    const there = await node();
    there.server.handle('hang', () => new Promise(() => {}));
    there.server.handle('echo', ({ payload }) => payload);
    const peer = await connected(there);
    const call = refusal(peer.call('hang', null), 'drive-not-found');
    const walk = refusal(all(peer.open('hang', null)), 'drive-not-found');
    const { port } = there.listener;
    there.server.close();
    await Promise.all([call, walk]);
    await stateOf(peer, 'unreachable');
    await refusal(peer.call('echo', 1), 'drive-not-found');
    expect(port).toBeGreaterThan(0);
  });
});

describe('the port', () => {
  it('is of no use to who repeats what nodes said before him, and keeps nothing of his open', async () => {
    const there = await node();
    const noted: unknown[] = [];
    there.server.handle('note', ({ payload }) => void noted.push(payload));
    // Somebody on the way, who keeps what the dialing side sends on each of its connections.
    const recorded: Buffer[][] = [];
    const between = createServer((from) => {
      const to = connect(there.listener.port, '127.0.0.1');
      const kept: Buffer[] = [];
      recorded.push(kept);
      from.on('data', (chunk: Buffer) => kept.push(chunk));
      for (const [socket, other] of [[from, to], [to, from]] as const) socket.on('error', () => other.destroy()).on('close', () => other.destroy()).pipe(other);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    opened.push(() => between.close());
    const peer = dialing(there, { port: (between.address() as AddressInfo).port });
    await stateOf(peer, 'connected');
    await peer.call('note', 'once');
    await peer.close();
    expect(noted).toEqual(['once']);
    const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await expect.poll(openSockets).toBe(0);
    const conversations = recorded.filter((chunks) => Buffer.concat(chunks).length > 300);
    expect(conversations).toHaveLength(2);
    for (const chunks of conversations) {
      const answer = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(there.listener.port, '127.0.0.1', () => socket.write(Buffer.concat(chunks)));
        socket.on('data', (chunk) => (text += chunk.toString('latin1')));
        socket.on('error', () => {});
        socket.on('close', () => resolve(text));
      });
      expect(answer).toMatch(/\r\n\r\n\x01\0{32}$/);
    }
    expect(noted).toEqual(['once']);
    expect(there.logged.at(-1)).toContain('node dialing:9000 was refused');
    await expect.poll(openSockets, { timeout: 10_000 }).toBe(0);
  });

  it('serves others who ask for an upgrade as if they had not', async () => {
    const { listener } = await node();
    const answer = await new Promise<string>((resolve, reject) => {
      request({ port: listener.port, path: '/bucket/key', method: 'PUT', headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      }).on('error', reject).end('body');
    });
    expect(answer).toBe('/bucket/key');
  });

  it('hangs up on who does not say hello or proves nothing', async () => {
    const there = await node({ timeouts: { connectMs: 200 } });
    const hello = `1 data evil:9000 answering:9000 process 1700000000000 ${'00'.repeat(32)}`;
    const knock = (head: string, proof: Uint8Array): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(there.listener.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString('latin1')));
        socket.on('close', () => resolve(text));
        socket.write(`GET /minio/mts/peer/v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: mts-peer\r\n${head}\r\n\r\n`);
        socket.write(proof);
      });
    expect(await knock('X-Nothing: 1', new Uint8Array(32))).toMatch(/^HTTP\/1.1 400/);
    expect(await knock(`X-Mts-Peer: ${hello.replace('1 data', '9 data')}`, new Uint8Array(32))).toMatch(/^HTTP\/1.1 426/);
    // A forged proof gets a verdict and nothing to work on; no proof gets nothing.
    expect(await knock(`X-Mts-Peer: ${hello}`, new Uint8Array(32))).toMatch(/\r\n\r\n\x01\0{32}$/);
    expect(await knock(`X-Mts-Peer: ${hello}`, new Uint8Array(0))).toMatch(/\r\n\r\n$/);
  });
});
