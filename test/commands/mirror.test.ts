import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, Harness, until } from './cp-harness.js';

describe('mirror', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await Harness.start();
    h.file('src/a', 'a');
    h.file('src/deep/b.tmp', 'b');
    h.file('src/deep/c', 'c');
  });
  afterAll(() => h[Symbol.asyncDispose]());

  it('copies what is missing, then nothing more', async () => {
    const first = await h.run('mirror', '--json', 'src', 'loc/bkt/m');
    expect(first.objects.map((object) => object['target'])).toEqual(['loc/bkt/m/a', 'loc/bkt/m/deep/b.tmp', 'loc/bkt/m/deep/c', undefined]);
    expect(first.objects[0]).toMatchObject({ size: 1, eventTime: '', eventType: '' });
    expect((await h.run('mirror', '--json', 'src', 'loc/bkt/m')).objects).toMatchObject([{ total: 0, transferred: 0 }]);
  });

  it('replaces only with --overwrite, and removes only with --remove', async () => {
    await h.run('mirror', 'src', 'loc/bkt/n');
    h.file('src/a', 'longer');
    rmSync(h.path('src/deep/b.tmp'));
    const kept = await h.run('mirror', 'src', 'loc/bkt/n');
    expect(kept.stderr).toMatch(/Overwrite not allowed for `loc\/bkt\/n\/a`\. Use `--overwrite`/);
    expect([kept.code, (await h.bytes('n/a')).toString(), await h.keys('bkt', 'n/deep/')]).toEqual([0, 'a', ['n/deep/b.tmp', 'n/deep/c']]);
    await h.run('mirror', '--overwrite', '--remove', '--dry-run', 'src', 'loc/bkt/n');
    expect((await h.bytes('n/a')).toString()).toBe('a');
    expect((await h.run('mirror', '--overwrite', '--remove', 'src', 'loc/bkt/n')).code).toBe(0);
    expect([(await h.bytes('n/a')).toString(), await h.keys('bkt', 'n/deep/')]).toEqual(['longer', ['n/deep/c']]);
  });

  it('leaves out what is excluded, on both sides', async () => {
    h.file('src/skip.log', 'x');
    await h.put('x/old.log', 'x');
    await h.run('mirror', '--remove', '--exclude', '*.log', '--exclude', 'deep/*', 'src', 'loc/bkt/x');
    expect(await h.keys('bkt', 'x/')).toEqual(['x/a', 'x/old.log']);
  });

  it('brings a bucket down, and drops emptied folders', async () => {
    await h.put('d/f/g', '1');
    await h.run('mirror', 'loc/bkt/d', 'down');
    expect(readFileSync(h.path('down/f/g'), 'utf8')).toBe('1');
    await h.run('rm', 'loc/bkt/d/f/g');
    await h.put('d/h', '2');
    await h.run('mirror', '--remove', 'loc/bkt/d', 'down');
    expect([existsSync(h.path('down/f')), existsSync(h.path('down/h'))]).toEqual([false, true]);
  });

  it('says what is missing', async () => {
    expect((await h.run('mirror', 'nodir', 'loc/bkt/z')).stderr).toMatch(/Unable to stat source `nodir`\. Requested path/);
    expect((await h.run('mirror', 'src/a', 'loc/bkt/z')).stderr).toMatch(/Source `src\/a` is not a folder/);
    expect(await h.run('mirror', 'src', 'loc/nosuchbucket')).toMatchObject({ code: 1 });
  });

  it('follows a local folder until Ctrl-C', async () => {
    h.file('w/first', '1');
    const child = h.spawn(['mirror', '-w', '--overwrite', '--remove', 'w', 'loc/bkt/w']);
    const end = ended(child);
    const holds = (keys: readonly string[]) => until(async () => JSON.stringify(await h.keys('bkt', 'w/')) === JSON.stringify(keys), keys.join());
    await holds(['w/first']);
    h.file('w/new/folder/second', '2');
    await holds(['w/first', 'w/new/folder/second']);
    renameSync(h.path('w/new'), h.path('w/moved'));
    await holds(['w/first', 'w/moved/folder/second']);
    h.file('w/first', 'changed');
    await until(async () => (await h.bytes('w/first')).toString() === 'changed', 'the change');
    rmSync(h.path('w/moved'), { recursive: true });
    await holds(['w/first']);
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
  });

  it('follows a bucket, whether or not the server tells of changes', async () => {
    await h.put('r/one', '1');
    const child = h.spawn(['mirror', '-w', '--remove', 'loc/bkt/r', 'followed']);
    const end = ended(child);
    await until(() => existsSync(h.path('followed/one')), 'the first mirroring');
    await h.put('r/two', '2');
    await until(() => existsSync(h.path('followed/two')), 'the new object');
    await h.s3.delete('bkt', 'r/one');
    await until(() => !existsSync(h.path('followed/one')), 'the removal');
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
  });
});
