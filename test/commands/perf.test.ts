import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './cp-harness.js';

describe('perf', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await Harness.start();
  });
  afterAll(() => h[Symbol.asyncDispose]());

  it('measures every operation at two endpoints in turn, and leaves nothing behind', async () => {
    const { code, objects, stderr } = await h.run('perf', 'loc', '--vs', 'far', '--size', '4KiB', '-c', '4', '-d', '200ms', '--objects', '30', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(objects.map((row) => `${String(row['op'])} ${String(row['endpoint'])}`)).toEqual(
      ['put', 'get', 'stat', 'list', 'delete', 'mixed'].flatMap((op) => [`${op} loc`, `${op} far`]),
    );
    for (const row of objects) {
      expect(row).toMatchObject({ status: 'success', errors: 0, size: 4096, concurrency: 4 });
      expect(row['opsPerSecond']).toBeGreaterThan(0);
      expect(row['p99']).toBeGreaterThanOrEqual(row['p50'] as number);
    }
    expect(objects.filter((row) => 'ratio' in row)).toHaveLength(6);
    expect((await h.s3.listBuckets()).map((bucket) => bucket.name)).toEqual(['bkt']);
  });

  it('draws a table, and touches nothing else in a bucket it was given', async () => {
    await h.put('mine', 'x');
    const { code, stdout } = await h.run('perf', 'loc', '--op', 'put,get', '--size', '1KiB', '-c', '2', '-d', '100ms', '--objects', '5', '--bucket', 'bkt');
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ Operation │ Endpoint │ Throughput/);
    expect(await h.keys()).toEqual(['mine']);
  });

  it('refuses a bucket where it would overwrite, and what it does not know', async () => {
    await h.put('perf/0000/000', 'precious');
    expect((await h.run('perf', 'loc', '--bucket', 'bkt')).stderr).toMatch(/already holds objects under perf\//);
    expect((await h.bytes('perf/0000/000')).toString()).toBe('precious');
    expect((await h.run('perf', 'nosuchalias')).stderr).toMatch(/No such alias `nosuchalias` found/);
    expect((await h.run('perf', 'loc', '--op', 'dance')).stderr).toMatch(/is no operation/);
  });
});
