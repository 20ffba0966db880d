import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { clusterState } from '../../src/client/admin/cluster-state.js';
import { clusterText } from '../../src/view/cluster-status.js';
import { loadPalette } from '../../src/view/terminal.js';
import { cluster, NOW_MS } from '../client/admin/answers.js';

const plain = await loadPalette(false);
const textOf = (width: number, ...args: Parameters<typeof cluster>): string[] => clusterText(clusterState({ ...cluster(...args), nowMs: NOW_MS }), width, plain).split('\n');
const healing = { healing: true, heal_info: { started: '2026-05-04T11:59:00Z', objects_total_size: 6000, items_healed: 40, bytes_done: 1500, current_bucket: 'photos', current_object: 'cat.jpg' } };

describe('the state of a cluster on a terminal', () => {
  it('begins with the sentence that operators know, and what more it survives', () => {
    expect(textOf(80).slice(0, 3)).toEqual(['6 drives online, 0 drives offline, EC:3', 'Writes survive 2 more drive failures, reads 3.', '19 MiB in 7 objects, 3 buckets; drives 25% full']);
    expect(textOf(80, { 0: { state: 'offline' } })[0]).toBe('5 drives online, 1 drive offline, EC:3');
  });

  it('says what must come back below a quorum', () => {
    const off = { state: 'offline' };
    expect(textOf(80, { 0: off, 1: off, 2: off })[1]).toBe('Below write quorum: nothing can be written until 1 more drive is back. Reads survive 0 more drive failures.');
    expect(textOf(80, { 0: off, 1: off, 2: off, 3: off, 4: off })[1]).toBe('Below read quorum: some objects cannot be read until 2 more drives are back.');
  });

  it('shows nodes, sets and drives in 80 columns, remarks below their drive', () => {
    const remark = 'the drive belongs to deployment 0b5e and not to this one; nothing is written to it: give the right drive or empty this one';
    expect(textOf(80, { 1: healing, 4: { state: 'unknown', mts: { condition: 'foreign', remark } } }, [2]).slice(4)).toEqual([
      'Nodes',
      '  ●  m1:9000  online   up 1 hour  2/2 drives  2025-10-15T17:29:55Z',
      '  ✖  m2:9000  offline             0/2 drives',
      '  ●  m3:9000  online   up 1 hour  1/2 drives  2025-10-15T17:29:55Z',
      '',
      'Pool 1, set 1: below read quorum',
      '  3+3 drives; 3 of 6 online (1 healing); read quorum 3, write quorum 4',
      '  survives 0 for reads, 0 for writes',
      '  ●  1  http://m1:9000/export1  online       25% of 1000 B  2.0ms',
      '  ◐  2  http://m1:9000/export2  healing 25%  25% of 1000 B  2.0ms',
      '        40 versions healed, 25 B/s, 3m 0s left, at photos/cat.jpg',
      '  ✖  3  http://m2:9000/export1  offline      25% of 1000 B',
      '  ✖  4  http://m2:9000/export2  offline      25% of 1000 B',
      '  !  5  http://m3:9000/export1  foreign      25% of 1000 B',
      '        the drive belongs to deployment 0b5e and not to this one; nothing is',
      '        written to it: give the right drive or empty this one',
      '  ●  6  http://m3:9000/export2  online       25% of 1000 B  2.0ms',
    ]);
  });

  it('puts remarks into the line where there is room', () => {
    const line = textOf(140, { 1: healing }).find((text) => text.includes('healing 25%'));
    expect(line).toBe('  ◐  2  http://m1:9000/export2  healing 25%  25% of 1000 B  2.0ms  40 versions healed, 25 B/s, 3m 0s left, at photos/cat.jpg');
  });

  it('never needs more columns than there are, but for the sentences at its head', () => {
    const remark = 'a remark that goes on and on, '.repeat(10);
    const long = { endpoint: `http://m1.example.org:9000/${'a-very-long-folder/'.repeat(8)}export1`, mts: { remark } };
    for (const width of [80, 120, 200]) for (const line of textOf(width, { 0: long }).slice(3)) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  });

  it('names clocks that are off', () => {
    const { info, storage } = cluster();
    const servers = (info.servers ?? []).map((server, index) => ({ ...server, mts: { clockOffset: [0, 2_500_000_000, -12_000_000][index] ?? 0 } }));
    const lines = clusterText(clusterState({ info: { ...info, servers }, storage, nowMs: NOW_MS }), 100, plain).split('\n');
    expect(lines.filter((line) => line.includes('clock')).map((line) => line.split('clock ')[1])).toEqual(['+0.000s', '+2.5s', '-0.012s']);
  });
});
