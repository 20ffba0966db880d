/** The dashboard as an operator has it: in a terminal, on a cluster of three nodes that things happen to. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from './cluster/harness.js';
import { head, makeBucket, put } from './cluster/s3.js';
import { ACCESS_KEY, MTS, SECRET_KEY } from './server-process.js';
import { Terminal } from './terminal.js';

const OBJECTS = 200;
const PANELS = ['Drives (6)', 'Nodes (3)', 'Buckets (', 'Traffic', 'Healing', 'Errors and slow requests'];

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
  await Promise.all(cluster.nodes.map((node) => node.seesOthers()));
  await makeBucket(cluster.node(1), 'photos');
  for (let first = 0; first < OBJECTS; first += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => put(cluster.node(1), `holiday/${first + index}.jpg`, Buffer.alloc(20_000, first + index), 'photos')));
  }
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** The dashboard, asking one of the nodes. */
function open(columns: number, rows: number, machine = 1, env: Readonly<Record<string, string>> = {}): Terminal {
  const url = cluster.node(machine).url.replace('://', `://${ACCESS_KEY}:${SECRET_KEY}@`);
  return new Terminal([process.execPath, MTS, 'dashboard', 'prod'], { columns, rows, env: { MC_HOST_prod: url, ...env } });
}

/** The line of a drive: its slot is `machine * 2 - 2 + number`. */
const driveLine = (slot: number, rest: string): RegExp => new RegExp(`^[ >] ${slot} ${rest}`, 'm');

describe('the dashboard', { timeout: 180_000 }, () => {
  it('shows at 80x24 and 200x60 a healthy cluster, a node that is killed, and a drive that is emptied and healed', async () => {
    using small = open(80, 24);
    using large = open(200, 60);
    const both = (pattern: RegExp, limitMs?: number): Promise<string[]> => Promise.all([small, large].map((terminal) => terminal.shows(pattern, limitMs)));
    const healthy = await both(/6 drives online, 0 drives offline, EC:3, healthy/);
    for (const screen of healthy) for (const panel of PANELS) expect(screen).toContain(panel);
    expect(healthy.map((screen) => screen.split('\n')[0]?.length)).toEqual([80, 200]);
    expect(small.painted).toMatch(/\u001b\[[\d;]*32mO/);
    await both(/requests +[\d.]+\/s.*▁/);

    await cluster.node(2).kill();
    for (const lost of await both(/4 drives online, 2 drives offline, EC:3, degraded/)) {
      expect(lost).toMatch(driveLine(3, 'X offline'));
      expect(lost).toMatch(driveLine(4, 'X offline'));
      expect(lost).toMatch(new RegExp(`X ${cluster.node(2).host}:\\d+ 0/2 offline`));
      expect(lost).toContain('Writes survive 0 more drive failures');
    }
    await cluster.node(2).start();
    await both(/6 drives online, 0 drives offline/);

    cluster.node(3).empty(2);
    // Empty, or being filled again already.
    await both(driveLine(6, '(U unformatted|H healing|X offline|E faulty)'));
    for (const healed of await both(/6 drives online, 0 drives offline, EC:3, healthy/, 60_000)) expect(healed).toMatch(driveLine(6, 'O online'));
    for (const key of [0, 77, OBJECTS - 1]) expect(cluster.node(3).has(2, join('photos', `holiday/${key}.jpg`, 'xl.meta'))).toBe(true);
  });

  it('says that its server is lost, and goes on when it is back', async () => {
    using terminal = open(80, 24, 3);
    await terminal.shows(/6 drives online, 0 drives offline/);
    await cluster.node(3).kill();
    const lost = await terminal.shows(/SERVER LOST/);
    expect(lost).toMatch(/http:\/\/[\d.:]+: connection refused\. Trying again; shown is/);
    expect(lost).toContain('6 drives online');
    await cluster.node(3).start();
    await terminal.shows(/^ mts prod +6 drives online, 0 drives offline, EC:3, healthy +\d\d:/m);
  });

  it.each([['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 130]] as const)('gives the terminal back on %s', async (signal, status) => {
    using terminal = open(80, 24);
    await terminal.shows(/6 drives online/);
    terminal.signal(signal);
    expectRestored(terminal, await terminal.shows(/ended \d+[^]*echo/), status);
  });

  it('gives the terminal back on Ctrl-C', async () => {
    using terminal = open(80, 24);
    await terminal.shows(/6 drives online/);
    terminal.keys('C-c');
    expectRestored(terminal, await terminal.shows(/ended \d+[^]*echo/), 130);
  });

  it('gives the terminal back when it crashes, and shows why there', async () => {
    const crash = 'process.on("SIGUSR2",()=>{throw(new(Error)("a-bug"))})';
    using terminal = open(80, 24, 1, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` });
    await terminal.shows(/6 drives online/);
    terminal.signal('SIGUSR2');
    const screen = await terminal.shows(/ended \d+[^]*echo/);
    expect(screen).toContain('Error: a-bug');
    expectRestored(terminal, screen, 1);
  });

  it('obeys its keys', async () => {
    using terminal = open(80, 24, 1, { NO_COLOR: '1' });
    // Last of the tests: objects are counted once a minute, and the first count found none.
    await terminal.shows(/ photos +3\.8MiB +200 obj/, 90_000);
    expect(terminal.painted).not.toMatch(/\u001b\[(\d+;)*3[0-7]m/);  

    terminal.keys('?');
    await terminal.shows(/heal the chosen set, drive[^]*X offline/);
    terminal.keys('?');
    await terminal.shows(/▶ Drives \(6\)/);

    terminal.keys('/', 'e2');
    await terminal.shows(/Drives \(3\) \/e2[^]*Filter: e2_/);
    terminal.keys('Enter', 'Escape');
    await terminal.shows(/Drives \(6\)/);

    // Keys that come at once, as from a slow line.
    terminal.keys('Tab', 'Tab', 'h');
    await terminal.shows(/Heal bucket photos of prod\?/);
    terminal.keys('n');
    await terminal.shows(/photos: [\d.]+MiB in 200 objects/);
    terminal.keys('h', 'y');
    await terminal.shows(/Healed bucket photos:/);

    terminal.keys('t');
    await terminal.shows(/Live trace of S3 requests/);
    // A trace sees what begins after it does.
    for (const deadline = Date.now() + 30_000; !/404 .*HeadObject \/photos\/nothing/.test(terminal.screen); ) {
      if (Date.now() > deadline) throw new Error(`the trace shows no request:\n${terminal.screen}`);
      await head(cluster.node(2), 'nothing', 'photos').catch(() => undefined);
    }
    terminal.keys('t');
    // The path is cut where the time takes more room.
    await terminal.shows(/404 .*HeadObject \/photo/);

    terminal.resize(200, 60);
    const large = await terminal.shows(/^ mts prod .{185,}$/m);
    expect(large).toMatch(/^>photos +3\.8MiB +200 obj/m);
    expect(large.split('\n')[59]).toMatch(/^tab panel/);
    terminal.resize(50, 10);
    await terminal.shows(/50x10 is too small/);
    terminal.resize(80, 24);
    await terminal.shows(/▶ Buckets \(1\)/);

    terminal.keys('q');
    expectRestored(terminal, await terminal.shows(/ended \d+[^]*echo/), 0);
  });
});

function expectRestored(terminal: Terminal, screen: string, status: number): void {
  expect(screen).toMatch(new RegExp(`^screen before\\n[^]*^ended ${status}\\n`, 'm'));
  expect(screen).not.toContain('Drives (');
  expect(screen).toMatch(/^icanon/m);
  expect(screen).toMatch(/^echo/m);
  expect(terminal.isCursorShown).toBe(true);
}
