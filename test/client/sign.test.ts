import { expect, test } from 'vitest';
import { canonicalQuery, encodeStrict, presignQuery, sha256Hex, signHeaders } from '../../src/client/sign.js';
import { presignQueryV2, signHeadersV2 } from '../../src/client/sign-v2.js';

// The examples of the S3 documentation, "Signature Calculations for the Authorization Header" and "Using Query Parameters".
const credentials = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const context = { credentials, region: 'us-east-1', date: new Date('2013-05-24T00:00:00Z') };
const host = 'examplebucket.s3.amazonaws.com';

test('a GET with a range is signed as the S3 documentation shows', () => {
  const request = { method: 'GET', host, path: '/test.txt', query: {}, headers: { range: 'bytes=0-9' } };
  expect(signHeaders(request, context, sha256Hex('')).signature).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
});

test('a PUT with a body hash is signed as the S3 documentation shows', () => {
  const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
  const request = { method: 'PUT', host, path: '/test%24file.text', query: {}, headers };
  expect(signHeaders(request, context, sha256Hex('Welcome to Amazon S3.')).signature).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd');
});

test('a subresource without a value is signed as the S3 documentation shows', () => {
  const request = { method: 'GET', host, path: '/', query: { lifecycle: '' }, headers: {} };
  expect(signHeaders(request, context, sha256Hex('')).signature).toBe('fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543');
});

test('a presigned URL is signed as the S3 documentation shows', () => {
  const query = presignQuery({ method: 'GET', host, path: '/test.txt', query: {}, headers: {} }, context, 86_400);
  expect(query['X-Amz-Signature']).toBe('aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
});

test('query names are sorted by their encoded form and undefined values left out', () => {
  expect(canonicalQuery({ b: '2', a: 'x y', 'a b': '', c: undefined })).toBe('a%20b=&a=x%20y&b=2');
});

test('keys are encoded but for unreserved characters and, where wanted, slashes', () => {
  expect(encodeStrict("a/b c!'()*~+ü", true)).toBe('a/b%20c%21%27%28%29%2A~%2B%C3%BC');
  expect(encodeStrict('a/b')).toBe('a%2Fb');
});

test('version 2 signs a GET as its documentation shows', () => {
  const request = { method: 'GET', host: 'johnsmith.s3.amazonaws.com', path: '/photos/puppy.jpg', query: {}, headers: {} };
  const signed = signHeadersV2(request, credentials, new Date('2007-03-27T19:36:42Z'), 'johnsmith');
  expect(signed['date']).toBe('Tue, 27 Mar 2007 19:36:42 GMT');
  expect(signed['authorization']).toMatch(/^AWS AKIAIOSFODNN7EXAMPLE:[\w+/]{27}=$/);
});

test('version 2 links carry key, time and signature', () => {
  const request = { method: 'GET', host: 'h', path: '/b/k', query: { versionId: 'v' }, headers: {} };
  const query = presignQueryV2(request, credentials, new Date(1_000_000_000), '');
  expect(query).toMatchObject({ AWSAccessKeyId: credentials.accessKey, Expires: '1000000', versionId: 'v' });
});
