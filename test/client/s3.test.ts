import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionError, S3Error } from '../../src/client/errors.js';
import { S3 } from '../../src/client/s3.js';
import { answer, withServer } from './fake-server.js';

const error = (code: string, more = ''): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words</Message>${more}</Error>`;

test('a server that is busy is asked again', async () => {
  await withServer([answer(503, error('SlowDown')), answer(500), answer(200, 'ok')], async (s3, asked) => {
    const { body } = await s3.get('bkt', 'k');
    body.resume();
    expect(asked).toHaveLength(3);
  });
});

test('a connection that breaks before the answer is made again', async () => {
  await withServer([(_asked, response) => void response.destroy(), answer(200)], async (s3, asked) => {
    await s3.headBucket('bkt');
    expect(asked).toHaveLength(2);
  });
});

test('a refusal is not repeated and keeps every field of the answer', async () => {
  const body = error('AccessDenied', '<BucketName>bkt</BucketName><Key>k</Key><Resource>/bkt/k</Resource><RequestId>R</RequestId><HostId>H</HostId>');
  await withServer([answer(403, body, { server: 'MinIO' })], async (s3, asked) => {
    const failure = await s3.get('bkt', 'k').catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(S3Error);
    expect((failure as S3Error).fields).toEqual({
      Code: 'AccessDenied', Message: 'words', BucketName: 'bkt', Key: 'k', Resource: '/bkt/k', RequestID: 'R', HostID: 'H', Region: '', Server: 'MinIO',
    });
    expect(asked).toHaveLength(1);
  });
});

test('a HEAD without a body still says what is missing', async () => {
  await withServer([answer(404)], async (s3) => {
    await expect(s3.head('bkt', 'k')).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(s3.headBucket('bkt')).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });
});

test('a bucket of another region is asked again with a signature for it, and from then on', async () => {
  const wrong = answer(400, error('AuthorizationHeaderMalformed', '<Region>eu-north-1</Region>'));
  await withServer([wrong, answer(200)], async (s3, asked) => {
    await s3.delete('bkt', 'k');
    await s3.delete('bkt', 'k');
    expect(asked.at(-1)?.headers.authorization).toContain('/eu-north-1/s3/');
  });
});

test('a HEAD that is refused without words finds the region out with a GET', async () => {
  await withServer([answer(400), answer(400, error('AuthorizationHeaderMalformed', '<Region>eu-north-1</Region>')), answer(200)], async (s3, asked) => {
    await s3.headBucket('bkt');
    expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET', 'HEAD']);
    expect(asked.at(-1)?.headers.authorization).toContain('/eu-north-1/s3/');
  });
});

test('a server that goes on naming other regions is not followed for ever', async () => {
  let count = 0;
  const wander = (_asked: unknown, response: { writeHead(status: number): { end(body: string): void } }): void => {
    response.writeHead(400).end(error('AuthorizationHeaderMalformed', `<Region>r-${(count += 1)}</Region>`));
  };
  await withServer([wander], async (s3, asked) => {
    await expect(s3.delete('bkt', 'k')).rejects.toMatchObject({ code: 'AuthorizationHeaderMalformed' });
    expect(asked.length).toBeLessThan(6);
  });
});

test('keys with dots, slashes and odd characters go out exactly as they are signed', async () => {
  await withServer([answer(200)], async (s3, asked) => {
    for (const key of ['a/../b', './a', 'a//b', 'ü (1)+%2F?#', 'a b']) await s3.put('bkt', key, Buffer.from('x'));
    expect(asked.map(({ url }) => url)).toEqual([
      '/bkt/a/../b', '/bkt/./a', '/bkt/a//b', '/bkt/%C3%BC%20%281%29%2B%252F%3F%23', '/bkt/a%20b',
    ]);
  });
});

test('a stream over plain HTTP goes out in signed chunks of the declared length, and is opened again for another attempt', async () => {
  const content = Buffer.alloc(150_000, 7);
  let opened = 0;
  const body = { sizeBytes: content.length, open: () => ((opened += 1), Readable.from([content.subarray(0, 99), content.subarray(99)])) };
  await withServer([answer(503), answer(200, '', { etag: '"e"' })], async (s3, asked) => {
    expect(await s3.put('bkt', 'k', body)).toMatchObject({ etag: 'e' });
    expect(opened).toBe(2);
    const sent = asked[1]!;
    expect(sent.headers['x-amz-content-sha256']).toBe('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
    expect(sent.headers['x-amz-decoded-content-length']).toBe('150000');
    expect(Number(sent.headers['content-length'])).toBe(sent.body.length);
    expect(sent.body.subarray(0, 6).toString()).toBe('10000;');
    expect(sent.body.toString('latin1').endsWith('\r\n\r\n')).toBe(true);
  });
});

test('a refusal that comes before the body was read ends the body too', async () => {
  const source = new Readable({ read() {} });
  const closed = new Promise((resolve) => source.once('close', resolve));
  const server = createHttpServer((_request, response) => response.writeHead(403).end(error('AccessDenied')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const s3 = new S3({ name: 'x', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accessKey: 'a', secretKey: 's', api: 's3v4', path: 'auto', source: '' });
  source.push(Buffer.alloc(100_000));
  await expect(s3.put('bkt', 'k', { sizeBytes: 1e6, open: () => source })).rejects.toMatchObject({ code: 'AccessDenied' });
  await closed;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('an S3v2 alias signs with version 2', async () => {
  await withServer([answer(200)], async (s3, asked) => {
    await s3.put('bkt', 'k', Buffer.from('x'));
    expect(asked[0]?.headers.authorization).toMatch(/^AWS ak:/);
  }, { api: 's3v2' });
});

test('an alias without keys sends no signature', async () => {
  await withServer([answer(200)], async (s3, asked) => {
    await s3.headBucket('bkt');
    expect(asked[0]?.headers.authorization).toBeUndefined();
  }, { accessKey: '', secretKey: '' });
});

test('listings decode what XML cannot carry and go on from the token', async () => {
  const row = (key: string): string => `<Contents><Key>${key}</Key><Size>5</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-11-22T18:55:35.940Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>`;
  const first = `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>${row('a%01b+c')}<CommonPrefixes><Prefix>d%2F</Prefix></CommonPrefixes></ListBucketResult>`;
  await withServer([answer(200, first), answer(200, '<ListBucketResult/>')], async (s3, asked) => {
    const page = await s3.listObjects('bkt', { delimiter: '/' });
    expect(page.entries).toEqual([{ key: 'a\u0001b c', sizeBytes: 5, etag: 'e', modifiedAt: new Date('2026-11-22T18:55:35.940Z'), storageClass: 'STANDARD' }]);
    expect(page.prefixes).toEqual(['d/']);
    expect((await s3.listObjects('bkt', { marker: page.next })).next).toBeUndefined();
    expect(asked[1]?.url).toContain('continuation-token=t%2B%2F%3D');
  });
});

test('a completion that fails after its 200 is a failure', async () => {
  await withServer([answer(200, error('InternalError'))], async (s3) => {
    await expect(s3.completeUpload('bkt', 'k', 'u', [{ partNumber: 1, etag: 'e' }])).rejects.toMatchObject({ code: 'InternalError' });
  });
});

test('a bulk delete tells of each key what became of it', async () => {
  const body = '<DeleteResult><Deleted><Key>a&amp;b</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted><Error><Key>c</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>';
  await withServer([answer(200, body)], async (s3, asked) => {
    expect(await s3.deleteMany('bkt', [{ key: 'a&b' }, { key: 'c', versionId: 'v' }])).toEqual([
      { key: 'a&b', versionId: undefined, isDeleteMarker: true, deleteMarkerVersionId: 'm' },
      { key: 'c', versionId: undefined, isDeleteMarker: false, deleteMarkerVersionId: undefined, error: { code: 'AccessDenied', message: 'no' } },
    ]);
    expect(asked[0]?.body.toString()).toContain('<Object><Key>c</Key><VersionId>v</VersionId></Object>');
  });
});

test('a refused connection is told in words, at once', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const s3 = new S3({ name: 'x', url: `http://127.0.0.1:${port}`, accessKey: 'a', secretKey: 's', api: 's3v4', path: 'auto', source: '' });
  const failure = await s3.listBuckets().catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(ConnectionError);
  expect((failure as Error).message).toBe(`Get "http://127.0.0.1:${port}/": connection refused`);
});

test('an answer that is not XML, or absurdly deep, is no crash', async () => {
  await withServer([answer(500, 'oops'), answer(502, '<a>'.repeat(5000))], async (s3) => {
    await expect(s3.request({ method: 'GET', attempts: 1 })).rejects.toMatchObject({ status: 500 });
    await expect(s3.request({ method: 'GET', attempts: 1 })).rejects.toMatchObject({ status: 502 });
  });
});

test.each([
  ['https://s3.amazonaws.com', 'auto', 'https://bkt.s3.amazonaws.com/k'],
  ['https://s3.amazonaws.com', 'on', 'https://s3.amazonaws.com/bkt/k'],
  ['https://h:9000', 'auto', 'https://h:9000/bkt/k'],
  ['https://h:9000', 'dns', 'https://bkt.h:9000/k'],
] as const)('%s with path style %s addresses %s', (url, path, expected) => {
  const s3 = new S3({ name: 'x', url, accessKey: 'a', secretKey: 's', api: 's3v4', path, source: '' });
  expect(s3.presign('GET', 'bkt', 'k', 60).split('?')[0]).toBe(expected);
  expect(s3.plainUrl('bkt', 'k')).toBe(expected);
});

test('a bucket with dots stays in the path under TLS, where no certificate would fit its name', () => {
  const s3 = new S3({ name: 'x', url: 'https://s3.amazonaws.com', accessKey: 'a', secretKey: 's', api: 's3v4', path: 'auto', source: '' });
  expect(s3.plainUrl('my.bkt', 'k')).toBe('https://s3.amazonaws.com/my.bkt/k');
});
