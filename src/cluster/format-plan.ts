/**
 * What to do with the drives of a pool, from what their format.json say: a pure function, used when the server starts and
 * again whenever a drive comes back. A drive's slot is decided by its identity, never by its place in the arguments; what
 * is not known for certain is never written.
 *
 * Agreement means the same deployment id, table of drives and algorithm (real MinIO compares the number of drives only,
 * and so adopts drives of other deployments). The reference is what a strict majority of the readable formats and at
 * least half of the pool's drives say.
 */
import { UsageError } from '../base/index.js';
import type { FormatJson } from '../format/index.js';
import { unifyOldFormats } from './old-formats.js';

/** What all drives of a pool have in common, from a format.json of erasure format version 3 with a deployment id. */
export type PoolFormat = Pick<FormatJson, 'isSingle' | 'deploymentId' | 'sets' | 'algorithm'>;

/** A pool as it was given. */
export interface NamedLayout {
  /** As typed. */
  readonly commandLine: string;
  /** What people know each drive by, in the order given. */
  readonly drives: readonly string[];
  /** Drives of an erasure set. */
  readonly setSize: number;
}

/** What one drive answered when its format.json was asked for. */
export type FormatAnswer =
  | {
      readonly kind: 'formatted';
      readonly format: PoolFormat;
      readonly driveId: string;
      readonly isEmpty: boolean;
      readonly isRootDevice: boolean;
      /** In words, where format.json is of a release before 2018-08 or was spoilt, and is to be written anew. */
      readonly oldGeneration?: string;
      /** Of a drive whose identity was blanked: the slot that its objects tell. */
      readonly evidence?: SlotPlace;
    }
  | { readonly kind: 'unformatted'; readonly isRootDevice: boolean }
  /** The folder is not there. */
  | { readonly kind: 'missing' }
  /** format.json of a drive without erasure coding, e.g. "FS format version 1 (2016 to 2018)". */
  | { readonly kind: 'old'; readonly generation: string; readonly hint: string }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'offline'; readonly reason: string };

/** Place in a pool's table. */
export interface SlotPlace {
  readonly setIndex: number;
  readonly slot: number;
}

export type DriveCondition = 'ok' | 'unformatted' | 'missing' | 'old' | 'damaged' | 'offline' | 'foreign' | 'doubled';

/** What becomes of the drive at one position of the arguments. */
export interface DrivePlan {
  readonly path: string;
  readonly condition: DriveCondition;
  /** The slot it serves or is expected in; undefined where that is not certain. */
  readonly place?: SlotPlace;
  /** True where it serves another slot than its place in the arguments says. */
  readonly isMisplaced: boolean;
  /** True where it may be given its slot's identity, to be healed. */
  readonly isToFormat: boolean;
  /** In words, where its format.json is to be written anew in today's form. */
  readonly oldGeneration?: string;
  /** For people: what is wrong and what to do; empty for `ok`. */
  readonly remark: string;
}

export type PoolPlan =
  | { readonly kind: 'format-new' }
  | {
      readonly kind: 'start';
      readonly format: PoolFormat;
      /** In the order of the arguments. */
      readonly drives: readonly DrivePlan[];
      /** True where a first formatting was interrupted: the drives to format are new and need no healing. */
      readonly isFirstFormatting: boolean;
    };

/** Not yet enough drives can be read: where they are on several nodes, the others may still come. */
export class DrivesMissingError extends UsageError {}

/** True where more than half of the drives that were given, or that a format names, agree: no further answer can change what they are. */
export function isCertain(layout: NamedLayout, answers: readonly FormatAnswer[]): boolean {
  const formats = answers.flatMap((answer) => (answer.kind === 'formatted' ? [answer.format] : []));
  return formats.some((format) => {
    const agreeing = formats.filter((other) => sameFormat(other, format)).length;
    return agreeing > layout.drives.length / 2 || agreeing > driveCountOf(format) / 2;
  });
}

interface PlanOptions {
  /** The root device rule is off (MINIO_CI_CD). */
  readonly allowRootDrive: boolean;
}

/** Decides for one pool; `answers` in the order of the arguments. Throws a UsageError where the pool must not be started. */
export function planPool(layout: NamedLayout, given: readonly FormatAnswer[], options: PlanOptions): PoolPlan {
  const answers = unifyOldFormats(given);
  const readable = answers.filter((answer) => answer.kind === 'formatted');
  if (readable.length === 0) {
    refuseUnlessAllNew(layout, answers);
    refuseVanishedMounts(layout, answers, options);
    return { kind: 'format-new' };
  }
  const format = referenceFormat(layout, answers);
  checkGeometry(layout, answers, format);
  const agreeing = readable.filter((answer) => sameFormat(answer.format, format));
  const isFirstFormatting =
    agreeing.length < layout.drives.length / 2 && answers.every((answer) => answer.kind === 'unformatted' || (answer.kind === 'formatted' && answer.isEmpty && sameFormat(answer.format, format)));
  if (!isFirstFormatting && agreeing.length < layout.drives.length / 2) refuseQuorum(layout, answers, agreeing.length);
  return { kind: 'start', format, drives: planDrives(layout, answers, format, options), isFirstFormatting };
}

/** Table and identity of two formats agree. */
function sameFormat(one: PoolFormat, other: PoolFormat): boolean {
  return formatKey(one) === formatKey(other);
}

function formatKey(format: PoolFormat): string {
  return JSON.stringify([format.isSingle, format.deploymentId, format.algorithm, format.sets]);
}

function refuseUnlessAllNew(layout: NamedLayout, answers: readonly FormatAnswer[]): void {
  answers.forEach((answer, index) => {
    const path = layout.drives[index] ?? '';
    if (answer.kind === 'old') throw new UsageError(`the drive ${path} holds the ${answer.generation}, without erasure coding, and cannot be one of several`, answer.hint);
    if (answer.kind === 'damaged') {
      throw new UsageError(`the format.json of the drive ${path} is damaged (${answer.reason}), and no other drive tells what it should be`, `restore ${path}/.minio.sys/format.json from a backup; it is never overwritten`);
    }
    if (answer.kind === 'offline') {
      throw new DrivesMissingError(`the drive ${path} cannot be used: ${answer.reason}`, layout.drives.length === 1 ? 'give a folder that this user can read and write' : 'new drives are formatted only when all of them can be read and written');
    }
  });
}

/**
 * The root device rule. Real MinIO never uses a drive on the device of `/`, because an empty mount point whose mount has
 * vanished looks like that and would be formatted and filled. But `mts server ./data{1...4}` on a laptop is all on the
 * root device, and meant. So: a drive without a format on the root device is refused only where other drives of its
 * set lie on devices of their own, which is what a vanished mount looks like.
 */
function refuseVanishedMounts(layout: NamedLayout, answers: readonly FormatAnswer[], options: PlanOptions): void {
  if (options.allowRootDrive) return;
  answers.forEach((answer, index) => {
    if (answer.kind !== 'unformatted' || !answer.isRootDevice) return;
    const first = index - (index % layout.setSize);
    if (!answers.slice(first, first + layout.setSize).some(isOnOwnDevice)) return;
    throw new UsageError(`${vanishedMount(layout.drives[index] ?? '')}; it was not formatted`, 'mount it and start again; set MINIO_CI_CD=1 if it is meant to lie on the root device');
  });
}

function isOnOwnDevice(answer: FormatAnswer): boolean {
  return (answer.kind === 'unformatted' || answer.kind === 'formatted') && !answer.isRootDevice;
}

function vanishedMount(path: string): string {
  return `the drive ${path} is on the root device while others of its set are on devices of their own: its file system is probably not mounted`;
}

/** The format that a strict majority of the readable ones agree on. */
function referenceFormat(layout: NamedLayout, answers: readonly FormatAnswer[]): PoolFormat {
  const groups = new Map<string, { format: PoolFormat; paths: string[] }>();
  answers.forEach((answer, index) => {
    if (answer.kind !== 'formatted') return;
    const key = formatKey(answer.format);
    const group = groups.get(key) ?? { format: answer.format, paths: [] };
    group.paths.push(layout.drives[index] ?? '');
    groups.set(key, group);
  });
  const sorted = [...groups.values()].sort((a, b) => b.paths.length - a.paths.length);
  const [largest] = sorted;
  const readableCount = sorted.reduce((sum, group) => sum + group.paths.length, 0);
  if (largest !== undefined && largest.paths.length > readableCount / 2) return largest.format;
  const sides = sorted.map((group) => `${group.paths.join(', ')}: deployment ${group.format.deploymentId} of ${driveCountOf(group.format)} drives`);
  throw new UsageError(`the drives of "${layout.commandLine}" belong to different deployments, none with a majority (${sides.join('; ')})`, 'give the drives of one deployment only');
}

function checkGeometry(layout: NamedLayout, answers: readonly FormatAnswer[], format: PoolFormat): void {
  const witness = layout.drives[answers.findIndex((answer) => answer.kind === 'formatted' && sameFormat(answer.format, format))] ?? '';
  const formatted = driveCountOf(format);
  const given = layout.drives.length;
  if (formatted !== given) {
    throw new UsageError(
      `the drive ${witness} belongs to a pool of ${formatted} drive${formatted === 1 ? '' : 's'}, but "${layout.commandLine}" gives ${given}`,
      given < formatted ? `give all ${formatted} drives; one that is lost is named by the path where its replacement will be` : `give the ${formatted} drive${formatted === 1 ? '' : 's'} of the pool; further drives become a pool of their own, as another argument with a range`,
    );
  }
  const setSize = format.sets[0]?.length ?? 0;
  if (setSize !== layout.setSize) {
    throw new UsageError(
      `the drive ${witness} is formatted with ${setSize} drives per erasure set, and these arguments make sets of ${layout.setSize}; that cannot be changed`,
      `set MINIO_ERASURE_SET_DRIVE_COUNT=${setSize}, or give the arguments as they were when the drives were formatted`,
    );
  }
}

function refuseQuorum(layout: NamedLayout, answers: readonly FormatAnswer[], agreeing: number): never {
  const problems = answers.flatMap((answer, index) => (answer.kind === 'formatted' ? [] : [`${layout.drives[index] ?? ''}: ${stateOf(answer)}`]));
  throw new DrivesMissingError(
    `only ${agreeing} of ${layout.drives.length} drives of "${layout.commandLine}" can be used, and at least ${Math.ceil(layout.drives.length / 2)} are needed (${problems.join('; ')})`,
    'mount or repair the drives named, then start again; nothing was written',
  );
}

/** A short clause about a drive that has no readable format. */
function stateOf(answer: FormatAnswer): string {
  switch (answer.kind) {
    case 'formatted':
      return 'formatted';
    case 'unformatted':
      return 'has no format.json';
    case 'missing':
      return 'the folder does not exist';
    case 'old':
      return `holds the ${answer.generation}`;
    case 'damaged':
      return `format.json is damaged (${answer.reason})`;
    case 'offline':
      return answer.reason;
  }
}

function driveCountOf(format: PoolFormat): number {
  return format.sets.reduce((sum, set) => sum + set.length, 0);
}

/** Gives every drive its slot: first those whose identity says it, then, where it is certain, the others. */
function planDrives(layout: NamedLayout, answers: readonly FormatAnswer[], format: PoolFormat, options: PlanOptions): DrivePlan[] {
  const ids = format.sets.flat();
  const owners = slotOwners(answers, format, ids);
  const isOrdered = owners.every((position, slot) => position === undefined || position === slot);
  const freeSlots = ids.flatMap((_, slot) => (owners[slot] === undefined ? [slot] : []));
  const others = answers.length - owners.filter((position) => position !== undefined).length;
  return answers.map((answer, position) => {
    const path = layout.drives[position] ?? '';
    const owned = owners.indexOf(position);
    if (owned >= 0) {
      const oldGeneration = answer.kind === 'formatted' ? answer.oldGeneration : undefined;
      return { path, condition: 'ok', place: placeOf(owned, layout.setSize), isMisplaced: owned !== position, isToFormat: false, remark: '', ...(oldGeneration !== undefined && { oldGeneration }) };
    }
    // Certain: the drives are in the order of the format, so that the position tells; or only one slot and one drive are left.
    const expected = isOrdered && freeSlots.includes(position) ? position : freeSlots.length === 1 && others === 1 ? freeSlots[0] : undefined;
    const place = expected === undefined ? {} : { place: placeOf(expected, layout.setSize) };
    const mates = expected === undefined ? [] : matesOf(expected, owners, answers, layout.setSize);
    return { path, ...place, isMisplaced: false, ...judge(answer, path, format, expected, mates, options) };
  });
}

/** Position of the drive that carries each slot's id; of two with the same id, the one at the slot's own position. */
function slotOwners(answers: readonly FormatAnswer[], format: PoolFormat, ids: readonly string[]): (number | undefined)[] {
  return ids.map((id, slot) => {
    const carriers = answers.flatMap((answer, position) => (answer.kind === 'formatted' && answer.driveId === id && sameFormat(answer.format, format) ? [position] : []));
    return carriers.includes(slot) ? slot : carriers[0];
  });
}

/** Answers of the drives in use in the set of a slot. */
function matesOf(slot: number, owners: readonly (number | undefined)[], answers: readonly FormatAnswer[], setSize: number): FormatAnswer[] {
  const first = slot - (slot % setSize);
  return owners.slice(first, first + setSize).flatMap((position) => {
    const answer = position === undefined ? undefined : answers[position];
    return answer === undefined ? [] : [answer];
  });
}

function placeOf(slot: number, setSize: number): SlotPlace {
  return { setIndex: Math.floor(slot / setSize), slot: slot % setSize };
}

/** The condition of a drive that serves no slot, and whether it may be formatted. */
function judge(
  answer: FormatAnswer,
  path: string,
  format: PoolFormat,
  expected: number | undefined,
  mates: readonly FormatAnswer[],
  options: PlanOptions,
): Pick<DrivePlan, 'condition' | 'isToFormat' | 'remark'> {
  const out = (condition: DriveCondition, remark: string) => ({ condition, isToFormat: false, remark });
  switch (answer.kind) {
    case 'formatted':
      if (sameFormat(answer.format, format) && format.sets.flat().includes(answer.driveId)) {
        return out('doubled', `the drive ${path} has the same identity (${answer.driveId}) as another; it is not used: remove one of the two`);
      }
      return out('foreign', `the drive ${path} belongs to deployment ${answer.format.deploymentId || 'without an id'} and not to this one (${format.deploymentId}); nothing is written to it: give the right drive or empty this one`);
    case 'unformatted':
      if (expected === undefined) {
        return out('unformatted', `the drive ${path} is empty and its slot is not certain, because the drives are not in their order; it is not used: give the drives in the order of the format`);
      }
      if (answer.isRootDevice && !options.allowRootDrive && mates.some(isOnOwnDevice)) {
        return out('unformatted', `${vanishedMount(path)}; nothing is written to it: mount it, or set MINIO_CI_CD=1 if it is meant to lie there`);
      }
      return { condition: 'unformatted', isToFormat: true, remark: `the drive ${path} is empty; it takes the place of the drive that was there and must be healed` };
    case 'missing':
      return out('missing', `the drive ${path} is offline: the folder does not exist; mount the drive, or make the folder if the drive is lost and is to start empty`);
    case 'old':
      return out('old', `the drive ${path} holds the ${answer.generation} and is not used: give the right drive instead`);
    case 'damaged':
      return out('damaged', `the format.json of the drive ${path} is damaged (${answer.reason}); it is not used and nothing is written to it: if it is the right drive, remove .minio.sys/format.json to have it healed`);
    case 'offline':
      return out('offline', `the drive ${path} is offline: ${answer.reason}`);
  }
}
