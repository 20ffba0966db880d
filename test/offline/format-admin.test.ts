import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sealChunks, writeZip } from '../../src/hash/index.js';
import { carryOutRebuild } from '../../src/offline/index.js';
import { ACCESS_KEY, freePort, SECRET_KEY, ServerProcess } from '../e2e/server-process.js';
import { withServer, type Reply } from '../client/fake-server.js';
import { emptyDrive, unpackFixture } from '../fixtures/fixture.js';
import { formatFile, prepare, treeOf, type Wish } from './rebuild-harness.js';

const NOW_MS = Date.UTC(2026, 10, 27, 3);

let root: string;
let server: ServerProcess;
let layout: readonly string[];
let lost: string;
let identity: string;
/** Of all four. */
let formats: readonly Buffer[];

// Three drives at 127.0.0.1, which serve; the fourth was at 127.0.0.2, a machine that is lost.
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-format-admin-'));
  const { drives } = unpackFixture('2025-xl4', root);
  const port = await freePort();
  formats = drives.map((drive) => readFileSync(formatFile(drive)));
  lost = join(root, 'other-host/drive');
  mkdirSync(dirname(lost));
  renameSync(drives[3]!, lost);
  identity = readFileSync(formatFile(lost)).toString();
  layout = [...drives.slice(0, 3).map((drive) => `http://127.0.0.1:${port}${drive}`), `http://127.0.0.2:${port}${lost}`];
  emptyDrive(lost);
  server = await ServerProcess.start(layout, {}, port);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
beforeEach(() => emptyDrive(lost));
afterEach(() => vi.unstubAllEnvs());

const wish = (changes: Partial<Wish> = {}): Wish => ({ drives: [lost], from: [server.url], credentials: { accessKey: ACCESS_KEY, secretKey: SECRET_KEY }, ...changes });

describe('format rebuild from the admin API of a running server', () => {
  it.each<[string, () => Partial<Wish>]>([
    ['a URL', () => ({})],
    ['a host with its port', () => ({ from: [`127.0.0.1:${server.port}`] })],
    ['an alias, with its own keys', () => {
      vi.stubEnv('MTS_HOST_prod', server.url.replace('//', `//${ACCESS_KEY}:${SECRET_KEY}@`));
      return { from: ['prod'], credentials: { accessKey: 'other', secretKey: 'other-secret' } };
    }],
    ['a URL, with the layout', () => ({ layout })],
    ['a URL, with --host', () => ({ host: '127.0.0.2' })],
  ])('%s gives an emptied drive the identity that it had, byte for byte', async (_, changes) => {
    await carryOutRebuild(await prepare(wish(changes())), NOW_MS);
    expect(readFileSync(formatFile(lost)).toString()).toBe(identity);
  });

  it.each<[string, () => Promise<Partial<Wish>> | Partial<Wish>, RegExp]>([
    ['keys that the server does not know', () => ({ credentials: { accessKey: 'nobody', secretKey: 'nobody-secret' } }), /the server did not tell: The access key ID .*keys come from the alias or from MINIO_ROOT_USER/],
    ['a server that is down', async () => ({ from: [`http://127.0.0.1:${await freePort()}`] }), /the server did not tell: .*connection refused/],
    ['a folder that is not the one that the server misses', () => {
      mkdirSync(join(root, 'elsewhere'), { recursive: true });
      return { drives: [join(root, 'elsewhere')] };
    }, /other-host\/drive told nothing .*the only slot that looks free may be its own/],
    ['a machine that is not the one that the server misses', () => ({ host: '127.0.0.3' }), /the only slot that looks free may be its own/],
  ])('says of %s what is wrong, and writes nothing', async (_, arrange, message) => {
    const asked = wish(await arrange());
    const before = treeOf(asked.drives[0]!);
    await expect(prepare(asked)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(message) as string });
    expect(treeOf(asked.drives[0]!)).toBe(before);
  });
});

/** MinIO sends the files of the drives that have one, in a zip without a manifest, and names all drives in `info` only. */
function minioAnswers(endpoints: readonly string[], states: readonly string[]): Reply {
  const zip = writeZip(endpoints.flatMap((endpoint, index) => (states[index] === 'ok' ? [{ name: `${endpoint.replace('http://', '')}/.minio.sys/format.json`, bytes: formats[index]! }] : [])));
  const key = Buffer.alloc(32, 7);
  const inspected = Buffer.concat([Uint8Array.of(1), key, sealChunks(key, zip)]);
  const drives = endpoints.map((endpoint, index) => ({ endpoint, state: states[index], pool_index: 0, set_index: 0, disk_index: index }));
  // In the order of the servers, which is none.
  const info = { mode: 'online', servers: [{ endpoint: 'b', state: 'online', drives: [drives[2], drives[3]] }, { endpoint: 'a', state: 'online', drives: [drives[1], drives[0]] }] };
  return ({ url }, response) => void response.end(url.includes('/inspect-data') ? inspected : JSON.stringify(info));
}

describe('format rebuild from the admin API of a real MinIO', () => {
  /** The lost drive was the fourth; `states` are MinIO's words for all four. */
  async function rebuilt(states: readonly string[], host?: string): Promise<string> {
    const endpoints = [0, 1, 2].map((index) => `http://127.0.0.1:9000/mnt/d${index + 1}`);
    let result = '';
    await withServer([minioAnswers([...endpoints, `http://127.0.0.2:9000${lost}`], states)], async ({ alias }) => {
      const plan = await prepare(wish({ from: [alias.url], ...(host !== undefined && { host }) }));
      result = Buffer.from(plan.drives[0]!.bytes).toString();
    });
    return result;
  }

  it('knows the slot of a drive that the server misses', async () => {
    expect(await rebuilt(['ok', 'ok', 'ok', 'offline'])).toBe(identity);
  });

  it('does not take the slot of a peer that is offline for the lost drive\'s', async () => {
    expect(await rebuilt(['ok', 'offline', 'ok', 'offline'])).toBe(identity);
    await expect(rebuilt(['ok', 'offline', 'ok', 'ok'], '127.0.0.3')).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(/127\.0\.0\.1:9000\/mnt\/d2 told nothing \(its server says: offline\)/) as string });
  });
});
