/**
 * Which drive of which deployment each of some folders is, and whether they make a whole: what `mts format inspect` shows.
 * The reference is the deployment that most of the readable drives name.
 */
import { generationName, OFFLINE_DRIVE_ID, type FormatJson } from '../format/index.js';
import { summarize } from './format-summary.js';
import type { SourceAccess } from './format-sources.js';
import { deploymentKey, eachOnce, expandPlaces, lookAt, tableKey, type Sighting } from './sighting.js';

export type DriveCondition =
  /** Belongs to the reference deployment and agrees with the other drives of its pool. */
  | 'ok'
  /** Of the reference deployment, with another table of drives, algorithm or generation than its pool's other drives. */
  | 'different'
  /** Of another deployment. */
  | 'foreign'
  /** Another folder carries the same identity. */
  | 'doubled'
  /** Its own id is empty: a release of 2025 was started on a drive of 2017. */
  | 'nameless'
  | 'unformatted'
  /** There is no such folder. */
  | 'missing'
  /** Its format.json cannot be read or makes no sense. */
  | 'unreadable'
  /** Its node says that it has no such drive, or does not answer for it. */
  | 'offline';

interface DriveFinding {
  readonly path: string;
  readonly condition: DriveCondition;
  /** What there is to know beyond the condition; empty for `ok`. */
  readonly remark: string;
  /** Kind and version of the format: `xl 3` since 2018. */
  readonly generation?: string;
  readonly deploymentId?: string;
  readonly driveId?: string;
  /** From 0; undefined where the drive is not of the reference deployment. */
  readonly pool?: number;
  readonly set?: number;
  readonly slot?: number;
  readonly isHealing: boolean;
}

/** A slot of a pool's table whose drive is not among the folders. */
interface MissingDrive {
  readonly pool: number;
  readonly set: number;
  readonly slot: number;
  readonly driveId: string;
}

interface PoolFinding {
  readonly setCount: number;
  readonly drivesPerSet: number;
  readonly algorithm: string;
  readonly generation: string;
}

export interface FormatReport {
  /** In the order of the arguments. */
  readonly drives: readonly DriveFinding[];
  /** Id of the reference deployment; empty where its format has none, or no drive could be read. */
  readonly deploymentId: string;
  /** Of the reference deployment. */
  readonly pools: readonly PoolFinding[];
  readonly missing: readonly MissingDrive[];
  /** True where all drives agree and none is missing. */
  readonly isWhole: boolean;
  /** One sentence for people. */
  readonly summary: string;
}

/** Reads format.json of each folder (`/data{1...4}` stands for four) and compares; with `access` also drives of servers and other machines. Throws a UsageError for a malformed range only. */
export async function inspectFormats(paths: readonly string[], access?: SourceAccess): Promise<FormatReport> {
  if (access === undefined) return compareFormats(await Promise.all((await expandPlaces(paths)).map(lookAt)));
  const { seePlaces } = await import('./format-sources.js');
  return compareFormats(eachOnce((await seePlaces(paths, access)).flatMap(({ sightings }) => sightings)));
}

/** The comparison alone, a pure function. */
function compareFormats(sightings: readonly Sighting[]): FormatReport {
  const formats = sightings.flatMap(({ format }) => (format === undefined ? [] : [format]));
  const reference = mostFrequent(formats.map(deploymentKey));
  const tables = poolTables(formats.filter((format) => deploymentKey(format) === reference));
  const named = sightings.filter(({ format }) => format !== undefined && format.driveId !== '');
  const byId = grouped(named, ({ format }) => format?.driveId ?? '');
  const drives = sightings.map((sighting) => judge(sighting, { reference, tables, byId, isAlone: sightings.length === 1 }));
  const missing = tables.flatMap((table, pool) => missingFrom(table, pool, byId));
  const [first] = tables;
  const pools = tables.map((table) => ({
    setCount: Math.max(1, table.sets.length),
    drivesPerSet: table.sets[0]?.length ?? 1,
    algorithm: table.algorithm,
    generation: table.generation,
  }));
  const isWhole = drives.length > 0 && missing.length === 0 && drives.every(({ condition }) => condition === 'ok');
  const facts = { drives, deploymentId: first?.deploymentId ?? '', pools, missing, isWhole };
  return { ...facts, summary: summarize(facts) };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function mostFrequent(keys: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** One format for each pool of a deployment, in the order of the drives. Tables that share drives are one pool: most drives decide which holds. */
function poolTables(formats: readonly FormatJson[]): FormatJson[] {
  const bySize = [...grouped(formats, tableKey).values()].sort((a, b) => b.length - a.length);
  const pools: FormatJson[] = [];
  for (const [format] of bySize) if (format !== undefined && !pools.some((pool) => sharesDrives(pool, format))) pools.push(format);
  return pools.sort((a, b) => formats.indexOf(a) - formats.indexOf(b));
}

export function sharesDrives(one: FormatJson, other: FormatJson): boolean {
  const ids = new Set(one.sets.flat());
  return other.sets.flat().some((id) => id !== OFFLINE_DRIVE_ID && ids.has(id));
}

interface Comparison {
  readonly reference: string | undefined;
  readonly tables: readonly FormatJson[];
  readonly byId: ReadonlyMap<string, readonly Sighting[]>;
  /** One folder only was given. */
  readonly isAlone: boolean;
}

function judge(sighting: Sighting, { reference, tables, byId, isAlone }: Comparison): DriveFinding {
  const { path, format, failure, isHealing } = sighting;
  if (format === undefined) return { path, condition: failure?.condition ?? 'unreadable', remark: failure?.remark ?? '', isHealing };
  const { deploymentId, driveId } = format;
  const facts = { path, generation: format.generation, deploymentId, driveId, isHealing };
  const found = (condition: DriveCondition, remark: string, pool?: number): DriveFinding => {
    const place = pool === undefined ? undefined : placeOf(tables[pool], driveId);
    return { ...facts, condition, remark, ...(pool !== undefined && { pool }), ...place };
  };
  const isReference = deploymentKey(format) === reference;
  const exact = isReference ? tables.findIndex((table) => tableKey(table) === tableKey(format)) : -1;
  const pool = exact >= 0 ? exact : tables.findIndex((table) => sharesDrives(table, format));
  if (format.sets.length === 0) return isAlone ? found('ok', '', 0) : found('foreign', 'an FS drive is a deployment of its own');
  if (driveId === '') return found('nameless', 'a release of 2025 erased its id; its slot follows from the objects on it');
  const twins = (byId.get(driveId) ?? []).filter((other) => other !== sighting);
  if (twins.length > 0) return found('doubled', `carries the same identity as ${twins.map((other) => other.path).join(', ')}`, pool < 0 ? undefined : pool);
  if (isReference && exact >= 0) return found('ok', isHealing ? 'is being healed' : '', exact);
  if (pool < 0) return found('foreign', `of deployment ${deploymentId || 'without an id'}`);
  return found('different', differenceOf(format, tables[pool]), pool);
}

function placeOf(table: FormatJson | undefined, driveId: string): { readonly set: number; readonly slot: number } | undefined {
  const set = table?.sets.findIndex((ids) => ids.includes(driveId)) ?? -1;
  return set < 0 ? undefined : { set, slot: table?.sets[set]?.indexOf(driveId) ?? 0 };
}

function differenceOf(format: FormatJson, table: FormatJson | undefined): string {
  if (table === undefined) return '';
  if (format.generation !== table.generation) return `is of another generation: ${generationName(format.generation)}`;
  if (format.deploymentId !== table.deploymentId) return `names the deployment ${format.deploymentId || 'nothing'}`;
  if (format.algorithm !== table.algorithm) return `names the distribution algorithm ${format.algorithm}`;
  return 'lists other drives, or in another order, than most drives of its pool';
}

function missingFrom(table: FormatJson, pool: number, byId: ReadonlyMap<string, unknown>): MissingDrive[] {
  return table.sets.flatMap((ids, set) => ids.flatMap((driveId, slot) => (byId.has(driveId) ? [] : [{ pool, set, slot, driveId }])));
}
