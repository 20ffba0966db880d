import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, Harness } from './cp-harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.put('a.txt', 'hello\n');
});
afterAll(async () => harness[Symbol.asyncDispose]());

test('alias set tries the keys before it stores them', async () => {
  const { url, accessKey, secretKey } = harness.server;
  const refused = await harness.run('alias', 'set', 'mine', url, accessKey, 'wrong-secret');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^mts: <ERROR> Unable to initialize new alias from the provided credentials\. /);
  expect((await harness.run('alias', 'list', 'mine')).code).toBe(1);
  expect(await harness.run('alias', 'set', 'mine', url, accessKey, secretKey)).toMatchObject({ code: 0, stdout: 'Added `mine` successfully.\n' });
  expect((await harness.run('ls', 'mine/bkt')).stdout).toContain('a.txt');
});

test('alias set reads keys from standard input', async () => {
  const child = harness.spawn(['alias', 'set', 'piped', harness.server.url], {}, 'pipe');
  child.stdin?.end(`${harness.server.accessKey}\n${harness.server.secretKey}\n`);
  expect(await ended(child)).toMatchObject({ code: 0, stdout: 'Added `piped` successfully.\n' });
});

test('what alias export writes alias import reads', async () => {
  await harness.run('alias', 'set', 'first', harness.server.url, harness.server.accessKey, harness.server.secretKey);
  const { stdout } = await harness.run('alias', 'export', 'first');
  const child = harness.spawn(['alias', 'import', 'second'], {}, 'pipe');
  child.stdin?.end(stdout);
  expect(await ended(child)).toMatchObject({ code: 0, stdout: 'Imported `second` successfully.\n' });
  const { aliases } = JSON.parse(readFileSync(join(harness.configDir, 'config.json'), 'utf8')) as { aliases: Record<string, unknown> };
  expect(aliases['second']).toEqual(aliases['first']);
});

test('alias list shows where an alias comes from, alias remove forgets it', async () => {
  await harness.run('alias', 'set', 'gone', harness.server.url, harness.server.accessKey, harness.server.secretKey);
  const { objects } = await harness.run('alias', 'list', '--json');
  expect(objects.find(({ alias }) => alias === 'loc')).toMatchObject({ src: 'env', URL: harness.server.url });
  expect(await harness.run('alias', 'rm', 'gone')).toMatchObject({ code: 0, stdout: 'Removed `gone` successfully.\n' });
  expect(await harness.run('alias', 'rm', 'gone')).toMatchObject({ code: 1 });
});

test('a shared link works without keys, and is listed until it expires', async () => {
  const { objects } = await harness.run('share', 'download', '--json', '-E', '1h', 'loc/bkt/a.txt');
  const answer = await fetch(objects[0]?.['share'] as string);
  expect(await answer.text()).toBe('hello\n');
  expect(objects[0]).toMatchObject({ url: `${harness.server.url}/bkt/a.txt`, timeLeft: 3_600_000_000_000 });
  expect((await harness.run('share', 'list', 'download')).stdout).toContain('Share: http://');
  expect((await harness.run('share', 'download', '-E', '200h', 'loc/bkt/a.txt')).stderr).toContain('cannot be larger than 7 days');
});

test('a shared upload is a curl command with a signed policy', async () => {
  const { stdout } = await harness.run('share', 'upload', '-r', 'loc/bkt/in/');
  expect(stdout).toMatch(/\nShare: curl http\S+\/bkt\/ -F .* -F key=in\/<NAME> -F file=@<FILE>\n$/);
  expect((await harness.run('share', 'upload', 'loc/bkt/in/')).stderr).toContain('Use --recursive');
});

test('ping counts answers, ready asks the cluster', async () => {
  const { code, objects } = await harness.run('ping', '--json', '-c', '2', '-i', '0', 'loc');
  expect(code).toBe(0);
  expect(objects).toHaveLength(3);
  expect(Object.values(objects[2]?.['serverMap'] as object)[0]).toMatchObject({ counter: 2, errorCount: 0 });
  expect(await harness.run('ready', 'loc')).toMatchObject({ code: 0, stdout: "The cluster 'loc' is ready\n" });
});

test('ping ends after errors in a row, with a failure', async () => {
  const child = harness.spawn(['ping', '-e', '2', '-i', '0', 'dead'], { MC_HOST_dead: 'http://a:b@127.0.0.1:1' });
  const { code, stdout } = await ended(child);
  expect(code).toBe(1);
  expect(stdout).toContain('connection refused');
});

test('Ctrl-C ends with 130', async () => {
  const child = harness.spawn(['ping', 'loc']);
  child.stdout?.once('data', () => child.kill('SIGINT'));
  expect((await ended(child)).code).toBe(130);
});

test('--debug shows requests, never a signature', async () => {
  const { stderr } = await harness.run('--debug', 'ls', 'loc/bkt');
  expect(stderr).toContain('mts: <DEBUG> GET /bkt/?');
  expect(stderr).toContain('**REDACTED**');
  expect(stderr).not.toMatch(/Signature=[0-9a-f]{64}/);
  expect(stderr).not.toContain(harness.server.secretKey + '/');
});

test('--version is one line', async () => {
  const child = harness.spawn(['--version']);
  const [out] = await Promise.all([buffer(child.stdout!), new Promise((resolve) => child.once('close', resolve))]);
  expect(out.toString()).toMatch(/^mts version \d+\.\d+\.\d+ \(node v\d+/);
});
