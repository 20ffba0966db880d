import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ACCESS_KEY, SECRET_KEY, ServerProcess, temporaryFolder } from './server-process.js';

const BUCKET = 'broken-drives';
const isRoot = process.getuid?.() === 0;

/** Drives that are file systems of their own, so that they can fill up, turn read-only and vanish. */
class MountedDrives implements Disposable {
  readonly paths: readonly string[];

  constructor(root: string, count: number, sizeMb: number) {
    this.paths = Array.from({ length: count }, (_, i) => join(root, `m${i + 1}`));
    for (const path of this.paths) {
      mkdirSync(path);
      this.mount(path, sizeMb);
    }
  }

  mount(path: string, sizeMb: number): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', path]);
  }

  remount(path: string, mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, path]);
  }

  unmount(path: string): void {
    execFileSync('umount', ['-l', path]);
  }

  [Symbol.dispose](): void {
    for (const path of this.paths) {
      try {
        this.unmount(path);
      } catch {
        // Not mounted any more: the test took it away.
      }
    }
  }
}

/** A file system on a loop device whose backing file can be cut short: from then on the kernel answers EIO. */
class FailingDrive implements Disposable {
  readonly path: string;
  readonly #image: string;
  readonly #device: string;

  constructor(root: string) {
    this.path = join(root, 'failing');
    this.#image = join(root, 'failing.img');
    mkdirSync(this.path);
    execFileSync('truncate', ['-s', '128M', this.#image]);
    this.#device = execFileSync('losetup', ['-f', '--show', this.#image]).toString().trim();
    execFileSync('mkfs.ext4', ['-q', '-F', this.#device]);
    execFileSync('mount', [this.#device, this.path]);
  }

  fail(): void {
    execFileSync('truncate', ['-s', '4096', this.#image]);
    execFileSync('sh', ['-c', 'echo 3 > /proc/sys/vm/drop_caches']);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path]);
    execFileSync('losetup', ['-d', this.#device]);
  }
}

/** Writes and reads back until told to stop; every failure and every wrong byte is kept. */
class Load {
  readonly failures: string[] = [];
  readonly stored = new Map<string, string>();
  #isOver = false;
  readonly #workers: Promise<void>[];

  constructor(readonly s3: S3Client) {
    this.#workers = Array.from({ length: 6 }, (_, worker) => this.#work(worker));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #work(worker: number): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const key = `w${worker}/${i % 10}`;
      const body = randomBytes(i % 3 === 0 ? 400_000 : 5000);
      try {
        await this.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
        this.stored.set(key, sha256(body));
        if ((await contentOf(this.s3, key)) !== sha256(body)) this.failures.push(`${key}: wrong bytes`);
      } catch (error) {
        this.failures.push(`${key}: ${String(error)}`);
      }
    }
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function contentOf(s3: S3Client, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return sha256(await Body!.transformToByteArray());
}

async function expectStored(s3: S3Client, stored: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, content] of stored) expect(await contentOf(s3, key), key).toBe(content);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(new Set(Contents.map(({ Key }) => Key))).toEqual(new Set(stored.keys()));
}

describe.skipIf(!isRoot)('a drive that breaks under load', () => {
  const folder = temporaryFolder('broken');
  let mounts: MountedDrives;
  let server: ServerProcess;
  let s3: S3Client;

  beforeEach(async () => {
    const root = join(folder.toString(), String(Date.now()));
    mkdirSync(root);
    mounts = new MountedDrives(root, 4, 60);
    server = await ServerProcess.start(mounts.paths);
    s3 = new S3Client({
      endpoint: server.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });

  afterEach(async () => {
    s3.destroy();
    await server[Symbol.asyncDispose]();
    mounts[Symbol.dispose]();
  });

  it('by being unmounted: reads and writes go on, and nothing is written to the empty mount point', async () => {
    const load = new Load(s3);
    await sleep(500);
    mounts.unmount(mounts.paths[1]!);
    await sleep(1500);
    await load.stop();
    expect(load.failures).toEqual([]);
    await expectStored(s3, load.stored);
    expect(execFileSync('find', [mounts.paths[1]!, '-type', 'f']).toString()).toBe('');
    await vi.waitFor(() => expect(server.output).toContain(mounts.paths[1]!), { timeout: 20_000, interval: 100 });
  });

  it('by turning read-only: reads and writes go on', async () => {
    const load = new Load(s3);
    await sleep(500);
    // A writer may hold the file system for a moment.
    for (let i = 0; i < 50; i++) {
      try {
        mounts.remount(mounts.paths[2]!, 'ro');
        break;
      } catch {
        await sleep(5);
      }
    }
    await sleep(1500);
    await load.stop();
    expect(load.failures).toEqual([]);
    await expectStored(s3, load.stored);
    mounts.remount(mounts.paths[2]!, 'rw');
  });

  it('by answering every access with an I/O error: reads and writes go on', async () => {
    await server.end();
    using failing = new FailingDrive(folder.toString());
    const drives = [...mounts.paths.slice(0, 3), failing.path];
    execFileSync('cp', ['-a', `${mounts.paths[3]!}/.`, failing.path]);
    await using other = await ServerProcess.start(drives);
    const client = new S3Client({
      endpoint: other.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    });
    const load = new Load(client);
    await sleep(500);
    failing.fail();
    await sleep(2000);
    await load.stop();
    expect(load.failures).toEqual([]);
    await expectStored(client, load.stored);
    client.destroy();
  });

  it('by being full: reads and writes go on, and what was refused nowhere is kept', async () => {
    const load = new Load(s3);
    await sleep(300);
    writeFileSync(join(mounts.paths[0]!, 'ballast'), Buffer.alloc(1));
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${join(mounts.paths[0]!, 'ballast')}`, 'bs=1M'], { stdio: 'ignore' });
    } catch {
      // dd ends with "no space left on device": that is the point.
    }
    await sleep(1500);
    await load.stop();
    expect(load.failures).toEqual([]);
    await expectStored(s3, load.stored);
  });

  it('all full: a write is refused as a whole with a clear error, and everything stored is still there', async () => {
    const stored = new Map<string, string>();
    let refusal: Error | undefined;
    for (let i = 0; i < 200 && refusal === undefined; i++) {
      const body = randomBytes(3_000_000);
      try {
        await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `big/${i}`, Body: body }));
        stored.set(`big/${i}`, sha256(body));
      } catch (error) {
        refusal = error as Error;
      }
    }
    expect(refusal?.name).toBe('XMinioStorageFull');
    await expectStored(s3, stored);
  });
});
