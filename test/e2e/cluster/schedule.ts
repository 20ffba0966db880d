/** One schedule of faults for a running cluster, from a seed: it is used, suffers, recovers, and its drives are looked at. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';

import { decodeHealingTracker } from '../../../src/format/index.js';
import { inspect, type InspectedDisk } from '../../simulation/inspection.js';
import { Chance } from '../../simulation/world.js';
import { ACCESS_KEY, MTS, SECRET_KEY } from '../server-process.js';
import type { TestCluster } from './harness.js';
import { ScheduleClients, type BucketUnderTest } from './schedule-clients.js';
import { ScheduleFaults, objectFiles } from './schedule-faults.js';

/** Of a set of six drives. */
const PARITY = 3;
const CLIENTS = 5;
const KEYS = ['a', 'a/b', 'c', 'deep/er/d'] as const;
/** Written before the faults begin, and only read since. */
const KEPT = [['kept/inline', 3000], ['kept/parts', 700_000], ['kept/stripes', 1_500_000]] as const;
/** After the faults: everything can be read, and all that drives missed has been brought to them. */
const READABLE_MS = 15_000;
const HEALED_MS = 120_000;

export interface ScheduleOutcome {
  readonly seed: number;
  /** What went wrong; empty where all is well. */
  readonly findings: readonly string[];
  /** Requests and faults, by what they were and how they ended. */
  readonly counts: ReadonlyMap<string, number>;
}

export async function runSchedule(cluster: TestCluster, seed: number): Promise<ScheduleOutcome> {
  const chance = new Chance(seed);
  const buckets: BucketUnderTest[] = [
    { name: `plain-${seed}`, keepsOlder: false },
    { name: `versioned-${seed}`, keepsOlder: true },
  ];
  const [plain] = buckets as [BucketUnderTest];
  const clients = new ScheduleClients(cluster.nodes, buckets, [...KEYS, ...KEPT.map(([key]) => key)], seed);
  const { client } = cluster.node(1);
  for (const { name, keepsOlder } of buckets) {
    await client.send(new CreateBucketCommand({ Bucket: name }));
    if (keepsOlder) await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }));
  }
  for (const [key, size] of KEPT) await clients.put(cluster.node(1), plain, key, size);
  const lengthMs = chance.between(2000, 6000);
  const faults = new ScheduleFaults(cluster, chance, { lengthMs, parity: PARITY, buckets: buckets.map(({ name }) => name), keptBelow: `${plain.name}/kept` });
  const disks = cluster.nodes.flatMap(({ drives }) => drives.map(diskOf));
  const isKept = (): boolean => disks.every(({ path }) => objectFiles(join(path, plain.name, 'kept')).length === 5);
  if (!(await becomes(isKept, 10_000))) throw new Error(`what is to be kept is not on all drives\n${cluster.output}`);

  const untilMs = performance.now() + lengthMs;
  const work = Array.from({ length: CLIENTS }, (_, number) => clients.run(new Chance(seed * 1000 + number), { untilMs, changed: KEYS }));
  await faults.run();
  await Promise.all(work);
  await faults.end();
  const findings = await conclude(cluster, clients, disks, disks.find(({ path }) => path === faults.victim)!);
  const counts = new Map([...clients.counts, ...[...faults.counts].map(([kind, times]) => [`fault ${kind}`, times] as const)]);
  return { seed, findings: [...findings, ...clients.wrongs, ...clients.history.contradictions()], counts };
}

/** The faults are over: everything can be read, everything is healed, and the drives agree. */
async function conclude(cluster: TestCluster, clients: ScheduleClients, disks: readonly InspectedDisk[], victim: InspectedDisk): Promise<string[]> {
  const found: string[] = [];
  await Promise.all(cluster.nodes.map((node) => node.seesOthers()));
  for (const node of cluster.nodes) {
    const isReadable = async (): Promise<boolean> => (await readAll(clients, node.machine)).every((isAnswered) => isAnswered);
    if (!(await becomes(isReadable, READABLE_MS))) found.push(`not everything can be read or listed through node ${node.machine} after the faults`);
  }
  const left = (): string[] => disks.flatMap(leftOn);
  if (!(await becomes(() => left().length === 0, HEALED_MS))) found.push(...left().map((what) => `${HEALED_MS / 1000} s after the faults: ${what}`));
  for (const { name } of clients.buckets) {
    const said = await deepHeal(cluster, name);
    if (said !== '') found.push(`the heal of ${name} says: ${said}`);
  }
  // Whatever was open is decided now: every node sees the same.
  const last = clients.history.operations.length;
  for (const { machine } of cluster.nodes) await readAll(clients, machine);
  const seen = new Map<string, Set<string>>();
  for (const { key, effect } of clients.history.operations.slice(last)) {
    if (effect.kind === 'read') seen.set(key, (seen.get(key) ?? new Set()).add(effect.value ?? 'nothing'));
  }
  for (const [key, values] of seen) if (values.size > 1) found.push(`nodes see different objects ${key} after the heal: ${[...values].join(', ')}`);
  const inspected = { disks, contents: clients.contents, buckets: clients.buckets, keys: clients.keys, victim };
  // What a read sees to may still be under way.
  if (!(await becomes(() => inspect(inspected).length === 0, 10_000))) found.push(...inspect(inspected));
  return found;
}

/** Whether each request was answered. */
function readAll(clients: ScheduleClients, machine: number): Promise<boolean[]> {
  const node = clients.nodes[machine - 1]!;
  return Promise.all(
    clients.buckets.flatMap((bucket) => [
      clients.list(node, bucket),
      ...clients.keys.map(async (key) => (await clients.get(node, bucket, key)) !== false),
    ]),
  );
}

/** Work under way, and notes of what drives missed. */
function leftOn({ path }: InspectedDisk): string[] {
  const below = (folder: string, pattern: RegExp): string[] => {
    let names: string[] = [];
    try {
      names = readdirSync(join(path, folder), { recursive: true, encoding: 'utf8' });
    } catch (error) {
      // Something in it was removed meanwhile, so it is still at work.
      if (existsSync(join(path, folder))) return [`${join(path, folder)}: ${String(error)}`];
    }
    return names.filter((name) => pattern.test(name)).map((name) => join(path, folder, name));
  };
  const tracker = join(path, '.minio.sys/buckets/.healing.bin');
  const isHealing = existsSync(tracker) && !decodeHealingTracker(readFileSync(tracker)).isFinished;
  return [...below('.minio.sys/mts/missed', /^\d+\/./), ...below('.minio.sys/tmp', /^(?!\.trash(\/|$))/), ...(isHealing ? [tracker] : [])];
}

/** Every byte of every drive is looked at. Gives what was said, nothing where all went well. */
function deepHeal(cluster: TestCluster, bucket: string): Promise<string> {
  const env = { ...process.env, MC_HOST_local: cluster.node(1).url.replace('//', `//${ACCESS_KEY}:${SECRET_KEY}@`) };
  return new Promise((resolve) => {
    execFile(process.execPath, [MTS, 'heal', '--recursive', '--remove', '--scan', 'deep', '--json', `local/${bucket}`], { env }, (error, stdout, stderr) => resolve(error === null ? '' : `${stdout.slice(-3000)}${stderr}`));
  });
}

/** A drive's folder as the inspection wants it. */
function diskOf(path: string): InspectedDisk {
  return {
    path,
    *files() {
      for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
        if (entry.isDirectory()) continue;
        const full = join(entry.parentPath, entry.name);
        yield [full.slice(path.length), { get bytes() { return readFileSync(full); } }];
      }
    },
  };
}

async function becomes(isSo: () => Promise<boolean> | boolean, limitMs: number): Promise<boolean> {
  for (const untilMs = performance.now() + limitMs; ; ) {
    if (await isSo()) return true;
    if (performance.now() > untilMs) return false;
    await sleep(100);
  }
}
