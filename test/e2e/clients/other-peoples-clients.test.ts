import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_KEY, SECRET_KEY, ServerProcess, temporaryFolder } from '../server-process.js';
import { readTree, writeTree } from './tree.js';

const run = promisify(execFile);
const PYTHON = join(import.meta.dirname, '../../../node_modules/.cache/test-python/bin/python');

describe('clients that others wrote', () => {
  const folder = temporaryFolder('clients');
  const root = folder.toString();
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start([1, 2, 3, 4].map((n) => join(root, `d${n}`)));
    writeTree(join(root, 'tree'), 2000);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('rclone copies a tree of 2,000 files, finds no difference, and brings it back', async () => {
    const config = join(root, 'rclone.conf');
    writeFileSync(
      config,
      `[mts]\ntype = s3\nprovider = Minio\naccess_key_id = ${ACCESS_KEY}\nsecret_access_key = ${SECRET_KEY}\nendpoint = ${server.url}\n`,
    );
    // A CA bundle that the machine may name for other clients is refused by rclone's transport.
    const env = { ...process.env };
    delete env['AWS_CA_BUNDLE'];
    const rclone = (...args: string[]): Promise<unknown> => run('rclone', ['--config', config, ...args], { env, maxBuffer: 1e8 });
    await rclone('mkdir', 'mts:rclone-tree');
    await rclone('copy', '--transfers', '8', join(root, 'tree'), 'mts:rclone-tree/a');
    await rclone('check', '--checkers', '8', join(root, 'tree'), 'mts:rclone-tree/a');
    await rclone('check', '--download', join(root, 'tree', 'folder 3'), 'mts:rclone-tree/a/folder 3');
    await rclone('copy', 'mts:rclone-tree/a', join(root, 'rclone-back'));
    expect(readTree(join(root, 'rclone-back'))).toEqual(readTree(join(root, 'tree')));
    await rclone('purge', 'mts:rclone-tree');
  }, 240_000);

  it('s3cmd makes a bucket, syncs up and down, and removes everything', async () => {
    const host = `127.0.0.1:${server.port}`;
    const s3cmd = async (...args: string[]): Promise<string> => {
      const options = [`--access_key=${ACCESS_KEY}`, `--secret_key=${SECRET_KEY}`, `--host=${host}`, `--host-bucket=${host}`, '--no-ssl', '--config=/dev/null'];
      return (await run('s3cmd', [...options, ...args], { maxBuffer: 1e8 })).stdout;
    };
    const source = join(root, 'tree', 'folder 1');
    await s3cmd('mb', 's3://s3cmd-tree');
    await s3cmd('sync', '--no-progress', `${source}/`, 's3://s3cmd-tree/up/');
    writeFileSync(join(root, 'big.bin'), Buffer.alloc(33 * 1024 * 1024, 'mts'));
    await s3cmd('put', '--no-progress', '--multipart-chunk-size-mb=15', join(root, 'big.bin'), 's3://s3cmd-tree/big.bin');
    expect(await s3cmd('ls', '-r', 's3://s3cmd-tree')).toContain('s3://s3cmd-tree/big.bin');
    mkdirSync(join(root, 's3cmd-back'));
    await s3cmd('sync', '--no-progress', 's3://s3cmd-tree/up/', `${join(root, 's3cmd-back')}/`);
    expect(readTree(join(root, 's3cmd-back'))).toEqual(readTree(source));
    await s3cmd('del', '-r', '--force', 's3://s3cmd-tree');
    await s3cmd('rb', 's3://s3cmd-tree');
  }, 240_000);

  it('restic backs up, checks every pack, and restores the same tree', async () => {
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      RESTIC_PASSWORD: 'a test',
      RESTIC_REPOSITORY: `s3:${server.url}/restic-repository`,
      RESTIC_CACHE_DIR: join(root, 'restic-cache'),
    };
    const restic = (...args: string[]): Promise<unknown> => run('restic', args, { env, maxBuffer: 1e8, cwd: root });
    await restic('init');
    await restic('backup', 'tree');
    await restic('check', '--read-data');
    await restic('restore', 'latest', '--target', join(root, 'restic-back'));
    expect(readTree(join(root, 'restic-back', 'tree'))).toEqual(readTree(join(root, 'tree')));
    await restic('forget', '--keep-last', '1', '--prune');
  }, 240_000);

  it('boto3 puts, reads ranges, lists, versions, and completes a multipart upload with checksums', async () => {
    const script = join(import.meta.dirname, 'boto3-session.py');
    const { stdout } = await run(PYTHON, [script, server.url, ACCESS_KEY, SECRET_KEY]);
    expect(stdout.trim()).toBe('everything held');
  }, 120_000);
});
