import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SystemClock, systemRandom, type Clock, type Log } from '../../src/base/index.js';
import { openDeployment, parseDriveArguments, type OpenedDeployment } from '../../src/cluster/index.js';
import { systemHosts } from '../../src/net/index.js';
import { SameThreadDrive } from '../doubles/same-thread-drive.js';

const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
let root: string;
let lines: string[];
const opened: OpenedDeployment[] = [];
/** Nodes that do not answer the others. */
let down: Set<string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-cluster-test-'));
  lines = [];
  down = new Set();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  rmSync(root, { recursive: true, force: true });
});

const args = (hosts: readonly string[] = HOSTS): string[] => [1, 2].flatMap((drive) => hosts.map((host) => `http://${host}:9000${root}/m${host.at(-1)!}/e${drive}`));
const folder = (machine: number, drive: number): string => join(root, `m${machine}`, `e${drive}`);
const formatIn = (path: string): string => readFileSync(join(path, '.minio.sys', 'format.json'), 'utf8');

/** Starts the node on a host. Its clock goes a second further with each pause; `during` may change things between rounds. */
async function start(host: string, during: (round: number) => unknown = () => undefined, given = args()): Promise<OpenedDeployment> {
  const { pools, nodes } = await parseDriveArguments(given, { listen: { host, port: 9000 }, hosts: systemHosts });
  let nowMs = 0;
  const system = new SystemClock();
  const clock: Clock = { now: () => system.now(), nextModTimeNs: () => system.nextModTimeNs(), monotonicMs: () => nowMs };
  const say = (message: string): void => void lines.push(`${host}: ${message}`);
  const log: Log = { info: say, warn: say, error: say };
  const one = await openDeployment({
    layouts: pools,
    openDrive: ({ path }) => new SameThreadDrive(path),
    makeFolder: ({ path }) => Promise.resolve(void mkdirSync(path, { recursive: true })),
    removeFolder: ({ path }) => Promise.resolve(rmdirSync(path)),
    allowRootDrive: true,
    isReachable: (node) => !down.has(node.host),
    clock,
    random: systemRandom,
    log,
    monitor: { intervalMs: 1000, schedule: () => () => {} },
    waiting: {
      isFirst: nodes[0]!.isThisNode,
      missingNodes: () => [...down].map((name) => `${name} (connection refused)`).join(', '),
      pause: async () => {
        nowMs += 1000;
        await during(nowMs / 1000);
        if (nowMs > 120_000) throw new Error('it waits for ever');
      },
    },
  });
  opened.push(one);
  return one;
}

/** All nodes on new folders, the first one last. */
async function formatted(): Promise<void> {
  const others = HOSTS.slice(1).map((host) => start(host, () => new Promise((resolve) => setTimeout(resolve, 20))));
  await Promise.all([...others, start(HOSTS[0]!, () => new Promise((resolve) => setTimeout(resolve, 20)))]);
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

describe('nodes on new drives', () => {
  it('make their own folders, and wait until the first has formatted all', async () => {
    await formatted();
    const formats = [1, 2, 3].flatMap((machine) => [1, 2].map((drive) => JSON.parse(formatIn(folder(machine, drive))) as { id: string; xl: { sets: string[][] } }));
    expect(new Set(formats.map(({ id }) => id)).size).toBe(1);
    expect(formats[0]!.xl.sets[0]).toHaveLength(6);
  });

  it('are not formatted while a node does not answer, which is said by name', async () => {
    for (const machine of [1, 2, 3]) for (const drive of [1, 2]) mkdirSync(folder(machine, drive), { recursive: true });
    down.add('127.0.0.3');
    await start('127.0.0.1', (round) => {
      expect(existsSync(join(folder(1, 1), '.minio.sys', 'format.json'))).toBe(false);
      if (round === 50) down.clear();
    });
    const said = lines.filter((line) => line.includes('waiting for the other nodes'));
    expect(said[0]).toContain('127.0.0.3 (connection refused)');
    expect(said.length).toBeLessThan(5);
    expect(formatIn(folder(3, 2))).toContain('"xl"');
  });
});

describe('a node on formatted drives', () => {
  it('waits for half of them, and goes on when it has them', async () => {
    await formatted();
    down = new Set(['127.0.0.2', '127.0.0.3']);
    const one = await start('127.0.0.1', (round) => round === 10 && down.delete('127.0.0.2'));
    expect(one.statuses().map(({ condition }) => condition)).toEqual(['ok', 'ok', 'offline', 'ok', 'ok', 'offline']);
    expect(lines.some((line) => line.includes('only 2 of 6 drives'))).toBe(true);
    expect(lines.some((line) => line.includes(`http://127.0.0.3:9000${folder(3, 1)} is offline: the node 127.0.0.3:9000 does not answer`))).toBe(true);
    down.clear();
    await one.checkDrives();
    expect(one.statuses().every(({ condition }) => condition === 'ok')).toBe(true);
  });

  it('formats an emptied drive of its own, and leaves those of others to them', async () => {
    await formatted();
    for (const machine of [1, 2]) {
      rmSync(folder(machine, 1), { recursive: true });
      mkdirSync(folder(machine, 1));
    }
    const one = await start('127.0.0.1');
    expect(existsSync(join(folder(1, 1), '.minio.sys', 'format.json'))).toBe(true);
    expect(existsSync(join(folder(2, 1), '.minio.sys', 'format.json'))).toBe(false);
    await start('127.0.0.2');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await one.checkDrives();
    expect(one.statuses().map(({ isOnline, isHealing }) => [isOnline, isHealing])).toEqual([[true, true], [true, true], [true, false], [true, false], [true, false], [true, false]]);
  });

  it('refuses another number of drives, naming both, once no further answer can change it', async () => {
    await formatted();
    const more = [...args(), `http://127.0.0.1:9000${root}/m1/e3`, `http://127.0.0.2:9000${root}/m2/e3`];
    await expect(start('127.0.0.1', undefined, more)).rejects.toThrow(/belongs to a pool of 6 drives, but .* gives 8/);
  });

  it('waits for the others where its own drives alone are of another deployment', async () => {
    await formatted();
    cpSync(join(root, 'm1'), join(root, 'kept'), { recursive: true });
    for (const machine of [1, 2, 3]) rmSync(join(root, `m${machine}`), { recursive: true });
    await formatted();
    // The two drives of the first node come from the earlier deployment.
    rmSync(join(root, 'm1'), { recursive: true });
    cpSync(join(root, 'kept'), join(root, 'm1'), { recursive: true });
    const foreign = formatIn(folder(1, 1));
    down = new Set(['127.0.0.2', '127.0.0.3']);
    const one = await start('127.0.0.1', (round) => round === 5 && down.clear());
    expect(one.statuses().map(({ condition }) => condition)).toEqual(['foreign', 'ok', 'ok', 'foreign', 'ok', 'ok']);
    expect(formatIn(folder(1, 1))).toBe(foreign);
  });
});
