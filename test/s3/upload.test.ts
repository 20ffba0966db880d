import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc } from '../../src/hash/index.js';
import { StorageError } from '../../src/base/index.js';
import { openDoor, override, type DoorFixture } from './door-fixture.js';
import { encodeChunks, exchange, md5, rawRequest, request, sha256, sign, type ChunkPlan } from './requester.js';

let door: DoorFixture;
beforeAll(async () => {
  door = await openDoor();
  await door.store.makeBucket('photos', {});
});
afterAll(() => door.close());

const head = (target: string) => request(door.port, { method: 'HEAD', target });
const read = async (target: string) => (await request(door.port, { method: 'GET', target })).body;

/** Something to wait for. */
function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

describe('a plain body', () => {
  it('is stored under its MD5', async () => {
    const answer = await request(door.port, { method: 'PUT', target: '/photos/plain', body: 'hello' });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' } });
    expect(await read('/photos/plain')).toBe('hello');
  });

  it('that is empty is an object of no bytes', async () => {
    expect((await request(door.port, { method: 'PUT', target: '/photos/empty', body: '' })).headers['etag']).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
    expect((await head('/photos/empty')).headers['content-length']).toBe('0');
    expect(await request(door.port, { method: 'GET', target: '/photos/empty' })).toMatchObject({ status: 200, body: '' });
  });

  it('that is not what was signed is refused and stores nothing', async () => {
    const answer = await request(door.port, { method: 'PUT', target: '/photos/forged', body: 'hello', payloadHash: sha256('other') });
    expect(answer).toMatchObject({ status: 400, code: 'XAmzContentSHA256Mismatch' });
    expect((await head('/photos/forged')).status).toBe(404);
  });

  it.each([
    ['a payload hash that is none', { payloadHash: 'sha' }, 'XAmzContentSHA256Mismatch'],
    ['a payload encoding that nobody knows', { payloadHash: 'STREAMING-FUTURE' }, 'NotImplemented'],
    ['a wrong Content-MD5', { headers: { 'content-md5': md5('other') } }, 'BadDigest'],
    ['a malformed Content-MD5', { headers: { 'content-md5': 'YWJj' } }, 'InvalidDigest'],
    ['an empty Content-MD5', { headers: { 'content-md5': '' } }, 'InvalidDigest'],
    ['a wrong checksum', { headers: { 'x-amz-checksum-crc32c': 'AAAAAA==' } }, 'BadDigest'],
    ['a malformed checksum', { headers: { 'x-amz-checksum-sha1': 'AAAA' } }, 'InvalidRequest'],
    ['two checksums', { headers: { 'x-amz-checksum-crc32c': 'AAAAAA==', 'x-amz-checksum-crc32': 'AAAAAA==' } }, 'InvalidRequest'],
    ['a checksum that never comes', { headers: { 'x-amz-sdk-checksum-algorithm': 'CRC32' } }, 'InvalidRequest'],
    ['an unknown checksum', { headers: { 'x-amz-sdk-checksum-algorithm': 'CRC16', 'x-amz-checksum-crc32': 'AAAAAA==' } }, 'InvalidRequest'],
    ['encryption by the server', { headers: { 'x-amz-server-side-encryption': 'AES256' } }, 'NotImplemented'],
    ['encryption with keys of the customer', { headers: { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' } }, 'NotImplemented'],
    ['a lock', { headers: { 'x-amz-object-lock-mode': 'COMPLIANCE' } }, 'NotImplemented'],
    ['a storage class that does not exist', { headers: { 'x-amz-storage-class': 'GLACIER' } }, 'InvalidStorageClass'],
    ['more than 2 KiB of metadata', { headers: { 'x-amz-meta-big': 'x'.repeat(2048) } }, 'MetadataTooLarge'],
    ['more than 5 GiB', { headers: { 'content-length': String(5 * 1024 ** 3 + 1) } }, 'EntityTooLarge'],
  ])('with %s is refused and stores nothing', async (_, spec, code) => {
    const answer = await request(door.port, { method: 'PUT', target: '/photos/refused', body: 'hello', ...spec });
    expect(answer.code).toBe(code);
    expect((await head('/photos/refused')).status).toBe(404);
  });

  it('without a length is refused with MissingContentLength', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/chunked', payloadHash: 'UNSIGNED-PAYLOAD' });
    const answer = await rawRequest(door.port, { method: 'PUT', target: '/photos/chunked', headers: { ...headers, 'transfer-encoding': 'chunked' }, body: '5\r\nhello\r\n0\r\n\r\n' });
    expect(answer).toMatchObject({ status: 411, code: 'MissingContentLength' });
  });

  it('that ends before its declared length stores nothing', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/short', body: 'hello world' });
    const lines = Object.entries({ ...headers, 'content-length': '11' }).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(door.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end(`PUT /photos/short HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\nhello`);
    socket.resume();
    await once(socket, 'close');
    expect((await head('/photos/short')).status).toBe(404);
  });

  it('that goes on behind its declared length is cut there, and the rest is no second request', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/long', body: 'hello' });
    const lines = Object.entries({ ...headers, 'content-length': '5' }).map(([name, value]) => `${name}: ${value}`);
    const answer = await exchange(door.port, Buffer.from(`PUT /photos/long HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\nhello and more`));
    expect([200, 400]).toContain(answer.status);
    expect(['hello', '']).toContain(answer.status === 200 ? await read('/photos/long') : '');
  });
});

describe.each([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', true, false],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', true, true],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', false, true],
])('a body sent as %s', (payloadHash, isSigned, hasTrailer) => {
  const data = Buffer.from('0123456789'.repeat(20_000));
  const checksum = Buffer.from(crc('crc32c', data)).toString('base64');
  const chunks = [data.subarray(0, 65_536), data.subarray(65_536, 131_072), data.subarray(131_072)];

  const upload = async (target: string, change: Partial<ChunkPlan> & { size?: number; cut?: (body: Buffer) => Buffer; announced?: string } = {}) => {
    const seed = sign({
      method: 'PUT',
      target,
      payloadHash,
      headers: {
        'content-encoding': 'aws-chunked,gzip',
        'x-amz-decoded-content-length': String(change.size ?? data.length),
        ...(hasTrailer ? { 'x-amz-trailer': change.announced ?? 'x-amz-checksum-crc32c' } : {}),
      },
    });
    const encoded = encodeChunks(seed, { chunks, isSigned, ...(hasTrailer ? { trailers: [`x-amz-checksum-crc32c:${checksum}`] } : {}), ...change });
    const body = change.cut?.(encoded) ?? encoded;
    return rawRequest(door.port, { method: 'PUT', target, headers: { ...seed.headers, 'content-length': String(body.length) }, body });
  };
  const target = `/photos/${payloadHash}`;
  const refused = `${target}-refused`;
  const expectNothing = async () => expect((await head(refused)).status).toBe(404);

  it('is stored without its chunk headers', async () => {
    const answer = await upload(target);
    expect(answer.status).toBe(200);
    if (hasTrailer) expect(answer.headers['x-amz-checksum-crc32c']).toBe(checksum);
    expect(sha256(await read(target))).toBe(sha256(data));
    expect((await head(target)).headers['content-encoding']).toBe('gzip');
  });

  it('may be empty', async () => {
    const empty = hasTrailer ? { trailers: [`x-amz-checksum-crc32c:AAAAAA==`] } : {};
    expect((await upload(`${target}-empty`, { chunks: [], size: 0, ...empty })).status).toBe(200);
  });

  it('is refused when it is shorter than declared', async () => {
    expect(await upload(refused, { size: data.length + 1 })).toMatchObject({ status: 400, code: 'IncompleteBody' });
    await expectNothing();
  });

  it('is refused when it is longer than declared', async () => {
    expect(await upload(refused, { size: data.length - 1 })).toMatchObject({ status: 400, code: 'IncompleteBody' });
    await expectNothing();
  });

  it('is refused when it ends in the middle of a chunk', async () => {
    expect(await upload(refused, { cut: (body) => body.subarray(0, 100_000) })).toMatchObject({ status: 400, code: 'IncompleteBody' });
    await expectNothing();
  });

  it('is refused when a chunk header is garbage', async () => {
    const cut = (body: Buffer) => Buffer.concat([Buffer.from('zz'), body.subarray(2)]);
    expect(await upload(refused, { cut })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    await expectNothing();
  });

  it('is refused when its decoded length is not said', async () => {
    const seed = sign({ method: 'PUT', target: refused, payloadHash });
    const answer = await rawRequest(door.port, { method: 'PUT', target: refused, headers: { ...seed.headers, 'content-length': '5' }, body: '0\r\n\r\n' });
    expect(answer).toMatchObject({ status: 411, code: 'MissingContentLength' });
  });

  if (isSigned) it.each([0, 1, 2, 3])('is refused when the signature of chunk %d is wrong', async (spoil) => {
    expect(await upload(refused, { spoil })).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    await expectNothing();
  });

  if (isSigned) it('is refused when two chunks were exchanged', async () => {
    const cut = (body: Buffer) => {
      const first = body.indexOf('\r\n') + 2 + 65_536 + 2;
      return Buffer.concat([body.subarray(first, 2 * first), body.subarray(0, first), body.subarray(2 * first)]);
    };
    expect(await upload(refused, { cut })).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    await expectNothing();
  });

  if (hasTrailer) it('is refused when the trailer is wrong, missing, not announced or unsigned', async () => {
    expect(await upload(refused, { trailers: ['x-amz-checksum-crc32c:AAAAAA=='] })).toMatchObject({ status: 400, code: 'BadDigest' });
    expect(await upload(refused, { trailers: [] })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await upload(refused, { announced: 'x-amz-checksum-sha1' })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    if (isSigned) expect(await upload(refused, { spoilTrailer: true })).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    await expectNothing();
  });
});

describe('Expect: 100-continue', () => {
  it('is answered when the signature is good', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/asked', body: 'hello' });
    const lines = Object.entries({ ...headers, 'content-length': '5', expect: '100-continue' }).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(door.port, '127.0.0.1');
    socket.write(`PUT /photos/asked HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('hello');
    const [second] = (await once(socket, 'data')) as [Buffer];
    expect(second.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('is not answered when the signature is bad: the refusal comes first', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/asked', body: 'hello', secretKey: 'wrong' });
    const answer = await rawRequest(door.port, { method: 'PUT', target: '/photos/asked', headers: { ...headers, 'content-length': '5000000000', expect: '100-continue' } });
    expect(answer).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch', wasContinued: false });
    expect(answer.headers['connection']).toBe('close');
  });

  it('is not answered when a condition fails', async () => {
    await request(door.port, { method: 'PUT', target: '/photos/there', body: 'x' });
    const { headers } = sign({ method: 'PUT', target: '/photos/there', body: 'hello', headers: { 'if-none-match': '*' } });
    const answer = await rawRequest(door.port, { method: 'PUT', target: '/photos/there', headers: { ...headers, 'content-length': '5', expect: '100-continue' } });
    expect(answer).toMatchObject({ status: 412, code: 'PreconditionFailed', wasContinued: false });
  });

  it('is not answered when the bucket does not exist', async () => {
    const { headers } = sign({ method: 'PUT', target: '/nowhere/asked', body: 'hello' });
    const answer = await rawRequest(door.port, { method: 'PUT', target: '/nowhere/asked', headers: { ...headers, 'content-length': '5', expect: '100-continue' } });
    expect(answer).toMatchObject({ status: 404, code: 'NoSuchBucket', wasContinued: false });
  });
});

describe('a refused upload whose body is still coming', () => {
  it('is answered before the connection is closed', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024);
    const answer = await request(door.port, { method: 'PUT', target: '/nowhere/big', body });
    expect(answer).toMatchObject({ status: 404, code: 'NoSuchBucket', headers: { connection: 'close' } });
  });
});

describe('a client that hangs up', () => {
  it('in the middle of an upload makes the store stop', async () => {
    let failure: unknown;
    const noticed = signal();
    const other = await openDoor({
      wrap: (store) =>
        override(store, {
          put: async (...args: Parameters<typeof store.put>) => {
            try {
              return await store.put(...args);
            } catch (error) {
              failure = error;
              noticed.resolve();
              throw error;
            }
          },
        }),
    });
    await other.store.makeBucket('photos', {});
    const { headers } = sign({ method: 'PUT', target: '/photos/half', payloadHash: 'UNSIGNED-PAYLOAD' });
    const lines = Object.entries({ ...headers, 'content-length': '1000' }).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(other.port, '127.0.0.1');
    socket.write(`PUT /photos/half HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${'x'.repeat(500)}`, () => socket.destroy());
    await noticed.promise;
    expect(failure).toBeInstanceOf(Error);
    expect(other.store.buckets.get('photos')?.keys.size).toBe(0);
    await other.close();
  });

  it('in the middle of a download makes the store release the object', async () => {
    const released = signal();
    const other = await openDoor({
      wrap: (store) =>
        override(store, {
          open: async (...args: Parameters<typeof store.open>) => {
            const object = await store.open(...args);
            return {
              ...object,
              async *read() {
                try {
                  for (;;) yield await Promise.resolve(Buffer.alloc(64 * 1024));
                } finally {
                  released.resolve();
                }
              },
            };
          },
        }),
    });
    await other.store.makeBucket('photos', {});
    await request(other.port, { method: 'PUT', target: '/photos/big', body: Buffer.alloc(8 * 1024 * 1024) });
    const { headers } = sign({ method: 'GET', target: '/photos/big' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const socket = connect(other.port, '127.0.0.1');
    socket.write(`GET /photos/big HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await released.promise;
    await other.close();
  });
});

describe('a download that fails on the way', () => {
  const failing = (before: number) =>
    openDoor({
      wrap: (store) =>
        override(store, {
          open: async (...args: Parameters<typeof store.open>) => ({
            ...(await store.open(...args)),
            async *read() {
              for (let sent = 0; sent < before; sent++) yield await Promise.resolve(Buffer.alloc(64 * 1024));
              throw new StorageError('read-quorum', 'too few drives');
            },
          }),
        }),
    });

  it('is answered with 503 when nothing was sent yet', async () => {
    const other = await failing(0);
    await other.store.makeBucket('photos', {});
    await request(other.port, { method: 'PUT', target: '/photos/big', body: Buffer.alloc(256 * 1024) });
    expect(await request(other.port, { method: 'GET', target: '/photos/big' })).toMatchObject({ status: 503, code: 'SlowDownRead' });
    await other.close();
  });

  it('breaks the connection when a part of it was sent, so that nobody takes it for whole', async () => {
    const other = await failing(2);
    await other.store.makeBucket('photos', {});
    await request(other.port, { method: 'PUT', target: '/photos/big', body: Buffer.alloc(256 * 1024) });
    await expect(request(other.port, { method: 'GET', target: '/photos/big' })).rejects.toThrow(/no complete answer|ECONNRESET/);
    await other.close();
  });
});
