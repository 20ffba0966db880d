/** States of the dashboard for a cluster of three nodes with two drives each. */
import type { WireDrive } from '../../src/client/admin/types.js';
import { clusterState } from '../../src/client/admin/cluster-state.js';
import type { DashboardValue, SeenRequest } from '../../src/client/admin/dashboard-feed.js';
import type { TrafficRates } from '../../src/client/admin/prometheus.js';
import { initialState, type State } from '../../src/tui/state.js';
import { cluster, NOW_MS } from '../client/admin/answers.js';

export { NOW_MS };

export interface Given {
  readonly columns?: number;
  readonly rows?: number;
  /** By index of the drive, over the healthy answer. */
  readonly drives?: Readonly<Record<number, Partial<WireDrive>>>;
  readonly offlineNodes?: readonly number[];
  readonly value?: Partial<DashboardValue>;
}

export const traffic = (requestsPerSecond: number): TrafficRates => ({
  requestsPerSecond, errorsPerSecond: 0, receivedBytesPerSecond: requestsPerSecond * 1024, sentBytesPerSecond: 0, inflight: 3, p50Ms: 1.5, p99Ms: undefined,
});

export const request = (more: Partial<SeenRequest> = {}): SeenRequest => ({
  atMs: NOW_MS, api: 's3.GetObject', path: '/photos/cat.jpg', status: 404, durationMs: 12, client: '10.0.0.1', node: 'm1:9000', error: '', ...more,
});

export function dashboard({ columns = 80, rows = 24, drives, offlineNodes, value = {} }: Given = {}): State {
  return initialState('prod', { columns, rows }, {
    atMs: NOW_MS, failure: '', cluster: clusterState({ ...cluster(drives, offlineNodes), nowMs: NOW_MS }), traffic: traffic(40), trafficHistory: [10, 20, 40].map(traffic),
    healing: { itemsHealed: 12, bytesHealed: 3 * 1024 * 1024, itemsFailed: 0, queued: 0 },
    scanner: { isLeader: true, isRunning: true, cycle: 4, bucket: 'photos', scanned: 300, checked: 20 },
    errors: [], slow: [],
    buckets: [{ name: 'photos', bytes: 3_000_000, objects: 5 }, { name: 'logs', bytes: 20_000, objects: 2 }], countedMs: NOW_MS - 60_000, ...value,
  });
}
