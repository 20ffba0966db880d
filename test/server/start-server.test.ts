import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListBucketsCommand, CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { silentLog } from '../../src/base/index.js';
import { startServer, type RunningServer } from '../../src/index.js';
import { openServer } from '../../src/server/server.js';
import { freePort, wipe } from '../e2e/server-process.js';

function clientOf(server: RunningServer): S3Client & Disposable {
  const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey } });
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-server-test-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('startServer', () => {
  it('needs no options: a free port, temporary drives that vanish with it, and keys', async () => {
    // A folder for temporary files of its own: other tests make such drives at the same time.
    const temporary = join(root, 'temporary');
    mkdirSync(temporary);
    vi.stubEnv('TMPDIR', temporary);
    let url: string;
    {
      await using server = await startServer();
      url = server.url;
      expect(server).toMatchObject({ host: '127.0.0.1', accessKey: 'minioadmin', secretKey: 'minioadmin', endpoint: url });
      using client = clientOf(server);
      await client.send(new CreateBucketCommand({ Bucket: 'photos' }));
      await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a.jpg', Body: 'picture' }));
      expect(readdirSync(temporary)).toHaveLength(1);
      const got = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'a.jpg' }));
      expect(await got.Body?.transformToString()).toBe('picture');
      await server.close();
    }
    await expect(fetch(url)).rejects.toThrow();
    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('runs twice in one process, each with its own keys and objects', async () => {
    await using one = await startServer({ accessKey: 'first', secretKey: 'first-secret' });
    await using other = await startServer({ accessKey: 'second', secretKey: 'second-secret' });
    using oneClient = clientOf(one);
    using otherClient = clientOf(other);
    await oneClient.send(new CreateBucketCommand({ Bucket: 'only-here' }));
    expect((await otherClient.send(new ListBucketsCommand())).Buckets ?? []).toEqual([]);
    using stranger = clientOf({ ...one, endpoint: other.endpoint });
    await expect(stranger.send(new ListBucketsCommand())).rejects.toThrow(/access key/i);
  });

  it('keeps what it was given: the drives of one server are served by the next', async () => {
    const drives = [join(root, 'kept')];
    {
      await using server = await startServer({ drives });
      using client = clientOf(server);
      await client.send(new CreateBucketCommand({ Bucket: 'kept' }));
      await client.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'v' }));
    }
    await using server = await startServer({ drives });
    using client = clientOf(server);
    expect(await (await client.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' }))).Body?.transformToString()).toBe('v');
  });

  it('refuses what cannot work, and leaves nothing behind', async () => {
    await using server = await startServer();
    const drives = [join(root, 'untouched')];
    await expect(startServer({ drives, port: server.port })).rejects.toThrow(`port ${server.port} of 127.0.0.1 is in use`);
    await expect(startServer({ drives, secretKey: 'short' })).rejects.toThrow('at least 8');
    await expect(startServer({ drives, port: 70_000 })).rejects.toThrow('no address to listen on');
    await expect(startServer({ drives: 0 })).rejects.toThrow('temporary drives');
    await expect(startServer({ drives: 17 })).rejects.toThrow('17 drives');
    await expect(startServer({ drives: [] })).rejects.toThrow('no drive is given');
    expect(existsSync(drives[0]!)).toBe(false);
  });
});

describe('health probes', () => {
  it('tell whether every set can be read and written, without a signature', async () => {
    const drives = [1, 2, 3, 4].map((number) => join(root, `health${number}`));
    await using server = await startServer({ drives });
    const probe = async (path: string, method = 'GET') => {
      const response = await fetch(`${server.url}/minio/health/${path}`, { method });
      expect(await response.text()).toBe('');
      return response;
    };
    for (const path of ['live', 'ready', 'cluster', 'cluster/read']) {
      expect((await probe(path)).status).toBe(200);
      expect((await probe(path, 'HEAD')).status).toBe(200);
    }
    expect(Object.fromEntries((await probe('cluster')).headers)).toMatchObject({ 'x-minio-write-quorum': '3', 'x-minio-storage-class-defaults': 'true' });
    expect((await probe('cluster/read')).headers.get('x-minio-read-quorum')).toBe('2');
    expect((await probe('cluster?maintenance=true')).status).toBe(412);
    expect((await probe('other')).status).toBe(404);
    expect((await probe('live', 'POST')).status).toBe(405);

    for (const drive of drives.slice(2)) wipe(drive);
    await statusBecomes(() => probe('cluster'), 503);
    expect((await probe('cluster/read')).status).toBe(200);
    expect((await probe('live')).status).toBe(200);
    wipe(drives[1]!);
    await statusBecomes(() => probe('cluster/read'), 503);
  });

  it('say that a server is still starting; S3 requests wait for it', async () => {
    const port = await freePort();
    const drives = [1, 2, 3, 4].map((number) => join(root, `starting${number}`));
    drives.forEach((drive) => mkdirSync(drive));
    const opening = openServer({ drives, address: `127.0.0.1:${port}`, ...SETTINGS });
    const [live, cluster, s3] = await Promise.all([ask(port, '/minio/health/live'), ask(port, '/minio/health/cluster'), ask(port, '/bucket/key', { method: 'PUT', body: 'hello' })]);
    expect([live.status, live.headers.get('x-minio-server-status')]).toEqual([200, 'unavailable']);
    expect(cluster.status).toBe(503);
    expect([s3.status, await s3.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
    const server = await opening;
    expect((await ask(port, '/minio/health/cluster')).status).toBe(200);
    await server.close(1000);
  });

  it('and S3 requests are refused within ten seconds while a server waits for others', async () => {
    const port = await freePort();
    const drives = [1, 2, 3].map((host) => `http://127.0.0.${host}:${port}${join(root, `alone${host}`)}`);
    let stop = (): void => {};
    const opening = openServer({ drives, address: `127.0.0.1:${port}`, ...SETTINGS, stopped: new Promise<void>((resolve) => (stop = resolve)) });
    const askedMs = Date.now();
    const s3 = await ask(port, '/bucket/key');
    expect(Date.now() - askedMs).toBeLessThan(10_000);
    expect([s3.status, s3.headers.get('retry-after')]).toEqual([503, '60']);
    expect(await s3.text()).toContain('<Code>XMinioServerNotInitialized</Code>');
    stop();
    await expect(opening).rejects.toThrow('stopped');
  });
});

const SETTINGS = { accessKey: 'operator', secretKey: 'operator-secret', region: '', allowRootDrive: true, log: silentLog };

/** As soon as somebody listens. */
async function ask(port: number, path: string, init?: RequestInit): Promise<Response> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init).catch(() => undefined);
    if (response !== undefined) return response;
  }
}

/** Drives look at themselves at most once a second. */
async function statusBecomes(probe: () => Promise<Response>, status: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  let last = 0;
  while (Date.now() < deadline) {
    last = (await probe()).status;
    if (last === status) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(last).toBe(status);
}
