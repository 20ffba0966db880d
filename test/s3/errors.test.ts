import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import { S3Error, toS3Error } from '../../src/s3/errors.js';

describe('errors', () => {
  it('of the store get their S3 code and status', () => {
    const codes = (['bucket-not-found', 'object-not-found', 'read-quorum', 'write-quorum', 'storage-full', 'size-mismatch', 'drive-faulty'] as const).map((code) => {
      const { code: s3Code, status } = toS3Error(new StorageError(code, 'inner words'));
      return [s3Code, status];
    });
    expect(codes).toEqual([['NoSuchBucket', 404], ['NoSuchKey', 404], ['SlowDownRead', 503], ['SlowDownWrite', 503], ['XMinioStorageFull', 507], ['IncompleteBody', 400], ['InternalError', 500]]);
  });

  it('of the protocol come through whatever wrapped them', () => {
    const own = new S3Error('BadDigest');
    expect(toS3Error(new StorageError('aborted', 'the body failed', { cause: new Error('reader', { cause: own }) }))).toBe(own);
  });

  it('that nobody expected say nothing about the inside', () => {
    const error = toS3Error(new TypeError('secret internals'));
    expect([error.code, error.status, error.message.includes('secret')]).toEqual(['InternalError', 500, false]);
  });

  it('with causes that go in a circle come to an end', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(toS3Error(loop).code).toBe('InternalError');
  });
});
