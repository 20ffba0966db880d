import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../e2e/server-process.js';

const SSHD = '/usr/sbin/sshd';

export interface SshServerOptions {
  /** Accepted instead of a key. Needs root: sshd is shown other password hashes than this machine's. */
  readonly password?: string;
}

/** A real sshd on a loopback port, which knows one key and nothing of this machine's own configuration. */
export class SshServer implements AsyncDisposable {
  readonly user = userInfo().username;
  readonly key: string;
  /** A key that it does not accept. */
  readonly foreignKey: string;
  /** Names its host key. */
  readonly knownHosts: string;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
    { password }: SshServerOptions,
  ) {
    this.key = newKey(join(folder, 'user'));
    this.foreignKey = newKey(join(folder, 'foreign'));
    const hostKey = newKey(join(folder, 'host'));
    writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${this.key}.pub`), { mode: 0o600 });
    this.knownHosts = this.#knownHosts('known', `${hostKey}.pub`);
    const config = join(folder, 'sshd_config');
    writeFileSync(config, [
      'ListenAddress 127.0.0.1', `Port ${port}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`, `PidFile ${join(folder, 'pid')}`,
      'StrictModes no', 'UsePAM no', 'KbdInteractiveAuthentication no', 'Subsystem sftp internal-sftp',
      ...(password === undefined ? ['PasswordAuthentication no', 'PermitRootLogin prohibit-password'] : ['PasswordAuthentication yes', 'PubkeyAuthentication no', 'PermitRootLogin yes']), '',
    ].join('\n'));
    // Root's sshd wants an empty folder to confine itself to, which the service would have made.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const words = [...(password === undefined ? [] : withPassword(folder, this.user, password)), SSHD, '-D', '-e', '-f', config];
    this.#child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
  }

  static async start(folder: string, options: SshServerOptions = {}): Promise<SshServer> {
    mkdirSync(folder, { recursive: true });
    const server = new SshServer(folder, await freePort(), options);
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline && server.#child.exitCode === null) {
      if (await isOpen(server.port)) return server;
      await sleep(20);
    }
    await server[Symbol.asyncDispose]();
    throw new Error(`sshd did not listen:\n${server.#log}`);
  }

  /** `ssh://user@host:port`, which a folder may follow. */
  get url(): string {
    return `ssh://${this.user}@127.0.0.1:${this.port}`;
  }

  /** Logins that it accepted so far, a line each. */
  get logins(): string[] {
    return this.#log.split('\n').filter((line) => line.startsWith('Accepted '));
  }

  /** A known_hosts whose names are hashed. */
  hashedKnownHosts(): string {
    const file = join(this.folder, 'known_hosts-hashed');
    writeFileSync(file, readFileSync(this.knownHosts));
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    return file;
  }

  /** A known_hosts that names another key for this host. */
  knownHostsOfAnother(): string {
    return this.#knownHosts('changed', `${this.foreignKey}.pub`);
  }

  #knownHosts(name: string, publicKey: string): string {
    const file = join(this.folder, `known_hosts-${name}`);
    writeFileSync(file, `[127.0.0.1]:${this.port} ${readFileSync(publicKey, 'utf8')}`);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** A real ssh-agent that holds one key. */
export class SshAgent implements AsyncDisposable {
  private constructor(
    readonly socket: string,
    readonly child: ChildProcess,
  ) {}

  static async start(folder: string, key: string): Promise<SshAgent> {
    mkdirSync(folder);
    const socket = join(folder, 'socket');
    const agent = new SshAgent(socket, spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' }));
    const deadline = Date.now() + 10_000;
    while (!existsSync(socket) && Date.now() < deadline) await sleep(20);
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await gone;
  }
}

/** Words before sshd: in a mount namespace of its own the user has this password. */
function withPassword(folder: string, user: string, password: string): string[] {
  const shadow = join(folder, 'shadow');
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password, encoding: 'utf8' }).trim();
  writeFileSync(shadow, `${user}:${hash}:19000:0:99999:7:::\n`, { mode: 0o600 });
  return ['unshare', '--mount', 'sh', '-c', `mount --bind '${shadow}' /etc/shadow && exec "$@"`, 'sh'];
}

function newKey(path: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path]);
  return path;
}

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}
