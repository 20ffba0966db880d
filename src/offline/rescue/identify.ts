/**
 * Which drive of which set each of some folders is, whatever became of their format.json: objects tell which drives belong
 * together and where each stands; what format.json is left tells the number of the set and the deployment.
 */
import { setChooser } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { SET_DRIVES_MAX } from '../../base/index.js';
import type { FormatJson } from '../../format/index.js';
import { deploymentKey, tableKey, type Sighting } from '../sighting.js';
import { groupDrives } from './group.js';
import { sampleDrive, type Samples } from './samples.js';

export interface IdentifiedDrive {
  readonly path: string;
  readonly drive: Drive;
  readonly sighting: Sighting;
  /** From 0; undefined where nothing tells. */
  readonly slot: number | undefined;
  /** Objects looked at, and how many of them agree on the slot. */
  readonly sampled: number;
  readonly agreeing: number;
  /** What is not as it should be; empty where all is. */
  readonly remark: string;
}

export interface IdentifiedSet {
  /** From 0, where a format.json or the names of the objects tell. */
  readonly pool: number | undefined;
  readonly set: number | undefined;
  readonly size: number;
  /** By slot, copies of one drive beside each other. */
  readonly drives: readonly IdentifiedDrive[];
  /** Of the pool, where a drive kept one. */
  readonly table: FormatJson | undefined;
  /** True where the set holds objects of before 2021. */
  readonly isLegacy: boolean;
  /** Some of its objects' folders in their buckets: what its number can be checked against. */
  readonly sampleKeys: readonly string[];
}

export interface Identified {
  readonly sets: readonly IdentifiedSet[];
  /** Nothing tells what they are. */
  readonly strays: readonly IdentifiedDrive[];
  /** Empty where no drive remembers it. */
  readonly deploymentId: string;
}

interface Looked {
  readonly path: string;
  readonly drive: Drive;
  readonly sighting: Sighting;
  readonly samples: Samples;
}

/** Reads the first objects of every drive. Rejects for bugs only. */
export async function identify(drives: readonly { readonly path: string; readonly drive: Drive; readonly sighting: Sighting }[]): Promise<Identified> {
  const looked = await Promise.all(drives.map(async (one): Promise<Looked> => ({ ...one, samples: await sampleDrive(one.drive) })));
  const tables = tablesOf(looked);
  const groups = joinByFormat(await groupDrives(looked), looked, tables);
  const taken = new Set<string>();
  const sets: IdentifiedSet[] = [];
  const strays: IdentifiedDrive[] = [];
  const isNamed = (group: readonly number[]): boolean => group.some((i) => looked[i]?.sighting.format !== undefined);
  // Who has a name chooses a place before those who have none.
  for (const group of groups.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || b.length - a.length)) {
    const members = group.flatMap((i) => looked[i] ?? []);
    const place = placeOf(members, tables, taken);
    const size = place.table?.sets[0]?.length ?? mostFrequent(members.flatMap(({ samples }) => [...samples.values()].map(({ setSize }) => setSize)));
    if (size === undefined) strays.push(...members.map((member) => ({ ...identified(member, undefined, undefined), remark: member.sighting.failure?.remark ?? 'nothing on it tells what it is' })));
    else sets.push(setOf(members, place, size));
  }
  sets.sort((a, b) => (a.pool ?? Infinity) - (b.pool ?? Infinity) || (a.set ?? Infinity) - (b.set ?? Infinity) || firstPath(a).localeCompare(firstPath(b)));
  return { sets: numberByCrc(sets), strays, deploymentId: tables.find(({ deploymentId }) => deploymentId !== '')?.deploymentId ?? '' };
}

function firstPath({ drives }: IdentifiedSet): string {
  return drives[0]?.path ?? '';
}

/** One format for each pool of the deployment that most drives name. */
function tablesOf(looked: readonly Looked[]): FormatJson[] {
  const formats = looked.flatMap(({ sighting: { format } }) => (format === undefined || format.sets.length === 0 ? [] : [format]));
  const deployment = mostFrequent(formats.map(deploymentKey));
  const tables = new Map<string, FormatJson>();
  for (const format of formats) if (deploymentKey(format) === deployment && !tables.has(tableKey(format))) tables.set(tableKey(format), format);
  return [...tables.values()];
}

/** Drives without objects join those of the same place in the table, or each other. */
function joinByFormat(groups: number[][], looked: readonly Looked[], tables: readonly FormatJson[]): number[][] {
  const placeIn = (i: number): string | undefined => {
    const format = looked[i]?.sighting.format;
    const table = tables.findIndex((one) => format !== undefined && tableKey(one) === tableKey(format));
    const set = tables[table]?.sets.findIndex((ids) => ids.includes(format?.driveId ?? '')) ?? -1;
    return set < 0 ? undefined : `${table} ${set}`;
  };
  const isEmpty = (group: readonly number[]): boolean => group.every((i) => looked[i]?.samples.size === 0);
  const joined = groups.filter((group) => !isEmpty(group)).map((group) => [...group]);
  for (const group of groups.filter(isEmpty)) {
    const place = placeIn(group[0] ?? -1);
    const same = place === undefined ? undefined : joined.find((other) => mostFrequent(other.flatMap((i) => placeIn(i) ?? [])) === place);
    if (same === undefined) joined.push([...group]);
    else same.push(...group);
  }
  return joined;
}

interface Place {
  readonly table: FormatJson | undefined;
  readonly pool: number | undefined;
  readonly set: number | undefined;
}

/** The pool that most of the drives name and the set that their keys hash to; without any format.json, the free place that the keys fit. */
function placeOf(members: readonly Looked[], tables: readonly FormatJson[], taken: Set<string>): Place {
  const named = mostFrequent(members.flatMap(({ sighting: { format } }) => (format === undefined ? [] : [tables.findIndex((table) => tableKey(table) === tableKey(format))])).filter((i) => i >= 0));
  const size = mostFrequent(members.flatMap(({ samples }) => [...samples.values()].map(({ setSize }) => setSize)));
  const candidates = named === undefined ? tables.map((_, i) => i) : [named];
  for (const pool of candidates) {
    const table = tables[pool];
    if (table === undefined || (size !== undefined && table.sets[0]?.length !== size)) continue;
    const byFormat = mostFrequent(members.flatMap(({ sighting: { format } }) => (format === undefined ? [] : [table.sets.findIndex((ids) => ids.includes(format.driveId))])).filter((i) => i >= 0));
    const chooser = setChooser(table.algorithm, table.deploymentId, table.sets.length);
    const set = mostFrequent(keysOf(members).map(chooser)) ?? byFormat;
    if (set === undefined || taken.has(`${pool} ${set}`)) continue;
    taken.add(`${pool} ${set}`);
    return { table, pool, set };
  }
  return { table: undefined, pool: undefined, set: undefined };
}

function keysOf(members: readonly Looked[]): string[] {
  return [...new Set(members.flatMap(({ samples }) => [...samples.values()].map(({ path }) => path)))];
}

function setOf(members: readonly Looked[], { table, pool, set }: Place, size: number): IdentifiedSet {
  const drives = members.map((member) => {
    const formatSlot = table === undefined || set === undefined ? undefined : table.sets[set]?.indexOf(member.sighting.format?.driveId ?? '');
    return identified(member, mostFrequent([...member.samples.values()].map(({ slot }) => slot)), formatSlot === -1 ? undefined : formatSlot);
  });
  const counted = new Map<number, number>();
  for (const { slot } of drives) if (slot !== undefined) counted.set(slot, (counted.get(slot) ?? 0) + 1);
  const noted = drives.map((drive) => ((counted.get(drive.slot ?? -1) ?? 0) > 1 ? { ...drive, remark: joinRemarks(drive.remark, 'another folder stands in the same place: both are used') } : drive));
  return {
    pool,
    set,
    size,
    table,
    drives: noted.sort((a, b) => (a.slot ?? SET_DRIVES_MAX) - (b.slot ?? SET_DRIVES_MAX) || a.path.localeCompare(b.path)),
    isLegacy: members.some(({ samples }) => [...samples.values()].some(({ isLegacy }) => isLegacy)),
    sampleKeys: keysOf(members),
  };
}

function identified({ path, drive, sighting, samples }: Looked, byObjects: number | undefined, byFormat: number | undefined): IdentifiedDrive {
  const agreeing = [...samples.values()].filter(({ slot }) => slot === byObjects).length;
  const remarks = [
    sighting.failure?.remark ?? '',
    sighting.format !== undefined && byObjects !== undefined && byFormat !== byObjects ? (byFormat === undefined ? 'its format.json is that of another drive' : `its format.json says drive ${byFormat + 1}, its objects say drive ${byObjects + 1}`) : '',
    sighting.isHealing ? 'it was being healed' : '',
    samples.size === 0 ? 'it holds no objects' : agreeing < samples.size ? `${samples.size - agreeing} of ${samples.size} objects looked at belong to other drives` : '',
  ];
  return { path, drive, sighting, slot: byObjects ?? byFormat, sampled: samples.size, agreeing, remark: remarks.reduce(joinRemarks) };
}

function joinRemarks(one: string, other: string): string {
  return [one, other].filter((text) => text !== '').join('; ');
}

/** Keys that could fall into the same sets by chance are no proof. */
const CRC_KEYS_MIN = 16;

/** Sets of before 2021 are chosen by the CRC of the key, so that the objects alone can tell their order. */
function numberByCrc(sets: readonly IdentifiedSet[]): IdentifiedSet[] {
  const isKnown = sets.some(({ table }) => table !== undefined);
  if (isKnown || sets.length === 0) return [...sets];
  if (sets.length === 1) return sets.map((set) => ({ ...set, pool: 0, set: 0 }));
  const chooser = setChooser('CRCMOD', '', sets.length);
  const numbers = sets.map(({ sampleKeys }) => [...new Set(sampleKeys.map(chooser))]);
  const areSure = sets.reduce((sum, { sampleKeys }) => sum + sampleKeys.length, 0) >= CRC_KEYS_MIN && numbers.every(({ length }) => length === 1) && new Set(numbers.flat()).size === sets.length;
  if (!areSure || new Set(sets.map(({ size }) => size)).size > 1) return [...sets];
  return sets.map((set, i) => ({ ...set, pool: 0, set: numbers[i]?.[0] ?? 0 })).sort((a, b) => a.set - b.set);
}

function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
