import { gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Admin } from '../../../src/client/admin/admin.js';
import { DashboardFeed } from '../../../src/client/admin/dashboard-feed.js';
import { runHeal } from '../../../src/client/admin/heal-run.js';
import { jsonObjects } from '../../../src/client/admin/json-stream.js';
import type { HealResultItem } from '../../../src/client/admin/types.js';
import { answer, withServer, type Reply } from '../fake-server.js';
import { cluster } from './answers.js';

const json = (value: unknown): Reply => answer(200, JSON.stringify(value), { 'content-type': 'application/json' });

describe('an admin call', () => {
  it('is signed and reads compressed answers', async () => {
    const packed: Reply = (_asked, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify({ mode: 'online' })));
    };
    await withServer([packed], async (s3, asked) => {
      expect(await new Admin(s3).info()).toEqual({ mode: 'online' });
      expect(asked[0]).toMatchObject({ method: 'GET', url: '/minio/admin/v3/info?metrics=false' });
      expect(asked[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ak\//);
    });
  });

  it('that is refused gives the code and words of the JSON', async () => {
    const refusal = answer(426, JSON.stringify({ Code: 'XMinioAdminVersionMismatch', Message: 'not in this mode', Resource: '/x', RequestId: '', HostId: '' }));
    await withServer([refusal], async (s3) => {
      await expect(new Admin(s3).backgroundHeal()).rejects.toMatchObject({ status: 426, code: 'XMinioAdminVersionMismatch', message: 'not in this mode' });
    });
  });

  it('for metrics brings a token and no signature', async () => {
    await withServer([answer(200, 'a 1\n')], async (s3, asked) => {
      expect(await new Admin(s3).metrics('cluster')).toBe('a 1\n');
      const [head = '', claims = ''] = (asked[0]?.headers.authorization ?? '').replace('Bearer ', '').split('.');
      expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'HS512', typ: 'JWT' });
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: 'ak', iss: 'prometheus' });
      expect(asked[0]?.headers['x-amz-date']).toBeUndefined();
    });
  });
});

describe('a stream of JSON', () => {
  it('is cut where objects end, however it arrives, blanks left out', async () => {
    const text = '  {"a":"}{\\"","b":[1,{"c":2}]}\n {"ü":1} {"d":3}';
    const bytes = Buffer.from(text);
    for (const size of [1, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
      const objects: unknown[] = [];
      for await (const object of jsonObjects(Readable.from(pieces))) objects.push(object);
      expect(objects).toEqual([{ a: '}{"', b: [1, { c: 2 }] }, { ü: 1 }, { d: 3 }]);
    }
  });
});

describe('a heal', () => {
  const item: HealResultItem = { resultId: 1, type: 'object', bucket: 'b', object: 'o', before: { drives: [{ state: 'missing' }] }, after: { drives: [{ state: 'ok' }] } };
  const status = (Summary: string, Items: readonly HealResultItem[] | null, Detail?: string): Reply => json({ Summary, StartTime: '2026-05-04T12:00:00Z', Settings: {}, Items, ...(Detail !== undefined && { Detail }) });

  it('is started and polled with its token until it ends', async () => {
    await withServer([json({ clientToken: 't1', clientAddress: '', startTime: '' }), status('running', null), status('finished', [item])], async (s3, asked) => {
      const run = await runHeal(new Admin(s3), 'b/a ü/', { recursive: true, dryRun: false, remove: false, scanMode: 2 }, { force: false });
      const items: HealResultItem[] = [];
      let step = await run.items.next();
      for (; step.done !== true; step = await run.items.next()) items.push(...step.value);
      expect(items).toEqual([item]);
      expect(step.value).toEqual({ summary: 'finished', detail: '' });
      expect(asked.map(({ url }) => url)).toEqual(['/minio/admin/v3/heal/b/a%20%C3%BC/', ...Array<string>(2).fill('/minio/admin/v3/heal/b/a%20%C3%BC/?clientToken=t1')]);
      expect(JSON.parse(asked[0]?.body.toString() ?? '')).toEqual({ recursive: true, dryRun: false, remove: false, recreate: false, scanMode: 2, updateParity: false, nolock: false });
    });
  });
});

describe('the feed of the dashboard', () => {
  const { info, storage, background } = cluster();
  const usage = { lastUpdate: '2026-05-04T11:59:00Z', bucketsUsageInfo: { small: { size: 1, objectsCount: 1 }, large: { size: 9, objectsCount: 2 } } };
  let requests = 0;
  const reply: Reply = (asked, response) => {
    const { pathname } = new URL(asked.url, 'http://x');
    if (pathname.endsWith('/info')) json(info)(asked, response);
    else if (pathname.endsWith('/storageinfo')) json(storage)(asked, response);
    else if (pathname.endsWith('/status')) json(background)(asked, response);
    else if (pathname.endsWith('/datausageinfo')) json(usage)(asked, response);
    else if (pathname.endsWith('/admin/v3/metrics')) json({ aggregated: { scanner: { current_started: '0001-01-01T00:00:00Z', cycle_complete_times: ['2026-05-04T11:58:00Z', '2026-05-04T11:59:00Z'], life_time_ops: { ScanCycle: 2 } } }, final: true })(asked, response);
    else if (pathname.endsWith('/metrics/cluster')) answer(200, `minio_s3_requests_total{api="getobject"} ${(requests += 100)}\n`)(asked, response);
    else if (asked.url.includes('err=true')) {
      response.writeHead(200);
      response.write(' {"type":4,"nodename":"n","funcname":"s3.GetObject","time":"2026-05-04T12:00:00Z","path":"/b/o","dur":1000000,"http":{"request":{"method":"GET","client":"::1"},"response":{"statuscode":404},"stats":{}}}');
    } else answer(404)(asked, response);
  };

  it('puts all that is shown into one value, and says when a server is lost', async () => {
    await withServer([reply], async (s3) => {
      let nowMs = 0;
      const feed = new DashboardFeed(new Admin(s3), { now: () => nowMs });
      feed.listen();
      await feed.poll();
      nowMs = 2000;
      const value = await feed.poll();
      expect(value).toMatchObject({ failure: '', cluster: { health: 'healthy' }, traffic: { requestsPerSecond: 50 }, healing: { itemsHealed: 2, bytesHealed: 100 }, buckets: [{ name: 'large', bytes: 9, objects: 2 }, { name: 'small' }] });
      // As MinIO tells it, apart from its info.
      expect(value.scanner).toEqual({ isRunning: false, cycle: 2, finishedMs: Date.parse('2026-05-04T11:59:00Z') });
      await expect.poll(() => feed.value.errors[0]).toMatchObject({ api: 's3.GetObject', status: 404, path: '/b/o', durationMs: 1 });
      feed.close();
      const lost = await feed.poll();
      expect(lost.failure).not.toBe('');
      expect(lost.cluster?.health).toBe('healthy');
    });
  });
});
