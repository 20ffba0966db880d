import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { carryOutRebuild } from '../../src/offline/index.js';
import { ACCESS_KEY, freePort, SECRET_KEY, ServerProcess } from '../e2e/server-process.js';
import { emptyDrive, unpackFixture } from '../fixtures/fixture.js';
import { formatFile, prepare, treeOf, type Wish } from './rebuild-harness.js';

const NOW_MS = Date.UTC(2026, 10, 27, 3);

let root: string;
let server: ServerProcess;
let layout: readonly string[];
let lost: string;
let identity: string;

// Three drives at 127.0.0.1, which serve; the fourth was at 127.0.0.2, a machine that is lost.
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-format-admin-'));
  const { drives } = unpackFixture('2025-xl4', root);
  const port = await freePort();
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
