/**
 * What an operator of 2017 did to three machines with two drives each, one after another, and wrote down. The same here,
 * in one life of one cluster.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestCluster, until, type TestNode } from './harness.js';
import { LARGE, buckets, get, keys, makeBucket, put, remove, text } from './s3.js';

let cluster: TestCluster;
let m1: TestNode;
let m2: TestNode;
let m3: TestNode;

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
  [m1, m2, m3] = cluster.nodes as [TestNode, TestNode, TestNode];
});
afterAll(() => cluster[Symbol.asyncDispose]());

const idOf = (drive: string): string => (JSON.parse(readFileSync(join(drive, '.minio.sys', 'format.json'), 'utf8')) as { xl: { this: string } }).xl.this;
const isFormatted = (drive: string): boolean => existsSync(join(drive, '.minio.sys', 'format.json'));
/** Every node sees the same, and it is all there. */
async function expectAll(names: readonly string[], objects: readonly string[]): Promise<void> {
  for (const node of cluster.nodes) {
    if (!node.isRunning) continue;
    expect(await buckets(node), `buckets of node ${node.machine}`).toEqual([...names].sort());
    expect(await keys(node), `keys of node ${node.machine}`).toEqual([...objects].sort());
    for (const key of objects) expect((await get(node, key)).equals(LARGE), `${key} of node ${node.machine}`).toBe(true);
  }
}

describe('a cluster of three machines with two drives each', () => {
  it('is formatted once, and shows on every node at once what was uploaded on one', async () => {
    expect(cluster.output.match(/formatted pool 1: 1 set of 6 drives/g)).toHaveLength(1);
    for (const node of cluster.nodes) expect(node.output).toContain('6 drives online, 0 drives offline');
    await makeBucket(m1, 'test1');
    await put(m2, 'first', LARGE);
    await put(m3, 'second', LARGE);
    await put(m3, 'small', 'hello');
    expect(await text(m1, 'small')).toBe('hello');
    await remove(m2, 'small');
    for (const node of cluster.nodes) expect(await keys(node)).toEqual(['first', 'second']);
    for (const node of cluster.nodes) expect((await get(node, 'first')).equals(LARGE)).toBe(true);
    expect(new Set(cluster.nodes.flatMap((node) => node.drives.map(idOf))).size).toBe(6);
  });

  it('1: goes on when an export folder is renamed, makes the folder again with its identity, and leaves the renamed one alone', async () => {
    const id = idOf(m1.drive(1));
    const renamed = m1.rename(1, 'away');
    const before = readdirSync(renamed).sort();
    await makeBucket(m2, 'test2');
    for (const node of cluster.nodes) await put(node, `renamed-${node.machine}`, LARGE);
    for (const node of cluster.nodes) for (const other of cluster.nodes) expect((await get(node, `renamed-${other.machine}`)).equals(LARGE)).toBe(true);
    await until('the folder is there again', () => isFormatted(m1.drive(1)), 5000, () => cluster.output);
    expect(idOf(m1.drive(1))).toBe(id);
    expect(readdirSync(renamed).sort()).toEqual(before);
    expect(existsSync(join(renamed, 'test2'))).toBe(false);
  });

  it('2: does not care for a copy of a drive under another name', async () => {
    const copy = m1.copy(join(m1.drive(1), '..', 'away'), 'copy');
    await put(m1, 'copied', LARGE);
    expect((await get(m3, 'copied')).equals(LARGE)).toBe(true);
    expect(existsSync(join(copy, 'test1', 'copied'))).toBe(false);
  });

  it('3: goes on when a folder is removed, without a failure, and makes it again', async () => {
    m1.wipe(1);
    await makeBucket(m2, 'test3');
    await makeBucket(m1, 'test4');
    for (const node of cluster.nodes) await put(node, `removed-${node.machine}`, LARGE);
    await until('the folder is there again', () => isFormatted(m1.drive(1)), 5000, () => cluster.output);
  });

  const OBJECTS = ['copied', 'first', 'removed-1', 'removed-2', 'removed-3', 'renamed-1', 'renamed-2', 'renamed-3', 'second'];
  const BUCKETS = ['test1', 'test2', 'test3', 'test4'];

  it('4: counts the drive as one to heal after a restart of its machine, and has lost nothing', async () => {
    await m1.stop();
    m1.wipe(1);
    await m1.start();
    await until('the drive is formatted again', () => isFormatted(m1.drive(1)), 10_000, () => cluster.output);
    await until('all six drives count', async () => (await m1.health('cluster')) === 200);
    await m1.says(/drives? online/);
    for (const node of cluster.nodes) expect(await keys(node)).toEqual(OBJECTS);
  });

  it('5: lists and serves everything when both folders of a machine are removed', async () => {
    m1.wipe(1);
    m1.wipe(2);
    for (let round = 0; round < 5; round++) {
      for (const node of [m2, m3, m1]) {
        expect(await buckets(node)).toEqual(BUCKETS);
        expect(await keys(node)).toEqual(OBJECTS);
      }
    }
    expect((await get(m1, 'first')).equals(LARGE)).toBe(true);
    await put(m1, 'both-removed', LARGE);
    expect((await get(m2, 'both-removed')).equals(LARGE)).toBe(true);
  });

  it('6: gives both drives their identities again after a restart', async () => {
    await m1.kill();
    m1.wipe(1);
    m1.wipe(2);
    await m1.start();
    await until('both drives are formatted again', () => m1.drives.every(isFormatted), 10_000, () => cluster.output);
    expect((await get(m1, 'both-removed')).equals(LARGE)).toBe(true);
  });

  it('7: takes buckets and objects while a machine is stopped, without a failure', async () => {
    await until('the first machine is healed', () => [1, 2].every((drive) => [...OBJECTS, 'both-removed'].every((key) => m1.has(drive, `test1/${key}/xl.meta`))), 30_000, () => cluster.output);
    await m2.stop();
    await makeBucket(m3, 'test5');
    await makeBucket(m3, 'test6');
    await put(m3, 'while-stopped', LARGE);
    expect((await get(m1, 'while-stopped')).equals(LARGE)).toBe(true);
    await m2.start();
    expect((await get(m2, 'while-stopped')).equals(LARGE)).toBe(true);
    expect(await buckets(m2)).toEqual([...BUCKETS, 'test5', 'test6']);
    await expectAll([...BUCKETS, 'test5', 'test6'], [...OBJECTS, 'both-removed', 'while-stopped']);
  });
});
