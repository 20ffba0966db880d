import { describe, expect, it } from 'vitest';
import { S3Error } from '../../src/s3/errors.js';
import { operations } from '../../src/s3/operations.js';
import { parseTarget } from '../../src/s3/query.js';
import { route } from '../../src/s3/router.js';

const routed = (method: string, url: string, headers = {}) => route(method, parseTarget(url), headers);
const copy = { 'x-amz-copy-source': '/a/b' };

describe('the router', () => {
  it.each<[string, string, string, object?]>([
    ['GET', '/', 'ListBuckets'],
    ['GET', '/b', 'ListObjects'],
    ['GET', '/b/', 'ListObjects'],
    ['GET', '/b?list-type=1', 'ListObjects'],
    ['GET', '/b?list-type=2&prefix=policy', 'ListObjectsV2'],
    ['GET', '/b?versions', 'ListObjectVersions'],
    ['GET', '/b?uploads=', 'ListMultipartUploads'],
    ['GET', '/b?location', 'GetBucketLocation'],
    ['PUT', '/b', 'CreateBucket'],
    ['PUT', '/b?versioning', 'PutBucketVersioning'],
    ['HEAD', '/b', 'HeadBucket'],
    ['DELETE', '/b', 'DeleteBucket'],
    ['POST', '/b?delete', 'DeleteObjects'],
    ['GET', '/b/k', 'GetObject'],
    ['GET', '/b/k?versionId=1&partNumber=2', 'GetObject'],
    ['GET', '/b/k?attributes', 'GetObjectAttributes'],
    ['GET', '/b/k?uploadId=u', 'ListParts'],
    ['PUT', '/b/k', 'PutObject'],
    ['PUT', '/b/k', 'CopyObject', copy],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', copy],
    ['PUT', '/b/k?tagging', 'PutObjectTagging'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
    ['GET', '/b//', 'GetObject'],
    ['GET', 'http://host:9000/b/k', 'GetObject'],
  ])('takes %s %s for %s', (method, url, operation, headers) => {
    expect(routed(method, url, headers)).toBe(operation);
  });

  it('reaches every operation of the table', () => {
    for (const row of operations) {
      const path = { service: '/', bucket: '/b', object: '/b/k' }[row.level];
      const query = [...(row.query ?? []), ...(row.equals ? [row.equals.join('=')] : [])].join('&');
      expect(routed(row.method, `${path}?${query}`, row.header === undefined ? {} : { [row.header]: 'x/y' })).toBe(row.operation);
    }
  });

  it.each([
    ['PUT', '/b?policy', 501],
    ['DELETE', '/b?cors', 501],
    ['GET', '/b?inventory', 501],
    ['POST', '/b/k?restore', 501],
    ['PUT', '/', 405],
    ['TRACE', '/b/k', 405],
  ])('refuses %s %s', (method, url, status) => {
    try {
      routed(method, url);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(S3Error);
      expect((error as S3Error).status).toBe(status);
    }
  });

  it('takes bucket and key from the decoded path', () => {
    expect(parseTarget('/b/a%2Fb/%E4%BD%A0+?x=1+2&y&=z')).toMatchObject({
      bucket: 'b',
      key: 'a/b/你+',
      rawPath: '/b/a%2Fb/%E4%BD%A0+',
      query: { pairs: [['x', '1 2'], ['y', ''], ['', 'z']] },
    });
  });
});
