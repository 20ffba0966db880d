import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, Harness, sha256, until } from './cp-harness.js';

const MIB = 1024 * 1024;
const SMALL_PARTS = { MC_UPLOAD_MULTIPART_SIZE: '5MiB', MC_UPLOAD_MULTIPART_THREADS: '2' };

describe('interrupted transfers', () => {
  let h: Harness;
  let bytes: Buffer;
  beforeAll(async () => {
    h = await Harness.start();
    bytes = h.file('big', 43 * MIB + 1);
    await h.run('cp', 'big', 'loc/bkt/source');
  });
  afterAll(() => h[Symbol.asyncDispose]());

  const uploads = async (): Promise<number> => (await h.s3.listUploads('bkt')).entries.length;
  const temporaryFiles = (): string[] => readdirSync(h.folder).filter((name) => name.includes('.part.'));
  const requests = (stderr: string, method: string): number => stderr.split('\n').filter((line) => line.includes(`<DEBUG> ${method} /bkt/`)).length;

  it('Ctrl-C leaves no object, no upload and no session, and exits with 130', async () => {
    const child = h.spawn(['cp', '--limit-upload', '10MiB', 'big', 'loc/bkt/int'], SMALL_PARTS);
    const end = ended(child);
    await h.untilSessionLines(3);
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect([await h.keys('bkt', 'int'), await uploads(), h.sessionLines()]).toEqual([[], 0, 0]);
  });

  it('Ctrl-C during a download leaves no file at all', async () => {
    const child = h.spawn(['cp', '--limit-download', '10MiB', 'loc/bkt/source', 'int.down'], SMALL_PARTS);
    const end = ended(child);
    await h.untilSessionLines(1);
    expect(existsSync(h.path('int.down'))).toBe(false);
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect([existsSync(h.path('int.down')), temporaryFiles(), h.sessionLines()]).toEqual([false, [], 0]);
  });

  it('an upload that was killed goes on with the parts that are missing', async () => {
    const words = ['cp', 'big', 'loc/bkt/kill'];
    const child = h.spawn([...words, '--limit-upload', '10MiB'], SMALL_PARTS);
    const end = ended(child);
    await h.untilSessionLines(4);
    child.kill('SIGKILL');
    await end;
    expect([await h.keys('bkt', 'kill'), await uploads()]).toEqual([[], 1]);
    const again = await ended(h.spawn([...words, '--debug'], SMALL_PARTS));
    expect(again.code).toBe(0);
    expect(requests(again.stderr, 'PUT')).toBeLessThanOrEqual(6);
    expect([sha256(await h.bytes('kill')), await uploads(), h.sessionLines()]).toEqual([sha256(bytes), 0, 0]);
  });

  it('a download that was killed goes on with the ranges that are missing', async () => {
    const words = ['cp', 'loc/bkt/source', 'kill.down'];
    const child = h.spawn([...words, '--limit-download', '10MiB'], SMALL_PARTS);
    const end = ended(child);
    await h.untilSessionLines(2);
    child.kill('SIGKILL');
    await end;
    expect([existsSync(h.path('kill.down')), temporaryFiles()]).toEqual([false, ['kill.down.part.mts']]);
    const again = await ended(h.spawn([...words, '--debug'], SMALL_PARTS));
    expect(again.code).toBe(0);
    expect(requests(again.stderr, 'GET')).toBeLessThanOrEqual(2);
    expect(sha256(readFileSync(h.path('kill.down')))).toBe(sha256(bytes));
    expect([temporaryFiles(), h.sessionLines()]).toEqual([[], 0]);
  });

  it('an upload starts anew when the file has changed since', async () => {
    h.file('changing', 12 * MIB);
    const child = h.spawn(['cp', 'changing', 'loc/bkt/changed', '--limit-upload', '5MiB'], SMALL_PARTS);
    const end = ended(child);
    await h.untilSessionLines(2);
    child.kill('SIGKILL');
    await end;
    const fresh = h.file('changing', 12 * MIB);
    expect((await ended(h.spawn(['cp', 'changing', 'loc/bkt/changed'], SMALL_PARTS))).code).toBe(0);
    expect(sha256(await h.bytes('changed'))).toBe(sha256(fresh));
    await h.run('rm', '-I', '-r', '--force', 'loc/bkt');
    expect(await uploads()).toBe(0);
  });

  it('a pipe stores all or nothing', async () => {
    const whole = h.spawn(['pipe', 'loc/bkt/piped'], {}, 'pipe');
    const wholeEnd = ended(whole);
    whole.stdin!.end(bytes);
    expect(await wholeEnd).toMatchObject({ code: 0, stdout: `${bytes.length} bytes -> \`loc/bkt/piped\`\n` });
    expect(sha256(await h.bytes('piped'))).toBe(sha256(bytes));

    const cut = h.spawn(['pipe', 'loc/bkt/cut'], {}, 'pipe');
    const cutEnd = ended(cut);
    cut.stdin!.on('error', () => {});
    cut.stdin!.write(bytes);
    await until(async () => (await uploads()) === 1, 'the upload to begin');
    cut.kill('SIGINT');
    expect((await cutEnd).code).toBe(130);
    expect([await h.keys('bkt', 'cut'), await uploads()]).toEqual([[], 0]);
  });
});
