/**
 * The format.json that each drive must have for a server to start on them, from what the objects say: a pure function. Where a
 * drive kept the table of its pool, that is used; else a new one is made with the drives in the places that their objects name.
 */
import { randomUUID } from 'node:crypto';
import { UsageError } from '../../base/index.js';
import { setChooser } from '../../cluster/index.js';
import { encodeFormatJson, isUuid, OFFLINE_DRIVE_ID, withDriveId, type FormatAlgorithm, type FormatJson } from '../../format/index.js';
import { tableKey } from '../sighting.js';
import type { IdentifiedDrive, IdentifiedSet } from './identify.js';

export interface FormattedDrive {
  readonly path: string;
  /** From 0. */
  readonly pool: number;
  readonly set: number;
  readonly slot: number;
  readonly driveId: string;
  readonly bytes: Uint8Array;
  readonly replaces: Uint8Array | undefined;
  /** How its place is known, as a clause. */
  readonly because: string;
  /** It has this identity already: nothing to do. */
  readonly isDone: boolean;
}

export interface FormatPlan {
  readonly deploymentId: string;
  /** True where no drive remembers the deployment's id. */
  readonly isNewDeployment: boolean;
  /** `sets` by pool, each with the paths by slot; undefined where the drive is not here. */
  readonly pools: readonly { readonly sets: readonly (readonly (string | undefined)[])[]; readonly isNew: boolean }[];
  readonly drives: readonly FormattedDrive[];
  /** What the person should know; whole sentences. */
  readonly notes: readonly string[];
}

export interface FormatPlanOptions {
  readonly sets: readonly IdentifiedSet[];
  /** What the drives remember; empty where none does. */
  readonly deploymentId: string;
  /** What the person knows of it. */
  readonly knownId?: string | undefined;
}

/** Throws a UsageError where two folders stand in one place, or the id that is given does not fit the objects. */
export function planFormats({ sets, deploymentId: remembered, knownId }: FormatPlanOptions): FormatPlan {
  if (sets.length === 0) throw new UsageError('nothing on these drives tells what they are', 'look at them with `mts rescue scan`');
  if (knownId !== undefined && !isUuid(knownId)) throw new UsageError(`"${knownId}" is no deployment id`, 'it looks like 34985dc1-0b5b-41f9-9ce6-59a6b67f56ac; servers send it with every answer, in the header x-minio-deployment-id');
  if (knownId !== undefined && remembered !== '' && knownId !== remembered) throw new UsageError(`the drives remember the deployment ${remembered}`, 'leave out --deployment-id');
  refuseDoubles(sets);
  const known = sets.filter(({ table }) => table !== undefined);
  // Drives of before 2018-08 have no id; a server gives them one.
  const deploymentId = remembered !== '' ? remembered : (knownId ?? (known.length > 0 ? '' : randomUUID()));
  const unknown = sets.filter(({ table }) => table === undefined);
  const notes: string[] = [];
  const tables = new Map<IdentifiedSet, { readonly table: FormatJson; readonly set: number }>();
  for (const one of known) if (one.table !== undefined && one.set !== undefined) tables.set(one, { table: one.table, set: one.set });
  for (const pool of newPools(unknown, knownId ?? remembered, notes)) {
    const [first] = pool.sets;
    const ids = pool.sets.map(({ size }) => Array.from({ length: size }, () => randomUUID()));
    const isSingle = sets.length === 1 && first?.size === 1;
    const table: FormatJson = { generation: 'xl 3', isSingle, deploymentId, driveId: '', sets: ids, algorithm: pool.algorithm };
    pool.sets.forEach((one, set) => tables.set(one, { table, set }));
  }
  const pools = [...new Set([...tables.values()].map(({ table }) => tableKey(table)))];
  const drives: FormattedDrive[] = [];
  const paths = pools.map((key) => {
    const { table } = [...tables.values()].find((one) => tableKey(one.table) === key) ?? {};
    return { isNew: unknown.some((one) => tableKey(tables.get(one)?.table ?? NO_TABLE) === key), sets: (table?.sets ?? []).map((ids) => ids.map((): string | undefined => undefined)) };
  });
  for (const [one, { table, set }] of tables) {
    const pool = pools.indexOf(tableKey(table));
    for (const drive of one.drives) {
      const { slot } = drive;
      const driveId = table.sets[set]?.[slot ?? -1];
      if (slot === undefined || driveId === undefined) continue;
      if (driveId === OFFLINE_DRIVE_ID) throw new UsageError(`the table of drives has no id for the place of ${drive.path}`, 'leave that drive out: a server heals what it holds onto a new one');
      const row = paths[pool]?.sets[set];
      if (row !== undefined) row[slot] = drive.path;
      drives.push({ ...identityOf(drive, one, table, driveId), pool, set, slot });
    }
  }
  return { deploymentId, isNewDeployment: known.length === 0, pools: paths, drives, notes };
}

const NO_TABLE: FormatJson = { generation: 'xl 3', isSingle: false, deploymentId: '', driveId: '', sets: [], algorithm: 'CRCMOD' };

function identityOf({ path, sighting, agreeing, sampled }: IdentifiedDrive, { drives }: IdentifiedSet, table: FormatJson, driveId: string) {
  const { format } = sighting;
  const isDone = format?.driveId === driveId && format.deploymentId === table.deploymentId && tableKey(format) === tableKey(table);
  // A peer's file with another id keeps what else its release wrote.
  const peer = drives.find((other) => other.sighting.bytes !== undefined && other.sighting.format?.deploymentId === table.deploymentId && tableKey(other.sighting.format) === tableKey(table));
  const bytes = peer?.sighting.bytes === undefined ? encodeFormatJson({ ...table, driveId }) : withDriveId(peer.sighting.bytes, driveId);
  const because = sampled > 0 ? `${agreeing} of ${sampled} objects looked at say so` : 'its format.json says so';
  return { path, driveId, bytes, replaces: sighting.bytes, because, isDone };
}

interface NewPool {
  readonly sets: readonly IdentifiedSet[];
  readonly algorithm: FormatAlgorithm;
}

/** Pools for sets that no table is left of. */
function newPools(sets: readonly IdentifiedSet[], deploymentId: string, notes: string[]): NewPool[] {
  if (sets.length === 0) return [];
  const isLegacy = sets.some((one) => one.isLegacy);
  const areNumbered = sets.every(({ set }) => set !== undefined);
  if (areNumbered) return [{ sets: [...sets].sort((a, b) => (a.set ?? 0) - (b.set ?? 0)), algorithm: isLegacy || sets.length > 1 ? 'CRCMOD' : 'SIPMOD+PARITY' }];
  const ordered = deploymentId === '' ? undefined : orderByHash(sets, deploymentId);
  if (ordered !== undefined) return [{ sets: ordered, algorithm: 'SIPMOD+PARITY' }];
  if (deploymentId !== '') notes.push(`The keys do not fall into these ${sets.length} sets under the deployment ${deploymentId}: more sets may have been there, or they are pools.`);
  if (sets.length > 1) {
    notes.push('No drive remembers how keys were spread over the sets. Each set becomes a pool of its own: a server looks in all pools for a key, so that nothing is hidden.');
  }
  return sets.map((one) => ({ sets: [one], algorithm: one.isLegacy ? 'CRCMOD' : 'SIPMOD+PARITY' }));
}

/** The sets in the order that their keys hash to; undefined where they do not. */
function orderByHash(sets: readonly IdentifiedSet[], deploymentId: string): IdentifiedSet[] | undefined {
  if (new Set(sets.map(({ size }) => size)).size > 1) return undefined;
  const chooser = setChooser('SIPMOD', deploymentId, sets.length);
  const order = new Map<number, IdentifiedSet>();
  for (const one of sets) {
    const [number, ...others] = new Set(one.sampleKeys.map(chooser));
    if (number === undefined || others.length > 0 || order.has(number)) return undefined;
    order.set(number, one);
  }
  return [...order].sort(([a], [b]) => a - b).map(([, one]) => one);
}

function refuseDoubles(sets: readonly IdentifiedSet[]): void {
  for (const { drives } of sets) {
    for (const { path, slot } of drives) {
      const double = slot === undefined ? undefined : drives.find((other) => other.path !== path && other.slot === slot);
      if (double !== undefined) throw new UsageError(`${path} and ${double.path} are the same drive of the set`, 'leave one of them out: the older copy, or the one with fewer objects (`mts rescue scan` counts them)');
    }
  }
}
