import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc } from '../../src/hash/index.js';
import { BACKENDS, openDoorOn, type DoorFixture } from './door-fixture.js';
import type { ObjectStore } from '../../src/store/index.js';
import { request } from './requester.js';

describe.each(BACKENDS)('on %s:', (backend) => {
  let door: DoorFixture<ObjectStore>;
  let s3: S3Client;
  const Bucket = 'photos';
  const PART = Buffer.alloc(5 * 1024 * 1024, 'abcdefghi');
  const TAIL = Buffer.from('the tail');

  beforeAll(async () => {
    door = await openDoorOn(backend);
    s3 = door.client();
    await door.store.makeBucket(Bucket, {});
  });
  afterAll(() => door.close());

  const create = async (Key: string, more: object = {}) => (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId ?? '';
  const upload = async (Key: string, UploadId: string, PartNumber: number, Body: Buffer, more: object = {}): Promise<CompletedPart> => {
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }));
    return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 };
  };
  const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
  const codeOf = async (promise: Promise<unknown>) => promise.then(() => 'no error', (error: Error) => error.name);

  describe('an upload in parts', () => {
    it('becomes one object, whose parts can be read by number', async () => {
      const Key = 'two';
      const UploadId = await create(Key, { Metadata: { a: '1' }, ContentType: 'text/plain' });
      const parts = [await upload(Key, UploadId, 1, PART), await upload(Key, UploadId, 2, TAIL)];
      const done = await complete(Key, UploadId, parts);
      const md5s = [PART, TAIL].map((part) => createHash('md5').update(part).digest());
      expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2"`);
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      expect(head).toMatchObject({ ContentLength: PART.length + TAIL.length, Metadata: { a: '1' }, ContentType: 'text/plain', ETag: done.ETag });
      const second = await s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }));
      expect(second).toMatchObject({ PartsCount: 2, ContentRange: `bytes ${PART.length}-${PART.length + TAIL.length - 1}/${PART.length + TAIL.length}` });
      expect(await second.Body?.transformToString()).toBe('the tail');
      expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 3 })))).toBe('InvalidPartNumber');
      expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 1, Range: 'bytes=0-1' })))).toBe('InvalidRequest');
    });

    it('answers a repeated completion like the first', async () => {
      const UploadId = await create('again');
      const parts = [await upload('again', UploadId, 1, TAIL)];
      const first = await complete('again', UploadId, parts);
      const second = await complete('again', UploadId, parts);
      expect(second.ETag).toBe(first.ETag);
      expect(await codeOf(complete('again', UploadId, [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }]))).toBe('NoSuchUpload');
    });

    it('that was aborted cannot be completed, though the same bytes are there', async () => {
      const [done, aborted] = [await create('aborted'), await create('aborted')];
      const parts = [await upload('aborted', done, 1, TAIL)];
      await upload('aborted', aborted, 1, TAIL);
      await complete('aborted', done, parts);
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId: aborted }));
      expect(await codeOf(complete('aborted', aborted, parts))).toBe('NoSuchUpload');
    });

    it('that was completed is not found again once the object is another', async () => {
      const UploadId = await create('overwritten');
      const parts = [await upload('overwritten', UploadId, 1, TAIL)];
      await complete('overwritten', UploadId, parts);
      await s3.send(new PutObjectCommand({ Bucket, Key: 'overwritten', Body: TAIL }));
      expect(await codeOf(complete('overwritten', UploadId, parts))).toBe('NoSuchUpload');
    });

    it('may be guarded by If-None-Match', async () => {
      const UploadId = await create('again');
      const parts = [await upload('again', UploadId, 1, TAIL)];
      expect(await codeOf(complete('again', UploadId, parts, { IfNoneMatch: '*' }))).toBe('PreconditionFailed');
    });

    it('lists its parts in pages', async () => {
      const UploadId = await create('listed');
      for (const number of [3, 1, 2]) await upload('listed', UploadId, number, TAIL);
      const first = await s3.send(new ListPartsCommand({ Bucket, Key: 'listed', UploadId, MaxParts: 2 }));
      expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2', Parts: [{ PartNumber: 1, Size: 8 }, { PartNumber: 2 }] });
      const rest = await s3.send(new ListPartsCommand({ Bucket, Key: 'listed', UploadId, PartNumberMarker: first.NextPartNumberMarker }));
      expect(rest).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
      const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'listed' }));
      expect(uploads.Uploads).toMatchObject([{ Key: 'listed', UploadId }]);
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'listed', UploadId }));
      expect(await codeOf(s3.send(new ListPartsCommand({ Bucket, Key: 'listed', UploadId })))).toBe('NoSuchUpload');
    });

    it('takes parts from other objects, also ranges of them', async () => {
      const UploadId = await create('copied');
      const copy = (PartNumber: number, CopySourceRange?: string) =>
        s3.send(new UploadPartCopyCommand({ Bucket, Key: 'copied', UploadId, PartNumber, CopySource: `${Bucket}/two`, CopySourceRange }));
      const one = await copy(1, `bytes=0-${PART.length - 1}`);
      const two = await copy(2, `bytes=${PART.length}-${PART.length + 2}`);
      await complete('copied', UploadId, [{ PartNumber: 1, ETag: one.CopyPartResult?.ETag }, { PartNumber: 2, ETag: two.CopyPartResult?.ETag }]);
      const tail = await s3.send(new GetObjectCommand({ Bucket, Key: 'copied', Range: 'bytes=-3' }));
      expect(await tail.Body?.transformToString()).toBe('the');
    });

    it.each(['bytes=0-99999999', 'bytes=5-', 'bytes=-5', '0-5', 'bytes=5-1'])('does not take the range %s', async (range) => {
      const UploadId = await create('ranges');
      const target = `/photos/ranges?partNumber=1&uploadId=${UploadId}`;
      const headers = { 'x-amz-copy-source': '/photos/two', 'x-amz-copy-source-range': range };
      expect(await request(door.port, { method: 'PUT', target, body: '', headers, timeMs: Date.now() })).toMatchObject({ status: 400, code: 'InvalidArgument' });
    });
  });

  describe('a completion', () => {
    let UploadId: string;
    let parts: CompletedPart[];
    const Key = 'bad';
    beforeAll(async () => {
      UploadId = await create(Key);
      parts = [await upload(Key, UploadId, 1, TAIL), await upload(Key, UploadId, 2, TAIL)];
    });
    const send = (body: string) => request(door.port, { method: 'POST', target: `/photos/bad?uploadId=${UploadId}`, body, timeMs: Date.now() });
    const part = (number: number | string, etag = '"00000000000000000000000000000000"') => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
    const document = (inner: string) => `<CompleteMultipartUpload>${inner}</CompleteMultipartUpload>`;

    it('with too small a part is refused with EntityTooSmall', async () => {
      expect(await codeOf(complete(Key, UploadId, parts))).toBe('EntityTooSmall');
    });

    it('with parts out of order or twice is refused with InvalidPartOrder', async () => {
      expect(await codeOf(complete(Key, UploadId, [...parts].reverse()))).toBe('InvalidPartOrder');
      expect(await send(document(part(1) + part(1)))).toMatchObject({ status: 400, code: 'InvalidPartOrder' });
    });

    it('with a part that is not there is refused with InvalidPart', async () => {
      expect(await send(document(part(7)))).toMatchObject({ status: 400, code: 'InvalidPart' });
    });

    it.each([
      ['no parts', document(''), 'MalformedXML'],
      ['10,001 parts', document(Array.from({ length: 10_001 }, (_, index) => part(index + 1)).join('')), 'MalformedXML'],
      ['part 10,001', document(part(10_001)), 'InvalidArgument'],
      ['part 0', document(part(0)), 'InvalidArgument'],
      ['part "one"', document(part('one')), 'MalformedXML'],
      ['no etag', document('<Part><PartNumber>1</PartNumber></Part>'), 'MalformedXML'],
      ['another root', '<Delete/>', 'MalformedXML'],
      ['an open element', '<CompleteMultipartUpload><Part>', 'MalformedXML'],
      ['nothing', '', 'MalformedXML'],
      ['a document type', `<!DOCTYPE a [<!ENTITY x "y">]>${document(part(1))}`, 'MalformedXML'],
      ['an undeclared entity', document(part('&x;')), 'MalformedXML'],
      ['a thousand levels', '<a>'.repeat(1000) + '</a>'.repeat(1000), 'MalformedXML'],
      ['bytes that are no UTF-8', `<CompleteMultipartUpload>\xff`, 'MalformedXML'],
    ])('with %s is refused', async (_, body, code) => {
      const answer = await request(door.port, { method: 'POST', target: `/photos/bad?uploadId=${UploadId}`, body: Buffer.from(body, 'latin1'), timeMs: Date.now() });
      expect(answer).toMatchObject({ status: 400, code });
    });

    it('of more than 8 MiB is refused before it is read', async () => {
      expect(await send(' '.repeat(8 * 1024 * 1024 + 1))).toMatchObject({ status: 400, code: 'MalformedXML' });
    });
  });

  describe('part numbers', () => {
    it.each(['0', '-1', '10001', 'x', '', '1.5'])('"%s" is refused', async (number) => {
      const UploadId = await create('numbers');
      const target = `/photos/numbers?partNumber=${number}&uploadId=${UploadId}`;
      expect(await request(door.port, { method: 'PUT', target, body: 'x', timeMs: Date.now() })).toMatchObject({ status: 400, code: 'InvalidArgument' });
    });

    it('of an upload that does not exist are refused with NoSuchUpload', async () => {
      expect(await request(door.port, { method: 'PUT', target: '/photos/numbers?partNumber=1&uploadId=nope', body: 'x', timeMs: Date.now() })).toMatchObject({ status: 404, code: 'NoSuchUpload' });
    });
  });

  describe('checksums of uploads in parts', () => {
    it('are checksums of checksums where that was asked for', async () => {
      const Key = 'composite';
      const UploadId = await create(Key, { ChecksumAlgorithm: 'SHA256' });
      const parts = [await upload(Key, UploadId, 1, PART, { ChecksumAlgorithm: 'SHA256' }), await upload(Key, UploadId, 2, TAIL, { ChecksumAlgorithm: 'SHA256' })];
      const done = await complete(Key, UploadId, parts);
      const raw = [PART, TAIL].map((part) => createHash('sha256').update(part).digest());
      const expected = `${createHash('sha256').update(Buffer.concat(raw)).digest('base64')}-2`;
      expect(done).toMatchObject({ ChecksumSHA256: expected, ChecksumType: 'COMPOSITE' });
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))).toMatchObject({ ChecksumSHA256: expected, ChecksumType: 'COMPOSITE' });
      const part = await s3.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 2, ChecksumMode: 'ENABLED' }));
      expect(part).toMatchObject({ ChecksumSHA256: raw[1]?.toString('base64'), ChecksumType: 'COMPOSITE' });
      const attributes = await s3.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectParts', 'Checksum'], MaxParts: 1 }));
      expect(attributes.ObjectParts).toMatchObject({ TotalPartsCount: 2, IsTruncated: true, NextPartNumberMarker: '1', Parts: [{ PartNumber: 1, Size: PART.length, ChecksumSHA256: raw[0]?.toString('base64') }] });
    });

    it('are those of the whole object where that was asked for', async () => {
      const Key = 'full';
      const UploadId = await create(Key, { ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' });
      const parts = [await upload(Key, UploadId, 1, PART, { ChecksumAlgorithm: 'CRC32C' }), await upload(Key, UploadId, 2, TAIL, { ChecksumAlgorithm: 'CRC32C' })];
      const expected = Buffer.from(crc('crc32c', Buffer.concat([PART, TAIL]))).toString('base64');
      expect(await codeOf(complete(Key, UploadId, parts, { ChecksumCRC32C: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' }))).toBe('BadDigest');
      expect(await codeOf(complete(Key, UploadId, parts, { MpuObjectSize: 1 }))).toBe('InvalidRequest');
      expect(await complete(Key, UploadId, parts, { ChecksumCRC32C: expected, ChecksumType: 'FULL_OBJECT' })).toMatchObject({ ChecksumCRC32C: expected, ChecksumType: 'FULL_OBJECT' });
    });

    it('must come with every part', async () => {
      const UploadId = await create('missing', { ChecksumAlgorithm: 'CRC32C' });
      const target = `/photos/missing?partNumber=1&uploadId=${UploadId}`;
      expect(await request(door.port, { method: 'PUT', target, body: 'x', timeMs: Date.now() })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    });

    it.each([
      ['SHA256', 'FULL_OBJECT'],
      ['CRC64NVME', 'COMPOSITE'],
      ['CRC32', 'PARTIAL'],
      ['MD5', 'COMPOSITE'],
    ])('cannot be %s of type %s', async (algorithm, type) => {
      const headers = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type };
      expect(await request(door.port, { method: 'POST', target: '/photos/x?uploads', body: '', headers, timeMs: Date.now() })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    });
  });
});
