/** One life of a cluster from a seed: it is used, suffers, recovers, and is looked at. */
import { Clients, type BucketUnderTest } from './clients.js';
import { Cluster, type ClusterShape } from './cluster.js';
import { Faults } from './faults.js';
import { inhabit } from './globals.js';
import { History } from './history.js';
import { inspect } from './inspection.js';
import { World } from './world.js';

export interface Outcome {
  readonly seed: number;
  /** What went wrong; empty where all is well. */
  readonly findings: readonly string[];
  readonly traceHash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  /** The latest that happened, where it was asked for. */
  readonly lines: readonly string[];
}

const SHAPES: readonly ClusterShape[] = [
  { nodes: 3, drivesPerNode: 2 },
  { nodes: 4, drivesPerNode: 1 },
  { nodes: 2, drivesPerNode: 2 },
  { nodes: 1, drivesPerNode: 4 },
];
const BUCKETS: readonly BucketUnderTest[] = [
  { name: 'plain', keepsOlder: false },
  { name: 'versioned', keepsOlder: true },
];
const KEYS = ['a', 'a/b', 'c'] as const;
const START_LIMIT_MS = 120_000;
const HEAL_LIMIT_MS = 240_000;

export async function simulate(seed: number, options: { readonly linesMax?: number } = {}): Promise<Outcome> {
  const world = new World(seed, options.linesMax);
  const { chance } = world;
  const shape = chance.pick(SHAPES);
  const cluster = new Cluster(world, shape);
  const leave = inhabit(world, cluster.files);
  const stray: string[] = [];
  const onStray = (error: unknown): void => void stray.push(`a promise nobody looked after: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  process.on('unhandledRejection', onStray);
  const findings: string[] = [];
  const history = new History();
  const clients = new Clients(cluster, history, BUCKETS);
  const faults = new Faults(cluster, chance.between(150, 1500));
  try {
    findings.push(...(await live(cluster, clients, faults)));
    findings.push(...clients.wrongs, ...history.contradictions());
  } finally {
    process.off('unhandledRejection', onStray);
    leave();
  }
  findings.push(...stray, ...cluster.complaints.map((text) => `it was logged: ${text}`));
  return { seed, findings, traceHash: world.traceHash, virtualMs: world.nowMs, events: world.eventCount, counts: clients.counts, faults: faults.counts, lines: world.lines };
}

async function live(cluster: Cluster, clients: Clients, faults: Faults): Promise<string[]> {
  const { world } = cluster;
  const { chance } = world;
  for (const name of cluster.names) cluster.start(name);
  const isUp = (): boolean => cluster.serving.length === cluster.names.length;
  if (!(await world.run(isUp, START_LIMIT_MS))) return ['the nodes do not start'];
  let isReady = false;
  let failure: unknown;
  void prepare(cluster, clients).then(
    () => (isReady = true),
    (error: unknown) => (failure = error),
  );
  if (!(await world.run(() => isReady || failure !== undefined, world.nowMs + 60_000)) || failure !== undefined) return [`the buckets cannot be made: ${String(failure)}`];

  // Most lives are short: many of them find more than a long one.
  const untilMs = world.nowMs + (chance.is(0.05) ? chance.between(6000, 25_000) : chance.between(1000, 4000));
  clients.start({ clients: chance.integer(2, 5), untilMs, keys: KEYS, thinkMs: chance.between(20, 400) });
  faults.start(untilMs);
  await world.run(() => world.nowMs >= untilMs, untilMs);
  faults.end();
  if (!(await world.run(() => clients.isIdle, world.nowMs + 200_000))) return ['clients wait for ever'];
  if (!(await world.run(isUp, world.nowMs + START_LIMIT_MS))) return [`a node does not come back: ${[...cluster.processes.values()].map(({ failure: why }) => String(why)).join('; ')}`];

  const problems: string[] = [];
  let isDone = false;
  void conclude(cluster, clients, faults).then(
    (found) => problems.push(...found),
    (error: unknown) => problems.push(`the end failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
  ).finally(() => (isDone = true));
  if (!(await world.run(() => isDone, world.nowMs + 2 * HEAL_LIMIT_MS))) problems.push('healing does not end');
  return problems;
}

async function prepare(cluster: Cluster, clients: Clients): Promise<void> {
  for (const { name, keepsOlder } of BUCKETS) {
    const reply = await clients.ask(cluster.serving[0]!, (store) => store.makeBucket(name, { versioning: keepsOlder ? 'enabled' : 'unversioned' }));
    if (reply === 'lost' || 'error' in reply) throw reply === 'lost' ? new Error('lost') : reply.error;
  }
}

/** The faults are over: everything can be read, everything is healed, and the disks agree. */
async function conclude(cluster: Cluster, clients: Clients, faults: Faults): Promise<string[]> {
  const { world } = cluster;
  const found: string[] = [];
  const endMs = world.nowMs + HEAL_LIMIT_MS;
  // Everything is found again by each node, as soon as its drives are known to be back.
  await clients.sleep(7500);
  for (const process of cluster.serving) {
    for (const bucket of BUCKETS) {
      const before = clients.history.operations.length;
      for (const key of KEYS) await clients.get(process, bucket, key);
      if (!(await clients.list(process, bucket, KEYS)) || clients.history.operations.length !== before + 2 * KEYS.length) found.push(`${bucket.name} cannot be read or listed through ${process.life.name} after the faults`);
    }
  }
  // What drives missed and what is left half done is seen to by itself.
  let left: string[] = ['not looked'];
  while (left.length > 0 && world.nowMs < endMs) {
    await clients.sleep(1500);
    left = cluster.serving.flatMap(({ store, deployment }) => [
      ...store!.healing.driveHeals().flatMap((heal) => (heal.isFinished ? [] : [`healing: ${heal.endpoint}`])),
      ...deployment!.pools.flatMap(({ sets }) => sets.flatMap(({ drives }) => drives.flatMap((drive) => (drive?.state === 'online' ? [] : [`${drive?.endpoint} is ${drive?.state}`])))),
    ]);
    left.push(...cluster.disks.flatMap((disk) => [...disk.files()].flatMap(([path]) => (path.startsWith('/.minio.sys/tmp/') || path.includes('/mts/missed/') ? [`${disk.path}${path}`] : []))));
  }
  found.push(...left.map((what) => `${(HEAL_LIMIT_MS / 1000).toFixed(0)} s after the faults: ${what}`));
  // What rot nobody read, and what too few drives have, is an operator's heal to find.
  const healed = await clients.ask(cluster.serving[0]!, async (store) => {
    const failed: string[] = [];
    for await (const item of store.healing.heal({}, { recursive: true, isDryRun: false, scan: 'deep', remove: true })) {
      if (item.outcome === 'failed' || item.outcome === 'dangling') failed.push(`${item.bucket}/${item.object} ${item.versionId} is not healed: ${item.outcome} ${item.reason} ${JSON.stringify(item.drives.map(({ before, after }) => `${before} ${after}`))}`);
    }
    return failed;
  });
  if (healed === 'lost' || 'error' in healed) found.push(`the heal of everything fails: ${healed === 'lost' ? healed : String(healed.error)}`);
  else found.push(...healed.value);
  await clients.sleep(500);
  // Whatever was open is decided now: every node sees the same, and goes on to.
  const last = clients.history.operations.length;
  for (const process of cluster.serving) for (const bucket of BUCKETS) for (const key of KEYS) await clients.get(process, bucket, key);
  const seen = new Map<string, Set<string>>();
  for (const { key, effect } of clients.history.operations.slice(last)) {
    if (effect.kind === 'read') seen.set(key, (seen.get(key) ?? new Set()).add(effect.value ?? 'nothing'));
  }
  for (const [key, values] of seen) if (values.size > 1) found.push(`nodes see different objects ${key} after the heal: ${[...values].join(', ')}`);
  found.push(...inspect({ disks: cluster.disks, contents: clients.contents, buckets: BUCKETS, keys: KEYS, victim: faults.victim }));
  return found;
}
