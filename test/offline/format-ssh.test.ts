import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SshOptions } from '../../src/client/index.js';
import { carryOutRebuild } from '../../src/offline/index.js';
import { freePort } from '../e2e/server-process.js';
import { emptyDrive, unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { formatFile, prepare, treeOf } from './rebuild-harness.js';
import { SshAgent, SshServer } from './ssh-server.js';

const NOW_MS = Date.UTC(2026, 10, 27, 3);

let root: string;
let server: SshServer;
let fixture: Fixture;
let identity: string;
let lost: string;
let peers: readonly string[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-ssh-'));
  // The agent and the keys of whoever runs the tests would open the door as well.
  vi.stubEnv('HOME', join(root, 'home'));
  vi.stubEnv('SSH_AUTH_SOCK', '');
  mkdirSync(join(root, 'home'));
  server = await SshServer.start(join(root, 'sshd'));
  fixture = unpackFixture('2025-xl4', root);
  lost = fixture.drives.at(-1)!;
  identity = readFileSync(formatFile(lost)).toString();
  peers = fixture.drives.slice(0, -1).map((drive) => `${server.url}${drive}`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});
beforeEach(() => emptyDrive(lost));

const access = (changes: Partial<SshOptions> = {}): Partial<SshOptions> => ({ keys: [server.key], knownHosts: server.knownHosts, ...changes });

describe('format rebuild over SSH, from a real sshd', () => {
  it('gives an emptied drive the identity that it had, byte for byte', async () => {
    await carryOutRebuild(await prepare({ drives: [lost], from: peers, ssh: access() }), NOW_MS);
    expect(readFileSync(formatFile(lost)).toString()).toBe(identity);
  });

  it('finds the drives of a host by the layout', async () => {
    await carryOutRebuild(await prepare({ drives: [lost], from: [server.url], layout: fixture.drives, ssh: access() }), NOW_MS);
    expect(readFileSync(formatFile(lost)).toString()).toBe(identity);
  });

  it('knows the host by a hashed name too', async () => {
    const plan = await prepare({ drives: [lost], from: peers, ssh: access({ knownHosts: server.hashedKnownHosts() }) });
    expect(Buffer.from(plan.drives[0]!.bytes).toString()).toBe(identity);
  });

  it('logs in with a key of the agent', async () => {
    await using agent = await SshAgent.start(join(root, 'agent'), server.key);
    vi.stubEnv('SSH_AUTH_SOCK', agent.socket);
    try {
      const plan = await prepare({ drives: [lost], from: peers, ssh: { knownHosts: server.knownHosts } });
      expect(Buffer.from(plan.drives[0]!.bytes).toString()).toBe(identity);
    } finally {
      vi.stubEnv('SSH_AUTH_SOCK', '');
    }
  });

  it('logs in with a password, and with a wrong one does not', async () => {
    await using other = await SshServer.start(join(root, 'sshd-password'), { password: 'correct horse' });
    const from = fixture.drives.slice(0, -1).map((drive) => `${other.url}${drive}`);
    const wish = (password: string) => prepare({ drives: [lost], from, ssh: { knownHosts: other.knownHosts, password } });
    expect(Buffer.from((await wish('correct horse')).drives[0]!.bytes).toString()).toBe(identity);
    await expect(wish('wrong horse')).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(/refused the login: .*MTS_SSH_PASSWORD/) as string });
  });

  it.each<[string, (jump: SshServer) => Partial<SshOptions>]>([
    ['--ssh-jump', (jump) => ({ jump: jump.url.replace('ssh://', '') })],
    ['ProxyJump in ~/.ssh/config', (jump) => {
      const config = join(root, 'home/.ssh/config');
      mkdirSync(join(config, '..'), { recursive: true });
      writeFileSync(config, `Host target\n  HostName 127.0.0.1\n  Port ${server.port}\n  ProxyJump jump\nHost jump\n  HostName 127.0.0.1\n  Port ${jump.port}\n`);
      return {};
    }],
  ])('goes through a jump host: %s', async (_, arrange) => {
    await using jump = await SshServer.start(join(root, `sshd-jump-${_.length}`));
    const knownHosts = join(root, 'known_hosts-both');
    writeFileSync(knownHosts, readFileSync(server.knownHosts, 'utf8') + readFileSync(jump.knownHosts, 'utf8'));
    const ssh = access({ keys: [server.key, jump.key], knownHosts, ...arrange(jump) });
    const from = fixture.drives.slice(0, -1).map((drive) => (ssh.jump === undefined ? `target:${drive}` : `${server.url}${drive}`));
    const before = server.logins.length;
    const plan = await prepare({ drives: [lost], from, ssh });
    expect(Buffer.from(plan.drives[0]!.bytes).toString()).toBe(identity);
    expect([jump.logins.length, server.logins.length - before]).toEqual([from.length, from.length]);
    await expect(prepare({ drives: [lost], from, ssh: { ...ssh, knownHosts: server.knownHosts } })).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(/the host key of 127\.0\.0\.1 .* is not in known_hosts/) as string });
  });

  it.each<[string, () => Promise<{ readonly from?: readonly string[]; readonly ssh?: Partial<SshOptions> }> | { readonly from?: readonly string[]; readonly ssh?: Partial<SshOptions> }, RegExp]>([
    ['another host key than known', () => ({ ssh: { knownHosts: server.knownHostsOfAnother() } }), /the host key of 127\.0\.0\.1 is not the one in known_hosts: it showed SHA256:.*ssh-keygen -R/],
    ['an unknown host', () => {
      const knownHosts = join(root, 'known_hosts-empty');
      writeFileSync(knownHosts, '');
      return { ssh: { knownHosts } };
    }, /the host key of 127\.0\.0\.1 \(SHA256:.*\) is not in known_hosts; compare it/],
    ['a key that the host does not accept', () => ({ ssh: { keys: [server.foreignKey] } }), /127\.0\.0\.1:\d+ refused the login: .*--ssh-key FILE/],
    ['a key that is not there', () => ({ ssh: { keys: [join(root, 'no-key')] } }), /the SSH key .*no-key cannot be read/],
    ['a folder that the host does not have', () => ({ from: [`${server.url}/no/such/drive`] }), /there is no folder \/no\/such\/drive on 127\.0\.0\.1/],
    ['a host that is down', async () => ({ from: [`ssh://127.0.0.1:${await freePort()}/mnt/drive1`] }), /127\.0\.0\.1:\d+ cannot be reached over SSH: .*ECONNREFUSED.*; check the host, its port and the network/],
  ])('says of %s what is wrong, and writes nothing', async (_, arrange, message) => {
    const { from = peers, ssh = {} } = await arrange();
    const before = treeOf(join(lost, '..'));
    await expect(prepare({ drives: [lost], from, ssh: access(ssh) })).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(message) as string });
    expect(treeOf(join(lost, '..'))).toBe(before);
  });
});
