import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { one, two } from '../net/test-certificates.js';

const BIN = join(import.meta.dirname, '../../bin');
const KEYS = { MINIO_ROOT_USER: 'test-operator', MINIO_ROOT_PASSWORD: 'test-operator-secret' };

let root: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-command-test-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(root, { recursive: true, force: true });
});

/** The environment of this process without what would configure a server. */
function environment(more: Record<string, string> = {}): Record<string, string | undefined> {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('MINIO_') && name !== 'NODE_ENV');
  return { ...Object.fromEntries(clean), HOME: root, ...more };
}

class Process {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    running.push(child);
    child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  }

  /** Waits for output that matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      const more = Promise.race([once(this.child.stdout!, 'data'), once(this.child.stderr!, 'data'), this.exited]);
      await more;
      if (this.child.exitCode !== null && !pattern.test(this.stdout + this.stderr)) throw new Error(`it ended without saying ${String(pattern)}:\n${this.stdout}${this.stderr}`);
    }
  }
}

function start(args: string[], env: Record<string, string> = KEYS, bin = 'run.js'): Process {
  return new Process(spawn(process.execPath, [join(BIN, bin), ...args], { cwd: root, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] }));
}
function run(args: string[], env: Record<string, string> = KEYS, bin = 'run.js') {
  return spawnSync(process.execPath, [join(BIN, bin), ...args], { cwd: root, env: environment(env), encoding: 'utf8', timeout: 30_000 });
}
const ADDRESS = ['--address', '127.0.0.1:0'];
const URL_LINE = /^API: (http\S+:(\d+))$/m;

describe('mts server', () => {
  it('with nothing configured starts, says where and with which keys, and ends with 0 when told to', async () => {
    const server = start(['server', ...ADDRESS, './data'], {});
    const url = (await server.says(URL_LINE))[1]!;
    await server.says(/^CLI: mts alias set local http/m);
    expect(server.stdout).toMatch(/RootUser: minioadmin[\s\S]*1 drive online, 0 drives offline[\s\S]*WARNING/);
    expect((await fetch(`${url}/minio/health/cluster`)).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(existsSync(join(root, 'data/.minio.sys/format.json'))).toBe(true);
  });

  it('takes drives and flags from MINIO_VOLUMES and MINIO_OPTS, what is typed wins, and chosen keys are never shown', async () => {
    const server = start(['server', ...ADDRESS], { ...KEYS, MINIO_VOLUMES: `${root}/v{1...4}`, MINIO_OPTS: '--address 127.0.0.1:1 --console-address :9001' });
    await server.says(/4 drives online, 0 drives offline/);
    await server.says(/--console-address is accepted/);
    expect(server.stdout + server.stderr).not.toContain('test-operator');
    server.child.kill('SIGINT');
    expect(await server.exited).toBe(0);
  });

  it('with --json says everything in one JSON object a line', async () => {
    const server = start(['server', '--json', ...ADDRESS, 'd{1...4}'], {});
    await server.says(/server is up/);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const records = server.stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.find(({ msg }) => msg === 'server is up')).toMatchObject({ level: 'info', drivesOnline: 4, drivesOffline: 0, rootUser: 'minioadmin' });
    expect(records.some(({ level, msg }) => level === 'warn' && String(msg).includes('default keys'))).toBe(true);
    expect(server.stderr).toBe('');
  });

  it('finishes a request in flight before it ends', async () => {
    const server = start(['server', ...ADDRESS, 'data']);
    const [, url] = await server.says(URL_LINE);
    const upload = request(`${url!}/bucket/key`, { method: 'PUT', headers: { 'Content-Length': 100_000 } });
    const answered = new Promise<IncomingMessage>((resolve, reject) => upload.on('response', resolve).on('error', reject));
    upload.write(Buffer.alloc(50_000));
    await new Promise((resolve) => upload.once('socket', (socket) => (socket.connecting ? socket.once('connect', resolve) : resolve(undefined))));
    await fetch(`${url!}/minio/health/live`);
    server.child.kill('SIGTERM');
    await server.says(/stopping/);
    upload.end(Buffer.alloc(50_000));
    const response = await answered;
    response.resume();
    expect(response.statusCode).toBe(403);
    expect(await server.exited).toBe(0);
  });

  it('ends at once at the second signal', async () => {
    const server = start(['server', ...ADDRESS, 'data']);
    const [, url] = await server.says(URL_LINE);
    const hanging = request(`${url!}/bucket/key`, { method: 'PUT', headers: { 'Content-Length': 100_000 } });
    const cut = new Promise<void>((resolve) => hanging.on('error', () => resolve()).on('close', () => resolve()));
    hanging.write('some');
    await fetch(`${url!}/minio/health/live`);
    server.child.kill('SIGTERM');
    await server.says(/stopping/);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    await cut;
  });

  it('serves TLS from a folder and takes a renewed certificate at SIGHUP', async () => {
    const certs = join(root, 'certs');
    mkdirSync(certs);
    const write = ({ cert, key }: { cert: string; key: string }): void => {
      writeFileSync(join(certs, 'public.crt'), cert);
      writeFileSync(join(certs, 'private.key'), key);
    };
    const subject = (port: string) =>
      new Promise<string>((resolve, reject) => {
        httpsGet({ host: '127.0.0.1', port, path: '/minio/health/live', rejectUnauthorized: false, agent: false }, (response) => {
          const { getPeerCertificate } = response.socket as unknown as { getPeerCertificate: () => { subject: { CN: string } } };
          resolve(getPeerCertificate.call(response.socket).subject.CN);
          response.resume();
        }).on('error', reject);
      });
    write(one);
    const server = start(['server', ...ADDRESS, '-S', certs, 'data']);
    const [, url, port] = await server.says(URL_LINE);
    expect(url).toMatch(/^https:/);
    expect(await subject(port!)).toBe('localhost-one');
    write(two);
    server.child.kill('SIGHUP');
    await server.says(/was loaded again/);
    expect(await subject(port!)).toBe('localhost-two');
    writeFileSync(join(certs, 'public.crt'), 'garbage');
    server.child.kill('SIGHUP');
    await server.says(/the old certificate stays in use/);
    expect(await subject(port!)).toBe('localhost-two');
  });

  it('says when a drive goes and when it is back, and goes on', async () => {
    const server = start(['server', ...ADDRESS, 'd{1...4}']);
    const [, url] = await server.says(URL_LINE);
    renameSync(join(root, 'd2'), join(root, 'away'));
    await server.says(/WARN.*d2 went offline: .*gone.*mount it again/);
    expect((await fetch(`${url!}/minio/health/cluster`)).status).toBe(200);
    renameSync(join(root, 'away'), join(root, 'd2'));
    await server.says(/d2 is back online/);
  });
});

describe('mts server refuses to start, with 1 and what to do', () => {
  it.each([
    ['without a drive', ['server'], {}, /no drive is given.*mts server \.\/data/],
    ['on the root folder', ['server', '/'], {}, /root endpoint/],
    ['with a malformed range', ['server', 'd{1..4}'], {}, /\{N\.\.\.M\}/],
    ['with 17 drives', ['server', 'd{1...17}'], {}, /17 drives/],
    ['with a bad address', ['server', '--address', '9000', 'd'], {}, /no address to listen on/],
    ['with an address of another machine', ['server', '--address', '198.51.100.7:0', 'd'], {}, /no address of this machine/],
    ['with a short password', ['server', 'd'], { MINIO_ROOT_USER: 'operator', MINIO_ROOT_PASSWORD: 'short' }, /at least 8/],
    ['with an unknown flag', ['server', '--bogus', 'd'], {}, /--bogus/],
    ['with a parity the drives cannot carry', ['server', 'd{1...4}'], { MINIO_STORAGE_CLASS_STANDARD: 'EC:3' }, /at most 2/],
  ])('%s', (_, args, env, words) => {
    const result = run(args, env);
    expect(result.stderr).toMatch(words);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.status).toBe(1);
    expect(existsSync(join(root, 'd'))).toBe(false);
  });

  it('on a port that another process has, before it touches a drive', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const result = run(['server', '--address', `127.0.0.1:${port}`, 'd']);
    holder.close();
    expect(result.stderr).toMatch(new RegExp(`port ${port} of 127.0.0.1 is in use.*ss -ltnp`));
    expect(result.status).toBe(1);
    expect(existsSync(join(root, 'd'))).toBe(false);
  });

  it('on a wrong number of drives and on drives of another deployment, as JSON when asked', async () => {
    for (const name of ['a', 'b']) {
      const server = start(['server', ...ADDRESS, `${name}{1...4}`]);
      await server.says(URL_LINE);
      server.child.kill('SIGTERM');
      await server.exited;
    }
    const before = readFileSync(join(root, 'a1/.minio.sys/format.json'), 'utf8');
    expect(run(['server', 'a{1...2}']).stderr).toMatch(/pool of 4 drives, but "a\{1\.\.\.2\}" gives 2/);
    const mixed = run(['server', '--json', 'a1', 'a2', 'b3', 'b4']);
    expect(mixed.status).toBe(1);
    expect(JSON.parse(mixed.stdout)).toMatchObject({ level: 'fatal', msg: expect.stringContaining('different deployments') as string, hint: expect.any(String) as string });
    expect(readFileSync(join(root, 'a1/.minio.sys/format.json'), 'utf8')).toBe(before);
  });
});

describe('the minio shim', () => {
  it('tells its version as test suites look for it, and what it is', () => {
    for (const flag of ['--version', '-v']) {
      const result = run([flag], {}, 'minio.js');
      expect(result.stdout).toMatch(/^minio version RELEASE\.2025-10-15T17-29-55Z \(commit-id=mts-\d+\.\d+\.\d+\)\n.*mts/);
      expect(result.status).toBe(0);
    }
  });

  it('serves with the command lines that test suites use', async () => {
    const server = start(['-C', join(root, 'c'), 'server', '--json', '--anonymous', '--config-dir', join(root, 'c'), '--console-address', '127.0.0.1:0', ...ADDRESS, 'data'], KEYS, 'minio.js');
    await server.says(/server is up/);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const plain = start(['server', ...ADDRESS, 'data'], { MINIO_ACCESS_KEY: 'accesskey', MINIO_SECRET_KEY: 'secretkey' }, 'minio.js');
    const [, url] = await plain.says(URL_LINE);
    expect((await fetch(`${url!}/minio/health/ready`)).status).toBe(200);
  });
});
