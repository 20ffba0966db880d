import { existsSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ended, Harness } from './cp-harness.js';

describe('rm', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await Harness.start();
    await h.s3.createBucket('versioned');
    await h.s3.setVersioning('versioned', 'Enabled');
  });
  afterAll(() => h[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const key of ['one', 'dir/a', 'dir/b', 'directory/c']) await h.put(key, key);
  });

  it('removes an object, and says so in both forms', async () => {
    expect(await h.run('rm', 'loc/bkt/one')).toMatchObject({ code: 0, stdout: 'Removed `loc/bkt/one`.\n' });
    expect((await h.run('rm', '--json', 'loc/bkt/dir/a')).objects).toEqual([
      { status: 'success', key: 'loc/bkt/dir/a', deleteMarker: false, versionID: '', modTime: null, dryRun: false },
    ]);
    expect(await h.keys()).toEqual(['dir/b', 'directory/c']);
  });

  it('fails where there is nothing, and leaves buckets to rb', async () => {
    expect(await h.run('rm', 'loc/bkt/nokey')).toMatchObject({ code: 1, stderr: 'mts: <ERROR> Failed to remove `loc/bkt/nokey`. Object does not exist.\n' });
    expect(await h.run('rm', 'loc/nosuchbucket/x')).toMatchObject({ code: 1, stderr: expect.stringContaining('Bucket `nosuchbucket` does not exist.') as string });
    expect(await h.run('rm', 'loc/bkt')).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([
    [['-r', 'loc/bkt/dir'], /requires --force flag/],
    [['--versions', 'loc/bkt/one'], /requires --force flag/],
    [['--stdin'], /requires --force flag/],
    [['-r', '--force', 'loc'], /site-wide removal/],
    [['--non-current', 'loc/bkt/one'], /cannot specify --non-current/],
    [['--vid', 'x', '-r', '--force', 'loc/bkt'], /cannot specify --version-id/],
    [['loc/bkt/dir'], /is a prefix with objects under it/],
  ])('refuses %j and removes nothing', async (words, message) => {
    const { code, stderr } = await h.run('rm', ...words);
    expect(stderr).toMatch(message);
    expect([code, await h.keys()]).toEqual([1, ['dir/a', 'dir/b', 'directory/c', 'one']]);
  });

  it('takes a folder for itself, not for a beginning of other names', async () => {
    const dry = await h.run('rm', '-r', '--force', '--dry-run', 'loc/bkt/dir');
    expect(dry.stdout).toBe('DRYRUN: Removing `loc/bkt/dir/a`.\nDRYRUN: Removing `loc/bkt/dir/b`.\n');
    await h.run('rm', '-r', '--force', 'loc/bkt/dir');
    expect(await h.keys()).toEqual(['directory/c', 'one']);
    await h.run('rm', '-r', '--force', 'loc/bkt/direc');
    expect(await h.keys()).toEqual(['one']);
  });

  it('reads names from standard input', async () => {
    const child = h.spawn(['rm', '--stdin', '--force'], {}, 'pipe');
    const end = ended(child);
    child.stdin!.end('loc/bkt/dir/a\nloc/bkt/nope\nloc/bkt/one\n');
    expect((await end).code).toBe(1);
    expect(await h.keys()).toEqual(['dir/b', 'directory/c']);
  });

  it('makes delete markers, removes versions, and keeps the current one', async () => {
    for (const text of ['1', '2', '3']) await h.s3.put('versioned', 'v', Buffer.from(text));
    const current = (await h.s3.head('versioned', 'v')).versionId!;
    expect((await h.run('rm', '-r', '--force', '--versions', '--non-current', 'loc/versioned')).code).toBe(0);
    expect((await h.s3.listVersions('versioned')).entries.map((entry) => entry.versionId)).toEqual([current]);
    const marker = await h.run('rm', 'loc/versioned/v');
    expect(marker.stdout).toMatch(/^Created delete marker `loc\/versioned\/v` \(versionId=[0-9a-f-]{36}\)\.\n$/);
    expect((await h.run('rm', 'loc/versioned/v')).stderr).toMatch(/Object does not exist/);
    expect((await h.run('rm', '--vid', current, 'loc/versioned/v')).stdout).toBe(`Removed \`loc/versioned/v\` (versionId=${current}).\n`);
    await h.run('rm', '--versions', '--force', 'loc/versioned/v');
    expect((await h.s3.listVersions('versioned')).entries).toEqual([]);
  });

  it('removes unfinished uploads', async () => {
    await h.s3.createUpload('bkt', 'unfinished/x');
    expect((await h.run('rm', '-I', '-r', '--force', 'loc/bkt/unfinished')).stdout).toBe('Removed `loc/bkt/unfinished/x`.\n');
    expect((await h.s3.listUploads('bkt')).entries).toEqual([]);
  });

  it('removes local files, folders only when told to', async () => {
    h.file('here/f', 'x');
    expect((await h.run('rm', 'here')).code).toBe(1);
    expect((await h.run('rm', '-r', '--force', 'here')).stdout).toBe('Removed `here/f`.\n');
    expect(existsSync(h.path('here'))).toBe(false);
  });
});
