/** Networks that break between machines: each machine is a network namespace, so this needs root, which CI has. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { TestCluster, timed, until, type TestNode } from './harness.js';
import { LARGE, buckets, get, keys, makeBucket, put, remove } from './s3.js';

const ANSWER_MS = 10_000;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('partitions between machines are tested as root only');

describe.runIf(isRoot)('four machines with one drive each', () => {
  let cluster: TestCluster;
  const node = (machine: number): TestNode => cluster.node(machine);

  beforeAll(async () => {
    cluster = await TestCluster.start({ nodes: 4, drivesPerNode: 1, network: 'namespaces' });
    await makeBucket(node(1), 'test1');
    await put(node(1), 'before', LARGE);
  });
  afterEach(async () => {
    cluster.hosts.mend();
    await Promise.all(cluster.nodes.map((one) => one.seesOthers()));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('P1: one cut off from three: it refuses everything, the others go on', async () => {
    for (const other of [2, 3, 4]) cluster.hosts.cut(1, other);
    const [alone, among] = await Promise.all([timed(put(node(1), 'p1', 'alone')), timed(put(node(2), 'p1', LARGE))]);
    expect(alone.status, alone.code).toBe(503);
    expect(alone.tookMs).toBeLessThan(ANSWER_MS);
    expect(among.status, among.code).toBe(200);
    expect(among.tookMs).toBeLessThan(ANSWER_MS);
    await until('the cut is known', async () => (await node(1).health('cluster/read')) === 503, 8000, () => cluster.output);
    for (const request of [() => get(node(1), 'before'), () => put(node(1), 'p1', 'x'), () => remove(node(1), 'before'), () => keys(node(1)), () => buckets(node(1))]) {
      const refused = await timed<unknown>(request());
      expect(refused.status, refused.code).toBe(503);
      expect(refused.tookMs).toBeLessThan(ANSWER_MS);
    }
    for (const machine of [2, 3, 4]) {
      expect((await get(node(machine), 'p1')).equals(LARGE)).toBe(true);
      expect((await timed(put(node(machine), `quick-${machine}`, 'x'))).tookMs).toBeLessThan(2000);
    }
    cluster.hosts.mend();
    await until('the machine that was cut off reads what it missed', async () => (await timed(get(node(1), 'p1'))).value?.equals(LARGE), ANSWER_MS, () => cluster.output);
  });

  it('P2: two cut off from two: no side writes, and neither says that something is not there', async () => {
    for (const a of [1, 2]) for (const b of [3, 4]) cluster.hosts.cut(a, b);
    const writes = await Promise.all([1, 2, 3, 4].map((machine) => timed(put(node(machine), 'p2', String(machine)))));
    for (const { status, code, tookMs } of writes) {
      expect(status, code).toBe(503);
      expect(tookMs).toBeLessThan(ANSWER_MS);
    }
    for (const machine of [1, 2, 3, 4]) {
      const read = await timed(get(node(machine), 'before'));
      if (read.status === 200) expect(read.value?.equals(LARGE)).toBe(true);
      else expect(read.status, read.code).toBe(503);
      const listed = await timed(keys(node(machine)));
      if (listed.status === 200) expect(listed.value).toContain('before');
      else expect(listed.status, listed.code).toBe(503);
    }
  });

  it('one broken link: everybody goes on, and everything is seen everywhere', async () => {
    cluster.hosts.cut(1, 2);
    const writes = await Promise.all([1, 2, 3].map((machine) => timed(put(node(machine), `link-${machine}`, LARGE))));
    for (const { status, code, tookMs } of writes) {
      expect(status, `${code ?? ''} after ${tookMs} ms\n${cluster.output}`).toBe(200);
      expect(tookMs).toBeLessThan(ANSWER_MS);
    }
    for (const reader of cluster.nodes) for (const writer of [1, 2, 3]) expect((await get(reader, `link-${writer}`)).equals(LARGE)).toBe(true);
    for (let round = 0; round < 10; round++) {
      for (const machine of [1, 2]) await put(node(machine), 'both', `${machine}-${round}`);
      expect((await get(node(1), 'both')).toString()).toBe(`2-${round}`);
    }
  });
});
