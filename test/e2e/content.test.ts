/** Objects that real MinIO servers kept encrypted, compressed, or both: read, in whole and in part, by the server. */
import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
  type GetObjectCommandInput,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/index.js';
import { openServer } from '../../src/server/server.js';
import { emptyDrive, flipBits, unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { one as certificate } from '../net/test-certificates.js';
import { temporaryFolder } from './server-process.js';

interface Served extends AsyncDisposable {
  readonly s3: S3Client;
}

async function serve({ layout, manifest }: Fixture, environment: Readonly<Record<string, string>> = manifest.env, scheme: 'http' | 'https' = 'https'): Promise<Served> {
  const { accessKey, secretKey } = manifest.credentials;
  const pem = { cert: Buffer.from(certificate.cert), key: Buffer.from(certificate.key) };
  const server = await openServer({ drives: layout, address: '127.0.0.1:0', accessKey, secretKey, region: '', allowRootDrive: true, log: silentLog, environment, certificate: scheme === 'https' ? pem : undefined });
  const s3 = new S3Client({
    endpoint: `${scheme}://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestHandler: { httpsAgent: new Agent({ ca: certificate.cert, keepAlive: true }) },
  });
  return {
    s3,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await server.close(1000);
    },
  };
}

type Key = Pick<GetObjectCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey' | 'SSECustomerKeyMD5'>;

function keyOf(base64: string): Key {
  return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: base64, SSECustomerKeyMD5: createHash('md5').update(Buffer.from(base64, 'base64')).digest('base64') };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function read(s3: S3Client, input: GetObjectCommandInput): Promise<{ readonly bytes: Buffer; readonly answer: Record<string, unknown> }> {
  const { Body, ...answer } = await s3.send(new GetObjectCommand(input));
  return { bytes: Buffer.from(await Body!.transformToByteArray()), answer };
}

/** Every object whole, by HEAD, in listings, and in ranges around what the formats divide. */
async function expectEverything(s3: S3Client, { manifest }: Fixture): Promise<number> {
  let count = 0;
  for (const [Bucket, { objects }] of Object.entries(manifest.buckets)) {
    const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    for (const [Key, all] of Object.entries(objects)) {
      const expected = all.at(-1)!;
      const key = expected.sse === 'SSE-C' ? keyOf(manifest.customerKey!) : {};
      const { bytes, answer } = await read(s3, { Bucket, Key, ...key });
      expect(sha256(bytes), Key).toBe(expected.sha256);
      const shown = { ETag: `"${expected.etag}"`, ContentLength: expected.size };
      const how = expected.sse === undefined ? {} : expected.sse === 'SSE-C' ? { SSECustomerAlgorithm: 'AES256' } : { ServerSideEncryption: expected.sse };
      expect(answer, Key).toMatchObject({ ...shown, ...how });
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key, ...key })), Key).toMatchObject({ ...shown, ...how });
      expect(listed.Contents!.find((entry) => entry.Key === Key)).toMatchObject({ ETag: shown.ETag, Size: expected.size });
      expect(versions.Versions!.find((entry) => entry.Key === Key)).toMatchObject({ ETag: shown.ETag, Size: expected.size });
      const { size } = expected;
      for (const [from, to] of [[0, 1], [size - 1, size], [10, 90], [65_535, 65_537], [65_536, 131_072], [5_242_879, 5_242_882], [size - 70_000, size - 3], [9_437_000, size], [1, size]] as const) {
        if (from < 0 || from >= Math.min(to, size)) continue;
        const part = await read(s3, { Bucket, Key, Range: `bytes=${from}-${to - 1}`, ...key });
        expect(part.bytes.equals(bytes.subarray(from, to)), `${Key} ${from}-${to}`).toBe(true);
        expect(part.answer['ContentRange']).toBe(`bytes ${from}-${Math.min(to, size) - 1}/${size}`);
      }
      count++;
    }
  }
  return count;
}

describe('objects that a real MinIO encrypted or compressed', () => {
  it('come back whole, in ranges, by parts, and as sources of copies', async () => {
    using folder = temporaryFolder('content');
    const fixture = unpackFixture('2025-content', folder.toString());
    await using served = await serve(fixture);
    const { s3 } = served;
    expect(await expectEverything(s3, fixture)).toBe(18);
    const Bucket = 'content';
    const key = keyOf(fixture.manifest.customerKey!);

    // By the numbers of their parts, which are the client's.
    for (const [Key, parts, extra] of [['multi.csv', [[1, 5_242_880], [2, 9_437_189], [7, 100_000]], {}], ['sealed-multi.csv', [[1, 5_242_880], [2, 9_437_185], [3, 70_000]], {}], ['ssec-multi.csv', [[1, 5_242_881], [2, 9000]], key], ['s3-multi.png', [[3, 70_000]], {}]] as const) {
      const whole = (await read(s3, { Bucket, Key, ...extra })).bytes;
      let start = 0;
      for (const [PartNumber, size] of parts) {
        const { bytes, answer } = await read(s3, { Bucket, Key, PartNumber, ...extra });
        expect(bytes.equals(whole.subarray(start, start + size)), `${Key} ${PartNumber}`).toBe(true);
        expect(answer).toMatchObject({ ContentLength: size, PartsCount: parts.length });
        start += size;
      }
      const attributes = await s3.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectParts', 'ObjectSize', 'ETag'], ...extra }));
      expect(attributes.ObjectSize).toBe(whole.length);
      expect(attributes.ObjectParts!.Parts!.map((part) => [part.PartNumber, part.Size])).toEqual(parts);
    }
    // The checksum is kept sealed.
    const checked = await s3.send(new HeadObjectCommand({ Bucket, Key: 'ssec-multi.png', ChecksumMode: 'ENABLED', ...key }));
    expect(checked.ChecksumCRC32C).toMatch(/^[A-Za-z0-9+/]{6}==-1$/);
    expect(checked.ChecksumType).toBe('COMPOSITE');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'kms-context.png' }))).toMatchObject({ SSEKMSKeyId: 'arn:aws:kms:fixture-key' });

    const sourceKey = { CopySourceSSECustomerAlgorithm: key.SSECustomerAlgorithm, CopySourceSSECustomerKey: key.SSECustomerKey, CopySourceSSECustomerKeyMD5: key.SSECustomerKeyMD5 };
    for (const [Key, extra] of [['sealed-multi.csv', {}], ['multi.csv', {}], ['ssec-66000.png', sourceKey], ['kms.png', {}]] as const) {
      const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: `copy/${Key}`, CopySource: `${Bucket}/${Key}`, ...extra }));
      const { bytes, answer } = await read(s3, { Bucket, Key: `copy/${Key}` });
      expect(sha256(bytes), Key).toBe(fixture.manifest.buckets[Bucket]!.objects[Key]!.at(-1)!.sha256);
      expect(answer).toMatchObject({ ETag: copied.CopyObjectResult!.ETag });
      expect(answer).not.toHaveProperty('ServerSideEncryption');
      expect(copied.CopyObjectResult!.ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
    }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'joined' }));
    const part = await s3.send(new UploadPartCopyCommand({ Bucket, Key: 'joined', UploadId, PartNumber: 1, CopySource: `${Bucket}/sealed-indexed.csv`, CopySourceRange: 'bytes=9000000-9437000' }));
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'joined', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.CopyPartResult!.ETag }] } }));
    expect((await read(s3, { Bucket, Key: 'joined' })).bytes.equals((await read(s3, { Bucket, Key: 'sealed-indexed.csv' })).bytes.subarray(9_000_000, 9_437_001))).toBe(true);
    // New metadata for an encrypted object: its bytes and its seal stay.
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'sealed-text.txt', CopySource: `${Bucket}/sealed-text.txt`, MetadataDirective: 'REPLACE', Metadata: { fresh: 'yes' }, ContentType: 'text/plain' }));
    const renewed = await read(s3, { Bucket, Key: 'sealed-text.txt' });
    expect(renewed.answer).toMatchObject({ Metadata: { fresh: 'yes' }, ServerSideEncryption: 'AES256', ETag: `"${fixture.manifest.buckets[Bucket]!.objects['sealed-text.txt']!.at(-1)!.etag}"` });
    expect(sha256(renewed.bytes)).toBe(fixture.manifest.buckets[Bucket]!.objects['sealed-text.txt']!.at(-1)!.sha256);
    // Conditions look at the etag that clients know.
    const { etag } = fixture.manifest.buckets[Bucket]!.objects['sealed-indexed.csv']!.at(-1)!;
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'sealed-indexed.csv', IfNoneMatch: etag }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'sealed-indexed.csv', Body: 'x', IfMatch: '0'.repeat(32) }))).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await s3.send(new PutObjectCommand({ Bucket, Key: 'sealed-indexed.csv', Body: 'x', IfMatch: etag }));
  });

  it('of SSE-C are for those who have the key, and it must not be sent in the open', async () => {
    using folder = temporaryFolder('content-keys');
    const fixture = unpackFixture('2025-content', folder.toString());
    const Bucket = 'content';
    const right = keyOf(fixture.manifest.customerKey!);
    const wrong = keyOf(Buffer.alloc(32, 7).toString('base64'));
    {
      await using served = await serve(fixture);
      const { s3 } = served;
      for (const Key of ['ssec-0.png', 'ssec-100.png', 'ssec-multi.csv']) {
        await expect(s3.send(new GetObjectCommand({ Bucket, Key })), Key).rejects.toMatchObject({ name: 'InvalidRequest', message: expect.stringContaining('stored using a form of Server Side Encryption') as string });
        await expect(s3.send(new GetObjectCommand({ Bucket, Key, ...wrong })), Key).rejects.toMatchObject({ name: 'AccessDenied' });
        await expect(s3.send(new HeadObjectCommand({ Bucket, Key })), Key).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
        await expect(s3.send(new HeadObjectCommand({ Bucket, Key, ...wrong })), Key).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
        await expect(s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` })), Key).rejects.toMatchObject({ name: 'InvalidRequest' });
      }
      for (const Key of ['kms.png', 'sealed-text.txt', 'text-20k.txt']) await expect(s3.send(new GetObjectCommand({ Bucket, Key, ...right })), Key).rejects.toMatchObject({ name: 'InvalidRequest' });
      // New data is not encrypted yet, and never silently left open.
      await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ...right }))).rejects.toMatchObject({ name: 'NotImplemented' });
      await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ServerSideEncryption: 'AES256' }))).rejects.toMatchObject({ name: 'NotImplemented' });
    }
    await using open = await serve(fixture, fixture.manifest.env, 'http');
    await expect(open.s3.send(new GetObjectCommand({ Bucket, Key: 'ssec-100.png', ...right }))).rejects.toMatchObject({ name: 'InvalidRequest', message: expect.stringContaining('secure connection') as string });
  });

  it('of a KMS key that is not there are shown, and the key is asked for by its name', async () => {
    using folder = temporaryFolder('content-no-kms');
    const fixture = unpackFixture('2025-content', folder.toString());
    const Bucket = 'content';
    await using served = await serve(fixture, {});
    const { s3 } = served;
    for (const Key of ['sealed-text.txt', 's3-multi.png', 'kms.png']) {
      await expect(s3.send(new GetObjectCommand({ Bucket, Key })), Key).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringMatching(/fixture-key.*MINIO_KMS_SECRET_KEY/) as string });
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key })), Key).toMatchObject({ ContentLength: fixture.manifest.buckets[Bucket]!.objects[Key]!.at(-1)!.size });
    }
    expect(sha256((await read(s3, { Bucket, Key: 'multi.csv' })).bytes)).toBe(fixture.manifest.buckets[Bucket]!.objects['multi.csv']!.at(-1)!.sha256);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual(Object.entries(fixture.manifest.buckets[Bucket]!.objects).map(([Key, versions]) => [Key, versions.at(-1)!.size]).sort(([a], [b]) => (a! < b! ? -1 : 1)));
  });
});

describe('the drives of a server that encrypted everything', () => {
  it('come back whole: untouched, with bits flipped in all files of two drives, and with two drives emptied', async () => {
    for (const damage of ['none', 'flips', 'emptied']) {
      using folder = temporaryFolder('sse');
      const fixture = unpackFixture('2025-sse', folder.toString());
      if (damage === 'flips') for (const number of [1, 3]) flipBits(fixture.drives[number]!, number);
      if (damage === 'emptied') for (const number of [0, 2]) emptyDrive(fixture.drives[number]!);
      await using served = await serve(fixture);
      expect(await expectEverything(served.s3, fixture), damage).toBe(5);
    }
  });
});
