import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, type DoorFixture } from './door-fixture.js';
import { exchange, rawRequest, request, sign } from './requester.js';

let door: DoorFixture;
beforeAll(async () => {
  door = await openDoor();
  await door.store.makeBucket('photos', {});
});
afterAll(async () => {
  expect(door.errors, 'nothing that a client sends is an internal error').toEqual([]);
  await door.close();
});

const encode = (key: string) => [...Buffer.from(key)].map((byte) => (/[A-Za-z0-9\-._~/]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');

describe('keys that no drive can hold', () => {
  const invalid: [string, string, string][] = [
    ['that climb', 'a/../b', 'XMinioInvalidObjectName'],
    ['that begin by climbing', '../photos2/b', 'XMinioInvalidObjectName'],
    ['that are only dots', '..', 'XMinioInvalidObjectName'],
    ['that end by climbing', 'a/..', 'XMinioInvalidObjectName'],
    ['that climb behind a space', 'a/.. /b', 'XMinioInvalidObjectName'],
    ['with a component of one dot', 'a/./b', 'XMinioInvalidObjectName'],
    ['with empty components', 'a//b', 'XMinioInvalidObjectName'],
    ['of slashes alone', '//', 'XMinioInvalidObjectName'],
    ['with NUL', 'a\0b', 'XMinioInvalidObjectName'],
    ['of 1,025 bytes', 'abcdefg/'.repeat(128) + 'a', 'KeyTooLongError'],
    ['of 1,027 bytes in 345 characters', `${'你'.repeat(80)}/`.repeat(4) + '你'.repeat(21), 'KeyTooLongError'],
    ['with a component of 256 bytes', 'a'.repeat(256), 'KeyTooLongError'],
    ['with a component of 258 bytes in 86 characters', '你'.repeat(86), 'KeyTooLongError'],
  ];
  it.each(invalid)('%s are refused by every operation', async (_, key, code) => {
    const target = `/photos/${encode(key)}`;
    for (const spec of [
      { method: 'PUT', target, body: 'x' },
      { method: 'GET', target },
      { method: 'HEAD', target },
      { method: 'DELETE', target },
      { method: 'POST', target: `${target}?uploads=` },
      ...(key === '//' ? [] : [{ method: 'PUT', target: '/photos/copy', body: '', headers: { 'x-amz-copy-source': `/photos/${encode(key)}` } }]),
    ]) {
      const answer = await request(door.port, spec);
      expect(answer.status, `${spec.method} ${spec.target.slice(0, 60)}`).toBe(400);
      expect(answer.code).toBe(code);
    }
    expect(door.store.buckets.get('photos')?.keys.size).toBe(0);
  });
});

describe('keys that are only unusual', () => {
  it.each([
    ['dots in names', '..a/b../...'],
    ['1,024 bytes', `${'abcdefg/'.repeat(127)}abcdefgh`],
    ['a component of 255 bytes', 'a'.repeat(255)],
    ['other alphabets and emoji', '日本/😀/ñ'],
    ['percent signs and plus signs', '100%+2 ?#&='],
    ['backslashes', 'a\\b'],
    ['control characters', 'a\u0001\nb'],
    ['the names of JavaScript', '__proto__/constructor'],
  ])('with %s are stored under just that name', async (_, key) => {
    const target = `/photos/${encode(key)}`;
    expect((await request(door.port, { method: 'PUT', target, body: key })).status).toBe(200);
    expect(await request(door.port, { method: 'GET', target })).toMatchObject({ status: 200, body: key });
    expect(door.store.buckets.get('photos')?.keys.has(key)).toBe(true);
    await request(door.port, { method: 'DELETE', target });
  });

  it('lose the slashes that they start with', async () => {
    await request(door.port, { method: 'PUT', target: '/photos//slash', body: 'x' });
    expect((await request(door.port, { method: 'GET', target: '/photos/slash' })).body).toBe('x');
    expect((await request(door.port, { method: 'GET', target: '/photos?prefix=%2Fslash' })).body).toContain('<Key>slash</Key>');
    expect((await request(door.port, { method: 'GET', target: '/photos?prefix=%2F' })).body).not.toContain('<Key>');
    await request(door.port, { method: 'DELETE', target: '/photos//slash' });
  });

  it('may be prefix and object at once', async () => {
    for (const key of ['p', 'p/q', 'p/q/r']) expect((await request(door.port, { method: 'PUT', target: `/photos/${key}`, body: key })).status).toBe(200);
    for (const key of ['p', 'p/q', 'p/q/r']) expect((await request(door.port, { method: 'GET', target: `/photos/${key}` })).body).toBe(key);
  });
});

describe('bucket names', () => {
  it.each(['..', '.minio.sys', 'minio', 'a', '%00ab', 'a..b', '-ab', 'a%2Fb%2F..%2Fc'])('"%s" is never served', async (bucket) => {
    expect((await request(door.port, { method: 'PUT', target: `/${bucket}`, body: '' })).status).toBe(400);
    expect((await request(door.port, { method: 'GET', target: `/${bucket}/` })).status).toBe(400);
    expect((await request(door.port, { method: 'GET', target: `/${bucket}/format.json` })).status).toBe(400);
  });
});

describe('request lines and headers', () => {
  it('with encodings that are not UTF-8 are refused', async () => {
    for (const target of ['/photos/%ff', '/photos/%', '/photos/%zz', '/photos/?prefix=%ff']) {
      expect(await request(door.port, { method: 'GET', target })).toMatchObject({ status: 400, code: 'BadRequest' });
    }
  });

  it('with methods that S3 does not know are refused', async () => {
    expect(await request(door.port, { method: 'PATCH', target: '/photos/a' })).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
    expect(await request(door.port, { method: 'PUT', target: '/', body: '' })).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
  });

  it('of more than 32 KiB are refused before anything is looked at', async () => {
    const answer = await exchange(door.port, Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx-big: ${'x'.repeat(33 * 1024)}\r\n\r\n`)).catch(() => ({ status: 431 }));
    expect(answer.status).toBe(431);
  });

  it('with a Content-Length that is no number, or two, are refused', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/a', body: 'x' });
    for (const lines of [['content-length: x'], ['content-length: 1', 'content-length: 2'], ['content-length: 1', 'transfer-encoding: chunked']]) {
      const sent = [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), ...lines];
      expect((await rawRequest(door.port, { method: 'PUT', target: '/photos/a', headers: sent, body: 'x' })).status).toBe(400);
    }
  });

  it('that name sub-resources which are not served change nothing', async () => {
    for (const [method, query] of [
      ['PUT', 'policy'], ['DELETE', 'policy'], ['DELETE', 'lifecycle'], ['PUT', 'cors'], ['DELETE', 'website'], ['PUT', 'object-lock'], ['DELETE', 'publicAccessBlock'],
    ] as const) {
      expect(await request(door.port, { method, target: `/photos?${query}`, body: '' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    }
    expect(await request(door.port, { method: 'PUT', target: '/photos/p?retention', body: 'x' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await request(door.port, { method: 'DELETE', target: '/photos/p?torrent' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await request(door.port, { method: 'POST', target: '/photos/p?select&select-type=2', body: '' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await request(door.port, { method: 'POST', target: '/photos', body: '' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect((await request(door.port, { method: 'GET', target: '/photos/p' })).body).toBe('p');
  });
});

describe('the error document', () => {
  it('names what went wrong, where, and in which request', async () => {
    const answer = await request(door.port, { method: 'GET', target: '/photos/no%3Cpe' });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/xml', server: 'mts/test' });
    expect(answer.body).toContain('<Error><Code>NoSuchKey</Code>');
    expect(answer.body).toContain('<Key>no&lt;pe</Key><BucketName>photos</BucketName><Resource>/photos/no%3Cpe</Resource>');
    expect(answer.body).toContain(`<RequestId>${answer.headers['x-amz-request-id']}</RequestId><HostId>${answer.headers['x-amz-id-2']}</HostId>`);
  });

  it('of a HEAD is in the headers', async () => {
    const answer = await request(door.port, { method: 'HEAD', target: '/photos/nope' });
    expect(answer).toMatchObject({ status: 404, headers: { 'x-minio-error-code': 'NoSuchKey', 'x-minio-error-desc': '"The specified key does not exist."' } });
  });
});

describe('pages of other origins', () => {
  it('may ask first, and read the answer', async () => {
    const asked = await rawRequest(door.port, { method: 'OPTIONS', target: '/photos/p', headers: { host: 'x', origin: 'http://page', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-amz-date' } });
    expect(await rawRequest(door.port, { method: 'OPTIONS', target: '/photos/p', headers: { host: 'x' } })).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(asked).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': 'http://page', 'access-control-allow-headers': 'x-amz-date' } });
    const answer = await request(door.port, { method: 'GET', target: '/photos/p', headers: { origin: 'http://page' } });
    expect(answer.headers['access-control-allow-origin']).toBe('http://page');
  });
});
