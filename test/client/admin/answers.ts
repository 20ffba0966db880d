/** Answers as a real server of RELEASE.2025-10-15 gives them, for a cluster of three nodes with two drives each. */
import type { BackgroundHeal, ServerInfo, StorageInfo, WireDrive } from '../../../src/client/admin/types.js';

export const NOW_MS = Date.parse('2026-05-04T12:00:00Z');

export function wireDrive(index: number, more: Partial<WireDrive> = {}): WireDrive {
  const node = Math.floor(index / 2) + 1;
  const path = `/export${(index % 2) + 1}`;
  return {
    endpoint: `http://m${node}:9000${path}`, path, state: 'ok', uuid: `id-${index}`, totalspace: 1000, usedspace: 250, availspace: 750,
    metrics: { lastMinute: { ReadXL: { count: 10, acc_time_ns: 20_000_000 } } }, pool_index: 0, set_index: 0, disk_index: index, ...more,
  };
}

/** @param changes by index of the drive, over the healthy answer */
export function cluster(changes: Readonly<Record<number, Partial<WireDrive>>> = {}, offlineNodes: readonly number[] = []): { info: ServerInfo; storage: StorageInfo; background: BackgroundHeal } {
  const drives = Array.from({ length: 6 }, (_, index) => wireDrive(index, { ...(offlineNodes.includes(Math.floor(index / 2) + 1) && { state: 'offline' }), ...changes[index] }));
  const servers = [1, 2, 3].map((node) => {
    const isOffline = offlineNodes.includes(node);
    return { state: isOffline ? 'offline' : 'online', endpoint: `m${node}:9000`, uptime: isOffline ? 0 : 3600, version: isOffline ? '' : '2025-10-15T17:29:55Z', poolNumber: 1, drives: isOffline ? [] : drives.slice(node * 2 - 2, node * 2) };
  });
  return {
    info: {
      mode: 'online', deploymentID: 'dep-1', buckets: { count: 3 }, objects: { count: 7 }, usage: { size: 20_000_028 }, servers,
      backend: { backendType: 'Erasure', onlineDisks: 6, offlineDisks: 0, standardSCParity: 3, rrSCParity: 1, totalSets: [1], totalDrivesPerSet: [6] },
      pools: { 0: { 0: { id: 0, rawUsage: 1500, rawCapacity: 6000, usage: 20_000_028, healDisks: 0 } } },
    },
    storage: { Disks: drives },
    background: { offline_nodes: null, HealDisks: null, sets: [{ pool_index: 0, set_index: 0, disks: drives }], mrf: { 'm1:9000': { bytes_healed: 100, items_healed: 2 } } },
  };
}
