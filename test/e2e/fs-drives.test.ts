import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  type _Object,
} from '@aws-sdk/client-s3';
import { expect, it, describe } from 'vitest';

import { startServer } from '../../src/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';
import { temporaryFolder } from './server-process.js';

async function serve(fixture: Fixture): Promise<{ readonly s3: S3Client; readonly url: string } & AsyncDisposable> {
  const { accessKey, secretKey } = fixture.manifest.credentials;
  const server = await startServer({ drives: fixture.layout, accessKey, secretKey });
  // Attempts as they are by default: a refusal that clients repeat would show in the time.
  const s3 = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } });
  const dispose = async (): Promise<void> => {
    s3.destroy();
    await server.close();
  };
  return { s3, url: server.url, [Symbol.asyncDispose]: dispose };
}

const inOrder = (keys: readonly string[]): string[] => [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

function partsNoted(drive: string, bucket: string, key: string): number {
  const { parts } = JSON.parse(readFileSync(join(drive, '.minio.sys/buckets', bucket, key, 'fs.json'), 'utf8')) as { readonly parts?: readonly unknown[] };
  return parts?.length ?? 0;
}

const PHOTOS: Readonly<Record<string, string>> = { '2017-fs': 'lsdgys-photos', '2020-fs': 'pklcja-photos' };

describe.each(['2017-fs', '2020-fs', 'life-fs'])('the drive of %s', (name) => {
  it('is served with all that its manifest says, and not a byte or time of it changes', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const before = fixture.drives.map(snapshotOf);
    let [seen, withParts] = [0, 0];
    {
      await using served = await serve(fixture);
      const { s3, url } = served;
      for (const probe of ['live', 'ready', 'cluster', 'cluster/read']) expect((await fetch(`${url}/minio/health/${probe}`)).status, probe).toBe(200);
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      expect(Buckets.map(({ Name }) => Name)).toEqual(Object.keys(fixture.manifest.buckets).sort());
      for (const [Bucket, { objects, unfinishedUploads = [] }] of Object.entries(fixture.manifest.buckets)) {
        const listed = inOrder(Object.keys(objects)).map((key) => [key, objects[key]!.at(-1)!.size, `"${objects[key]!.at(-1)!.etag}"`]);
        const shown = (found: readonly Pick<_Object, 'Key' | 'Size' | 'ETag'>[] = []): unknown[] => found.map(({ Key, Size, ETag }) => [Key, Size, ETag]);
        expect(shown((await s3.send(new ListObjectsCommand({ Bucket }))).Contents)).toEqual(listed);
        expect(shown((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents)).toEqual(listed);
        const versions = (await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? [];
        expect(shown(versions)).toEqual(listed);
        expect(versions.every(({ VersionId, IsLatest }) => VersionId === 'null' && IsLatest)).toBe(true);
        for (const [Key, [...all]] of Object.entries(objects)) {
          const wanted = all.at(-1)!;
          const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
          const bytes = Buffer.from(await got.Body!.transformToByteArray());
          expect(createHash('sha256').update(bytes).digest('hex'), Key).toBe(wanted.sha256);
          const head = await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId: 'null' }));
          for (const answer of [got, head]) {
            expect(answer).toMatchObject({ ETag: `"${wanted.etag}"`, ContentLength: wanted.size, ...(wanted.contentType && { ContentType: wanted.contentType }), ...(wanted.metadata && { Metadata: wanted.metadata }) });
          }
          if (wanted.size > 10) {
            const part = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=3-9' }));
            expect(part.ContentRange).toBe(`bytes 3-9/${wanted.size}`);
            expect(Buffer.from(await part.Body!.transformToByteArray()).equals(bytes.subarray(3, 10))).toBe(true);
          }
          // A release of 2017 kept no note of the parts that an object came in.
          if (partsNoted(fixture.drives[0]!, Bucket, Key) > 0) {
            const second = await s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }));
            expect(second.PartsCount).toBe(wanted.parts);
            await second.Body!.transformToByteArray();
            withParts++;
          }
          seen++;
        }
        for (const { key, uploadId, parts } of unfinishedUploads) {
          const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: key }));
          expect(Uploads.map((found) => [found.Key, found.UploadId])).toEqual([[key, uploadId]]);
          const found = await s3.send(new ListPartsCommand({ Bucket, Key: key, UploadId: uploadId }));
          expect(found.Parts?.map(({ PartNumber, ETag, Size }) => [PartNumber, ETag, Size])).toEqual(Array.from({ length: parts }, (_, i) => [i + 1, '"114dac067c455185891bf5d5baeb5f34"', 5_242_880]));
          await expect(s3.send(new UploadPartCommand({ Bucket, Key: key, UploadId: uploadId, PartNumber: 2, Body: 'x' }))).rejects.toThrow(/mts convert/);
          await expect(s3.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }))).rejects.toThrow(/mts convert/);
        }
      }
    }
    expect(seen).toBe(Object.values(fixture.manifest.buckets).reduce((sum, { objects }) => sum + Object.keys(objects).length, 0));
    expect(seen).toBeGreaterThan(10);
    expect(withParts).toBe(name === '2017-fs' ? 0 : 1);
    fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
  });
});

describe.each(['2017-fs', '2020-fs'])('the drive of %s', (name) => {
  const Bucket = PHOTOS[name]!;

  it('refuses each change at once, saying that convert is the way', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const before = fixture.drives.map(snapshotOf);
    const [drive] = fixture.drives;
    {
      await using served = await serve(fixture);
      const { s3 } = served;
      const startedMs = performance.now();
      const refusal = { name: 'MethodNotAllowed', message: expect.stringContaining(`mts convert ${drive!}`) as string, $metadata: { httpStatusCode: 405, attempts: 1 } };
      await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: Buffer.alloc(100_000) }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new DeleteObjectCommand({ Bucket, Key: 'docs.txt' }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/docs.txt` }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'new' }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'docs.txt', Tagging: { TagSet: [] } }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new CreateBucketCommand({ Bucket: 'another' }))).rejects.toMatchObject(refusal);
      await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject(refusal);
      const { Errors = [], Deleted = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'docs.txt' }] } }));
      expect(Deleted).toEqual([]);
      expect(Errors).toMatchObject([{ Code: 'MethodNotAllowed', Key: 'docs.txt', Message: expect.stringContaining('mts convert') as string }]);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    }
    fixture.drives.forEach((path, i) => expect(snapshotOf(path)).toEqual(before[i]));
  });

  it('shows the policy of its bucket, tags, folders made as objects, files put there by hand, and lists in pages', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const [drive = ''] = fixture.drives;
    mkdirSync(join(drive, Bucket, 'albums/empty'), { recursive: true });
    writeFileSync(join(drive, Bucket, 'by-hand.txt'), 'hello');
    const json = join(drive, '.minio.sys/buckets', Bucket, 'docs.txt/fs.json');
    const metadata = JSON.parse(readFileSync(json, 'utf8')) as { meta: Record<string, string> };
    metadata.meta['X-Amz-Tagging'] = 'colour=red&note=a%20b';
    writeFileSync(json, JSON.stringify(metadata));
    await using served = await serve(fixture);
    const { s3 } = served;
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain(`${Bucket}/docs/*`);
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'docs.txt' }))).TagSet).toEqual([{ Key: 'colour', Value: 'red' }, { Key: 'note', Value: 'a b' }]);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'albums/empty/' }))).toMatchObject({ ContentLength: 0, ETag: '"d41d8cd98f00b204e9800998ecf8427e"' });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'by-hand.txt' }))).toMatchObject({ ContentLength: 5, ETag: '"00000000000000000000000000000000-1"' });
    for (const Key of ['albums', 'albums/', 'albums/empty', 'docs', 'docs/', 'docs.txt/', 'none']) await expect(s3.send(new HeadObjectCommand({ Bucket, Key })), Key).rejects.toMatchObject({ name: 'NotFound' });

    const whole = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key);
    expect(whole).toContain('albums/empty/');
    const paged: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ...(ContinuationToken && { ContinuationToken }) }));
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      paged.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(paged).toEqual(whole);
    const rolled = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(rolled.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual([...new Set(whole!.filter((key) => key!.includes('/')).map((key) => key!.slice(0, key!.indexOf('/') + 1)))]);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', Prefix: 'albums/' }))).CommonPrefixes).toEqual([{ Prefix: 'albums/empty/' }]);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', Prefix: 'albums/empty/' }))).Contents?.map(({ Key }) => Key)).toEqual(['albums/empty/']);
  });
});

it('an FS drive among others is refused, and nothing is written to any of them', async () => {
  using folder = temporaryFolder('fs-among');
  const fixture = unpackFixture('2020-fs', folder.toString());
  const before = fixture.drives.map(snapshotOf);
  const others = [1, 2, 3].map((number) => join(folder.toString(), `new${number}`));
  await expect(startServer({ drives: [...fixture.layout, ...others] })).rejects.toThrow(/FS format version 2 .*cannot be one of several/);
  for (const other of others) mkdirSync(other);
  fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
});
