import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_KEY, NOW_MS, openDoor, SECRET_KEY, type DoorFixture } from './door-fixture.js';
import { presign, rawRequest, request, sign, type RequestSpec } from './requester.js';

let door: DoorFixture;
beforeAll(async () => {
  door = await openDoor();
  await door.store.makeBucket('photos', {});
  await request(door.port, { method: 'PUT', target: '/photos/cat', body: 'meow' });
});
afterAll(() => door.close());

const get = (spec: Partial<RequestSpec> = {}) => request(door.port, { method: 'GET', target: '/photos/cat', ...spec });

describe('a signature in the Authorization header', () => {
  it('is accepted when it is right', async () => {
    const answer = await get();
    expect(answer).toMatchObject({ status: 200, body: 'meow' });
  });

  it('covers keys with spaces, plus signs and other alphabets, and queries in any order', async () => {
    const target = '/photos/a%20b%2Bc/%E4%BD%A0%21?tagging=';
    await request(door.port, { method: 'PUT', target: target.split('?')[0]!, body: 'x' });
    expect((await get({ target })).status).toBe(200);
    expect((await get({ target: '/photos/?prefix=a%20b&list-type=2&delimiter=%2F' })).body).toContain('<Prefix>a b+c/</Prefix>');
  });

  it('is accepted for a path that the client signed as it sent it, though S3 would encode it otherwise', async () => {
    await request(door.port, { method: 'PUT', target: "/photos/it's(1)", body: 'x' });
    expect((await get({ target: "/photos/it's(1)" })).status).toBe(200);
    expect((await get({ target: '/photos/it%27s%281%29' })).status).toBe(200);
  });

  it('covers header values whose last byte is a space in latin1, and white space as clients join it', async () => {
    const latin1 = (text: string) => Buffer.from(text).toString('latin1');
    const put = (value: string, joined?: RegExp) =>
      request(door.port, { method: 'PUT', target: '/photos/blanks', body: 'x', headers: { 'x-amz-meta-a': latin1(value) }, ...(joined && { joined }) });
    expect((await put('voil\u00e0')).status).toBe(200);
    expect((await put('a\tb  c')).status).toBe(200);
    expect((await put('a\tb  c', /[ \t]+/g)).status).toBe(200);
    expect((await put('a\tb  c', /b/g)).code).toBe('SignatureDoesNotMatch');
  });

  it('is refused with SignatureDoesNotMatch when anything signed was changed', async () => {
    expect(await get({ secretKey: 'wrong' })).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    const { headers } = sign({ method: 'GET', target: '/photos/cat', headers: { 'x-amz-meta-a': '1' } });
    expect(await rawRequest(door.port, { method: 'GET', target: '/photos/dog', headers })).toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(await rawRequest(door.port, { method: 'DELETE', target: '/photos/cat', headers })).toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(await rawRequest(door.port, { method: 'GET', target: '/photos/cat?acl', headers })).toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(await rawRequest(door.port, { method: 'GET', target: '/photos/cat', headers: { ...headers, 'x-amz-meta-a': '2' } })).toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('is refused with InvalidAccessKeyId for a key that does not exist', async () => {
    expect(await get({ accessKey: 'nobody' })).toMatchObject({ status: 403, code: 'InvalidAccessKeyId' });
  });

  it('is refused when an x-amz- header is not signed', async () => {
    expect(await get({ unsigned: { 'x-amz-copy-source': '/photos/cat' } })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it.each([14, -14])('is accepted when the clocks differ by %d minutes', async (minutes) => {
    expect((await get({ timeMs: NOW_MS + minutes * 60_000 })).status).toBe(200);
  });

  it.each([16, -16])('is refused with RequestTimeTooSkewed when the clocks differ by %d minutes', async (minutes) => {
    expect(await get({ timeMs: NOW_MS + minutes * 60_000 })).toMatchObject({ status: 403, code: 'RequestTimeTooSkewed' });
  });

  it('names the right region when the client signed for another', async () => {
    const answer = await get({ region: 'eu-west-1' });
    expect(answer).toMatchObject({ status: 400, code: 'AuthorizationHeaderMalformed' });
    expect(answer.body).toContain('<Region>us-east-1</Region>');
  });

  it.each<[string, (authorization: string) => string, string]>([
    ['nothing behind the algorithm', () => 'AWS4-HMAC-SHA256', 'AuthorizationHeaderMalformed'],
    ['no credential', (a) => a.replace(/Credential=[^,]*, /, ''), 'AuthorizationHeaderMalformed'],
    ['no signed headers', (a) => a.replace(/SignedHeaders=[^,]*, /, ''), 'AuthorizationHeaderMalformed'],
    ['no signature', (a) => a.replace(/, Signature=.*/, ''), 'AuthorizationHeaderMalformed'],
    ['an empty signature', (a) => a.replace(/Signature=.*/, 'Signature='), 'AuthorizationHeaderMalformed'],
    ['a short signature', (a) => a.slice(0, -1), 'SignatureDoesNotMatch'],
    ['a field twice', (a) => `${a}, Signature=00`, 'AuthorizationHeaderMalformed'],
    ['an unknown field', (a) => `${a}, Extra=1`, 'AuthorizationHeaderMalformed'],
    ['a credential of four parts', (a) => a.replace('/s3/', '/'), 'AuthorizationHeaderMalformed'],
    ['another service', (a) => a.replace('/s3/', '/sts/'), 'AuthorizationHeaderMalformed'],
    ['another terminal', (a) => a.replace('aws4_request', 'aws3_request'), 'AuthorizationHeaderMalformed'],
    ['a date that is none', (a) => a.replace(/\/2026\d+\//, '/yesterday/'), 'AuthorizationHeaderMalformed'],
    ['the date of another day', (a) => a.replace(/\/2026\d+\//, '/20260503/'), 'AuthorizationHeaderMalformed'],
    ['an empty access key', (a) => a.replace(`Credential=${ACCESS_KEY}/`, 'Credential=/'), 'AuthorizationHeaderMalformed'],
    ['signed headers in upper case', (a) => a.replace('SignedHeaders=host', 'SignedHeaders=Host'), 'AuthorizationHeaderMalformed'],
    ['signed headers without host', (a) => a.replace('SignedHeaders=host;', 'SignedHeaders='), 'AccessDenied'],
    ['a signed header that was not sent', (a) => a.replace('SignedHeaders=host', 'SignedHeaders=foo;host'), 'AccessDenied'],
    ['another algorithm', (a) => a.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'), 'InvalidRequest'],
    ['basic authentication', () => 'Basic dGVzdDp0ZXN0', 'InvalidRequest'],
    ['a version 2 header without a signature', () => 'AWS testkey', 'InvalidArgument'],
  ])('is refused with %s', async (_, tamper, code) => {
    const answer = await get({ tamper });
    expect(answer.code).toBe(code);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(404);
  });

  it('is refused without any date', async () => {
    const { headers } = sign({ method: 'GET', target: '/photos/cat' });
    const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'x-amz-date'));
    expect(await rawRequest(door.port, { method: 'GET', target: '/photos/cat', headers: rest })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('is refused when a header that must be unique came twice', async () => {
    const { headers } = sign({ method: 'GET', target: '/photos/cat' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    expect(await rawRequest(door.port, { method: 'GET', target: '/photos/cat', headers: [...lines, `authorization: ${headers['authorization']}`] })).toMatchObject({ status: 400, code: 'InvalidRequest' });
  });

  it('covers repeated metadata headers, joined by commas', async () => {
    const { headers } = sign({ method: 'PUT', target: '/photos/twice', headers: { 'x-amz-meta-tag': 'a,b' } });
    const lines = Object.entries(headers).filter(([name]) => name !== 'x-amz-meta-tag');
    const sent = [...lines.map(([name, value]) => `${name}: ${value}`), 'x-amz-meta-tag: a', 'x-amz-meta-tag: b', 'content-length: 0'];
    expect((await rawRequest(door.port, { method: 'PUT', target: '/photos/twice', headers: sent })).status).toBe(200);
    expect((await get({ target: '/photos/twice', method: 'HEAD' })).headers['x-amz-meta-tag']).toBe('a,b');
  });

  it('with a session token is refused, since there are no sessions', async () => {
    expect(await get({ headers: { 'x-amz-security-token': 'abc' } })).toMatchObject({ status: 403, code: 'InvalidTokenId' });
  });
});

describe('a request without a signature', () => {
  it.each(['/', '/photos', '/photos/cat', '/photos?policy'])('is refused at %s', async (target) => {
    expect(await rawRequest(door.port, { method: 'GET', target, headers: { host: 'x' } })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });
});

describe('a presigned URL', () => {
  const fetchUrl = (target: string, method = 'GET', headers: Record<string, string> = {}) =>
    rawRequest(door.port, { method, target, headers: { host: '127.0.0.1', ...headers } });

  it('is served until it expires', async () => {
    expect(await fetchUrl(presign({ method: 'GET', path: '/photos/cat' }))).toMatchObject({ status: 200, body: 'meow' });
    const old = presign({ method: 'GET', path: '/photos/cat', expires: '60', timeMs: NOW_MS - 61_000 });
    expect(await fetchUrl(old)).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('is refused from the far future', async () => {
    expect(await fetchUrl(presign({ method: 'GET', path: '/photos/cat', timeMs: NOW_MS + 16 * 60_000 }))).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it.each([
    ['not a number', 'soon'],
    ['negative', '-1'],
    ['more than a week', '604801'],
  ])('is refused when its lifetime is %s', async (_, expires) => {
    expect(await fetchUrl(presign({ method: 'GET', path: '/photos/cat', expires }))).toMatchObject({ status: 400, code: 'AuthorizationQueryParametersError' });
  });

  it('is refused for another method, and when a parameter is added, changed or missing', async () => {
    const url = presign({ method: 'GET', path: '/photos/cat' });
    expect((await fetchUrl(url, 'DELETE')).code).toBe('SignatureDoesNotMatch');
    expect((await fetchUrl(`${url}&versionId=null`)).code).toBe('SignatureDoesNotMatch');
    expect((await fetchUrl(url.replace('Expires=600', 'Expires=601'))).code).toBe('SignatureDoesNotMatch');
    expect((await fetchUrl(url.replace(/&X-Amz-Date=[^&]*/, ''))).code).toBe('AuthorizationQueryParametersError');
  });

  it('cannot be turned into a copy by adding a header', async () => {
    const url = presign({ method: 'PUT', path: '/photos/stolen' });
    expect(await fetchUrl(url, 'PUT', { 'x-amz-copy-source': '/photos/cat', 'content-length': '0' })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('may override headers of the answer', async () => {
    const url = presign({ method: 'GET', path: '/photos/cat', query: 'response-content-type=text%2Fplain' });
    expect((await fetchUrl(url)).headers['content-type']).toBe('text/plain');
  });

  it('is not accepted beside an Authorization header', async () => {
    const { headers } = sign({ method: 'GET', target: '/photos/cat' });
    expect(await rawRequest(door.port, { method: 'GET', target: presign({ method: 'GET', path: '/photos/cat' }), headers })).toMatchObject({ status: 400, code: 'InvalidArgument' });
  });
});

describe('signature version 2', () => {
  const date = new Date(NOW_MS).toUTCString();
  const v2 = (text: string, secret = SECRET_KEY) => createHmac('sha1', secret).update(text).digest('base64');
  const send = (method: string, target: string, headers: Record<string, string>) => rawRequest(door.port, { method, target, headers: { host: '127.0.0.1', ...headers } });

  it('is accepted in the header, also with amz headers and sub-resources', async () => {
    const plain = `AWS ${ACCESS_KEY}:${v2(`GET\n\n\n${date}\n/photos/cat`)}`;
    expect(await send('GET', '/photos/cat', { date, authorization: plain })).toMatchObject({ status: 200, body: 'meow' });
    const withAmz = `AWS ${ACCESS_KEY}:${v2(`GET\n\n\n\nx-amz-date:${date}\n/photos/?uploads`)}`;
    expect((await send('GET', '/photos/?uploads&prefix=a', { 'x-amz-date': date, authorization: withAmz })).status).toBe(200);
  });

  it('is accepted for a bucket with and without the slash behind it', async () => {
    for (const path of ['/photos', '/photos/']) {
      const authorization = `AWS ${ACCESS_KEY}:${v2(`GET\n\n\n${date}\n${path}`)}`;
      expect((await send('GET', '/photos', { date, authorization })).status).toBe(200);
    }
  });

  it('is refused when it is wrong, late or by nobody', async () => {
    const wrong = v2(`GET\n\n\n${date}\n/photos/cat`, 'other');
    expect((await send('GET', '/photos/cat', { date, authorization: `AWS ${ACCESS_KEY}:${wrong}` })).code).toBe('SignatureDoesNotMatch');
    const late = new Date(NOW_MS - 16 * 60_000).toUTCString();
    expect((await send('GET', '/photos/cat', { date: late, authorization: `AWS ${ACCESS_KEY}:${v2(`GET\n\n\n${late}\n/photos/cat`)}` })).code).toBe('RequestTimeTooSkewed');
    expect((await send('GET', '/photos/cat', { date, authorization: `AWS nobody:${wrong}` })).code).toBe('InvalidAccessKeyId');
    expect((await send('GET', '/photos/cat', { authorization: `AWS ${ACCESS_KEY}:${wrong}` })).code).toBe('AccessDenied');
  });

  it('is accepted in a URL until it expires', async () => {
    const url = (expires: number) => `/photos/cat?AWSAccessKeyId=${ACCESS_KEY}&Expires=${expires}&Signature=${encodeURIComponent(v2(`GET\n\n\n${expires}\n/photos/cat`))}`;
    expect((await send('GET', url(NOW_MS / 1000 + 60), {})).status).toBe(200);
    expect(await send('GET', url(NOW_MS / 1000 - 1), {})).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect((await send('GET', `/photos/cat?AWSAccessKeyId=${ACCESS_KEY}&Expires=99`, {})).code).toBe('AccessDenied');
  });
});
