import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { emptyDrive, flipBits, unpackFixture, type Fixture, type FixtureBucket, type FixtureVersion } from '../fixtures/fixture.js';
import { ServerProcess, temporaryFolder } from './server-process.js';

interface Shape {
  readonly name: string;
  /** Drive numbers (from 1) that may be lost together, as many as the parity allows in each set. */
  readonly losses: readonly (readonly number[])[];
}

const SHAPES: readonly Shape[] = [
  { name: '2025-xl1', losses: [] },
  { name: '2025-xl4', losses: [[1, 2], [3, 4], [2, 3]] },
  { name: '2025-xl16', losses: [[1, 6, 11, 16], [2, 3, 4, 5]] },
  { name: '2025-sets', losses: [[1, 2, 5, 6], [3, 4, 7, 8]] },
  { name: '2025-pools', losses: [[1, 3, 6, 8]] },
  { name: '2017-spoilt-by-2025', losses: [] },
  { name: '2017-xl16', losses: [] },
  { name: '2018-xl8-sets', losses: [] },
  { name: '2020-sets', losses: [[1, 2, 7, 8]] },
  { name: 'life-xl6', losses: [[1, 3, 4]] },
];

/** A server on the fixture's drives with a client of its keys. */
async function serve(fixture: Fixture): Promise<{ readonly s3: S3Client } & AsyncDisposable> {
  const { accessKey, secretKey } = fixture.manifest.credentials;
  const env = { MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, ...fixture.manifest.env };
  const server = await ServerProcess.start(fixture.layout, env);
  const s3 = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  return {
    s3,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function expectVersion(s3: S3Client, bucket: string, key: string, expected: FixtureVersion): Promise<void> {
  const got = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, ...(expected.versionId && { VersionId: expected.versionId }) }),
  );
  const bytes = await got.Body!.transformToByteArray();
  const where = `${bucket}/${key} ${expected.versionId ?? ''}`;
  expect(bytes.length, where).toBe(expected.size);
  expect(createHash('sha256').update(bytes).digest('hex'), where).toBe(expected.sha256);
  expect(got.ETag, where).toBe(`"${expected.etag}"`);
  if (expected.contentType) expect(got.ContentType, where).toBe(expected.contentType);
  if (expected.metadata) expect(got.Metadata, where).toEqual(expected.metadata);
}

async function expectBucket(s3: S3Client, bucket: string, expected: FixtureBucket): Promise<void> {
  await s3.send(new HeadBucketCommand({ Bucket: bucket }));
  const versioned = expected.versioning !== undefined;
  const alive = new Map<string, FixtureVersion>();
  for (const [key, versions] of Object.entries(expected.objects)) {
    for (const version of versioned ? versions : versions.slice(-1)) {
      if (!version.deleteMarker) await expectVersion(s3, bucket, key, version);
    }
    const latest = versions.at(-1)!;
    if (!latest.deleteMarker) alive.set(key, latest);
  }

  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect(Contents.map(({ Key, Size, ETag }) => [Key, Size, ETag])).toEqual(
    [...alive].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([key, { size, etag }]) => [key, size, `"${etag}"`]),
  );
  if (!versioned) return;
  const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const listedCount = (listed.Versions?.length ?? 0) + (listed.DeleteMarkers?.length ?? 0);
  expect(listedCount, `${bucket}: versions`).toBe(Object.values(expected.objects).flat().length);
}

async function expectEverything(fixture: Fixture): Promise<void> {
  await using served = await serve(fixture);
  const { s3 } = served;
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name }) => Name)).toEqual(Object.keys(fixture.manifest.buckets).sort());
  for (const [name, bucket] of Object.entries(fixture.manifest.buckets)) {
    await expectBucket(s3, name, bucket);
    for (const { key, uploadId, parts } of bucket.unfinishedUploads ?? []) {
      const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket: name, Key: key, UploadId: uploadId }));
      expect(Parts.length, `parts of ${key}`).toBe(parts);
    }
  }
}

describe.each(SHAPES)('drives of a real MinIO: $name', ({ name, losses }) => {
  it('come back whole', async () => {
    using folder = temporaryFolder(name);
    await expectEverything(unpackFixture(name, folder.toString()));
  });

  it.each(losses.map((lost) => ({ lost })))('come back whole with drives $lost emptied', async ({ lost }) => {
    using folder = temporaryFolder(name);
    const fixture = unpackFixture(name, folder.toString());
    for (const number of lost) emptyDrive(fixture.drives[number - 1]!);
    await expectEverything(fixture);
  });

  it.each(losses.map((lost) => ({ lost })))('come back whole with a bit flipped in every file of drives $lost', async ({ lost }) => {
    using folder = temporaryFolder(join(name));
    const fixture = unpackFixture(name, folder.toString());
    for (const number of lost) flipBits(fixture.drives[number - 1]!, number);
    await expectEverything(fixture);
  });
});
