/** The admin commands as processes of their own, against a server with four drives in this one. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3 } from '../../src/client/s3.js';
import { openAdmin, type AdminFixture } from '../admin/admin-server.js';
import { runMts, spawnMts, type Ended } from './mts.js';

let admin: AdminFixture;
let s3: S3;
beforeAll(async () => {
  admin = await openAdmin(4);
  const { url, accessKey, secretKey } = admin.server;
  s3 = new S3({ name: 'loc', url, accessKey, secretKey, api: 's3v4', path: 'on', source: '' });
  await s3.createBucket('photos');
  for (const key of ['a', 'b', 'c/d']) await s3.request({ method: 'PUT', bucket: 'photos', key, body: Buffer.alloc(300_000, key) });
});
afterAll(async () => {
  s3.transport.close();
  await admin.close();
});

const environment = (): Record<string, string> => ({ MC_HOST_loc: admin.server.url.replace('://', `://${admin.server.accessKey}:${admin.server.secretKey}@`) });
const run = (...words: string[]): Promise<Ended> => runMts(words, environment());

describe('admin info', () => {
  it('shows the servers and the sentence that operators know', async () => {
    const { code, stdout } = await run('admin', 'info', 'loc');
    expect(code).toBe(0);
    expect(stdout).toContain('Drives: 4/4 OK');
    expect(stdout.trimEnd()).toMatch(/\n4 drives online, 0 drives offline, EC:2$/);
  });

  it('gives the server’s own object with --json', async () => {
    const { objects } = await run('admin', 'info', '--json', 'loc/');
    expect(objects).toMatchObject([{ status: 'success', info: { mode: 'online', backend: { onlineDisks: 4 } } }]);
  });

  it('fails for an alias that nobody knows', async () => {
    expect(await run('admin', 'info', 'nosuch')).toMatchObject({ code: 1, stderr: 'mts: <ERROR> Unable to initialize admin connection. No such alias `nosuch` found.\n' });
  });
});

describe('heal', () => {
  it('says what it would heal, heals it, and then finds nothing to heal', async () => {
    rmSync(join(admin.drives[1] ?? '', 'photos', 'a'), { recursive: true });
    rmSync(join(admin.drives[2] ?? '', 'photos', 'c'), { recursive: true });
    const dry = await run('heal', '-r', '--dry-run', 'loc/photos');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('[Yellow -> Yellow] photos/a\n');
    expect(dry.stdout).toContain('Would heal:\t2/3 objects');
    const healed = await run('admin', 'heal', '-r', 'loc');
    expect(healed).toMatchObject({ code: 0, stderr: '' });
    expect(healed.stdout).toContain('[Yellow -> Green] photos/c/d\n');
    expect(healed.stdout).toContain(`${admin.drives[1] ?? ''}: 1 item missing or damaged, all healed`);
    const again = await run('heal', '-r', '--scan', 'deep', '--json', 'loc/photos');
    expect(again.objects.filter(({ type }) => type === 'object')).toHaveLength(3);
    expect(again.objects.at(-1)).toMatchObject({ status: 'success', type: 'summary', objects_scanned: 3, objects_healed: 0, items_failed: 0 });
  });

  it('fails where something could not be healed', async () => {
    for (const drive of admin.drives.slice(0, 3)) rmSync(join(drive, 'photos', 'b'), { recursive: true });
    const { code, stdout } = await run('heal', '-r', 'loc/photos');
    expect(code).toBe(1);
    expect(stdout).toContain('photos/b');
    expect(stdout).toContain('Failed:\t1 item');
  });

  it('without a path says which drives are being healed', async () => {
    expect(await run('heal', 'loc')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No active healing is detected for new drives\./) as string });
  });
});

describe('cluster status', () => {
  it('says with its exit status how the cluster is', async () => {
    expect(await run('cluster', 'status', 'loc')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4 drives online, 0 drives offline, EC:2\n/) as string });
    expect(await run('cluster', 'status', '--local', ...admin.drives.slice(0, 3))).toMatchObject({ code: 1, stdout: expect.stringMatching(/^3 drives online, 1 drive offline/) as string });
    expect((await run('cluster', 'status', '--local', ...admin.drives.slice(0, 2))).code).toBe(2);
    const { code, objects } = await run('cluster', 'status', '--json', '--local', ...admin.drives.slice(0, 1));
    expect(code).toBe(3);
    expect(objects).toMatchObject([{ health: 'no-reads', drivesOnline: 1, drivesOffline: 3 }]);
    expect((await run('cluster', 'status', 'nosuch')).code).toBe(4);
    expect((await run('cluster', 'status')).code).toBe(4);
  });
});

describe('admin trace', () => {
  it('shows requests as they come, without what signs them', async () => {
    const child = spawnMts(['admin', 'trace', '-v', '--json', '--funcname', 's3.HeadBucket', 'loc'], environment());
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await expect.poll(async () => {
      await s3.request({ method: 'HEAD', bucket: 'photos' });
      return text;
    }, { timeout: 20_000, interval: 200 }).toContain('\n');
    child.kill();
    const event = JSON.parse(text.split('\n')[0] ?? '') as { request: { headers: Record<string, string[]> } };
    expect(event).toMatchObject({ type: 'S3', api: 's3.HeadBucket', request: { method: 'HEAD', path: '/photos/' }, response: { statusCode: 200 } });
    expect(event.request.headers['Authorization']).toEqual(['*REDACTED*']);
  });

  it('refuses a kind of call that there is not', async () => {
    expect(await run('admin', 'trace', '--call', 'nosuch', 'loc')).toMatchObject({ code: 1, stderr: expect.stringContaining('`nosuch` is no kind of call') as string });
  });
});

describe('admin prometheus', () => {
  it('makes a configuration whose token the server takes', async () => {
    const { stdout } = await run('admin', 'prometheus', 'generate', 'loc', 'node');
    const token = /bearer_token: (\S+)/.exec(stdout)?.[1] ?? '';
    expect(stdout).toContain(`targets: ['${new URL(admin.server.url).host}']`);
    const answer = await fetch(`${admin.server.url}/minio/v2/metrics/node`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
  });

  it('prints metrics that count what was asked', async () => {
    const { objects } = await run('admin', 'prometheus', 'metrics', '--json', 'loc');
    const families = objects[0] as unknown as { name: string; type: string; metrics: { labels: Record<string, string>; value: string }[] }[];
    const puts = families.find(({ name }) => name === 'minio_s3_requests_total')?.metrics.find(({ labels }) => labels['api'] === 'putobject');
    expect(puts?.value).toBe('3');
  });
});

describe('admin service', () => {
  it('freezes S3 requests, not admin calls, until it unfreezes them', async () => {
    await run('admin', 'service', 'freeze', 'loc');
    let isAnswered = false;
    const listed = s3.listBuckets().then(() => (isAnswered = true));
    expect((await run('admin', 'info', 'loc')).code).toBe(0);
    expect(isAnswered).toBe(false);
    expect(await run('admin', 'service', 'unfreeze', 'loc')).toMatchObject({ code: 0, stdout: 'Unfreeze command successfully sent to `loc`.\n' });
    await listed;
  });
});

describe('admin quarantine', () => {
  it('asks before it deletes for good', async () => {
    expect(await run('admin', 'quarantine', 'list', 'loc')).toMatchObject({ code: 0, stdout: 'The quarantine is empty.\n' });
    expect(await run('admin', 'quarantine', 'empty', 'loc')).toMatchObject({ code: 1, stderr: expect.stringContaining('Give --yes') as string });
    expect(await run('admin', 'quarantine', 'empty', '--yes', 'loc')).toMatchObject({ code: 0, stdout: 'Deleted 0 versions.\n' });
    expect(await run('admin', 'quarantine', 'restore', 'loc', 'nosuch')).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing with this id is in the quarantine') as string });
  });
});

describe('dashboard', () => {
  it('says what to use where there is no terminal', async () => {
    expect(await run('dashboard', 'loc')).toMatchObject({ code: 1, stdout: '', stderr: 'mts: <ERROR> The dashboard needs a terminal that it can draw on. Use `mts cluster status loc --watch` here.\n' });
  });
});
