/**
 * The transfer commands as processes of their own, against a server in this one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3 } from '../../src/client/s3.js';
import { startServer, type RunningServer } from '../../src/server/index.js';

const MTS = join(import.meta.dirname, '../../bin/run.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The objects of --json. */
  readonly objects: readonly Record<string, unknown>[];
}

export class Harness implements AsyncDisposable {
  readonly s3: S3;

  private constructor(
    readonly server: RunningServer,
    /** Working folder of the commands. */
    readonly folder: string,
    readonly configDir: string,
  ) {
    this.s3 = new S3({ name: 'loc', url: server.url, accessKey: server.accessKey, secretKey: server.secretKey, api: 's3v4', path: 'on', source: '' });
  }

  /** A server with the bucket `bkt`, known as `loc` and, as if it were another one, as `far`. */
  static async start(): Promise<Harness> {
    const root = mkdtempSync(join(tmpdir(), 'mts-test-transfers-'));
    const server = await startServer();
    const harness = new Harness(server, join(root, 'work'), join(root, 'config'));
    mkdirSync(harness.folder);
    mkdirSync(harness.configDir);
    await harness.s3.createBucket('bkt');
    return harness;
  }

  spawn(words: readonly string[], env: Readonly<Record<string, string>> = {}, stdin: 'pipe' | 'ignore' = 'ignore'): ChildProcess {
    const host = this.server.url.replace('://', `://${this.server.accessKey}:${this.server.secretKey}@`);
    return spawn(process.execPath, [MTS, ...words], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], HOME: this.folder, MC_HOST_loc: host, MC_HOST_far: host, MTS_CONFIG_DIR: this.configDir, ...env },
      stdio: [stdin, 'pipe', 'pipe'],
    });
  }

  async run(...words: string[]): Promise<Ended> {
    return ended(this.spawn(words));
  }

  /** A file of random bytes in the working folder. */
  file(name: string, content: number | string): Buffer {
    const bytes = typeof content === 'number' ? randomBytes(content) : Buffer.from(content);
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), bytes);
    return bytes;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async keys(bucket = 'bkt', prefix = ''): Promise<string[]> {
    return (await this.s3.listObjects(bucket, { prefix })).entries.map((entry) => entry.key);
  }

  /** The bytes of an object. */
  async bytes(key: string, bucket = 'bkt'): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of (await this.s3.get(bucket, key)).body as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async put(key: string, content: string | Buffer, headers: Record<string, string> = {}): Promise<void> {
    await this.s3.put('bkt', key, Buffer.from(content), { headers });
  }

  /** Lines in the files that remember transfers under way: one each, and one for each finished part. */
  sessionLines(): number {
    const folder = join(this.configDir, 'transfers');
    if (!existsSync(folder)) return 0;
    const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    return files.reduce((sum, name) => sum + readFileSync(join(folder, name), 'utf8').split('\n').length - 1, 0);
  }

  async untilSessionLines(count: number): Promise<void> {
    await until(() => this.sessionLines() >= count, `${count} lines of session`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.s3.transport.close();
    await this.server.close();
    rmSync(join(this.folder, '..'), { recursive: true, force: true });
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const objects = texts.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, ...texts, objects };
}

/** Polls: what another process writes to disk cannot be awaited. Fails after 30 s. */
export async function until(claim: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await claim())) {
    if (Date.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
