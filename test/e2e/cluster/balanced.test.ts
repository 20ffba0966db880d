/** nginx in front of three nodes, as deploy/nginx.conf sets it up, while nodes are killed and come back. */
import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ACCESS_KEY, SECRET_KEY } from '../server-process.js';
import { Balancer } from './balancer.js';
import { TestCluster, until, type TestNode } from './harness.js';

const PYTHON = join(import.meta.dirname, '../../../node_modules/.cache/test-python/bin/python');
const DOWNLOAD = join(import.meta.dirname, '../clients/boto3-download.py');
const MIB = 1024 * 1024;
/** 1024 by hand; see docs/deploy.md. */
const LARGE_MIB = Number(process.env['MTS_TEST_LARGE_MIB'] ?? 128);
const PART_SIZE = 8 * MIB;
const PARTS = Math.ceil((LARGE_MIB * MIB) / PART_SIZE);
const SMALL_FILES = 1000;
const LIMIT_MS = 120_000 + LARGE_MIB * 500;

/** Bytes that nothing can guess or compress, the same each time. */
function bytes(seed: string, size: number): Buffer {
  const key = createHash('md5').update(seed).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

const smallKey = (index: number): string => `small/${String(index).padStart(4, '0')}`;
/** From nothing to 64 KB. */
const small = (index: number): Buffer => bytes(`small ${index}`, (index * 7919) % 65_536);
const part = (number: number): Buffer => bytes(`part ${number}`, PART_SIZE);

/** As many at once as `workers`. */
async function each(count: number, workers: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

/** With the retries that it has when nobody says anything. */
function clientOf({ url }: Balancer): S3Client & Disposable {
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY } });
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}

describe('three nodes behind nginx', () => {
  let cluster: TestCluster;
  let balancer: Balancer;
  let client: S3Client;
  const addresses = (): string[] => cluster.nodes.map(({ host }) => `${host}:${cluster.port}`);
  const clues = (): string => `${balancer.errors}\n${cluster.output}`;

  beforeAll(async () => {
    cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
    await Promise.all(cluster.nodes.map((node) => node.seesOthers()));
    balancer = await Balancer.start({ nodes: addresses(), leftOutSeconds: 1 });
    client = clientOf(balancer);
    await client.send(new CreateBucketCommand({ Bucket: 'balanced' }));
  });
  afterAll(async () => {
    await balancer[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** Kills a node when a tenth of the work is done, starts it again at a third, and waits for both. */
  async function whileIsKilled(node: TestNode, work: Promise<unknown>, done: () => number): Promise<void> {
    const isOver = work.then(() => true, () => true);
    const reaches = (share: number): Promise<unknown> => Promise.race([isOver, until(`${share} of the work is done`, () => done() >= share, LIMIT_MS, clues)]);
    await reaches(0.1);
    await node.kill();
    await reaches(0.33);
    expect(done(), 'the node was to come back while there was work').toBeLessThan(0.8);
    await node.start();
    await work;
    const before = balancer.passed.length;
    const address = `${node.host}:${cluster.port}`;
    await until('the balancer passes requests on to the node again', async () => {
      await fetch(`${balancer.url}/minio/health/live`);
      return balancer.passed.slice(before).some(({ nodes, status }) => status === 200 && nodes.at(-1) === address);
    }, 20_000, clues);
  }

  /** What a drive missed is noted on the others until it has it; of what was completed last the note may be just under way. */
  async function healed(): Promise<void> {
    const below = (path: string, pattern: RegExp): string[] => (existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => pattern.test(name)) : []);
    const wanting = (): string[] =>
      cluster.nodes.flatMap(({ drives }) =>
        drives.flatMap((drive) => [
          ...below(join(drive, '.minio.sys/mts'), /^missed\/\d+\/./),
          ...(below(join(drive, 'balanced/large'), /part\.\d+$/).length === PARTS && existsSync(join(drive, 'balanced/large/xl.meta')) ? [] : [`${drive} lacks parts of large`]),
        ]));
    await until('the node that was killed has what it missed', () => wanting().length === 0, LIMIT_MS / 2, () => `${wanting().slice(0, 10).join('\n')}\n${clues()}`);
  }

  it('passes on what was signed, and gives back what was kept: odd keys, names of metadata, text, streams, refusals', async () => {
    const page = Buffer.from('<p>mts</p>'.repeat(10_000));
    for (const Key of ['ü + %2F?&#/~', 'a=b;c@d:e', 'page.html']) {
      await client.send(new PutObjectCommand({ Bucket: 'balanced', Key, Body: Readable.from([page]), ContentLength: page.length, ContentType: 'text/html', Metadata: { under_score: 'kept' } }));
      const got = await client.send(new GetObjectCommand({ Bucket: 'balanced', Key }));
      expect(got).toMatchObject({ ContentLength: page.length, ContentType: 'text/html', Metadata: { under_score: 'kept' } });
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(page)).toBe(true);
    }
    const plain = await fetch(`${balancer.url}/balanced/page.html`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect([plain.status, plain.headers.get('content-encoding'), plain.headers.get('server')]).toEqual([403, null, expect.stringMatching(/^mts/)]);
    // Refused before its body was read.
    const refused = await fetch(`${balancer.url}/balanced/refused`, { method: 'PUT', body: Buffer.alloc(20 * MIB) });
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  });

  it('uploads: the SDK sees no failure while a node is killed and comes back', { timeout: LIMIT_MS }, async () => {
    let puts = 0;
    const smallOnes = each(SMALL_FILES, 8, async (index) => {
      await client.send(new PutObjectCommand({ Bucket: 'balanced', Key: smallKey(index), Body: small(index) }));
      puts++;
    });
    const largeOne = (async () => {
      const upload = { Bucket: 'balanced', Key: 'large' };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
      const parts: { PartNumber: number; ETag: string | undefined }[] = [];
      await each(PARTS, 4, async (index) => {
        const PartNumber = index + 1;
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: part(PartNumber) }));
        parts[index] = { PartNumber, ETag };
      });
      await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: parts } }));
    })();
    await whileIsKilled(cluster.node(2), Promise.all([smallOnes, largeOne]), () => puts / SMALL_FILES);
    await healed();
  });

  it('downloads: the SDK sees no failure while another node is killed and comes back, and every byte is right', { timeout: LIMIT_MS }, async () => {
    const folder = join(cluster.root, 'downloaded');
    mkdirSync(folder);
    let gets = 0;
    const python = spawn(PYTHON, [DOWNLOAD, balancer.url, ACCESS_KEY, SECRET_KEY, 'balanced', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    python.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    python.stdout.on('data', (chunk: Buffer) => {
      gets = Math.max(gets, ...chunk.toString().split('\n').map((line) => Number.parseInt(line, 10) || 0));
    });
    const work = new Promise<void>((resolve, reject) => {
      python.once('error', reject);
      python.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the download failed: ${words}\n${clues()}`))));
    });
    await whileIsKilled(cluster.node(1), work, () => gets / SMALL_FILES);

    for (let index = 0; index < SMALL_FILES; index++) expect(readFileSync(join(folder, smallKey(index))).equals(small(index)), smallKey(index)).toBe(true);
    const wanted = createHash('sha256');
    for (let number = 1; number <= PARTS; number++) wanted.update(part(number));
    const got = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, 'large'))) got.update(chunk as Buffer);
    expect(got.digest('hex')).toBe(wanted.digest('hex'));
    rmSync(folder, { recursive: true });
  });

  it('a node that freezes holds no read up for longer than it has to begin its answer: another one is asked', async () => {
    await using hasty = await Balancer.start({ nodes: addresses(), readSeconds: 3 });
    using reader = clientOf(hasty);
    cluster.node(3).freeze();
    try {
      const startedMs = Date.now();
      await each(12, 6, async (index) => {
        const { Body } = await reader.send(new GetObjectCommand({ Bucket: 'balanced', Key: smallKey(index) }));
        expect(Buffer.from(await Body!.transformToByteArray()).equals(small(index))).toBe(true);
      });
      expect(Date.now() - startedMs).toBeLessThan(30_000);
    } finally {
      cluster.node(3).thaw();
    }
    expect(hasty.passed.some(({ statuses }) => statuses.join() === '504,200'), JSON.stringify(hasty.passed)).toBe(true);
  });

  it('lists everything that was put, whichever node is asked', async () => {
    const wanted = Array.from({ length: SMALL_FILES }, (_, index) => smallKey(index));
    for (const node of cluster.nodes) {
      const { Contents = [] } = await node.client.send(new ListObjectsV2Command({ Bucket: 'balanced', Prefix: 'small/' }));
      expect(Contents.map(({ Key }) => Key)).toEqual(wanted);
    }
  });

  it('says in S3\'s words that no node answers', async () => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
      const response = await fetch(`${balancer.url}/balanced/small/0001`, { method, ...(method === 'PUT' && { body: 'x' }) });
      expect([method, response.status, response.headers.get('content-type')]).toEqual([method, 503, 'application/xml']);
      expect(await response.text()).toContain('<Code>ServiceUnavailable</Code>');
    }
  });
});
