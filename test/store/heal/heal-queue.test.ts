import { expect, it } from 'vitest';

import type { ErasureSet } from '../../../src/cluster/index.js';
import { HealQueue, type HealPriority } from '../../../src/store/heal/heal-queue.js';

const SET = {} as ErasureSet;

it('serves the most urgent first, as many at once as it may, and each set by itself', async () => {
  const queue = new HealQueue(1);
  const order: string[] = [];
  let release: () => void = () => undefined;
  const first = queue.run(SET, 'scanner', () => new Promise<void>((resolve) => (release = resolve)));
  const rest = (['scanner', 'drive', 'journal', 'read', 'system', 'read'] as HealPriority[]).map((priority, i) => queue.run(SET, priority, () => Promise.resolve(order.push(`${priority} ${i}`))));
  await queue.run({} as ErasureSet, 'scanner', () => Promise.resolve(order.push('another set')));
  expect(order).toEqual(['another set']);
  release();
  await Promise.all([first, ...rest]);
  expect(order.slice(1)).toEqual(['system 4', 'read 3', 'read 5', 'journal 2', 'drive 1', 'scanner 0']);
});

it('gives the turn on after a failure, and refuses who waits when it is closed', async () => {
  const queue = new HealQueue(1);
  await expect(queue.run(SET, 'read', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  let release: () => void = () => undefined;
  const running = queue.run(SET, 'read', () => new Promise<string>((resolve) => (release = () => resolve('done'))));
  const waiting = queue.run(SET, 'read', () => Promise.resolve('never'));
  queue.close();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  await expect(queue.run(SET, 'system', () => Promise.resolve('never'))).rejects.toMatchObject({ code: 'aborted' });
  release();
  expect(await running).toBe('done');
});
