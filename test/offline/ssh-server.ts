import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../e2e/server-process.js';

const SSHD = '/usr/sbin/sshd';

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
  ) {
    this.key = newKey(join(folder, 'user'));
    this.foreignKey = newKey(join(folder, 'foreign'));
    const hostKey = newKey(join(folder, 'host'));
    writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${this.key}.pub`), { mode: 0o600 });
    this.knownHosts = this.#knownHosts('known', `${hostKey}.pub`);
    const config = join(folder, 'sshd_config');
    writeFileSync(config, [
      'ListenAddress 127.0.0.1', `Port ${port}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`, `PidFile ${join(folder, 'pid')}`,
      'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PermitRootLogin prohibit-password', 'Subsystem sftp internal-sftp', '',
    ].join('\n'));
    // Root's sshd wants an empty folder to confine itself to, which the service would have made.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    this.#child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
  }

  static async start(folder: string): Promise<SshServer> {
    mkdirSync(folder, { recursive: true });
    const server = new SshServer(folder, await freePort());
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
