/** Trace, log, realtime metrics and heals over the wire, with our own client. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Admin } from '../../src/client/admin/admin.js';
import { jsonObjects } from '../../src/client/admin/json-stream.js';
import type { LogLine, TraceLine } from '../../src/client/admin/types.js';
import { S3 } from '../../src/client/s3.js';
import { openAdmin, type AdminFixture } from './admin-server.js';

let fixture: AdminFixture;
let s3: S3;
let admin: Admin;
beforeAll(async () => {
  fixture = await openAdmin(4);
  const { url, accessKey, secretKey } = fixture.server;
  s3 = new S3({ name: 'x', url, accessKey, secretKey, api: 's3v4', path: 'auto', source: '' });
  admin = new Admin(s3);
  await s3.createBucket('photos');
});
afterAll(async () => {
  s3.transport.close();
  await fixture.close();
});

/** Events of a trace until `isEnough`, while `work` is done again and again: a stream begins when the server says so. */
async function traced(options: Parameters<Admin['trace']>[0], work: () => Promise<unknown>, isEnough: (lines: readonly TraceLine[]) => boolean): Promise<TraceLine[]> {
  const abort = new AbortController();
  const lines: TraceLine[] = [];
  const reading = (async () => {
    for await (const line of admin.trace({ ...options, signal: abort.signal })) {
      lines.push(line);
      if (isEnough(lines)) break;
    }
  })();
  const worker = setInterval(() => void work().catch(() => undefined), 50);
  try {
    await reading;
  } finally {
    clearInterval(worker);
    abort.abort();
  }
  return lines;
}

describe('a trace', () => {
  it('shows S3 requests in the shape that mc reads', async () => {
    const [line] = await traced({ types: ['s3'] }, () => s3.request({ method: 'GET', bucket: 'photos', query: { location: '' } }).then(({ body }) => body.resume()), (lines) => lines.length > 0);
    expect(line).toMatchObject({
      type: 4, funcname: 's3.GetBucketLocation', path: '/photos/', nodename: new URL(fixture.server.url).host,
      http: { request: { method: 'GET', path: '/photos/', rawquery: 'location=', proto: 'HTTP/1.1' }, response: { statuscode: 200 }, stats: { inputbytes: 0 } },
    });
    expect(line?.http?.stats.outputbytes).toBeGreaterThan(50);
    expect(line?.http?.stats.timetofirstbyte).toBeLessThanOrEqual(line?.dur ?? 0);
    expect(line?.http?.request.headers?.['Authorization']).toEqual(['*REDACTED*']);
    expect(line?.http?.response.headers?.['X-Amz-Request-Id']?.[0]).toMatch(/^[0-9A-F]{16}$/);
  });

  it('shows only failures, or only what took long, where that is asked for', async () => {
    const work = async (): Promise<void> => {
      await s3.request({ method: 'HEAD', bucket: 'photos' });
      await s3.request({ method: 'HEAD', bucket: 'no-such-bucket' });
    };
    const lines = await traced({ types: ['s3'], onlyErrors: true }, work, (seen) => seen.length >= 2);
    expect(lines.map((line) => line.http?.response.statuscode)).toEqual([404, 404]);
    const slow = await traced({ types: ['s3', 'storage'], thresholdMs: 0.001 }, work, (seen) => seen.some(({ type }) => type === 2));
    expect(slow.every(({ dur }) => dur >= 1000)).toBe(true);
    const call = slow.find(({ type }) => type === 2);
    expect(call?.funcname).toMatch(/^storage\.[A-Z]/);
    expect(fixture.drives.some((path) => call?.path.startsWith(path))).toBe(true);
  });

  it('hides what gives its holder power', async () => {
    const url = s3.presign('GET', 'photos', 'key', 60);
    const [line] = await traced({ types: ['s3'] }, () => fetch(url), (lines) => lines.length > 0);
    expect(line?.http?.request.rawquery).toContain('X-Amz-Signature=*REDACTED*');
    expect(line?.http?.request.rawquery).not.toContain(new URL(url).searchParams.get('X-Amz-Signature'));
  });
});

describe('the log', () => {
  it('gives the last lines, then new ones', async () => {
    const abort = new AbortController();
    const lines: LogLine[] = [];
    for await (const line of admin.logs({ limit: 100, kind: 'all', signal: abort.signal })) {
      lines.push(line);
      if (line.ConsoleMsg?.includes('formatted pool 1') === true) break;
    }
    expect(lines[0]).toMatchObject({ level: 'INFO', deploymentid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
  });
});

describe('realtime metrics', () => {
  it('come as often as asked for; the last one says so', async () => {
    const answer = await s3.request({ method: 'GET', plainPath: '/minio/admin/v3/metrics', query: { types: '3', n: '2', interval: '100ms', 'by-host': 'true' } });
    const values: Record<string, unknown>[] = [];
    for await (const value of jsonObjects(answer.body)) values.push(value as Record<string, unknown>);
    expect(values.map(({ final }) => final)).toEqual([false, true]);
    expect(values[0]).toMatchObject({ hosts: [new URL(fixture.server.url).host], aggregated: { scanner: { current_cycle: expect.any(Number) as number }, disk: { n_disks: 4 } } });
    expect(Object.keys(values[0]?.['aggregated'] as object)).toEqual(['scanner', 'disk']);
  });
});

describe('a heal', () => {
  it('answers in the shape that mc reads', async () => {
    await s3.request({ method: 'PUT', bucket: 'photos', key: 'h1', body: Buffer.alloc(200_000, 1) });
    rmSync(join(fixture.drives[0] ?? '', 'photos', 'h1'), { recursive: true });
    const { clientToken, startTime } = await admin.startHeal('photos', { recursive: true, dryRun: false, remove: false, scanMode: 1 }, { force: false });
    expect(Date.parse(startTime)).toBeGreaterThan(0);
    const items: unknown[] = [];
    await expect.poll(async () => {
      const status = await admin.pollHeal('photos', clientToken);
      items.push(...(status.Items ?? []));
      return status.Summary;
    }).toBe('finished');
    const states = (first: string): object => ({ drives: fixture.drives.map((endpoint, index) => ({ uuid: expect.any(String) as string, endpoint, state: index === 0 ? first : 'ok' })) });
    expect(items).toMatchObject([
      { resultId: 1, type: 'bucket', bucket: 'photos', object: '', setCount: -1, diskCount: 0 },
      { resultId: 2, type: 'object', bucket: 'photos', object: 'h1', versionId: 'null', parityBlocks: 2, dataBlocks: 2, diskCount: 4, setCount: 0, before: states('missing'), after: states('ok'), objectSize: 200_000 },
    ]);
  });

  it('of a strange token, or with contradicting flags, is refused', async () => {
    await expect(admin.pollHeal('photos', 'no-such-token')).rejects.toMatchObject({ code: 'XMinioHealInvalidClientToken', status: 400 });
    await expect(fixture.call('POST', 'heal/photos', { clientToken: 'x', forceStart: 'true' })).rejects.toMatchObject({ status: 400 });
    await expect(fixture.call('POST', 'heal/', {}, [])).rejects.toMatchObject({ code: 'XMinioAdminConfigBadJSON' });
  });

  it('is not offered where a drive is alone', async () => {
    const single = await openAdmin(1);
    try {
      await expect(single.call('POST', 'background-heal/status')).rejects.toMatchObject({ status: 426, code: 'XMinioAdminVersionMismatch' });
      await expect(single.call('GET', 'info')).resolves.toMatchObject({ backend: { standardSCParity: 0, totalDrivesPerSet: [1] } });
    } finally {
      await single.close();
    }
  });
});
