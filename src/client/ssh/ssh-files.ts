/**
 * Files of another machine over SSH (SFTP): the way of last resort to a host whose server does not run. The host's key must be
 * in known_hosts; nothing is accepted on first sight.
 */
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod, Client, ClientChannel, ConnectConfig, SFTPWrapper, ServerHostKeyAlgorithm } from 'ssh2';
import { UsageError } from '../../base/index.js';
import { fingerprint, judgeHostKey, knownKeyTypes } from './known-hosts.js';
import { settingsFor, type HostSettings } from './ssh-config.js';

export interface SshTarget {
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

export interface SshOptions {
  /** Private keys to try, before those of ~/.ssh. */
  readonly keys?: readonly string[];
  readonly password?: string | undefined;
  /** Of encrypted keys. */
  readonly passphrase?: string | undefined;
  /** `[user@]host[:port]` to go through; wins over ~/.ssh/config. */
  readonly jump?: string | undefined;
  readonly knownHosts?: string | undefined;
  /** For connecting and for each call. */
  readonly timeoutMs: number;
}

export interface SshFiles {
  /** `user@host:port`, for people. */
  readonly name: string;
  /** undefined where there is no such file. Rejects with a UsageError. */
  read(path: string, sizeMax: number): Promise<Uint8Array | undefined>;
  isFolder(path: string): Promise<boolean>;
  close(): void;
}

const SFTP_NO_SUCH_FILE = 2;
const SFTP_PERMISSION_DENIED = 3;
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
/** Hosts that a jump may lead to by way of others. */
const JUMPS_MAX = 4;

/** Connects. Rejects with a UsageError: not reachable, host key unknown or changed, login refused. */
export async function openSsh(target: SshTarget, options: SshOptions): Promise<SshFiles> {
  const chain: Client[] = [];
  const close = (): void => chain.reverse().forEach((client) => client.end());
  try {
    const { client, name } = await connect(target, options, chain, 0);
    const sftp = await bounded(options.timeoutMs, `${name} did not start a file transfer`, new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, opened) => (error === undefined ? resolve(opened) : reject(error)))));
    return { name, close, read: (path, sizeMax) => readOver(sftp, name, path, sizeMax, options.timeoutMs), isFolder: (path) => isFolderOver(sftp, name, path, options.timeoutMs) };
  } catch (error) {
    chain.forEach((client) => client.destroy());
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${target.host} cannot be used over SSH: ${messageOf(error)}`, 'try `ssh` to the host by hand');
  }
}

/** `[user@]host[:port]`, with an IPv6 address in brackets. Throws a UsageError. */
export function parseSshTarget(text: string): SshTarget {
  const match = /^(?:([^@/]+)@)?(\[[0-9a-fA-F:.]+\]|[^@/:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) throw new UsageError(`"${text}" is no SSH host`, 'write [user@]host[:port], for instance root@192.168.2.151');
  return { host: (match[2] ?? '').replace(/^\[|\]$/g, ''), user: match[1], port: match[3] === undefined ? undefined : Number(match[3]) };
}

interface Connected {
  readonly client: Client;
  readonly name: string;
}

async function connect(target: SshTarget, options: SshOptions, chain: Client[], depth: number): Promise<Connected> {
  if (depth > JUMPS_MAX) throw new UsageError(`the way to ${target.host} leads through more than ${JUMPS_MAX} hosts`, 'look at ProxyJump in ~/.ssh/config: it may lead in a circle');
  const settings = settingsFor(target.host, await textOf(join(homedir(), '.ssh', 'config')));
  const host = settings.hostName ?? target.host;
  const port = target.port ?? settings.port ?? 22;
  const username = target.user ?? settings.user ?? userInfo().username;
  const name = `${username}@${host}:${port}`;
  const jump = depth === 0 && options.jump !== undefined ? options.jump : settings.proxyJump;
  const sock = jump === undefined ? undefined : await throughJump(jump, { host, port }, options, chain, depth);
  const knownText = (await Promise.all(knownHostsFiles(options, settings).map(textOf))).join('\n');
  const { Client: SshClient } = (await import('ssh2')).default;
  const client = new SshClient();
  chain.push(client);
  let refusal: UsageError | undefined;
  const { methods, skipped } = await authMethods(username, options, settings);
  const config: ConnectConfig = {
    host, port, username,
    authHandler: methods,
    readyTimeout: options.timeoutMs,
    hostVerifier: (key: Buffer) => {
      refusal = hostKeyRefusal(knownText, { host, alias: target.host, port, key });
      return refusal === undefined;
    },
    ...(sock !== undefined && { sock }),
    ...algorithmsFor([...knownKeyTypes(knownText, host, port), ...knownKeyTypes(knownText, target.host, port)]),
  };
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', reject);
    client.once('close', () => reject(new Error('the host closed the connection')));
    client.connect(config);
  });
  try {
    await bounded(options.timeoutMs, `${name} did not answer`, ready);
  } catch (error) {
    throw refusal ?? connectFailure(name, error, skipped);
  }
  return { client, name };
}

async function throughJump(jump: string, to: { readonly host: string; readonly port: number }, options: SshOptions, chain: Client[], depth: number) {
  const hops = jump.split(',');
  const last = hops.pop() ?? '';
  const { client, name } = await connect(parseSshTarget(last), { ...options, jump: hops.length === 0 ? undefined : hops.join(',') }, chain, hops.length === 0 ? depth + 1 : 0);
  return bounded(
    options.timeoutMs,
    `${name} did not reach ${to.host}:${to.port}`,
    new Promise<ClientChannel>((resolve, reject) => client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => (error === undefined ? resolve(channel) : reject(error)))),
  );
}

function knownHostsFiles(options: SshOptions, settings: HostSettings): string[] {
  if (options.knownHosts !== undefined) return [options.knownHosts];
  const own = settings.knownHostsFiles.length > 0 ? settings.knownHostsFiles : [join(homedir(), '.ssh', 'known_hosts')];
  return [...own, '/etc/ssh/ssh_known_hosts'];
}

function hostKeyRefusal(knownText: string, { host, alias, port, key }: { readonly host: string; readonly alias: string; readonly port: number; readonly key: Buffer }): UsageError | undefined {
  const verdicts = [...new Set([host, alias])].map((name) => judgeHostKey(knownText, name, port, key));
  const where = port === 22 ? host : `-p ${port} ${host}`;
  if (verdicts.includes('revoked')) return new UsageError(`the host key of ${host} (${fingerprint(key)}) is marked as revoked in known_hosts`, 'do not connect before its administrator has told you why');
  if (verdicts.includes('changed')) return new UsageError(`the host key of ${host} is not the one in known_hosts: it showed ${fingerprint(key)}. Somebody may be between you and it, or it was installed anew`, `make sure, then: ssh-keygen -R ${port === 22 ? host : `'[${host}]:${port}'`} && ssh ${where}`);
  if (verdicts.includes('known')) return undefined;
  return new UsageError(`the host key of ${host} (${fingerprint(key)}) is not in known_hosts`, `compare it with what the host's administrator says, then accept it once by hand: ssh ${where}`);
}

/** A server has keys of several types and shows one: it is asked for one that we know. */
function algorithmsFor(types: readonly string[]): Pick<ConnectConfig, 'algorithms'> {
  const serverHostKey = [...new Set(types)].flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type])) as ServerHostKeyAlgorithm[];
  return serverHostKey.length === 0 ? {} : { algorithms: { serverHostKey: { prepend: serverHostKey, append: [], remove: [] } } };
}

/** In OpenSSH's order: agent, keys, password. */
async function authMethods(username: string, options: SshOptions, settings: HostSettings): Promise<{ readonly methods: AnyAuthMethod[]; readonly skipped: readonly string[] }> {
  const { utils } = (await import('ssh2')).default;
  const methods: AnyAuthMethod[] = [];
  const skipped: string[] = [];
  const agent = process.env['SSH_AUTH_SOCK'];
  if (agent !== undefined && agent !== '') methods.push({ type: 'agent', username, agent });
  const ownKeys = settings.identityFiles.length > 0 ? settings.identityFiles : DEFAULT_KEYS.map((file) => join(homedir(), '.ssh', file));
  for (const file of [...(options.keys ?? []), ...ownKeys]) {
    const key = await readFile(file).catch(() => undefined);
    if (key === undefined) {
      if (options.keys?.includes(file) === true) throw new UsageError(`the SSH key ${file} cannot be read`, 'give the path of a private key with --ssh-key');
      continue;
    }
    const parsed = utils.parseKey(key, options.passphrase);
    if (parsed instanceof Error) skipped.push(`${file}: ${parsed.message}`);
    else methods.push({ type: 'publickey', username, key, ...(options.passphrase !== undefined && { passphrase: options.passphrase }) });
  }
  const { password } = options;
  if (password !== undefined) {
    methods.push({ type: 'password', username, password });
    methods.push({ type: 'keyboard-interactive', username, prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)) });
  }
  return { methods, skipped };
}

function connectFailure(name: string, error: unknown, skipped: readonly string[]): UsageError {
  const { level } = error as { level?: string };
  if (error instanceof UsageError) return error;
  if (level === 'client-authentication') {
    const keys = skipped.length === 0 ? '' : `; keys that could not be used: ${skipped.join('; ')}`;
    return new UsageError(`${name} refused the login: no key of the agent or of ~/.ssh and no password was accepted${keys}`, 'give --ssh-key FILE, or set MTS_SSH_PASSWORD (or MTS_SSH_PASSPHRASE for an encrypted key)');
  }
  return new UsageError(`${name} cannot be reached over SSH: ${messageOf(error)}`, 'check the host, its port and the network');
}

async function readOver(sftp: SFTPWrapper, name: string, path: string, sizeMax: number, timeoutMs: number): Promise<Uint8Array | undefined> {
  try {
    const size = await bounded(timeoutMs, `${name} did not answer`, new Promise<number>((resolve, reject) => sftp.stat(path, (error, stats) => (error === undefined ? resolve(stats.size) : reject(error)))));
    if (size > sizeMax) throw new UsageError(`${name}:${path} takes ${size} bytes; ${sizeMax} are the most that make sense`);
    return await bounded(timeoutMs, `${name} did not answer`, new Promise<Buffer>((resolve, reject) => sftp.readFile(path, (error, data) => (error ? reject(error) : resolve(data)))));
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === SFTP_NO_SUCH_FILE) return undefined;
    if (code === SFTP_PERMISSION_DENIED) throw new UsageError(`${name}:${path} may not be read by that user`, 'log in as the user that the server runs as, or as root');
    throw error;
  }
}

async function isFolderOver(sftp: SFTPWrapper, name: string, path: string, timeoutMs: number): Promise<boolean> {
  return bounded(timeoutMs, `${name} did not answer`, new Promise<boolean>((resolve) => sftp.stat(path, (error, stats) => resolve(error === undefined && stats.isDirectory()))));
}

async function bounded<T>(timeoutMs: number, sentence: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UsageError(`${sentence} within ${timeoutMs / 1000} s`, 'check that the host is up and the network lets SSH through')), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
