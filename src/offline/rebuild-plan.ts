/**
 * Who a lost drive was, from what its peers say: a pure function. It decides only what is certain, and throws a UsageError
 * that names the drives and says what to do otherwise.
 */
import { UsageError } from '../base/index.js';
import { encodeXl1, generationName, OFFLINE_DRIVE_ID, withDriveId, type FormatJson } from '../format/index.js';
import type { SlotEvidence } from '../cluster/index.js';
import { sharesDrives } from './format-report.js';
import { deploymentKey, placeKey, tableKey, type Sighting } from './sighting.js';

/** A place in a deployment; all from 0. */
export interface DriveSlot {
  readonly pool: number;
  readonly set: number;
  readonly slot: number;
}

export interface LostDrive {
  readonly sighting: Sighting;
  /** What the person said. */
  readonly wanted?: DriveSlot | undefined;
  /** What the objects on it say, of each pool of the peers in the order of `peerTables`. */
  readonly evidence?: readonly (SlotEvidence | undefined)[];
  /** What the layout says: the drive's place in it, as URL or path. */
  readonly layoutName?: string | undefined;
}

export interface RebuildRequest {
  readonly lost: readonly LostDrive[];
  readonly peers: readonly Sighting[];
  /** Slots of peers that lost their ids, from the objects on them. */
  readonly peerEvidence?: ReadonlyMap<Sighting, SlotEvidence>;
  /** Drives of each pool in the order of the layout; empty where it is not known. */
  readonly layout: readonly (readonly string[])[];
}

export interface RebuiltDrive extends DriveSlot {
  readonly path: string;
  readonly driveId: string;
  /** The file as it will be. */
  readonly bytes: Uint8Array;
  /** What is replaced; undefined where there was no file. */
  readonly replaces: Uint8Array | undefined;
  /** How the slot is known, as a clause. */
  readonly because: string;
  /** Real MinIO and mts look for a healing tracker on drives of this format. */
  readonly hasTracker: boolean;
  /** It has this identity already: nothing to do. */
  readonly isDone: boolean;
}

export interface RebuildPlan {
  readonly deploymentId: string;
  readonly generation: string;
  readonly drives: readonly RebuiltDrive[];
  /** Peers that said nothing of use, with the reason. */
  readonly silent: readonly { readonly path: string; readonly remark: string }[];
}

interface FreeSlot extends DriveSlot {
  readonly driveId: string;
}

/** A slot that a lost drive may have had. */
export interface SlotCandidate extends FreeSlot {
  /** Host and folder of the layout, where it is known. */
  readonly place: string | undefined;
}

/** Nothing tells which of several slots a lost drive had: somebody must say. */
export class UnknownSlot extends UsageError {
  constructor(
    /** Of `lost`. */
    readonly index: number,
    readonly path: string,
    readonly candidates: readonly SlotCandidate[],
  ) {
    const [first] = candidates;
    super(
      `${path} can have been any of ${candidates.length} drives that no peer has: ${candidates.map(candidateText).join(', ')}`,
      `say which with --slot ${slotText(first ?? fail())} (pool/set/drive), or give the server's arguments with --layout, or more peers with --from`,
    );
  }
}

/** For a sentence or a list to choose from. */
export function candidateText(candidate: SlotCandidate): string {
  return `${slotText(candidate)} (${candidate.place === undefined ? '' : `${candidate.place}, `}${candidate.driveId})`;
}

/** One format for each pool that the peers are of, in the order in which they were seen (see poolsOf). Throws where they disagree. */
export function peerTables(peers: readonly Sighting[]): readonly FormatJson[] {
  const readable = peers.flatMap(({ path, format }) => (format === undefined ? [] : [{ path, format }]));
  // Among drives of 2017, one that 2025 spoilt says nothing that the others do not say better.
  const named = readable.filter(({ format }) => format.driveId !== '');
  const formatted = named.length > 0 ? named : readable;
  const [first] = formatted;
  if (first === undefined) throw new UsageError(`no peer could be read, so that nothing tells who the lost drive was (${reasonsOf(peers)})`, 'give --from with a drive of the same deployment that is well, or with a host that has one');
  const alone = formatted.find(({ format }) => format.isSingle);
  if (alone !== undefined) throw new UsageError(`${alone.path} is a drive alone (${generationName(alone.format.generation)}): it has no peers that could tell of one another`, 'restore its .minio.sys/format.json from a backup');
  const tables: FormatJson[] = [];
  for (const { path, format } of formatted) {
    const same = tables.some((table) => tableKey(table) === tableKey(format) && table.deploymentId === format.deploymentId);
    if (same) continue;
    const rival = tables.find((table) => sharesDrives(table, format));
    if (rival !== undefined) throw new UsageError(`the peers disagree: ${path} has another table of drives, deployment or format (${describe(format)}) than ${first.path} (${describe(rival)})`, `compare them with \`mts format inspect\`, and leave out of --from those that are wrong`);
    if (deploymentKey(format) !== deploymentKey(first.format)) throw new UsageError(`the peers are of different deployments: ${first.path} is of ${describe(first.format)}, ${path} of ${describe(format)}`, 'give --from only drives of the deployment that the lost drive was of');
    tables.push(format);
  }
  return tables;
}

/** Throws a UsageError where anything is not certain. */
export function planRebuild(request: RebuildRequest): RebuildPlan {
  const { lost, peers } = request;
  const tables = peerTables(peers);
  const pools = poolsOf(request, tables);
  const claims = claimsOf(request, tables);
  const free = tables.flatMap((table, index) => slotsOf(table, pools[index] ?? fail()).filter(({ driveId }) => driveId !== OFFLINE_DRIVE_ID && !claims.has(driveId)));
  const places = layoutPlaces(request, tables, pools);
  const silent = peers.flatMap(({ path, failure }) => (failure === undefined ? [] : [{ path, remark: failure.remark }]));
  const options = lost.map((drive) => optionsOf(drive, { tables, pools, free, claims, places, silent }));
  const chosen = assign(lost, options, new Map([...places].map(([place, { driveId }]) => [driveId, place])));
  const [reference] = tables;
  const drives = lost.map(({ sighting }, index): RebuiltDrive => {
    const { slot, because } = chosen[index] ?? fail();
    const table = tables[pools.indexOf(slot.pool)] ?? fail();
    const bytes = bytesFor(table, peers, slot.driveId);
    const isDone = sighting.format?.driveId === slot.driveId && sighting.bytes !== undefined && Buffer.compare(sighting.bytes, bytes) === 0;
    const hasTracker = table.generation === 'xl 3' && table.deploymentId !== '';
    return { path: sighting.path, ...slot, bytes, replaces: sighting.bytes, because, hasTracker, isDone };
  });
  return { deploymentId: reference?.deploymentId ?? '', generation: reference === undefined ? '' : isSpoilt(reference) ? 'xl 1' : reference.generation, drives, silent };
}

/** As people count, and as --slot takes it. */
export function slotText({ pool, set, slot }: DriveSlot): string {
  return `${pool + 1}/${set + 1}/${slot + 1}`;
}

/** `1/2/3` -> pool 0, set 1, slot 2. Throws a UsageError. */
export function parseSlot(text: string): DriveSlot {
  const match = /^([1-9]\d{0,4})\/([1-9]\d{0,4})\/([1-9]\d{0,4})$/.exec(text);
  if (match === null) throw new UsageError(`--slot "${text}" is not POOL/SET/DRIVE`, 'all three count from 1, for instance --slot 1/1/4; `mts format inspect` shows them');
  return { pool: Number(match[1]) - 1, set: Number(match[2]) - 1, slot: Number(match[3]) - 1 };
}

/** A release of 2025 was started on drives of 2017, and erased every id. */
function isSpoilt(format: FormatJson): boolean {
  return format.generation === 'xl 3' && format.deploymentId === '' && format.driveId === '';
}

function bytesFor(table: FormatJson, peers: readonly Sighting[], driveId: string): Uint8Array {
  // What 2025 made of drives of 2017 serves no release: such drives get back what 2017 had written.
  if (isSpoilt(table)) return encodeXl1(driveId, table.sets.flat());
  const witness = peers.find(({ format }) => format !== undefined && tableKey(format) === tableKey(table));
  return withDriveId(witness?.bytes ?? fail(), driveId);
}

/**
 * The pool of each table, from 0. No format.json says it: it is that of the layout in which the table's peers lie, and without a
 * layout of several pools the order in which they were seen. Throws where a layout of several has none of a table's peers.
 */
function poolsOf({ layout, peers }: RebuildRequest, tables: readonly FormatJson[]): readonly number[] {
  if (layout.length < 2) return tables.map((_, index) => index);
  const pools = tables.map((table) => {
    const places = new Set(peers.flatMap(({ path, format }) => (format !== undefined && tableKey(format) === tableKey(table) ? [placeKey(path)] : [])));
    return layout.findIndex((names) => names.some((name) => places.has(placeKey(name))));
  });
  const lostAt = pools.findIndex((pool, index) => pool < 0 || pools.indexOf(pool) < index);
  if (lostAt >= 0) throw new UsageError(`the layout has ${layout.length} pools, and nothing tells which of them is that of ${describe(tables[lostAt] ?? fail())}`, 'give --from with a drive or a host as the layout names it, and the layout as the server has it');
  return pools;
}

function slotsOf(table: FormatJson, pool: number): FreeSlot[] {
  return table.sets.flatMap((ids, set) => ids.map((driveId, slot) => ({ pool, set, slot, driveId })));
}

/** Drive id -> where the drive that has it was seen. Throws where two have one. */
function claimsOf({ peers, peerEvidence }: RebuildRequest, tables: readonly FormatJson[]): Map<string, string> {
  const claims = new Map<string, string>();
  for (const peer of peers) {
    if (peer.format === undefined) continue;
    const seen = peerEvidence?.get(peer);
    const id = peer.format.driveId === '' ? seen && tables.find((table) => peer.format !== undefined && sharesDrives(table, peer.format))?.sets[seen.setIndex]?.[seen.slot] : peer.format.driveId;
    if (id === undefined) continue;
    const other = claims.get(id);
    if (other !== undefined && placeKey(other) !== placeKey(peer.path)) {
      throw new UsageError(`${other} and ${peer.path} carry the same identity ${id}: one of them is a copy`, 'find out which is the true one, take the other away, and try again');
    }
    claims.set(id, other ?? peer.path);
  }
  return claims;
}

interface Known {
  readonly tables: readonly FormatJson[];
  /** Pool of each table, from 0. */
  readonly pools: readonly number[];
  readonly free: readonly FreeSlot[];
  readonly claims: ReadonlyMap<string, string>;
  /** Place in the layout -> slot. */
  readonly places: ReadonlyMap<string, FreeSlot>;
  readonly silent: RebuildPlan['silent'];
}

interface Option {
  readonly slot: FreeSlot;
  readonly because: string;
}

/** The slots that a lost drive can have had. Throws where it must not be touched. */
function optionsOf(drive: LostDrive, { tables, pools, free, claims, places, silent }: Known): readonly Option[] {
  const { sighting, wanted, evidence = [], layoutName } = drive;
  const { path, format, failure } = sighting;
  if (failure !== undefined && failure.condition !== 'unformatted' && sighting.bytes === undefined) {
    throw new UsageError(`${path} cannot be given an identity: ${failure.remark}`, failure.condition === 'missing' ? `mount the drive; where a folder is meant: mkdir -p ${path}` : 'see to it that this user can read and write the folder');
  }
  const all = tables.flatMap((table, index) => slotsOf(table, pools[index] ?? fail()));
  const own = format !== undefined && format.driveId !== '' ? all.find(({ driveId }) => driveId === format.driveId) : undefined;
  if (format !== undefined && own === undefined && !tables.some((table) => sharesDrives(table, format))) {
    throw new UsageError(`${path} belongs to another deployment (${describe(format)}) and is not touched`, 'give the right folder; if what is on it is not needed any more, empty it first');
  }
  if (format !== undefined && format.driveId !== '' && own === undefined) throw new UsageError(`${path} has the identity ${format.driveId}, which its peers do not know`, 'look at both with `mts format inspect`; if what is on it is not needed any more, empty it first');
  const told = evidence.flatMap((seen, index) => (seen === undefined ? [] : all.filter((slot) => slot.pool === pools[index] && slot.set === seen.setIndex && slot.slot === seen.slot).map((slot) => ({ slot, because: `the object ${seen.object} on it says so` }))));
  const named = wanted === undefined ? undefined : all.find((slot) => slotText(slot) === slotText(wanted));
  if (wanted !== undefined && named === undefined) throw new UsageError(`there is no slot ${slotText(wanted)}: the deployment is ${tables.map(({ sets }) => `${sets.length} set${sets.length === 1 ? '' : 's'} of ${sets[0]?.length ?? 0} drives`).join(' and ')}`, 'give --slot POOL/SET/DRIVE, all counted from 1');
  const place = layoutName === undefined ? undefined : places.get(placeKey(layoutName));
  const certain: Option[] = [
    ...(own === undefined ? [] : [{ slot: own, because: 'its own format.json names it' }]),
    ...(told.length === 1 ? told : []),
    ...(named === undefined ? [] : [{ slot: named, because: 'you named it' }]),
    ...(place === undefined ? [] : [{ slot: place, because: 'the layout names it there' }]),
  ];
  const [first] = certain;
  if (first === undefined) {
    if (free.length === 0) throw new UsageError(`no slot is free: every drive of ${describe(tables[0] ?? fail())} was found among its peers, so ${path} was none of it`, 'give the folder of the drive that is lost, and --from with drives of its deployment');
    const [quiet] = silent;
    // A peer that did not answer has one of the slots that look free.
    if (quiet !== undefined && free.length <= silent.length) {
      throw new UsageError(`nothing tells which slot ${path} had: ${quiet.path} told nothing (${quiet.remark}), and ${free.length === 1 ? 'the only slot that looks free may be its own' : 'the slots that look free may be those of silent peers'}`, `see to it that ${quiet.path} can be read and try again, leave it out of --from if it is gone for good, or say which slot it is with --slot ${slotText(free[0] ?? fail())}`);
    }
    return free.map((slot) => ({ slot, because: free.length === 1 ? 'it is the only one that no peer has' : told.length > 1 ? 'its objects allow it' : 'no peer has it' })).filter(({ slot }) => told.length < 2 || told.some((option) => option.slot === slot || option.slot.driveId === slot.driveId));
  }
  const rival = certain.find(({ slot }) => slot.driveId !== first.slot.driveId);
  if (rival !== undefined) throw new UsageError(`what is known of ${path} does not agree: ${first.because}, slot ${slotText(first.slot)}; ${rival.because}, slot ${slotText(rival.slot)}`, 'look at the drive with `mts inspect` and at the layout before you go on; nothing was written');
  const taken = claims.get(first.slot.driveId);
  if (taken !== undefined) throw new UsageError(`the slot ${slotText(first.slot)} of ${path} (${first.because}) is taken: ${taken} carries its identity ${first.slot.driveId} and is there`, 'check which drive is lost; an identity must not be given twice');
  return [first];
}

/**
 * Gives each drive a slot of its own: those with one choice first. Throws UnknownSlot where more than one is left. `places`: by drive
 * id, what the layout calls it.
 */
function assign(lost: readonly LostDrive[], options: readonly (readonly Option[])[], places: ReadonlyMap<string, string>): Option[] {
  const left = options.map((list) => [...list]);
  const chosen: (Option | undefined)[] = lost.map(() => undefined);
  for (let index = next(); index >= 0; index = next()) {
    const option = left[index]?.[0] ?? fail();
    const rival = chosen.findIndex((other) => other?.slot.driveId === option.slot.driveId);
    if (rival >= 0) throw twice(lost, rival, index, option);
    chosen[index] = option;
    left.forEach((list, other) => {
      if (other === index || chosen[other] !== undefined || list.length === 1) return;
      left[other] = list.filter(({ slot }) => slot.driveId !== option.slot.driveId);
    });
  }
  const open = chosen.findIndex((option) => option === undefined);
  if (open >= 0) {
    const path = lost[open]?.sighting.path ?? '';
    const candidates = (left[open] ?? []).map(({ slot }) => ({ ...slot, place: places.get(slot.driveId) }));
    if (candidates.length === 0) throw new UsageError(`${path} is one drive more than slots are free`, 'give fewer drives');
    throw new UnknownSlot(open, path, candidates);
  }
  return chosen.map((option) => option ?? fail());

  function next(): number {
    return left.findIndex((list, index) => chosen[index] === undefined && list.length === 1);
  }
}

function twice(lost: readonly LostDrive[], one: number, other: number, { slot }: Option): UsageError {
  return new UsageError(`${lost[one]?.sighting.path ?? ''} and ${lost[other]?.sighting.path ?? ''} would both be the drive ${slotText(slot)} (${slot.driveId})`, 'say which is which with one --slot for each, in the order of the drives; nothing was written');
}

/**
 * Slots of the layout's places. A layout's order is trusted where the peers that it names lie where it says: 2018 and later
 * format in the order given, 2017 sorts first.
 */
function layoutPlaces({ layout, peers }: RebuildRequest, tables: readonly FormatJson[], pools: readonly number[]): Map<string, FreeSlot> {
  const places = new Map<string, FreeSlot>();
  const unused = new Set(layout);
  tables.forEach((table, index) => {
    const slots = slotsOf(table, pools[index] ?? fail());
    const isOld = table.generation === 'xl 1' || isSpoilt(table);
    const seen = new Map(peers.flatMap(({ path, format }) => (format === undefined || format.driveId === '' ? [] : [[placeKey(path), format.driveId] as const])));
    for (const given of unused) {
      if (given.length !== slots.length || (layout.length > 1 && given !== layout[pools[index] ?? fail()])) continue;
      const orders = isOld ? [[...given].sort(), given] : [given];
      const witnesses = given.filter((name) => slots.some(({ driveId }) => driveId === seen.get(placeKey(name))));
      // Pools of one size are told apart by their peers only.
      if (witnesses.length === 0 && tables.length > 1) continue;
      const order = orders.find((names) => witnesses.every((name) => slots[names.indexOf(name)]?.driveId === seen.get(placeKey(name))));
      if (order === undefined) continue;
      unused.delete(given);
      order.forEach((name, at) => places.set(placeKey(name), slots[at] ?? fail()));
      break;
    }
  });
  return places;
}

function describe(format: FormatJson): string {
  return `${format.deploymentId === '' ? 'a deployment without an id' : `deployment ${format.deploymentId}`}, ${format.sets.flat().length} drives, ${generationName(format.generation)}`;
}

function reasonsOf(peers: readonly Sighting[]): string {
  return peers.map(({ path, failure }) => `${path}: ${failure?.remark ?? ''}`).join('; ') || 'none was given';
}

function fail(): never {
  throw new Error('assertion failed: every lost drive has its slot and every table its witness');
}
