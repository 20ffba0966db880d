/** `info`, `storageinfo`, `datausageinfo`: what the cluster is, has and holds. */
import { allSets, type ErasureSet } from '../../cluster/index.js';
import type { BucketUsage, DataUsage } from '../../store/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import type { DriveReport, NodeReport } from '../node-report.js';
import { wireDrive, wireTime } from '../wire.js';

export async function serverInfo(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const [reports, buckets] = await Promise.all([room.nodes.reports(), room.store.listBuckets().catch(() => undefined)]);
  const usage = totalUsage(room.healing.usage());
  const drives = reports.flatMap((report) => report.drives);
  return {
    json: {
      mode: 'online',
      deploymentID: room.deployment.id,
      ...(room.region !== '' && { region: room.region }),
      // A bucket count that could not be read is left out, as MinIO leaves it out with an error in its place.
      buckets: buckets === undefined ? { count: 0, error: 'the buckets could not be listed' } : { count: buckets.length },
      objects: { count: usage.objects },
      versions: { count: usage.versions },
      deletemarkers: { count: usage.deleteMarkers },
      usage: { size: usage.size },
      services: { kms: {}, ldap: {} },
      backend: {
        backendType: 'Erasure',
        onlineDisks: drives.filter(({ state }) => state === 'ok').length,
        offlineDisks: drives.filter(({ state }) => state !== 'ok').length,
        ...parities(room),
        totalSets: room.deployment.pools.map((pool) => pool.sets.length),
        totalDrivesPerSet: room.deployment.pools.map((pool) => pool.sets[0]?.size ?? 0),
      },
      servers: reports.map((report) => server(room, request, report, reports)),
      pools: pools(room, drives, usage),
    },
  };
}

function server(room: AdminRoom, request: AdminRequest, report: NodeReport, reports: readonly NodeReport[]): object {
  const withMetrics = request.query.get('metrics') === 'true';
  const poolNumbers = [...new Set(report.drives.map(({ poolIndex }) => poolIndex + 1))].sort((a, b) => a - b);
  const { process, drives, heals } = report;
  return {
    state: report.state,
    endpoint: nameOf(room, request, report.endpoint),
    uptime: report.state === 'online' ? Math.floor((report.nowMs - report.startedMs) / 1000) : 0,
    version: report.version,
    commitID: '',
    network: Object.fromEntries(reports.map(({ endpoint, state }) => [nameOf(room, request, endpoint), state])),
    drives: drives.map((drive) => wireDrive(drive, { withMetrics, heal: heals.find(({ driveId }) => driveId === drive.id) })),
    // As MinIO: no single number where a node serves several pools.
    ...(poolNumbers.length === 1 && { poolNumber: poolNumbers[0] }),
    poolNumbers,
    mem_stats: { Alloc: process?.heapUsedBytes ?? 0, TotalAlloc: process?.heapTotalBytes ?? 0, Mallocs: 0, Frees: 0, HeapAlloc: process?.heapUsedBytes ?? 0 },
    go_max_procs: process?.cpuCount ?? 0,
    num_cpu: process?.cpuCount ?? 0,
    runtime_version: 'node',
    minio_env_vars: report.environment,
    edition: 'mts',
    is_leader: report.scanner?.isLeader ?? false,
    ilm_expiry_in_progress: false,
    mts: {
      time: wireTime(report.nowMs),
      ...(report.clockOffsetMs !== undefined && { clockOffset: Math.round(report.clockOffsetMs * 1e6) }),
      ...(report.reason !== '' && { reason: report.reason }),
      scanner: report.scanner,
      background: report.background,
      journal: report.journal,
    },
  };
}

/** A server that is alone calls itself what the client calls it: clients build URLs from the name. */
function nameOf(room: AdminRoom, request: AdminRequest, endpoint: string): string {
  return room.nodes.isDistributed ? endpoint : (request.message.headers.host ?? endpoint);
}

function parities({ deployment }: AdminRoom): { standardSCParity: number; rrSCParity: number } {
  const [first] = allSets(deployment);
  return { standardSCParity: first?.defaultParity ?? 0, rrSCParity: first?.reducedParity ?? 0 };
}

function pools({ deployment }: AdminRoom, drives: readonly DriveReport[], usage: Totals): object {
  const share = evenly(allSets(deployment).length);
  const ofSet = (set: ErasureSet): object => {
    const own = drives.filter(({ poolIndex, setIndex }) => poolIndex === set.poolIndex && setIndex === set.setIndex);
    return {
      id: set.setIndex,
      rawUsage: sum(own.map(({ space }) => space?.usedBytes ?? 0)),
      rawCapacity: sum(own.map(({ space }) => space?.totalBytes ?? 0)),
      usage: share(usage.size),
      objectsCount: share(usage.objects),
      versionsCount: share(usage.versions),
      deleteMarkersCount: share(usage.deleteMarkers),
      healDisks: own.filter(({ isHealing }) => isHealing).length,
    };
  };
  return Object.fromEntries(deployment.pools.map((pool) => [pool.index, Object.fromEntries(pool.sets.map((set) => [set.setIndex, ofSet(set)]))]));
}

/** Objects are counted for the deployment; keys spread evenly over the sets. */
const evenly = (setCount: number) => (total: number): number => Math.round(total / Math.max(1, setCount));

export async function storageInfo(room: AdminRoom): Promise<AdminAnswer> {
  const reports = await room.nodes.reports();
  const heals = reports.flatMap((report) => report.heals);
  const perPool = <T>(of: (set: ErasureSet) => T): T[] => room.deployment.pools.flatMap((pool) => pool.sets.slice(0, 1).map(of));
  const byHost = (isOnline: boolean): Record<string, number> =>
    Object.fromEntries(reports.map(({ endpoint, drives }) => [endpoint, drives.filter(({ state }) => (state === 'ok') === isOnline).length]));
  const { standardSCParity, rrSCParity } = parities(room);
  return {
    json: {
      Disks: reports.flatMap(({ drives }) => drives.map((drive) => wireDrive(drive, { withMetrics: true, heal: heals.find(({ driveId }) => driveId === drive.id) }))),
      Backend: {
        Type: 2,
        GatewayOnline: false,
        OnlineDisks: byHost(true),
        OfflineDisks: byHost(false),
        StandardSCData: perPool((set) => set.size - set.defaultParity),
        StandardSCParities: perPool((set) => set.defaultParity),
        RRSCData: perPool((set) => set.size - set.reducedParity),
        RRSCParities: perPool((set) => set.reducedParity),
        TotalSets: room.deployment.pools.map((pool) => pool.sets.length),
        DrivesPerSet: perPool((set) => set.size),
        StandardSCParity: standardSCParity,
        RRSCParity: rrSCParity,
      },
    },
  };
}

export async function dataUsageInfo(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const usage = room.healing.usage();
  const totals = totalUsage(usage);
  const buckets = [...(usage.buckets)];
  const capacity = request.query.get('capacity') === 'true' ? await capacityOf(room) : {};
  return {
    json: {
      lastUpdate: wireTime(usage.lastUpdateMs),
      objectsCount: totals.objects,
      versionsCount: totals.versions,
      deleteMarkersCount: totals.deleteMarkers,
      objectsTotalSize: totals.size,
      objectsReplicationInfo: null,
      bucketsCount: buckets.length,
      bucketsUsageInfo: Object.fromEntries(buckets.map(([name, bucket]) => [name, wireUsage(bucket)])),
      bucketsSizes: Object.fromEntries(buckets.map(([name, { size }]) => [name, size])),
      ...capacity,
    },
  };
}

async function capacityOf(room: AdminRoom): Promise<object> {
  const spaces = (await room.nodes.reports()).flatMap((report) => report.drives.flatMap(({ space }) => space ?? []));
  return {
    capacity: sum(spaces.map(({ totalBytes }) => totalBytes)),
    freeCapacity: sum(spaces.map(({ freeBytes }) => freeBytes)),
    usedCapacity: sum(spaces.map(({ usedBytes }) => usedBytes)),
  };
}

function wireUsage(usage: BucketUsage): object {
  return {
    size: usage.size,
    objectsPendingReplicationTotalSize: 0,
    objectsFailedReplicationTotalSize: 0,
    objectsReplicatedTotalSize: 0,
    objectsPendingReplicationCount: 0,
    objectsFailedReplicationCount: 0,
    objectsCount: usage.objects,
    objectsSizesHistogram: Object.fromEntries(usage.sizeHistogram),
    objectsVersionsHistogram: Object.fromEntries(usage.versionHistogram),
    versionsCount: usage.versions,
    deleteMarkersCount: usage.deleteMarkers,
    objectReplicaTotalSize: 0,
    objectReplicaCount: 0,
    objectsReplicationInfo: null,
  };
}

interface Totals {
  readonly size: number;
  readonly objects: number;
  readonly versions: number;
  readonly deleteMarkers: number;
}

export function totalUsage(usage: DataUsage): Totals {
  const buckets = [...(usage.buckets.values())];
  return {
    size: sum(buckets.map(({ size }) => size)),
    objects: sum(buckets.map(({ objects }) => objects)),
    versions: sum(buckets.map(({ versions }) => versions)),
    deleteMarkers: sum(buckets.map(({ deleteMarkers }) => deleteMarkers)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
