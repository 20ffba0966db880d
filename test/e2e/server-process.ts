import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ACCESS_KEY = 'test-operator';
export const SECRET_KEY = 'test-operator-secret';
export const MTS = join(import.meta.dirname, '../../bin/run.js');

/** A port that was free a moment ago: a server that is killed and started again must keep its address. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A folder that is removed with the test. */
export function temporaryFolder(name: string): string & Disposable {
  const path = mkdtempSync(join(tmpdir(), `mts-test-${name}-`));
  return Object.assign(Object(path) as string, { [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) });
}

/**
 * As `rm -rf`, and typed again where a server that runs on the folder put something into a part of it that had just been
 * emptied.
 */
export function wipe(folder: string): void {
  for (let tries = 1; ; tries++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || tries === 100) throw error;
    }
  }
}

/** `mts server` as a process of its own, on drives that outlive it. */
export class ServerProcess implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(
    readonly drives: readonly string[],
    readonly port: number,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** `port`: where the drives name it, as those of several hosts do. */
  static async start(drives: readonly string[], env: Readonly<Record<string, string>> = {}, port?: number): Promise<ServerProcess> {
    const server = new ServerProcess(drives, port ?? (await freePort()), env);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server does not run');
    return this.#child.pid;
  }

  /** What it printed so far, both streams. */
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [MTS, 'server', '--address', `127.0.0.1:${this.port}`, ...this.drives], {
      env: { ...process.env, MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-100_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) break;
      const response = await fetch(`${this.url}/minio/health/cluster`).catch(() => undefined);
      if (response?.status === 200) return;
      await sleep(50);
    }
    throw new Error(`the server did not become ready:\n${this.#output}`);
  }

  /** Ends it with a signal and waits until it is gone; gives its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
