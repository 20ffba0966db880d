/** Capacity, health, usage: what the cluster is as a whole. */
import { allSets, readQuorum, writeQuorum, type ErasureSet } from '../../cluster/index.js';
import { totalUsage } from '../calls/info.js';
import type { AdminRoom } from '../context.js';
import type { DriveReport, NodeReport } from '../node-report.js';
import { single, type Family, type Labels } from './exposition.js';

export async function clusterFamilies(room: AdminRoom, reports: readonly NodeReport[]): Promise<Family[]> {
  const server = { server: room.nodes.self };
  const buckets = await room.store.listBuckets().catch(() => []);
  const drives = reports.flatMap((report) => report.drives);
  const gauge = (name: string, help: string, value: number): Family => single('gauge', `minio_cluster_${name}`, help, server, value);
  return [
    ...capacityFamilies(room, drives, gauge),
    ...driveFamilies(drives, gauge),
    gauge('nodes_online_total', 'Nodes that answer.', reports.filter(({ state }) => state === 'online').length),
    gauge('nodes_offline_total', 'Nodes that do not answer.', reports.filter(({ state }) => state === 'offline').length),
    gauge('bucket_total', 'Buckets.', buckets.length),
    ...usageFamilies(room, server, gauge),
    ...healthFamilies(room, server),
    ...healFamilies(room, reports, server),
    ...kmsFamilies(server),
    single('gauge', 'minio_software_version_info', 'Version of the server.', { ...server, version: room.version }, 1),
    single('gauge', 'minio_software_commit_info', 'Commit the server was built from.', { ...server, commit: '' }, 1),
  ];
}

type Gauge = (name: string, help: string, value: number) => Family;

function capacityFamilies(room: AdminRoom, drives: readonly DriveReport[], gauge: Gauge): Family[] {
  const spaces = drives.flatMap(({ space }) => space ?? []);
  const usable = (of: (drive: DriveReport) => number): number =>
    sum(allSets(room.deployment).map((set) => (sum(drivesOf(set, drives).map(of)) * (set.size - set.defaultParity)) / set.size));
  return [
    gauge('capacity_raw_total_bytes', 'Capacity of all drives online.', sum(spaces.map(({ totalBytes }) => totalBytes))),
    gauge('capacity_raw_free_bytes', 'Free space of all drives online.', sum(spaces.map(({ freeBytes }) => freeBytes))),
    gauge('capacity_usable_total_bytes', 'Capacity for objects, parity taken off.', Math.floor(usable(({ space }) => space?.totalBytes ?? 0))),
    gauge('capacity_usable_free_bytes', 'Free space for objects, parity taken off.', Math.floor(usable(({ space }) => space?.freeBytes ?? 0))),
  ];
}

function driveFamilies(drives: readonly DriveReport[], gauge: Gauge): Family[] {
  const online = drives.filter(({ state }) => state === 'ok').length;
  return [
    gauge('drive_total', 'Drives.', drives.length),
    gauge('drive_online_total', 'Drives online.', online),
    gauge('drive_offline_total', 'Drives offline.', drives.length - online),
  ];
}

function usageFamilies(room: AdminRoom, server: Labels, gauge: Gauge): Family[] {
  const usage = room.healing.usage();
  const totals = totalUsage(usage);
  const buckets = [...(usage.buckets.values())];
  const sinceMs = usage.lastUpdateMs === undefined ? 0 : room.clock.now() - usage.lastUpdateMs;
  return [
    gauge('usage_total_bytes', 'Bytes of all object versions.', totals.size),
    gauge('usage_object_total', 'Objects.', totals.objects),
    gauge('usage_version_total', 'Object versions.', totals.versions),
    gauge('usage_deletemarker_total', 'Delete markers.', totals.deleteMarkers),
    histogramFamily('minio_cluster_objects_size_distribution', 'Object versions by size.', server, SIZE_RANGES, buckets.map(({ sizeHistogram }) => sizeHistogram)),
    histogramFamily('minio_cluster_objects_version_distribution', 'Objects by number of versions.', server, VERSION_RANGES, buckets.map(({ versionHistogram }) => versionHistogram)),
    single('gauge', 'minio_usage_last_activity_nano_seconds', 'Time since objects were last counted, in nanoseconds.', server, sinceMs * 1e6),
  ];
}

export const SIZE_RANGES = [
  'LESS_THAN_1024_B', 'BETWEEN_1024_B_AND_64_KB', 'BETWEEN_64_KB_AND_256_KB', 'BETWEEN_256_KB_AND_512_KB', 'BETWEEN_512_KB_AND_1_MB',
  'BETWEEN_1024B_AND_1_MB', 'BETWEEN_1_MB_AND_10_MB', 'BETWEEN_10_MB_AND_64_MB', 'BETWEEN_64_MB_AND_128_MB', 'BETWEEN_128_MB_AND_512_MB',
  'GREATER_THAN_512_MB',
] as const;
export const VERSION_RANGES = ['UNVERSIONED', 'SINGLE_VERSION', 'BETWEEN_2_AND_10', 'BETWEEN_10_AND_100', 'BETWEEN_100_AND_1000', 'BETWEEN_1000_AND_10000', 'GREATER_THAN_10000'] as const;

/** One sample for each range, 0 where nothing lies in it. */
export function histogramFamily(name: string, help: string, labels: Labels, ranges: readonly string[], histograms: readonly ReadonlyMap<string, number>[]): Family {
  return { name, help, type: 'gauge', samples: ranges.map((range) => [{ ...labels, range }, sum(histograms.map((histogram) => histogram.get(range) ?? 0))] as const) };
}

function healthFamilies(room: AdminRoom, server: Labels): Family[] {
  const sets = allSets(room.deployment).map((set) => {
    const online = set.drives.filter((drive) => drive?.state === 'online');
    const write = writeQuorum(set.size - set.defaultParity, set.defaultParity);
    return { set, online: online.length, healing: online.filter((drive) => drive !== undefined && set.isHealing(drive)).length, write, read: readQuorum(set.size - set.defaultParity) };
  });
  type Health = (typeof sets)[number];
  const perSet = (name: string, help: string, of: (health: Health) => number): Family => ({
    name: `minio_cluster_health_erasure_set_${name}`, help, type: 'gauge',
    samples: sets.map((health) => [{ ...server, pool: String(health.set.poolIndex), set: String(health.set.setIndex) }, of(health)] as const),
  });
  return [
    single('gauge', 'minio_cluster_health_status', '1 where every set can take writes.', server, sets.every(({ online, write }) => online >= write) ? 1 : 0),
    single('gauge', 'minio_cluster_write_quorum', 'Drives that the largest set needs for writes.', server, Math.max(...sets.map(({ write }) => write))),
    perSet('status', '1 where the set can take writes.', ({ online, write }) => (online >= write ? 1 : 0)),
    perSet('online_drives', 'Drives of the set that are online.', ({ online }) => online),
    perSet('healing_drives', 'Drives of the set that are being healed.', ({ healing }) => healing),
    perSet('read_quorum', 'Drives that the set needs for reads.', ({ read }) => read),
    perSet('write_quorum', 'Drives that the set needs for writes.', ({ write }) => write),
  ];
}

function healFamilies(room: AdminRoom, reports: readonly NodeReport[], server: Labels): Family[] {
  const scanner = reports.map((report) => report.scanner).find((one) => one?.isLeader === true) ?? reports[0]?.scanner;
  const lastMs = Math.max(scanner?.finishedMs ?? scanner?.startedMs ?? 0, ...reports.flatMap(({ heals }) => heals.map(({ lastUpdateMs }) => lastUpdateMs)));
  const backgrounds = reports.flatMap(({ background }) => background ?? []);
  const heals = reports.flatMap((report) => report.heals);
  return [
    single('gauge', 'minio_heal_time_last_activity_nano_seconds', 'Time since the last healing, in nanoseconds.', server, lastMs === 0 ? 0 : Math.max(0, room.clock.now() - lastMs) * 1e6),
    single('counter', 'minio_heal_objects_total', 'Object versions looked at by the scanner of this cycle.', { ...server, type: 'object' }, scanner?.checked ?? 0),
    single('counter', 'minio_heal_objects_heal_total', 'Object versions healed.', { ...server, type: 'object' }, sum([...backgrounds.map(({ itemsHealed }) => itemsHealed), ...heals.map(({ itemsHealed }) => itemsHealed)])),
    single('counter', 'minio_heal_objects_errors_total', 'Object versions that could not be healed.', { ...server, type: 'object' }, sum([...backgrounds.map(({ itemsFailed }) => itemsFailed), ...heals.map(({ itemsFailed }) => itemsFailed)])),
  ];
}

/** There is no key service; dashboards ask for it all the same. */
function kmsFamilies(server: Labels): Family[] {
  return [
    single('gauge', 'minio_cluster_kms_online', '1 where the key service answers; 0 where none is configured.', server, 0),
    single('counter', 'minio_cluster_kms_request_success', 'Requests to the key service that succeeded.', server, 0),
    single('counter', 'minio_cluster_kms_request_error', 'Requests to the key service that were refused.', server, 0),
    single('counter', 'minio_cluster_kms_request_failure', 'Requests to the key service that failed.', server, 0),
    single('counter', 'minio_cluster_kms_uptime', 'Seconds the key service is up.', server, 0),
  ];
}

function drivesOf(set: ErasureSet, drives: readonly DriveReport[]): DriveReport[] {
  return drives.filter(({ poolIndex, setIndex }) => poolIndex === set.poolIndex && setIndex === set.setIndex);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
