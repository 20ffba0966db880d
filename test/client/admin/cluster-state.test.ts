import { describe, expect, it } from 'vitest';
import { clusterState } from '../../../src/client/admin/cluster-state.js';
import { cluster, NOW_MS } from './answers.js';

const stateOf = (...args: Parameters<typeof cluster>) => clusterState({ ...cluster(...args), nowMs: NOW_MS });

describe('the state of a cluster', () => {
  it('is healthy with all drives and nodes online', () => {
    const state = stateOf();
    expect(state).toMatchObject({ deploymentId: 'dep-1', drivesOnline: 6, drivesOffline: 0, health: 'healthy', parity: 3, buckets: 3, rawTotalBytes: 6000, rawUsedBytes: 1500 });
    expect(state.sets[0]).toMatchObject({ readQuorum: 3, writeQuorum: 4, readFailuresLeft: 3, writeFailuresLeft: 2 });
    expect(state.nodes[1]).toMatchObject({ endpoint: 'm2:9000', drivesOnline: 2, drivesTotal: 2, uptimeMs: 3_600_000 });
    expect(state.sets[0]?.drives[5]).toMatchObject({ node: 'm3:9000', path: '/export2', state: 'online', latencyMs: 2 });
  });

  it.each([
    [[0], 'degraded', 2, 1],
    [[0, 1], 'degraded', 1, 0],
    [[0, 1, 2], 'no-writes', 0, -1],
    [[0, 1, 2, 3], 'no-reads', -1, -2],
  ])('with drives %j offline is %s', (offline, health, readFailuresLeft, writeFailuresLeft) => {
    const state = stateOf(Object.fromEntries(offline.map((index) => [index, { state: 'offline' }])));
    expect(state).toMatchObject({ health, drivesOnline: 6 - offline.length, drivesOffline: offline.length });
    expect(state.sets[0]).toMatchObject({ readFailuresLeft, writeFailuresLeft });
  });

  it('knows whose drives those of a lost node are', () => {
    const state = stateOf({}, [2]);
    expect(state.nodes[1]).toMatchObject({ state: 'offline', drivesOnline: 0, drivesTotal: 2 });
    expect(state.sets[0]?.drives.filter((drive) => drive.state === 'offline').map(({ node }) => node)).toEqual(['m2:9000', 'm2:9000']);
  });

  it('does not count on a drive that is being healed for reads', () => {
    const heal_info = { started: '2026-05-04T11:59:00Z', objects_total_count: 100, objects_total_size: 6000, items_healed: 40, bytes_done: 1500, items_failed: 1, current_bucket: 'photos', current_object: 'cat.jpg' };
    const state = stateOf({ 2: { healing: true, heal_info } });
    expect(state).toMatchObject({ health: 'degraded', drivesOnline: 6, drivesOffline: 0 });
    expect(state.sets[0]).toMatchObject({ healing: 1, readFailuresLeft: 2, writeFailuresLeft: 2 });
    expect(state.sets[0]?.drives[2]?.healing).toMatchObject({ percent: 25, itemsHealed: 40, itemsFailed: 1, bytesPerSecond: 25, remainingMs: 180_000, current: 'photos/cat.jpg' });
  });

  it('tells the states that MinIO has no word for', () => {
    const state = stateOf({
      0: { mts: { readOnly: true } },
      1: { usedspace: 995, availspace: 5 },
      2: { state: 'unknown', mts: { condition: 'foreign', remark: 'the drive belongs to another deployment' } },
      3: { metrics: { lastMinute: { ReadXL: { count: 10, acc_time_ns: 9_000_000_000 } } } },
      4: { state: 'unknown (cause: inconsistent drive found)' },
      5: { mts: { misplaced: true } },
    });
    const drives = state.sets[0]?.drives ?? [];
    expect(drives.map((drive) => drive.state)).toEqual(['read-only', 'full', 'foreign', 'slow', 'misplaced', 'misplaced']);
    expect(drives.map((drive) => [drive.isReadable, drive.isWritable])).toEqual([[true, false], [true, false], [false, false], [true, true], [false, false], [true, true]]);
    expect(drives[2]?.remark).toBe('the drive belongs to another deployment');
  });

  it('fills slots that have no drive, and keeps drives without a place apart', () => {
    const state = stateOf({ 4: { pool_index: -1, set_index: -1, disk_index: -1, state: 'unformatted' } });
    expect(state.sets[0]?.drives[4]).toMatchObject({ state: 'offline', remark: 'no drive was given for this slot' });
    expect(state.strays.map((drive) => [drive.path, drive.state])).toEqual([['/export1', 'unformatted']]);
  });
});
