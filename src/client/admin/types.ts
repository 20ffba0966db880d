/**
 * Answers of admin calls as mts and MinIO send them. What is optional may be missing from one of them; `mts` members come
 * from mts only. Durations are nanoseconds, sizes bytes, times RFC 3339.
 */

export interface WireCallCounts {
  readonly count?: number;
  readonly acc_time_ns?: number;
}

export interface WireHealInfo {
  readonly heal_id?: string;
  readonly started?: string;
  readonly last_update?: string;
  readonly objects_total_count?: number;
  readonly objects_total_size?: number;
  readonly items_healed?: number;
  readonly items_failed?: number;
  readonly items_skipped?: number;
  readonly bytes_done?: number;
  readonly bytes_failed?: number;
  readonly bytes_skipped?: number;
  readonly current_bucket?: string;
  readonly current_object?: string;
  readonly finished?: boolean;
}

export interface WireDrive {
  readonly endpoint: string;
  readonly path?: string;
  readonly state: string;
  readonly uuid?: string;
  readonly rootDisk?: boolean;
  readonly healing?: boolean;
  readonly scanning?: boolean;
  readonly totalspace?: number;
  readonly usedspace?: number;
  readonly availspace?: number;
  readonly used_inodes?: number;
  readonly free_inodes?: number;
  readonly metrics?: { readonly lastMinute?: Readonly<Record<string, WireCallCounts>>; readonly totalWaiting?: number };
  readonly heal_info?: WireHealInfo;
  readonly pool_index: number;
  readonly set_index: number;
  readonly disk_index: number;
  readonly mts?: {
    readonly condition?: string;
    readonly remark?: string;
    readonly misplaced?: boolean;
    readonly readOnly?: boolean;
    readonly full?: boolean;
    readonly latency?: number;
  };
}

export interface WireScanner {
  readonly isLeader?: boolean;
  readonly isRunning?: boolean;
  readonly cycle?: number;
  readonly startedMs?: number;
  readonly finishedMs?: number;
  readonly bucket?: string;
  readonly scanned?: number;
  readonly checked?: number;
}

/** As MinIO streams it: the cycles of the server that scans. */
export interface WireScannerMetrics {
  /** Year 1 where none is under way. */
  readonly current_started?: string;
  /** Of the last ones, newest last. */
  readonly cycle_complete_times?: readonly string[] | null;
  /** By operation, since the servers started. */
  readonly life_time_ops?: Readonly<Record<string, number>>;
}

export interface WireServer {
  readonly state: string;
  readonly endpoint: string;
  /** Seconds. */
  readonly uptime?: number;
  readonly version?: string;
  readonly network?: Readonly<Record<string, string>>;
  readonly drives?: readonly WireDrive[];
  readonly poolNumber?: number;
  readonly poolNumbers?: readonly number[];
  readonly mts?: {
    readonly time?: string;
    readonly clockOffset?: number;
    readonly reason?: string;
    readonly scanner?: WireScanner;
    readonly background?: { readonly itemsHealed: number; readonly bytesHealed: number; readonly itemsFailed: number; readonly queued: number };
    readonly journal?: readonly { readonly poolIndex: number; readonly setIndex: number; readonly drives: readonly { readonly endpoint: string; readonly missed: number }[] }[];
  };
}

export interface ServerInfo {
  readonly mode: string;
  readonly deploymentID?: string;
  readonly region?: string;
  readonly buckets?: { readonly count?: number };
  readonly objects?: { readonly count?: number };
  readonly versions?: { readonly count?: number };
  readonly deletemarkers?: { readonly count?: number };
  readonly usage?: { readonly size?: number };
  readonly backend?: {
    readonly backendType?: string;
    readonly onlineDisks?: number;
    readonly offlineDisks?: number;
    readonly standardSCParity?: number;
    readonly rrSCParity?: number;
    readonly totalSets?: readonly number[];
    readonly totalDrivesPerSet?: readonly number[];
  };
  readonly servers?: readonly WireServer[];
  readonly pools?: Readonly<Record<string, Readonly<Record<string, { readonly id?: number; readonly rawUsage?: number; readonly rawCapacity?: number; readonly usage?: number; readonly healDisks?: number }>>>>;
}

export interface StorageInfo {
  readonly Disks?: readonly WireDrive[];
  readonly Backend?: { readonly TotalSets?: readonly number[]; readonly DrivesPerSet?: readonly number[]; readonly StandardSCParity?: number };
}

export interface DataUsageInfo {
  readonly lastUpdate?: string;
  readonly objectsCount?: number;
  readonly versionsCount?: number;
  readonly deleteMarkersCount?: number;
  readonly objectsTotalSize?: number;
  readonly bucketsCount?: number;
  readonly bucketsUsageInfo?: Readonly<Record<string, { readonly size?: number; readonly objectsCount?: number; readonly versionsCount?: number; readonly deleteMarkersCount?: number }>>;
}

export interface BackgroundHeal {
  readonly offline_nodes?: readonly string[] | null;
  readonly ScannedItemsCount?: number;
  readonly HealDisks?: readonly string[] | null;
  readonly sets?: readonly { readonly id?: string; readonly pool_index: number; readonly set_index: number; readonly disks?: readonly WireDrive[] | null }[] | null;
  readonly mrf?: Readonly<Record<string, { readonly bytes_healed?: number; readonly items_healed?: number }>> | null;
  readonly sc_parity?: Readonly<Record<string, number>>;
}

export interface HealSettings {
  readonly recursive: boolean;
  readonly dryRun: boolean;
  readonly remove: boolean;
  /** 1 normal, 2 deep. */
  readonly scanMode: 1 | 2;
  readonly pool?: number;
  readonly set?: number;
}

export interface HealStart {
  readonly clientToken: string;
  readonly clientAddress: string;
  readonly startTime: string;
}

export interface HealResultDrive {
  readonly uuid?: string;
  readonly endpoint?: string;
  readonly state: string;
}

export interface HealResultItem {
  readonly resultId: number;
  readonly type: string;
  readonly bucket: string;
  readonly object: string;
  readonly versionId?: string;
  readonly detail?: string;
  readonly parityBlocks?: number;
  readonly dataBlocks?: number;
  readonly diskCount?: number;
  readonly setCount?: number;
  readonly before: { readonly drives?: readonly HealResultDrive[] | null };
  readonly after: { readonly drives?: readonly HealResultDrive[] | null };
  readonly objectSize?: number;
  readonly mts?: { readonly outcome?: string; readonly isDeleteMarker?: boolean };
}

export interface HealStatus {
  readonly Summary: string;
  readonly StartTime: string;
  readonly Items: readonly HealResultItem[] | null;
  readonly Detail?: string;
}

export interface TraceLine {
  readonly type: number;
  readonly nodename: string;
  readonly funcname: string;
  readonly time: string;
  readonly path: string;
  readonly dur: number;
  readonly bytes?: number;
  readonly error?: string;
  readonly msg?: string;
  readonly http?: {
    readonly request: { readonly time: string; readonly proto: string; readonly method: string; readonly path?: string; readonly rawquery?: string; readonly headers?: Readonly<Record<string, readonly string[]>>; readonly body?: string; readonly client?: string };
    readonly response: { readonly time: string; readonly headers?: Readonly<Record<string, readonly string[]>>; readonly body?: string; readonly statuscode?: number };
    readonly stats: { readonly inputbytes?: number; readonly outputbytes?: number; readonly latency?: number; readonly timetofirstbyte?: number };
  };
}

export interface LogLine {
  readonly deploymentid?: string;
  readonly level?: string;
  readonly errKind?: string;
  readonly time?: string;
  readonly node?: string;
  readonly ConsoleMsg?: string;
  readonly api?: { readonly name?: string; readonly args?: Readonly<Record<string, unknown>> };
  readonly error?: { readonly message?: string; readonly source?: readonly string[]; readonly variables?: Readonly<Record<string, unknown>> };
}

export interface ServiceResult {
  readonly action: string;
  readonly dryRun: boolean;
  readonly results?: readonly { readonly host: string; readonly err?: string }[];
}

export interface QuarantinedItem {
  readonly id: string;
  readonly bucket: string;
  readonly object: string;
  readonly versionId: string;
  readonly size: number;
  readonly quarantined: string;
  readonly reason: string;
  readonly drives: readonly string[];
}

/** One drive's copy of a file that `inspect-data` was asked for. */
export interface InspectedFile {
  /** Drive, as the server calls it; the archive's entry where the server does not say. */
  readonly drive: string;
  /** undefined where the drive does not have it. */
  readonly bytes: Uint8Array | undefined;
  /** Why not, in the server's code. */
  readonly error?: string;
}

export interface InspectAnswer {
  readonly files: readonly InspectedFile[];
  /** Every drive of the deployment is among them. MinIO leaves out those that have no such file or do not answer. */
  readonly isComplete: boolean;
}
