/**
 * What a node says of itself, as one value that can travel: every admin call that is about the cluster is a view of the
 * reports of its nodes.
 */
import type { DriveCondition } from '../cluster/index.js';
import type { DriveCalls } from '../drive/index.js';
import type { TrafficReport } from '../s3/index.js';
import type { BackgroundHealStatus, DriveHealStatus, HealTarget, JournalStatus, ScannerStatus } from '../store/index.js';

export interface DriveSpace {
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly usedInodes: number;
  readonly freeInodes: number;
  readonly deviceId: number;
  readonly isRootDevice: boolean;
}

/** MinIO's words for what a drive is. */
export type DriveWord = 'ok' | 'offline' | 'unformatted' | 'corrupt' | 'faulty' | 'unknown';

export interface DriveReport {
  /** Path, or URL in a cluster. */
  readonly endpoint: string;
  /** Folder on its node. */
  readonly path: string;
  /** -1 where its place is not known. */
  readonly poolIndex: number;
  readonly setIndex: number;
  readonly slot: number;
  readonly state: DriveWord;
  /** Our own, finer word: `foreign` and `doubled` drives are `unknown` to MinIO. */
  readonly condition: DriveCondition;
  /** What is wrong and what to do; empty for a healthy drive. */
  readonly remark: string;
  /** UUID; empty where it has none. */
  readonly id: string;
  readonly isHealing: boolean;
  readonly isMisplaced: boolean;
  /** undefined where the drive did not answer. */
  readonly space: DriveSpace | undefined;
  readonly calls: DriveCalls | undefined;
}

/** The node's process and machine, as far as its system tells. */
export interface ProcessReport {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly openFiles: number;
  readonly openFilesMax: number;
  /** By read and write calls of any kind, of files and sockets. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** From and to block devices. */
  readonly deviceReadBytes: number;
  readonly deviceWrittenBytes: number;
  readonly readCalls: number;
  readonly writeCalls: number;
  readonly threads: number;
  readonly cpuCount: number;
  /** Load averages of 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number];
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly memoryAvailableBytes: number;
  readonly networks: readonly { readonly name: string; readonly receivedBytes: number; readonly sentBytes: number; readonly receiveErrors: number; readonly sendErrors: number }[];
}

export interface NodeReport {
  /** `host:port`. */
  readonly endpoint: string;
  readonly state: 'online' | 'offline' | 'initializing';
  /** Why it is not online; empty where it is. */
  readonly reason: string;
  readonly version: string;
  /** By its own clock, milliseconds since 1970. */
  readonly startedMs: number;
  readonly nowMs: number;
  /** Its clock minus that of the node that asked; undefined where nobody measured. */
  readonly clockOffsetMs: number | undefined;
  /** Its own drives. Those of a node that did not answer are as the asking node sees them. */
  readonly drives: readonly DriveReport[];
  /** MINIO_* variables, secrets hidden. */
  readonly environment: Readonly<Record<string, string>>;
  /** undefined where the node did not answer. */
  readonly traffic: TrafficReport | undefined;
  readonly process: ProcessReport | undefined;
  readonly heals: readonly DriveHealStatus[];
  readonly background: BackgroundHealStatus | undefined;
  readonly scanner: ScannerStatus | undefined;
  readonly journal: readonly JournalStatus[];
  /** Bytes exchanged with other nodes. */
  readonly peerTraffic: { readonly receivedBytes: number; readonly sentBytes: number };
}

export type ServiceAction = 'restart' | 'stop' | 'freeze' | 'unfreeze';

/** What can be followed on a node: values come as they happen. */
export type Followed = 'trace' | 'log';

/** What can be asked of the node that runs a heal; `overlap`: which of its heals overlaps the target. */
export interface HealQuestion {
  readonly kind: 'poll' | 'stop' | 'overlap';
  readonly target: HealTarget;
  /** Empty but for `poll`. */
  readonly token: string;
}

/** The nodes of the deployment, this one first. Nothing here rejects: a node that does not answer is told as such. */
export interface Nodes {
  /** `host:port` of this node. */
  readonly self: string;
  /** False where this server is alone: it then calls itself what the client calls it. */
  readonly isDistributed: boolean;
  reports(): Promise<readonly NodeReport[]>;
  /** Tells the other nodes what this one is about to do; `error` where one could not be told. */
  announce(action: ServiceAction): Promise<readonly { readonly host: string; readonly error?: string }[]>;
  /** Follows the other nodes until the signal aborts; one that goes away is followed again when it is back. */
  follow(what: Followed, wish: unknown, push: (node: string, value: unknown) => void, signal: AbortSignal): void;
  /** The first good answer of another node; undefined where none runs that heal. */
  askHeal(question: HealQuestion): Promise<unknown>;
}

/** The report of a node that did not answer, with its drives as this node sees them. */
export function silentNode(endpoint: string, reason: string, drives: readonly DriveReport[], nowMs: number): NodeReport {
  return {
    endpoint, state: 'offline', reason, version: '', startedMs: nowMs, nowMs, clockOffsetMs: undefined, drives, environment: {},
    traffic: undefined, process: undefined, heals: [], background: undefined, scanner: undefined, journal: [], peerTraffic: { receivedBytes: 0, sentBytes: 0 },
  };
}

/** The nodes of a server that is alone. */
export function soleNode(self: string, report: () => Promise<NodeReport>): Nodes {
  return { self, isDistributed: false, reports: async () => [await report()], announce: () => Promise.resolve([]), follow: () => {}, askHeal: () => Promise.resolve(undefined) };
}
