/** This node's report: its drives asked now, its counters as they stand. */
import type { Clock } from '../base/index.js';
import type { DriveStatus } from '../cluster/index.js';
import type { Drive, DriveInfo } from '../drive/index.js';
import type { Traffic } from '../s3/index.js';
import type { Healing } from '../store/index.js';
import type { DriveReport, DriveSpace, DriveWord, NodeReport } from './node-report.js';
import { processReport } from './process-report.js';

export interface LocalNodeFacts {
  /** `host:port`. */
  readonly endpoint: string;
  readonly version: string;
  readonly startedMs: number;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Drives of all nodes, as this one sees them. */
  readonly statuses: () => readonly DriveStatus[];
  readonly traffic: Traffic;
  readonly healing: Healing;
  readonly peerTraffic?: () => NodeReport['peerTraffic'];
}

/** A drive that does not say within this time how it is is told without its space. */
const DRIVE_ANSWER_MS = 1000;

/** Never rejects. */
export async function localReport(facts: LocalNodeFacts): Promise<NodeReport> {
  const { endpoint, version, startedMs, clock, healing } = facts;
  const own = facts.statuses().filter(({ drive }) => drive?.isLocal !== false);
  const [drives, process] = await Promise.all([Promise.all(own.map(driveReport)), processReport()]);
  const ids = new Set(drives.map(({ id }) => id));
  return {
    endpoint,
    state: 'online',
    reason: '',
    version,
    startedMs,
    nowMs: clock.now(),
    clockOffsetMs: 0,
    drives,
    environment: shownEnvironment(facts.environment),
    traffic: facts.traffic.report(),
    process,
    heals: healing.driveHeals().filter(({ driveId }) => ids.has(driveId)),
    background: healing.background(),
    scanner: healing.scanner(),
    journal: healing.journal(),
    peerTraffic: facts.peerTraffic?.() ?? { receivedBytes: 0, sentBytes: 0 },
  };
}

/** One drive as this node sees it. Never rejects; asks the drive for at most a second. */
export async function driveReport(status: DriveStatus): Promise<DriveReport> {
  const { drive, condition } = status;
  const info = drive === undefined || condition === 'missing' ? undefined : await askSoon(drive);
  return {
    endpoint: drive?.endpoint ?? status.path,
    path: folderOf(drive?.endpoint ?? status.path),
    poolIndex: status.poolIndex,
    setIndex: status.setIndex ?? -1,
    slot: status.slot ?? -1,
    state: wordFor(status),
    condition,
    remark: status.remark,
    id: drive?.id ?? '',
    isHealing: status.isHealing,
    isMisplaced: status.isMisplaced,
    space: info === undefined ? undefined : spaceOf(info),
    calls: drive?.calls,
  };
}

async function askSoon(drive: Drive): Promise<DriveInfo | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), DRIVE_ANSWER_MS);
  });
  const answer = drive.info().catch(() => undefined);
  const info = await Promise.race([answer, late]);
  clearTimeout(timer);
  return info;
}

function spaceOf(info: DriveInfo): DriveSpace {
  const { usedBytes, freeBytes, totalInodes, freeInodes, deviceId, isRootDevice } = info;
  // As MinIO: what the file system keeps for root belongs neither to the used nor to the free space, so not to the whole.
  return { totalBytes: usedBytes + freeBytes, usedBytes, freeBytes, usedInodes: totalInodes - freeInodes, freeInodes, deviceId, isRootDevice };
}

function wordFor({ isOnline, condition, drive }: DriveStatus): DriveWord {
  if (isOnline) return 'ok';
  switch (condition) {
    case 'unformatted':
      return 'unformatted';
    case 'damaged':
      return 'corrupt';
    case 'foreign':
    case 'doubled':
    case 'old':
      return 'unknown';
    case 'ok':
    case 'missing':
    case 'offline':
      return drive?.state === 'faulty' ? 'faulty' : drive?.state === 'unformatted' ? 'unformatted' : drive?.state === 'foreign' ? 'unknown' : 'offline';
  }
}

function folderOf(endpoint: string): string {
  return endpoint.includes('://') ? decodeURIComponent(new URL(endpoint).pathname) : endpoint;
}

const SECRET = /PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL|ROOT_USER/;

function shownEnvironment(environment: LocalNodeFacts['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || !name.startsWith('MINIO_') ? [] : [[name, SECRET.test(name) ? '*** EXISTS, REDACTED ***' : value] as const],
    ),
  );
}
