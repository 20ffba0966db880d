import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness, sha256 } from './cp-harness.js';

const MIB = 1024 * 1024;

describe('cp, mv, put and get', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await Harness.start();
    h.file('a.txt', 'hello\n');
    h.file('data/b.txt', 'there\n');
    h.file('data/sub/c.txt', 'x\n');
  });
  afterAll(() => h[Symbol.asyncDispose]());

  it('says what it copies and adds up, for people and as JSON', async () => {
    const people = await h.run('cp', 'a.txt', 'loc/bkt/said/');
    expect(people.stdout.split('\n').slice(0, 3)).toEqual([
      `\`${h.path('a.txt')}\` -> \`loc/bkt/said/a.txt\``,
      expect.stringMatching(/^┌─+┬─+┬─+┬─+┐$/),
      expect.stringMatching(/^│ Total │ Transferred │ Duration │ Speed +│$/),
    ]);
    expect(people.code).toBe(0);
    const machine = await h.run('cp', '--json', 'a.txt', 'loc/bkt/said');
    expect(machine.objects).toEqual([
      { status: 'success', source: h.path('a.txt'), target: 'loc/bkt/said/a.txt', size: 6, totalCount: 1, totalSize: 0 },
      { status: 'success', total: 6, transferred: 6, duration: expect.any(Number) as number, speed: expect.any(Number) as number },
    ]);
  });

  // Where things end up, as mc has it.
  it.each([
    [['a.txt', 'loc/bkt/T1'], ['T1']],
    [['a.txt', 'loc/bkt/T2/'], ['T2/a.txt']],
    [['a.txt', 'data/b.txt', 'loc/bkt/T3/'], ['T3/a.txt', 'T3/b.txt']],
    [['-r', 'data', 'loc/bkt/T4'], ['T4/data/b.txt', 'T4/data/sub/c.txt']],
    [['-r', 'data/', 'loc/bkt/T5'], ['T5/b.txt', 'T5/sub/c.txt']],
    [['-r', 'a.txt', 'loc/bkt/T6'], ['T6/a.txt']],
    [['-r', 'loc/bkt/T4', 'loc/bkt/T7/'], ['T7/T4/data/b.txt', 'T7/T4/data/sub/c.txt']],
    [['-r', 'loc/bkt/T4/', 'far/bkt/T8'], ['T8/data/b.txt', 'T8/data/sub/c.txt']],
    [['loc/bkt/T1', 'far/bkt/T9/'], ['T9/T1']],
  ])('cp %j stores %j', async (words, keys) => {
    expect(await h.run('cp', ...words)).toMatchObject({ code: 0, stderr: '' });
    expect(await h.keys('bkt', keys[0]!.split('/')[0])).toEqual(keys);
  });

  it.each([
    [['a.txt', 'data/b.txt', 'loc/bkt/nofolder'], /must be a folder/],
    [['data', 'loc/bkt/'], /To copy or move 'data' the --recursive flag is required\./],
    [['loc/bkt', '.'], /the --recursive flag is required/],
    [['nothere', 'loc/bkt/'], /Requested path `.*nothere` not found/],
    [['loc/bkt/nokey', '.'], /Unable to prepare URL for copying\. Object does not exist\./],
    [['a.txt', 'loc/nosuchbucket/'], /Failed to copy `.*a\.txt`\. Bucket `nosuchbucket` does not exist\./],
    [['a.txt', 'loc/'], /Object name cannot be empty/],
    [['--checksum', 'FOO', 'a.txt', 'loc/bkt/'], /unknown checksum type: FOO/],
    [['--older-than', 'zz', 'a.txt', 'loc/bkt/'], /Unable to parse --older-than/],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await h.run('cp', ...words);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it('copies the rest when one item fails, and ends with 1', async () => {
    await h.put('mixed/ok', '1');
    await h.put('mixed/file', '2');
    h.file('mixdown/file/in-the-way', 'x');
    const { code, stderr } = await h.run('cp', '-r', 'loc/bkt/mixed/', 'mixdown');
    expect([code, existsSync(h.path('mixdown/ok'))]).toEqual([1, true]);
    expect(stderr).toMatch(/`.*mixdown\/file` is a folder/);
  });

  it('brings a tree down, and never outside the folder named', async () => {
    expect((await h.run('cp', '-r', 'loc/bkt/T4', './down/')).code).toBe(0);
    expect(readFileSync(h.path('down/T4/data/sub/c.txt'), 'utf8')).toBe('x\n');
    expect(readdirSync(h.path('down/T4/data'))).toEqual(['b.txt', 'sub']);
  });

  it('sends large files in parts, and fetches them in ranges, unchanged', async () => {
    const bytes = h.file('large', 37 * MIB + 11);
    expect((await h.run('cp', 'large', 'loc/bkt/large')).code).toBe(0);
    expect((await h.s3.head('bkt', 'large')).etag).toMatch(/-3$/);
    expect((await h.run('cp', 'loc/bkt/large', 'large.down')).code).toBe(0);
    expect(sha256(readFileSync(h.path('large.down')))).toBe(sha256(bytes));
    expect((await h.run('cp', '--disable-multipart', 'large', 'loc/bkt/large1')).code).toBe(0);
    expect((await h.s3.head('bkt', 'large1')).etag).toMatch(/^[0-9a-f]{32}$/);
    expect((await h.run('cp', 'loc/bkt/large1', 'large1.down')).code).toBe(0);
    expect(sha256(readFileSync(h.path('large1.down')))).toBe(sha256(bytes));
    expect((await h.run('put', '-s', '5MiB', 'large', 'loc/bkt/')).code).toBe(0);
    expect((await h.s3.head('bkt', 'large')).etag).toMatch(/-8$/);
    expect((await h.run('get', 'loc/bkt/large', 'large.got')).code).toBe(0);
    expect(sha256(readFileSync(h.path('large.got')))).toBe(sha256(bytes));
    expect((await h.run('cp', 'loc/bkt/large', 'far/bkt/relayed')).code).toBe(0);
    expect(sha256(await h.bytes('relayed'))).toBe(sha256(bytes));
    expect(h.sessionLines()).toBe(0);
    expect(readdirSync(h.folder).filter((name) => name.includes('.part.'))).toEqual([]);
  });

  it('takes metadata, a checksum and a content type along, also on copies', async () => {
    await h.run('cp', '--attr', 'Cache-Control=max-age=9;Artist=Who', '--checksum', 'CRC32C', 'a.txt', 'loc/bkt/meta.txt');
    await h.run('cp', 'loc/bkt/meta.txt', 'loc/bkt/meta-copied');
    await h.run('cp', 'loc/bkt/meta.txt', 'far/bkt/meta-relayed');
    await h.run('cp', '--attr', 'Artist=Me', 'loc/bkt/meta.txt', 'loc/bkt/meta-changed');
    for (const [key, artist] of [['meta.txt', 'Who'], ['meta-copied', 'Who'], ['meta-relayed', 'Who'], ['meta-changed', 'Me']] as const) {
      const { headers } = await h.s3.head('bkt', key);
      expect(headers).toMatchObject({ 'cache-control': 'max-age=9', 'content-type': 'text/plain', 'x-amz-meta-artist': artist });
    }
    const { headers } = await h.s3.head('bkt', 'meta.txt', { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect(headers['x-amz-checksum-crc32c']).toMatch(/^.{6}==$/);
  });

  it('keeps mode and times with -a', async () => {
    h.file('old', 'old');
    utimesSync(h.path('old'), 1_577_836_800, 1_577_836_800.25);
    await h.run('cp', '-a', 'old', 'loc/bkt/old');
    await h.run('cp', '-a', 'loc/bkt/old', 'old.down');
    expect(statSync(h.path('old.down')).mtimeMs).toBe(1_577_836_800_250);
    expect(statSync(h.path('old.down')).mode).toBe(statSync(h.path('old')).mode);
  });

  it('leaves out what is too young or too old', async () => {
    await h.run('cp', '-r', '--older-than', '1d', 'data', 'loc/bkt/age/');
    expect(await h.keys('bkt', 'age/')).toEqual([]);
    await h.run('cp', '-r', '--newer-than', '1d', 'data', 'loc/bkt/age/');
    expect(await h.keys('bkt', 'age/')).toHaveLength(2);
  });

  it('moves: the source is gone when its copy is there', async () => {
    h.file('move-me', 'm');
    expect((await h.run('mv', 'move-me', 'loc/bkt/moved')).code).toBe(0);
    expect(existsSync(h.path('move-me'))).toBe(false);
    expect((await h.run('mv', 'loc/bkt/moved', 'loc/bkt/moved2')).code).toBe(0);
    expect(await h.keys('bkt', 'moved')).toEqual(['moved2']);
    const self = await h.run('mv', 'loc/bkt/moved2', 'loc/bkt/moved2');
    expect([self.code, await h.keys('bkt', 'moved')]).toEqual([1, ['moved2']]);
    expect((await h.run('mv', 'loc/bkt/moved2', 'loc/nosuchbucket/x')).code).toBe(1);
    expect(await h.keys('bkt', 'moved')).toEqual(['moved2']);
  });
});
