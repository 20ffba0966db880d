/** Nodes that do not fit together: refused by name on both sides, while the others serve. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestCluster, until, type TestNode } from './harness.js';
import { makeBucket, put, text } from './s3.js';

let cluster: TestCluster;
const node = (machine: number): TestNode => cluster.node(machine);

/** A process whose wall clock goes ahead of the machine's. */
function clockAhead(ms: number): Record<string, string> {
  const script = `const { now } = Date; Date.now = () => now() + ${ms};`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
}

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
  await makeBucket(node(1), 'test1');
  await put(node(1), 'kept', 'hello');
  await node(3).stop();
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('a node that does not fit', () => {
  it('because of other credentials is told so, as are the others, which go on', async () => {
    node(3).launch({ env: { MINIO_ROOT_PASSWORD: 'another-secret' } });
    await node(3).says(/credentials/i);
    await node(1).says(/credentials/i);
    await put(node(1), 'meanwhile', 'x');
    expect(await node(3).health('cluster')).toBe(503);
    await node(3).stop();
    expect(node(3).output).toContain('stopped while it waited for other nodes');
  });

  it('because of other arguments is told which drive differs, as are the others, which go on', async () => {
    const { args } = cluster;
    node(3).launch({ args: [args[1]!, args[0]!, ...args.slice(2)] });
    await node(3).says(/as drive 1, this node/);
    await node(1).says(/as drive 1, this node/);
    await put(node(2), 'meanwhile', 'y');
    await node(3).stop();
  });

  it('because of its clock is told by how much, as are the others, which go on', async () => {
    node(3).launch({ env: clockAhead(600_000) });
    await node(3).says(/clock is \d+\.\d s behind/);
    await node(1).says(/clock is \d+\.\d s ahead/);
    await put(node(2), 'meanwhile', 'y');
    await node(3).stop();
  });

  it('by a few seconds of its clock only joins, with a warning, and what is written last stays', async () => {
    node(3).launch({ env: clockAhead(5000) });
    await node(3).ready();
    await node(1).says(/the clock of node \S+ is \d\.\d s ahead of this node's/);
    for (let round = 0; round < 3; round++) {
      for (const machine of [3, 1, 2]) {
        await put(node(machine), 'clocks', `${machine} in round ${round}`);
        for (const reader of cluster.nodes) expect(await text(reader, 'clocks')).toBe(`${machine} in round ${round}`);
      }
    }
    await node(3).stop();
  });

  it('joins once it fits', async () => {
    await node(3).start();
    await until('it reads', async () => (await text(node(3), 'meanwhile').catch(() => '')) === 'y');
  });
});

describe('a cluster started with other drives than its format has', () => {
  it('is refused with both numbers', async () => {
    for (const one of cluster.nodes) await one.stop();
    const more = [1, 2].map((machine) => `http://${node(machine).host}:${cluster.port}${cluster.root}/m${machine}/e3`);
    for (const one of cluster.nodes) one.launch({ args: [...cluster.args, ...more] });
    for (const one of cluster.nodes) await one.says(/belongs to a pool of 6 drives, but .* gives 8/);
    for (const one of cluster.nodes) await until('it has ended', () => !one.isRunning);
  });
});

describe('a node that is alone', () => {
  it('waits for the others, saying for whom, and stops when it is told to', async () => {
    node(1).launch();
    const line = await node(1).says(/waiting for the other nodes/);
    expect(line).toContain(`${node(2).host}:${cluster.port}`);
    expect(line).toContain(`${node(3).host}:${cluster.port}`);
    expect(await node(1).health('live')).toBe(200);
    expect(await node(1).health('cluster')).toBe(503);
    expect(await node(1).stop()).toBe(0);
  });
});
