import { afterAll, beforeAll, expect, test } from 'vitest';
import { Harness } from './cp-harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.put('a.txt', 'hello\n', { 'x-amz-meta-foo': 'bar', 'cache-control': 'max-age=9' });
  await harness.put('data/a.txt', 'hello\n');
  await harness.put('data/x/b.txt', 'hello\n');
  await harness.s3.createBucket('ver');
  await harness.s3.setVersioning('ver', 'Enabled');
  for (const text of ['one', 'two!']) await harness.s3.put('ver', 'o.txt', Buffer.from(text));
  await harness.s3.delete('ver', 'o.txt');
  harness.file('dir/a.txt', 'hello\n');
  harness.file('dir/sub/z.txt', 'zz');
});
afterAll(async () => harness[Symbol.asyncDispose]());

const untimed = (text: string): string => text.replace(/^\[[^\]]*\]/gm, '[T]');

test('ls shows objects before folders, and folders from within also without their slash', async () => {
  const top = await harness.run('ls', 'loc/bkt');
  expect(top).toMatchObject({ code: 0, stderr: '' });
  expect(untimed(top.stdout)).toBe('[T]     6B STANDARD a.txt\n[T]     0B data/\n');
  expect(untimed((await harness.run('ls', 'loc/bkt/data')).stdout)).toBe('[T]     6B STANDARD a.txt\n[T]     0B x/\n');
  expect(untimed((await harness.run('ls', 'loc/bkt/da')).stdout)).toBe('[T]     0B data/\n');
});

test('ls of nothing is silent success, of a missing bucket a failure', async () => {
  expect(await harness.run('ls', 'loc/bkt/zzz')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await harness.run('ls', 'loc/nobucket')).toMatchObject({ code: 1, stdout: '', stderr: 'mts: <ERROR> Unable to list folder. Bucket `nobucket` does not exist.\n' });
  const { code, objects, stderr } = await harness.run('--json', 'ls', 'loc/nobucket');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(objects[0]).toMatchObject({ status: 'error', error: { type: 'error', cause: { error: { Bucket: 'nobucket' } } } });
});

test('ls -r --summarize --json gives one object a line and the totals last', async () => {
  const { objects } = await harness.run('ls', '-r', '-summarize', 'loc', '-json');
  expect(objects.map(({ key }) => key)).toEqual(['bkt/a.txt', 'bkt/data/a.txt', 'bkt/data/x/b.txt', undefined]);
  expect(objects[0]).toMatchObject({ status: 'success', type: 'file', size: 6, etag: 'b1946ac92492d2347c6235b4d2611184', url: `${harness.server.url}/`, versionOrdinal: 1 });
  expect(objects.at(-1)).toEqual({ totalObjects: 3, totalSize: 18 });
});

test('ls --versions numbers the versions from the oldest', async () => {
  const { objects } = await harness.run('ls', '--versions', '--json', 'loc/ver');
  expect(objects.map(({ versionOrdinal, isDeleteMarker, size }) => [versionOrdinal, isDeleteMarker, size])).toEqual([[3, true, 0], [2, undefined, 4], [1, undefined, 3]]);
});

test('an unknown flag is refused on stderr', async () => {
  const { code, stdout, stderr } = await harness.run('ls', '--bogus', 'loc');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^mts: <ERROR> Invalid command usage, .*--bogus/);
});

test('a command without its arguments prints its help on stdout and fails', async () => {
  const { code, stdout } = await harness.run('mb');
  expect(code).toBe(1);
  expect(stdout).toContain('$ mts mb');
});

test('mb and rb make and remove buckets, and refuse what would lose data', async () => {
  expect(await harness.run('mb', 'loc/new1')).toMatchObject({ code: 0, stdout: 'Bucket created successfully `loc/new1`.\n' });
  expect((await harness.run('mb', 'loc/new1')).stderr).toMatch(/own it/);
  expect((await harness.run('mb', '-p', 'loc/new1')).code).toBe(0);
  expect((await harness.run('mb', 'loc/ab')).stderr).toContain('shorter than 3');
  await harness.s3.put('new1', 'k', Buffer.from('x'));
  expect(await harness.run('rb', 'loc/new1')).toMatchObject({ code: 1 });
  expect((await harness.run('rb', '--force', 'loc')).stderr).toContain('site-wide');
  expect(await harness.run('rb', '--force', 'loc/new1')).toMatchObject({ code: 0, stdout: 'Removed `loc/new1` successfully.\n' });
  await expect(harness.s3.headBucket('new1')).rejects.toMatchObject({ code: 'NoSuchBucket' });
});

test('cat and head give the bytes asked for', async () => {
  expect((await harness.run('cat', 'loc/bkt/a.txt', 'dir/sub/z.txt')).stdout).toBe('hello\nzz');
  expect((await harness.run('cat', '--tail', '3', 'loc/bkt/a.txt')).stdout).toBe('lo\n');
  expect((await harness.run('cat', '--offset', '3', 'dir/a.txt')).stdout).toBe('lo\n');
  expect((await harness.run('cat', '--offset', '7', 'loc/bkt/a.txt')).stderr).toContain('bigger than file');
  await harness.put('lines', Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(''));
  expect((await harness.run('head', '-n', '2', 'loc/bkt/lines')).stdout).toBe('line 0\nline 1\n');
  expect(await harness.run('cat', 'loc/bkt/nope')).toMatchObject({ code: 1, stderr: 'mts: <ERROR> Unable to read from `loc/bkt/nope`. Object does not exist.\n' });
  await harness.s3.delete('bkt', 'lines');
});

test('stat shows an object, its metadata, and what is missing', async () => {
  const { stdout } = await harness.run('stat', 'loc/bkt/a.txt');
  expect(stdout).toMatch(/^Name {6}: a\.txt\nDate {6}: .*\nSize {6}: 6 B {4}\nETag {6}: b1946ac92492d2347c6235b4d2611184 \nType {6}: file \nMetadata {2}:\n/);
  const { objects } = await harness.run('stat', '--json', 'loc/bkt/a.txt');
  expect(objects[0]).toMatchObject({ name: 'a.txt', size: 6, metadata: { 'Cache-Control': 'max-age=9', 'X-Amz-Meta-Foo': 'bar' } });
  expect((await harness.run('stat', 'loc/bkt/none')).stderr).toBe('mts: <ERROR> Unable to stat `loc/bkt/none`. Object does not exist.\n');
});

test('stat of a bucket tells its configuration, also where the server knows only some of it', async () => {
  const { code, objects, stderr } = await harness.run('stat', '--json', 'loc/ver');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(objects[0]).toMatchObject({ name: 'ver/', Versioning: { status: 'Enabled' }, location: 'us-east-1', Policy: { type: 'none' } });
});

test('du adds up folders, children before parents', async () => {
  expect((await harness.run('du', '-r', 'loc/bkt')).stdout).toBe('6B\t1 object\tbkt/data/x\n12B\t2 objects\tbkt/data\n18B\t3 objects\tbkt\n');
  expect((await harness.run('du', '--versions', 'loc/ver')).stdout).toBe('7B\t2 versions\tver\n');
  expect((await harness.run('du', 'loc/bkt/a.txt')).code).toBe(1);
});

test('tree draws folders, with -f also files', async () => {
  expect((await harness.run('tree', 'loc/bkt')).stdout).toBe('loc/bkt\n└─ data\n   └─ x\n');
  expect((await harness.run('tree', '-f', 'dir')).stdout).toBe('dir\n├─ a.txt\n└─ sub\n   └─ z.txt\n');
});

test('find filters, prints and runs commands', async () => {
  expect((await harness.run('find', 'loc/bkt', '--name', 'b.*')).stdout).toBe('loc/bkt/data/x/b.txt\n');
  expect((await harness.run('find', 'loc/bkt', '--metadata', 'foo=^ba')).stdout).toBe('loc/bkt/a.txt\n');
  expect((await harness.run('find', 'loc/bkt', '--path', '*/x/*', '--print', '{base} {size} {dir}')).stdout).toBe('b.txt 6 B loc/bkt/data/x\n');
  expect((await harness.run('find', 'loc/bkt', '--name', 'b.txt', '--exec', 'echo got {}')).stdout).toBe('got loc/bkt/data/x/b.txt\n');
  expect((await harness.run('find', 'loc/bkt', '--exec', 'false')).code).toBe(1);
});

test('diff names what differs, and exits with 0', async () => {
  await harness.s3.createBucket('other');
  await harness.s3.put('other', 'a.txt', Buffer.from('longer text'));
  const { code, objects } = await harness.run('diff', '--json', 'loc/bkt', 'loc/other');
  expect(code).toBe(0);
  const url = harness.server.url;
  expect(objects.map(({ first, second, diff }) => [first, second, diff])).toEqual([
    [`${url}/bkt/a.txt`, `${url}/other/a.txt`, 2], [`${url}/bkt/data/a.txt`, '', 5], [`${url}/bkt/data/x/b.txt`, '', 5],
  ]);
});

test('a reader that goes away ends a listing quietly', async () => {
  const child = harness.spawn(['cat', 'dir/a.txt', '/dev/zero']);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout?.once('data', () => child.stdout?.destroy());
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
});
