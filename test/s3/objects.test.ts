import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, openDoorOn, type DoorFixture } from './door-fixture.js';
import type { ObjectStore } from '../../src/store/index.js';
import { md5, request } from './requester.js';

describe.each(BACKENDS)('on %s:', (backend) => {
  let door: DoorFixture<ObjectStore>;
  let s3: S3Client;
  const Bucket = 'photos';
  beforeAll(async () => {
    door = await openDoorOn(backend);
    s3 = door.client();
    await door.store.makeBucket(Bucket, {});
  });
  afterAll(() => door.close());

  const put = (Key: string, Body: string, more: object = {}) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const codeOf = (error: unknown) => (error as { name: string }).name;
  const statusOf = (error: unknown) => (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode;
  const failureOf = async (promise: Promise<unknown>): Promise<{ code: string; status: number }> => {
    try {
      await promise;
    } catch (error) {
      return { code: codeOf(error), status: statusOf(error) };
    }
    throw new Error('it should have failed');
  };

  describe('metadata', () => {
    it('comes back as it was given', async () => {
      await put('meta', 'x', {
        Metadata: { color: 'blue', 'two-words': 'a  b' },
        ContentType: 'text/css',
        CacheControl: 'no-cache',
        ContentDisposition: 'attachment; filename="a.css"',
        ContentEncoding: 'gzip',
        ContentLanguage: 'de',
        Expires: new Date('2030-01-01T00:00:00Z'),
      });
      const raw = await door.store.stat(Bucket, 'meta', {});
      expect([...raw.metaUser.keys()]).toEqual(expect.arrayContaining(['X-Amz-Meta-Color', 'X-Amz-Meta-Two-Words', 'content-type', 'etag']));
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'meta' }));
      expect(head.Metadata).toEqual({ color: 'blue', 'two-words': 'a  b' });
      expect(head).toMatchObject({ ContentType: 'text/css', CacheControl: 'no-cache', ContentEncoding: 'gzip', ContentLanguage: 'de', AcceptRanges: 'bytes', ContentLength: 1 });
    });

    it('may be in any alphabet', async () => {
      const sent = Buffer.from('grün 你好').toString('latin1');
      await request(door.port, { method: 'PUT', target: '/photos/alphabet', body: 'x', timeMs: Date.now(), headers: { 'x-amz-meta-words': sent } });
      expect((await door.store.stat(Bucket, 'alphabet', {})).metaUser.get('X-Amz-Meta-Words')).toBe('grün 你好');
      expect((await request(door.port, { method: 'HEAD', target: '/photos/alphabet', timeMs: Date.now() })).headers['x-amz-meta-words']).toBe('=?UTF-8?B?Z3LDvG4g5L2g5aW9?=');
    });

    it('of header names that JavaScript objects know is nothing special', async () => {
      const answer = await request(door.port, { method: 'PUT', target: '/photos/proto', body: 'x', timeMs: Date.now(), headers: { constructor: 'a', 'x-amz-meta-__proto__': 'b' } });
      expect(answer.status).toBe(200);
      const head = await request(door.port, { method: 'HEAD', target: '/photos/proto?constructor=', timeMs: Date.now() });
      expect(head).toMatchObject({ status: 200, headers: { 'x-amz-meta-__proto__': 'b' } });
    });

    it('defaults to binary/octet-stream', async () => {
      await request(door.port, { method: 'PUT', target: '/photos/untyped', body: 'x', timeMs: Date.now() });
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'untyped' }))).ContentType).toBe('binary/octet-stream');
    });
  });

  describe('ranges', () => {
    beforeAll(() => put('ten', '0123456789'));
    it.each([
      ['bytes=0-3', '0123', 'bytes 0-3/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-2', '89', 'bytes 8-9/10'],
      ['bytes=-100', '0123456789', 'bytes 0-9/10'],
      ['bytes=5-100', '56789', 'bytes 5-9/10'],
    ])('%s gives %s', async (Range, body, contentRange) => {
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'ten', Range }));
      expect(await got.Body?.transformToString()).toBe(body);
      expect(got).toMatchObject({ ContentRange: contentRange, ContentLength: body.length, $metadata: { httpStatusCode: 206 } });
    });

    it.each(['bytes=a-b', 'bytes=3-1', 'lines=0-1', 'bytes=0-1,4-5', 'bytes=-'])('%s is ignored', async (Range) => {
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'ten', Range }));
      expect(await got.Body?.transformToString()).toBe('0123456789');
      expect(got.$metadata.httpStatusCode).toBe(200);
    });

    it.each(['bytes=10-', 'bytes=-0', 'bytes=99-100'])('%s cannot be satisfied', async (Range) => {
      expect(await failureOf(s3.send(new GetObjectCommand({ Bucket, Key: 'ten', Range })))).toEqual({ code: 'InvalidRange', status: 416 });
    });
  });

  describe('conditions', () => {
    let ETag: string;
    let modified: Date;
    beforeAll(async () => {
      ETag = (await put('cond', 'x')).ETag ?? '';
      modified = (await s3.send(new HeadObjectCommand({ Bucket, Key: 'cond' }))).LastModified ?? new Date();
    });
    const get = (conditions: object) => s3.send(new GetObjectCommand({ Bucket, Key: 'cond', ...conditions }));

    it('that hold let the read pass', async () => {
      await get({ IfMatch: ETag });
      await get({ IfMatch: '*' });
      await get({ IfNoneMatch: '"other"' });
      await get({ IfModifiedSince: new Date(modified.getTime() - 1000) });
      await get({ IfUnmodifiedSince: modified });
      await get({ IfMatch: ETag, IfUnmodifiedSince: new Date(0) });
    });

    it('that fail answer 412 or 304', async () => {
      expect((await failureOf(get({ IfMatch: '"other"' }))).status).toBe(412);
      expect((await failureOf(get({ IfUnmodifiedSince: new Date(modified.getTime() - 1000) }))).status).toBe(412);
      expect((await failureOf(get({ IfNoneMatch: ETag }))).status).toBe(304);
      expect((await failureOf(get({ IfModifiedSince: modified }))).status).toBe(304);
    });

    it('guard writes', async () => {
      expect(await failureOf(put('cond', 'y', { IfNoneMatch: '*' }))).toEqual({ code: 'PreconditionFailed', status: 412 });
      expect(await failureOf(put('cond', 'y', { IfMatch: '"other"' }))).toEqual({ code: 'PreconditionFailed', status: 412 });
      expect(await failureOf(put('absent', 'y', { IfMatch: ETag }))).toEqual({ code: 'NoSuchKey', status: 404 });
      await put('cond', 'y', { IfMatch: ETag });
      await put('fresh', 'y', { IfNoneMatch: '*' });
    });

    it('guard deletions', async () => {
      const { ETag: etag } = await put('guarded', 'z');
      expect((await failureOf(s3.send(new DeleteObjectCommand({ Bucket, Key: 'guarded', IfMatch: '"other"' })))).status).toBe(412);
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'guarded', IfMatch: etag }));
      expect((await failureOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'guarded' })))).status).toBe(404);
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'guarded', IfMatch: '"other"' }));
    });
  });

  describe('checksums', () => {
    it.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const)('%s is verified, kept and shown when asked for', async (ChecksumAlgorithm) => {
      const field = `Checksum${ChecksumAlgorithm}` as const;
      // The SDK here computes all but CRC64NVME by itself.
      const given = ChecksumAlgorithm === 'CRC64NVME' ? { ChecksumCRC64NVME: 'rosUhgp5mIg=' } : { ChecksumAlgorithm };
      const stored = await put(`sum-${ChecksumAlgorithm}`, '123456789', given);
      expect(stored[field]).toBeTruthy();
      const Key = `sum-${ChecksumAlgorithm}`;
      const shown = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(shown).toMatchObject({ [field]: stored[field], ChecksumType: 'FULL_OBJECT' });
      const unasked = await request(door.port, { method: 'HEAD', target: `/photos/${Key}`, timeMs: Date.now() });
      expect(Object.keys(unasked.headers).filter((name) => name.startsWith('x-amz-checksum'))).toEqual([]);
      const attributes = await s3.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Checksum', 'ETag', 'ObjectSize', 'StorageClass'] }));
      expect(attributes).toMatchObject({ Checksum: { [field]: stored[field] }, ETag: '25f9e794323b453885f5181f1b624d0b', ObjectSize: 9, StorageClass: 'STANDARD' });
    });
  });

  describe('copies', () => {
    beforeAll(() => put('source', 'content', { Metadata: { a: '1' }, ContentType: 'text/plain', Tagging: 'k=v' }));
    const copy = (Key: string, more: object = {}) => s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }));

    it('take metadata and tags along, or replace them', async () => {
      await copy('kept');
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept' }))).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain', ETag: '"9a0364b9e99bb480dd25e1f0284c8555"' });
      expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'kept' }))).TagSet).toEqual([{ Key: 'k', Value: 'v' }]);
      await copy('replaced', { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, TaggingDirective: 'REPLACE', Tagging: 'x=y' });
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'replaced' }));
      expect(head.Metadata).toEqual({ b: '2' });
      expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'replaced' }))).TagSet).toEqual([{ Key: 'x', Value: 'y' }]);
    });

    it('onto itself only change metadata, and say so', async () => {
      expect((await failureOf(copy('source'))).code).toBe('InvalidRequest');
      await copy('source', { MetadataDirective: 'REPLACE', Metadata: { c: '3' } });
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'source' }));
      expect(got.Metadata).toEqual({ c: '3' });
      expect(await got.Body?.transformToString()).toBe('content');
    });

    it('obey the conditions on their source', async () => {
      expect((await failureOf(copy('c1', { CopySourceIfMatch: '"other"' }))).status).toBe(412);
      expect((await failureOf(copy('c1', { CopySourceIfNoneMatch: '"9a0364b9e99bb480dd25e1f0284c8555"' }))).status).toBe(412);
      await copy('c1', { CopySourceIfMatch: '"9a0364b9e99bb480dd25e1f0284c8555"' });
    });

    it('keep or compute checksums', async () => {
      await put('summed', 'content', { ChecksumAlgorithm: 'SHA256' });
      const kept = await s3.send(new CopyObjectCommand({ Bucket, Key: 'summed2', CopySource: `${Bucket}/summed` }));
      expect(kept.CopyObjectResult?.ChecksumSHA256).toBeTruthy();
      const asked = await s3.send(new CopyObjectCommand({ Bucket, Key: 'summed3', CopySource: `${Bucket}/summed`, ChecksumAlgorithm: 'CRC32C' }));
      expect(asked.CopyObjectResult?.ChecksumCRC32C).toBeTruthy();
    });

    it.each(['', 'nokey', 'photos/', '/photos', '..%2Fx/y', 'photos/a/../b', 'photos/a?versionId='])('of the source "%s" are refused', async (source) => {
      const answer = await request(door.port, { method: 'PUT', target: '/photos/dest', body: '', timeMs: Date.now(), headers: { 'x-amz-copy-source': source } });
      expect(answer.status).toBe(400);
    });

    it('of what does not exist answer 404', async () => {
      expect(await failureOf(s3.send(new CopyObjectCommand({ Bucket, Key: 'd', CopySource: 'photos/absent' })))).toEqual({ code: 'NoSuchKey', status: 404 });
      expect(await failureOf(s3.send(new CopyObjectCommand({ Bucket, Key: 'd', CopySource: 'nowhere/absent' })))).toEqual({ code: 'NoSuchBucket', status: 404 });
    });
  });

  describe('listings', () => {
    const keys = ['a', 'b/1', 'b/2', 'c d', 'e+f', 'g<&>', 'h\u0001', 'ü'];
    beforeAll(async () => {
      await door.store.makeBucket('listed', {});
      for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: 'listed', Key, Body: 'x' }));
    });

    it('group by delimiter and page through', async () => {
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket: 'listed', Delimiter: '/', MaxKeys: 2, ContinuationToken }));
        expect(page.KeyCount).toBeLessThanOrEqual(2);
        seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''), ...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
      expect(seen.sort()).toEqual(['a', 'b/', 'c d', 'e+f', 'g<&>', 'h\ufffd', 'ü']);
    });

    it('encode keys when asked, so that every key survives', async () => {
      const page = await s3.send(new ListObjectsCommand({ Bucket: 'listed', EncodingType: 'url' }));
      expect(page.Contents?.map(({ Key }) => decodeURIComponent(Key ?? ''))).toEqual(keys);
      expect(page.Contents?.map(({ Key }) => Key)).toContain('e%2Bf');
    });

    it('of no keys are empty', async () => {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: 'listed', MaxKeys: 0 }));
      expect(page).toMatchObject({ KeyCount: 0, IsTruncated: false });
    });

    it('start behind a key or marker', async () => {
      expect((await s3.send(new ListObjectsV2Command({ Bucket: 'listed', StartAfter: 'c d' }))).Contents?.[0]?.Key).toBe('e+f');
      expect((await s3.send(new ListObjectsCommand({ Bucket: 'listed', Marker: 'b/1', Prefix: 'b/' }))).Contents?.map(({ Key }) => Key)).toEqual(['b/2']);
    });

    it('carry owner and metadata when asked', async () => {
      expect((await s3.send(new ListObjectsV2Command({ Bucket: 'listed' }))).Contents?.[0]?.Owner).toBeUndefined();
      expect((await s3.send(new ListObjectsV2Command({ Bucket: 'listed', FetchOwner: true }))).Contents?.[0]?.Owner?.DisplayName).toBe('minio');
      await put('tagged', 'x', { Metadata: { foo: 'bar' }, Tagging: 'k=v' });
      const { body } = await request(door.port, { method: 'GET', target: '/photos/?list-type=2&metadata=true&prefix=tagged', timeMs: Date.now() });
      expect(body).toContain('<X-Amz-Meta-Foo>bar</X-Amz-Meta-Foo>');
      expect(body).toContain('<UserTags>k=v</UserTags><Internal><K>2</K><M>2</M></Internal>');
    });

    it.each(['max-keys=-1', 'max-keys=x', 'encoding-type=base64', 'list-type=2&continuation-token=', 'list-type=2&continuation-token=%25%25', 'versions=&version-id-marker=abc'])('refuse %s', async (query) => {
      expect(await request(door.port, { method: 'GET', target: `/listed/?${query}`, timeMs: Date.now() })).toMatchObject({ status: 400, code: 'InvalidArgument' });
    });
  });

  describe('versions', () => {
    const bucket = { Bucket: 'versioned' };
    const Key = 'k';
    let first: string;
    let second: string;
    beforeAll(async () => {
      await door.store.makeBucket('versioned', {});
      await s3.send(new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration: { Status: 'Enabled' } }));
      first = (await s3.send(new PutObjectCommand({ ...bucket, Key, Body: 'one' }))).VersionId ?? '';
      second = (await s3.send(new PutObjectCommand({ ...bucket, Key, Body: 'two' }))).VersionId ?? '';
    });

    it('are each readable by id', async () => {
      const got = await s3.send(new GetObjectCommand({ ...bucket, Key, VersionId: first }));
      expect([await got.Body?.transformToString(), got.VersionId]).toEqual(['one', first]);
      expect((await s3.send(new GetObjectCommand({ ...bucket, Key }))).VersionId).toBe(second);
      expect(await failureOf(s3.send(new GetObjectCommand({ ...bucket, Key, VersionId: '11111111-1111-4111-8111-111111111111' })))).toEqual({ code: 'NoSuchVersion', status: 404 });
      expect((await failureOf(s3.send(new GetObjectCommand({ ...bucket, Key, VersionId: 'nonsense' })))).status).toBe(400);
    });

    it('are hidden by a delete marker, which says so, and come back when it is removed', async () => {
      const deleted = await s3.send(new DeleteObjectCommand({ ...bucket, Key }));
      expect(deleted).toMatchObject({ DeleteMarker: true });
      const VersionId = deleted.VersionId ?? '';
      const latest = await request(door.port, { method: 'GET', target: '/versioned/k', timeMs: Date.now() });
      expect(latest).toMatchObject({ status: 404, code: 'NoSuchKey', headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': VersionId } });
      const named = await request(door.port, { method: 'GET', target: `/versioned/k?versionId=${VersionId}`, timeMs: Date.now() });
      expect(named).toMatchObject({ status: 405, code: 'MethodNotAllowed', headers: { 'x-amz-delete-marker': 'true', allow: 'DELETE' } });
      const listed = await s3.send(new ListObjectVersionsCommand(bucket));
      expect(listed.DeleteMarkers?.map((marker) => [marker.VersionId, marker.IsLatest])).toEqual([[VersionId, true]]);
      expect(listed.Versions?.map((version) => version.VersionId)).toEqual([second, first]);
      expect(await s3.send(new DeleteObjectCommand({ ...bucket, Key, VersionId }))).toMatchObject({ DeleteMarker: true, VersionId });
      expect((await s3.send(new GetObjectCommand({ ...bucket, Key }))).VersionId).toBe(second);
    });

    it('of a key that never was get no delete marker from a conditional deletion', async () => {
      await s3.send(new DeleteObjectCommand({ ...bucket, Key: 'never', IfMatch: '*' }));
      expect((await s3.send(new ListObjectVersionsCommand({ ...bucket, Prefix: 'never' }))).DeleteMarkers).toBeUndefined();
      expect((await s3.send(new DeleteObjectCommand({ ...bucket, Key: 'never' }))).DeleteMarker).toBe(true);
    });

    it('under a lock that a real MinIO left cannot be deleted', async () => {
      await s3.send(new PutObjectCommand({ ...bucket, Key: 'locked', Body: 'x' }));
      const info = await door.store.updateMetadata('versioned', 'locked', {}, (current) => ({
        metaUser: new Map([...current.metaUser, ['x-amz-object-lock-mode', 'COMPLIANCE'], ['x-amz-object-lock-retain-until-date', '2099-01-01T00:00:00.000Z']]),
        metaSys: current.metaSys,
      }));
      expect(await failureOf(s3.send(new DeleteObjectCommand({ ...bucket, Key: 'locked', VersionId: info.versionId })))).toEqual({ code: 'AccessDenied', status: 403 });
      expect((await s3.send(new DeleteObjectCommand({ ...bucket, Key: 'locked' }))).DeleteMarker).toBe(true);
    });
  });

  describe('deletions of many', () => {
    const send = (body: string, headers: Record<string, string> = { 'content-md5': md5(body) }) =>
      request(door.port, { method: 'POST', target: '/photos/?delete=', body, headers, timeMs: Date.now() });

    it('answer for each key, also for one that never was', async () => {
      await put('d1', 'x');
      const result = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'd1' }, { Key: 'never' }, { Key: 'a/../b' }] } }));
      expect(result.Deleted?.map(({ Key }) => Key)).toEqual(['d1', 'never']);
      expect(result.Errors).toMatchObject([{ Key: 'a/../b', Code: 'XMinioInvalidObjectName' }]);
    });

    it('say only what failed when they are quiet', async () => {
      const result = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'never' }] } }));
      expect([result.Deleted, result.Errors]).toEqual([undefined, undefined]);
    });

    it.each([
      ['without a digest', '<Delete><Object><Key>a</Key></Object></Delete>', {}, 'MissingContentMD5'],
      ['with a wrong digest', '<Delete><Object><Key>a</Key></Object></Delete>', { 'content-md5': md5('other') }, 'BadDigest'],
      ['of nothing', '<Delete></Delete>', undefined, 'MalformedXML'],
      ['of an object without a key', '<Delete><Object/></Delete>', undefined, 'MalformedXML'],
      ['that are no XML', 'delete everything', undefined, 'MalformedXML'],
      ['of more than 1,000 keys', `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`, undefined, 'MalformedXML'],
      ['that declare entities', '<!DOCTYPE Delete [<!ENTITY a "aaaa">]><Delete><Object><Key>&a;</Key></Object></Delete>', undefined, 'MalformedXML'],
    ])('%s are refused', async (_, body, headers, code) => {
      expect(await send(body, headers)).toMatchObject({ status: 400, code });
    });
  });

  describe('tags of objects', () => {
    it('are set, counted, read and removed without touching the object', async () => {
      await put('tags', 'x', { Metadata: { keep: 'me' } });
      await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'tags', Tagging: { TagSet: [{ Key: 'a b', Value: 'c&d' }, { Key: 'e', Value: '' }] } }));
      expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'tags' }))).TagSet).toEqual([{ Key: 'a b', Value: 'c&d' }, { Key: 'e', Value: '' }]);
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'tags' }));
      expect(head).toMatchObject({ TagCount: 2, Metadata: { keep: 'me' } });
    });

    it.each([
      ['eleven tags', Array.from({ length: 11 }, (_, index) => ({ Key: String(index), Value: '' })), 'BadRequest'],
      ['a key twice', [{ Key: 'a', Value: '1' }, { Key: 'a', Value: '2' }], 'InvalidTag'],
      ['a long key', [{ Key: 'a'.repeat(129), Value: '1' }], 'InvalidTag'],
      ['a long value', [{ Key: 'a', Value: '1'.repeat(257) }], 'InvalidTag'],
    ])('that are %s are refused', async (_, TagSet, code) => {
      expect((await failureOf(s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'tags', Tagging: { TagSet } })))).code).toBe(code);
    });
  });
});
