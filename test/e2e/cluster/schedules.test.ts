/** A few of the schedules that `schedules.ts` runs by the hundred. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestCluster } from './harness.js';
import { runSchedule } from './schedule.js';

describe('three nodes with two drives each that are used while processes are killed, stopped and stand still, and a drive is lost and rots', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
    await Promise.all(cluster.nodes.map((node) => node.seesOthers()));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it.each([1, 2])('give no wrong byte and no stale one, lose nothing acknowledged and mend all drives: schedule %i', { timeout: 240_000 }, async (seed) => {
    const { findings, counts } = await runSchedule(cluster, seed);
    expect(findings.join('\n'), cluster.output).toBe('');
    expect(counts.get('put ok')).toBeGreaterThan(5);
  });
});
