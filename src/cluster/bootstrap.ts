/** From drive arguments to a running deployment: all pools are judged before the first byte is written. */
import { UsageError } from '../base/index.js';
import { DriveMonitor, type MonitorOptions } from './drive-monitor.js';
import type { PoolLayout } from './endpoints.js';
import { storageClasses } from './parity.js';
import { PoolDrives, type DriveStatus, type PoolContext } from './pool-drives.js';
import type { Deployment } from './topology.js';

export interface OpenDeploymentOptions extends PoolContext {
  readonly layouts: readonly PoolLayout[];
  /** `EC:n`, as in MINIO_STORAGE_CLASS_STANDARD and MINIO_STORAGE_CLASS_RRS. */
  readonly standardClass?: string | undefined;
  readonly reducedClass?: string | undefined;
  readonly monitor: MonitorOptions;
  /** Where drives are on several nodes. */
  readonly waiting?: WaitingOptions;
}

export interface WaitingOptions {
  /** True for the node that formats new drives, its own and those of the others. */
  readonly isFirst: boolean;
  /** Resolves after a pause; rejects where the server is to stop instead. */
  readonly pause: (waitedMs: number) => Promise<void>;
  /** For people: which nodes do not answer, and why; empty where all do. */
  readonly missingNodes: () => string;
}

export interface OpenedDeployment {
  readonly deployment: Deployment;
  /** Every drive given, in the order of the arguments. */
  readonly statuses: () => DriveStatus[];
  /** Looks at all drives now, as the monitor does from time to time. */
  readonly checkDrives: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens the drives, formats new ones, gives each its slot and begins to watch them. Throws a UsageError, with nothing
 * written, where drives, numbers or formats do not fit together.
 */
export async function openDeployment(options: OpenDeploymentOptions): Promise<OpenedDeployment> {
  const { layouts, random, log } = options;
  const classes = storageClasses({ setSizes: layouts.map((layout) => layout.setSize), standard: options.standardClass, reduced: options.reducedClass });
  const pools = layouts.map((layout, index) => new PoolDrives(index, layout, options));
  try {
    await planAll(pools, options);
    const id = commonDeploymentId(pools) ?? random.uuid();
    const started = [];
    for (const pool of pools) started.push(await pool.start(id, classes));
    const monitor = new DriveMonitor(pools, log, options.monitor);
    monitor.start();
    return {
      deployment: { id, pools: started },
      statuses: () => pools.flatMap((pool) => pool.statuses()),
      checkDrives: () => monitor.check(),
      close: async () => {
        await monitor.close();
        await Promise.all(pools.map((pool) => pool.close()));
      },
    };
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.close()));
    throw error;
  }
}

/** A start at which all nodes come up together needs no words. */
const SILENT_MS = 3000;
const CHANGED_MS = 2000;
const REPEAT_MS = 30_000;
/** Nodes that start together all see what is wrong before the first of them ends. */
const PAUSES_BEFORE_REFUSAL = 10;

/** Plans every pool, again and again until the other nodes have what that needs; says for whom it waits and why. */
async function planAll(pools: readonly PoolDrives[], options: OpenDeploymentOptions): Promise<void> {
  const { waiting, clock, log } = options;
  const startedMs = clock.monotonicMs();
  let said = '';
  let saidMs = startedMs;
  for (;;) {
    const obstacles = await obstaclesOf(pools, options);
    if (obstacles.length === 0) return;
    if (waiting === undefined) throw new Error('assertion failed: only other nodes are waited for');
    const nowMs = clock.monotonicMs();
    const what = [waiting.missingNodes(), ...obstacles].filter((text) => text !== '').join('; ');
    if (nowMs - startedMs >= SILENT_MS && nowMs - saidMs >= (what === said ? REPEAT_MS : CHANGED_MS)) {
      log.info(`waiting for the other nodes (${Math.round((nowMs - startedMs) / 1000)} s): ${what}`);
      said = what;
      saidMs = nowMs;
    }
    await waiting.pause(nowMs - startedMs);
  }
}

/** What must be waited for. Throws a UsageError where a pool must not be started, after the other nodes have had the time to see it too. */
async function obstaclesOf(pools: readonly PoolDrives[], { waiting }: OpenDeploymentOptions): Promise<string[]> {
  const obstacles: string[] = [];
  try {
    for (const pool of pools) {
      const obstacle = await pool.plan(waiting?.isFirst ?? true);
      if (obstacle !== undefined) obstacles.push(obstacle);
    }
  } catch (error) {
    if (waiting !== undefined && error instanceof UsageError) for (let pauses = 0; pauses < PAUSES_BEFORE_REFUSAL; pauses++) await waiting.pause(0);
    throw error;
  }
  return obstacles;
}

function commonDeploymentId(pools: readonly PoolDrives[]): string | undefined {
  const known = pools.filter((pool) => pool.deploymentId !== undefined);
  const [first] = known;
  const other = known.find((pool) => pool.deploymentId !== first?.deploymentId);
  if (first !== undefined && other !== undefined) {
    throw new UsageError(
      `"${first.layout.commandLine}" is deployment ${first.deploymentId ?? ''} and "${other.layout.commandLine}" is deployment ${other.deploymentId ?? ''}; the pools of one server belong to one deployment`,
      'give the pools of one deployment only, and start another server for the other',
    );
  }
  return first?.deploymentId;
}
