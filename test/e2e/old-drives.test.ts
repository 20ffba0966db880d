import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';

import { startServer } from '../../src/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';
import { temporaryFolder } from './server-process.js';

async function serve(fixture: Fixture, readOnly = false): Promise<{ readonly s3: S3Client } & AsyncDisposable> {
  const { accessKey, secretKey } = fixture.manifest.credentials;
  const server = await startServer({ drives: fixture.layout, accessKey, secretKey, readOnly });
  const s3 = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } });
  const dispose = async (): Promise<void> => {
    s3.destroy();
    await server.close();
  };
  return { s3, [Symbol.asyncDispose]: dispose };
}

const bytesOf = async (s3: S3Client, Bucket: string, Key: string, VersionId?: string): Promise<Buffer> =>
  Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId !== undefined && { VersionId }) }))).Body!.transformToByteArray());

/** Names in an object's folder on each drive. */
const foldersOf = ({ drives }: Fixture, bucket: string, key: string): string[][] => drives.map((drive) => readdirSync(join(drive, bucket, key)).sort());

const PHOTOS: Readonly<Record<string, string>> = { '2017-xl4': 'hlxbpc-photos', '2018-xl4': 'lsdgys-photos', '2020-xl4': 'xdmhot-photos' };

describe.each(['2017-xl4', '2018-xl4', '2020-xl4'])('drives of %s', (name) => {
  const Bucket = PHOTOS[name]!;

  it('served read only keep every byte and every time, and each change is refused with the reason', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const before = fixture.drives.map(snapshotOf);
    {
      await using served = await serve(fixture, true);
      const { s3 } = served;
      expect((await bytesOf(s3, Bucket, 'docs.txt')).length).toBe(fixture.manifest.buckets[Bucket]!.objects['docs.txt']!.at(-1)!.size);
      expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBeGreaterThan(10);
      await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x' }))).rejects.toThrow(/--read-only/);
      await expect(s3.send(new DeleteObjectCommand({ Bucket, Key: 'docs.txt' }))).rejects.toThrow(/--read-only/);
    }
    fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
  });

  it('take new versions beside an old object, which becomes the null version, and lose nothing by a delete marker', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const Key = 'edge-1m';
    await using served = await serve(fixture);
    const { s3 } = served;
    const old = await bytesOf(s3, Bucket, Key);
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'new', ContentType: 'text/plain' }));
    expect((await bytesOf(s3, Bucket, Key)).toString()).toBe('new');
    expect((await bytesOf(s3, Bucket, Key, 'null')).equals(old)).toBe(true);
    for (const names of foldersOf(fixture, Bucket, Key)) expect(names).toEqual(['legacy', 'xl.meta']);

    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'docs.txt' }));
    expect(marker.DeleteMarker).toBe(true);
    await expect(bytesOf(s3, Bucket, 'docs.txt')).rejects.toThrow();
    expect((await bytesOf(s3, Bucket, 'docs.txt', 'null')).length).toBe(fixture.manifest.buckets[Bucket]!.objects['docs.txt']!.at(-1)!.size);
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    expect(listed.Versions?.filter((version) => version.Key === Key).map((version) => version.VersionId)).toEqual([VersionId, 'null']);

    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: 'null' }));
    expect((await bytesOf(s3, Bucket, Key)).toString()).toBe('new');
    await expect.poll(() => foldersOf(fixture, Bucket, Key), { timeout: 20_000 }).toEqual(fixture.drives.map(() => ['xl.meta']));
  });

  it('take overwrites, tags and removals of old objects, and leave nothing of what was replaced', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    await using served = await serve(fixture);
    const { s3 } = served;
    const old = await bytesOf(s3, Bucket, 'edge-128k');
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'edge-128k', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'edge-128k' }))).TagSet).toEqual([{ Key: 'a', Value: 'b' }]);
    expect((await bytesOf(s3, Bucket, 'edge-128k')).equals(old)).toBe(true);

    await s3.send(new PutObjectCommand({ Bucket, Key: 'edge-1m', Body: 'overwritten' }));
    expect((await bytesOf(s3, Bucket, 'edge-1m')).toString()).toBe('overwritten');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'block-10m' }));
    await expect(bytesOf(s3, Bucket, 'block-10m')).rejects.toThrow();
    await expect.poll(() => foldersOf(fixture, Bucket, 'edge-1m'), { timeout: 20_000 }).toEqual(fixture.drives.map(() => ['xl.meta']));
    await expect.poll(() => fixture.drives.map((drive) => readdirSync(join(drive, Bucket)).includes('block-10m')), { timeout: 20_000 }).toEqual(fixture.drives.map(() => false));
  });

  it('show the policy of their bucket and their half-finished uploads, which can be aborted', async () => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    const [upload] = fixture.manifest.buckets[Bucket]!.unfinishedUploads!;
    const { key: Key, uploadId: UploadId } = upload!;
    await using served = await serve(fixture);
    const { s3 } = served;
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain(`${Bucket}/docs/*`);
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
    expect(Uploads.map((found) => [found.Key, found.UploadId])).toEqual([[Key, UploadId]]);
    await expect(s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: 'x' }] } }))).rejects.toThrow(/abort/i);
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }))).Uploads ?? []).toEqual([]);
  });
});
