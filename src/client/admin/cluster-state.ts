/**
 * How a cluster is, as one value: nodes, sets, drives and what their states mean for reads and writes. Made from the admin
 * calls of mts or MinIO by a pure function; the same value is made of local drives without a server.
 */
import type { BackgroundHeal, ServerInfo, StorageInfo, WireDrive, WireHealInfo, WireServer } from './types.js';

export type DriveState =
  | 'online' | 'offline' | 'unformatted' | 'foreign' | 'doubled' | 'misplaced' | 'healing' | 'full' | 'read-only' | 'slow' | 'faulty' | 'corrupt' | 'unknown';

export interface DriveHealing {
  /** 0 to 100; undefined where the total is not known. */
  readonly percent: number | undefined;
  readonly itemsHealed: number;
  readonly itemsFailed: number;
  readonly itemsTotal: number;
  readonly bytesHealed: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  /** undefined where nobody can tell. */
  readonly remainingMs: number | undefined;
  /** Bucket and object healed last. */
  readonly current: string;
}

export interface DriveView {
  readonly endpoint: string;
  /** `host:port`; empty where there is no server. */
  readonly node: string;
  readonly path: string;
  /** From 0; -1 where the place is not known. */
  readonly pool: number;
  readonly set: number;
  readonly slot: number;
  readonly state: DriveState;
  /** It takes writes. */
  readonly isWritable: boolean;
  /** Reads can count on it: it is online and holds what it should. */
  readonly isReadable: boolean;
  readonly remark: string;
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly freeBytes: number | undefined;
  /** Changes that it was away for and has not been brought yet. */
  readonly missedChanges: number;
  /** Mean of its calls of about the last minute. */
  readonly latencyMs: number | undefined;
  readonly healing: DriveHealing | undefined;
}

export type SetHealth = 'healthy' | 'degraded' | 'no-writes' | 'no-reads';

export interface SetView {
  readonly pool: number;
  readonly set: number;
  readonly size: number;
  readonly parity: number;
  readonly readQuorum: number;
  readonly writeQuorum: number;
  readonly online: number;
  readonly healing: number;
  /** Drives that may still fail before reads, or writes, fail; negative where they fail now. */
  readonly readFailuresLeft: number;
  readonly writeFailuresLeft: number;
  readonly health: SetHealth;
  /** By slot. */
  readonly drives: readonly DriveView[];
}

export interface NodeView {
  readonly endpoint: string;
  readonly state: 'online' | 'offline' | 'initializing';
  readonly reason: string;
  readonly version: string;
  readonly uptimeMs: number;
  /** Its clock minus that of the node that was asked; undefined where nobody measured. */
  readonly clockOffsetMs: number | undefined;
  readonly drivesOnline: number;
  readonly drivesTotal: number;
  /** From 1, as people count. */
  readonly pools: readonly number[];
}

export interface ClusterState {
  readonly deploymentId: string;
  readonly nodes: readonly NodeView[];
  readonly sets: readonly SetView[];
  /** Drives that have no place in a set. */
  readonly strays: readonly DriveView[];
  readonly drivesOnline: number;
  readonly drivesOffline: number;
  readonly health: SetHealth;
  readonly parity: number;
  readonly buckets: number | undefined;
  readonly objects: number | undefined;
  readonly usedByObjectsBytes: number | undefined;
  readonly rawTotalBytes: number;
  readonly rawUsedBytes: number;
}

export interface ClusterFacts {
  readonly info: ServerInfo;
  readonly storage?: StorageInfo | undefined;
  readonly background?: BackgroundHeal | undefined;
  readonly nowMs: number;
}

export function clusterState({ info, storage, background, nowMs }: ClusterFacts): ClusterState {
  const servers = info.servers ?? [];
  const wired = drivesOf(servers, storage, background);
  const missed = missedChanges(servers);
  const slowAt = slowThresholds(wired.map(({ drive }) => drive));
  const drives = wired.map(({ drive, node }) => driveView(drive, node, slowAt(drive), missed.get(drive.endpoint) ?? 0, nowMs));
  const totals = info.backend?.totalSets ?? storage?.Backend?.TotalSets ?? [];
  const sizes = info.backend?.totalDrivesPerSet ?? storage?.Backend?.DrivesPerSet ?? [];
  const parity = info.backend?.standardSCParity ?? storage?.Backend?.StandardSCParity ?? 0;
  const sets = totals.flatMap((count, pool) =>
    Array.from({ length: count }, (_, set) => setView({ pool, set, size: sizes[pool] ?? 0, parity, drives: drives.filter((drive) => drive.pool === pool && drive.set === set) })),
  );
  return summarize({
    deploymentId: info.deploymentID ?? '',
    nodes: servers.map((server) => nodeView(server, drives)),
    sets,
    strays: drives.filter((drive) => !sets.some(({ pool, set }) => pool === drive.pool && set === drive.set)),
    parity,
    buckets: info.buckets?.count,
    objects: info.objects?.count,
    usedByObjectsBytes: info.usage?.size,
  });
}

/** The cluster from its parts: what is counted over all of them. */
export function summarize(parts: Pick<ClusterState, 'deploymentId' | 'nodes' | 'sets' | 'strays' | 'parity' | 'buckets' | 'objects' | 'usedByObjectsBytes'>): ClusterState {
  const slots = parts.sets.flatMap(({ drives }) => drives);
  const drivesOnline = slots.filter(isOnline).length;
  const hasLostNode = parts.nodes.some(({ state }) => state !== 'online');
  const order: readonly SetHealth[] = ['healthy', 'degraded', 'no-writes', 'no-reads'];
  const worst = Math.max(hasLostNode || parts.strays.length > 0 ? 1 : 0, ...parts.sets.map(({ health }) => order.indexOf(health)));
  return {
    ...parts,
    drivesOnline,
    drivesOffline: slots.length - drivesOnline,
    health: order[worst] ?? 'healthy',
    rawTotalBytes: sum(slots.map(({ totalBytes }) => totalBytes ?? 0)),
    rawUsedBytes: sum(slots.map(({ usedBytes }) => usedBytes ?? 0)),
  };
}

interface SetFacts {
  readonly pool: number;
  readonly set: number;
  readonly size: number;
  readonly parity: number;
  readonly drives: readonly DriveView[];
}

/** A set and what its drives are enough for. Slots without a drive are filled with ones that are offline. */
export function setView({ pool, set, size, parity, drives }: SetFacts): SetView {
  const bySlot = Array.from({ length: size }, (_, slot) => drives.find((drive) => drive.slot === slot) ?? absentDrive(pool, set, slot));
  const data = size - parity;
  const writeQuorum = data === parity ? data + 1 : data;
  const online = bySlot.filter(isOnline).length;
  const readFailuresLeft = bySlot.filter(({ isReadable }) => isReadable).length - data;
  const writeFailuresLeft = bySlot.filter(({ isWritable }) => isWritable).length - writeQuorum;
  const isWhole = bySlot.every(({ state }) => state === 'online');
  return {
    pool, set, size, parity, readQuorum: data, writeQuorum, online,
    healing: bySlot.filter(({ state }) => state === 'healing').length,
    readFailuresLeft, writeFailuresLeft,
    health: readFailuresLeft < 0 ? 'no-reads' : writeFailuresLeft < 0 ? 'no-writes' : isWhole ? 'healthy' : 'degraded',
    drives: bySlot,
  };
}

/** True where the drive answers, whatever else may be wrong with it: what people count as online. */
function isOnline({ isReadable, isWritable, state }: DriveView): boolean {
  return isReadable || isWritable || state === 'healing';
}

function absentDrive(pool: number, set: number, slot: number): DriveView {
  return {
    endpoint: '', node: '', path: '', pool, set, slot, state: 'offline', isWritable: false, isReadable: false, remark: 'no drive was given for this slot', missedChanges: 0,
    totalBytes: undefined, usedBytes: undefined, freeBytes: undefined, latencyMs: undefined, healing: undefined,
  };
}

/** Storage info also names the drives of nodes that are away, and times; server info says which node has them. */
function drivesOf(servers: readonly WireServer[], storage: StorageInfo | undefined, background: BackgroundHeal | undefined): { readonly drive: WireDrive; readonly node: string }[] {
  const listed = servers.flatMap((server) => (server.drives ?? []).map((drive) => ({ drive, node: server.endpoint })));
  const healing = new Map((background?.sets ?? []).flatMap(({ disks }) => (disks ?? []).map((drive) => [drive.endpoint, drive] as const)));
  const nodeOf = (endpoint: string): string => listed.find(({ drive }) => drive.endpoint === endpoint)?.node ?? hostOf(endpoint) ?? (servers.length === 1 ? (servers[0]?.endpoint ?? '') : '');
  const merged = new Map(listed.map(({ drive }) => [drive.endpoint, drive]));
  for (const disk of storage?.Disks ?? []) merged.set(disk.endpoint, { ...merged.get(disk.endpoint), ...disk });
  return [...merged.values()].map((drive) => {
    const tracked = healing.get(drive.endpoint);
    return { drive: { ...drive, ...(tracked?.healing === true && { healing: true }), ...(tracked?.heal_info !== undefined && { heal_info: tracked.heal_info }) }, node: nodeOf(drive.endpoint) };
  });
}

/** Each node keeps a journal of what drives missed of the changes that it made. */
function missedChanges(servers: readonly WireServer[]): Map<string, number> {
  const missed = new Map<string, number>();
  for (const drive of servers.flatMap(({ mts }) => mts?.journal ?? []).flatMap(({ drives }) => drives)) missed.set(drive.endpoint, (missed.get(drive.endpoint) ?? 0) + drive.missed);
  return missed;
}

function hostOf(endpoint: string): string | undefined {
  return endpoint.includes('://') ? new URL(endpoint).host : undefined;
}

/** A drive is slow where its calls take this many times as long as those of the other drives of its set, and this long at least. */
const SLOW_FACTOR = 5;
const SLOW_MIN_MS = 100;

function slowThresholds(drives: readonly WireDrive[]): (drive: WireDrive) => number {
  return (drive) => {
    const others = drives
      .filter((other) => other !== drive && other.pool_index === drive.pool_index && other.set_index === drive.set_index)
      .flatMap((other) => latencyOf(other) ?? [])
      .sort((a, b) => a - b);
    const median = others[Math.floor(others.length / 2)];
    return median === undefined ? Infinity : Math.max(SLOW_MIN_MS, SLOW_FACTOR * median);
  };
}

function latencyOf({ metrics, mts }: WireDrive): number | undefined {
  if (mts?.latency !== undefined) return mts.latency / 1e6;
  const calls = Object.values(metrics?.lastMinute ?? {});
  const count = sum(calls.map((call) => call.count ?? 0));
  return count === 0 ? undefined : sum(calls.map((call) => call.acc_time_ns ?? 0)) / count / 1e6;
}

/** As MinIO: a drive with less than a hundredth of its space left takes no more data. */
const FULL_FRACTION = 0.99;

function driveView(drive: WireDrive, node: string, slowAtMs: number, missedChanges: number, nowMs: number): DriveView {
  const latencyMs = latencyOf(drive);
  const state = stateOf(drive, latencyMs !== undefined && latencyMs > slowAtMs);
  return {
    endpoint: drive.endpoint,
    node,
    path: drive.path ?? drive.endpoint,
    pool: drive.pool_index,
    set: drive.set_index,
    slot: drive.disk_index,
    state,
    isWritable: ['online', 'healing', 'slow', 'misplaced'].includes(state) && (state !== 'misplaced' || drive.state === 'ok'),
    isReadable: ['online', 'slow', 'full', 'read-only'].includes(state) || (state === 'misplaced' && drive.state === 'ok'),
    remark: drive.mts?.remark ?? (missedChanges > 0 ? `missed ${missedChanges} change${missedChanges === 1 ? '' : 's'}, which it will be brought` : drive.state === 'ok' || drive.state === state ? '' : drive.state),
    missedChanges,
    totalBytes: drive.totalspace,
    usedBytes: drive.usedspace,
    freeBytes: drive.availspace,
    // What it took while it was there says nothing of now.
    latencyMs: drive.state === 'ok' ? latencyMs : undefined,
    healing: state === 'healing' ? healingOf(drive.heal_info, nowMs) : undefined,
  };
}

function stateOf(drive: WireDrive, isSlow: boolean): DriveState {
  const { state, mts } = drive;
  if (state !== 'ok') {
    const condition = mts?.condition;
    if (condition === 'foreign' || condition === 'doubled') return condition;
    if (state === 'unformatted' || state === 'offline' || state === 'faulty' || state === 'corrupt') return state;
    // MinIO's words for a drive whose identity belongs to another slot.
    if (state.includes('inconsistent')) return 'misplaced';
    return state === 'missing' || state === 'permission-denied' || state === 'root-mount' ? 'offline' : 'unknown';
  }
  if (drive.healing === true) return 'healing';
  if (mts?.readOnly === true) return 'read-only';
  if (mts?.full === true || isAlmostFull(drive)) return 'full';
  if (mts?.misplaced === true) return 'misplaced';
  return isSlow ? 'slow' : 'online';
}

function isAlmostFull({ totalspace = 0, availspace = 0, usedspace = 0 }: WireDrive): boolean {
  return usedspace + availspace > 0 && totalspace > 0 && usedspace / (usedspace + availspace) >= FULL_FRACTION;
}

function healingOf(info: WireHealInfo | undefined, nowMs: number): DriveHealing {
  const { items_healed: itemsHealed = 0, items_failed: itemsFailed = 0, items_skipped: itemsSkipped = 0, objects_total_count: itemsTotal = 0 } = info ?? {};
  const { bytes_done: bytesHealed = 0, bytes_failed: bytesFailed = 0, bytes_skipped: bytesSkipped = 0, objects_total_size: bytesTotal = 0 } = info ?? {};
  const elapsedMs = info?.started === undefined ? 0 : Math.max(1, nowMs - Date.parse(info.started));
  const bytesPerSecond = elapsedMs === 0 ? 0 : (bytesHealed * 1000) / elapsedMs;
  const fraction = bytesTotal > 0 ? (bytesHealed + bytesFailed + bytesSkipped) / bytesTotal : itemsTotal > 0 ? (itemsHealed + itemsFailed + itemsSkipped) / itemsTotal : undefined;
  const known = fraction === undefined ? undefined : Math.min(1, fraction);
  return {
    percent: known === undefined ? undefined : known * 100,
    itemsHealed, itemsFailed, itemsTotal, bytesHealed, bytesTotal, bytesPerSecond,
    remainingMs: known === undefined || known === 0 ? undefined : (elapsedMs * (1 - known)) / known,
    current: [info?.current_bucket, info?.current_object].filter((name) => name !== undefined && name !== '').join('/'),
  };
}

function nodeView(server: WireServer, drives: readonly DriveView[]): NodeView {
  const own = drives.filter(({ node }) => node === server.endpoint);
  return {
    endpoint: server.endpoint,
    state: server.state === 'online' || server.state === 'initializing' ? server.state : 'offline',
    reason: server.mts?.reason ?? '',
    version: server.version ?? '',
    uptimeMs: (server.uptime ?? 0) * 1000,
    clockOffsetMs: server.mts?.clockOffset === undefined ? undefined : server.mts.clockOffset / 1e6,
    drivesOnline: own.filter(isOnline).length,
    drivesTotal: own.length,
    pools: server.poolNumbers ?? (server.poolNumber === undefined ? [] : [server.poolNumber]),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
