/** What is known of one drive before it is compared with others: its format.json, or why there is none. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFormatJson, decodeHealingTracker, SYSTEM_VOLUME, type FormatJson } from '../format/index.js';
import type { DriveCondition } from './format-report.js';
import { isErrno, readIfThere } from './read-file.js';

export interface Sighting {
  /** Where it was seen: a folder, `host:folder`, or the URL that its server gives it. */
  readonly path: string;
  readonly format?: FormatJson;
  /** format.json as it lies there, where it could be read, sensible or not. */
  readonly bytes?: Uint8Array;
  readonly failure?: { readonly condition: DriveCondition; readonly remark: string };
  readonly isHealing: boolean;
}

/** format.json of a thousand drives takes 40 KB. */
export const FORMAT_SIZE_MAX = 16 * 1024 * 1024;

/** `/data{1...4}` -> four places. Throws a UsageError for a malformed range. */
export async function expandPlaces(places: readonly string[]): Promise<string[]> {
  if (!places.some((place) => place.includes('...'))) return [...places];
  const { expandRanges } = await import('../cluster/index.js');
  return places.flatMap((place) => (place.includes('...') ? expandRanges(place).labels : [place]));
}

/** A folder of this machine. Never rejects. */
export async function lookAt(path: string): Promise<Sighting> {
  try {
    if (!(await stat(path)).isDirectory()) return unseen(path, 'missing', 'this is a file; a drive is a folder');
    const bytes = await readIfThere(join(path, SYSTEM_VOLUME, 'format.json'), FORMAT_SIZE_MAX);
    return sightingOf(path, bytes, await isBeingHealed(path));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return unseen(path, 'missing', 'there is no such folder');
    return unseen(path, 'unreadable', error instanceof Error ? error.message : String(error));
  }
}

/** `bytes`: of format.json; undefined where there is none. */
export function sightingOf(path: string, bytes: Uint8Array | undefined, isHealing = false): Sighting {
  if (bytes === undefined) return unseen(path, 'unformatted', `there is no ${SYSTEM_VOLUME}/format.json`, isHealing);
  try {
    return { path, format: decodeFormatJson(bytes), bytes, isHealing };
  } catch (error) {
    return { ...unseen(path, 'unreadable', error instanceof Error ? error.message : String(error), isHealing), bytes };
  }
}

export function unseen(path: string, condition: DriveCondition, remark: string, isHealing = false): Sighting {
  return { path, failure: { condition, remark }, isHealing };
}

async function isBeingHealed(path: string): Promise<boolean> {
  try {
    const bytes = await readIfThere(join(path, SYSTEM_VOLUME, 'buckets', '.healing.bin'), FORMAT_SIZE_MAX);
    return bytes !== undefined && !decodeHealingTracker(bytes).isFinished;
  } catch {
    // A tracker that cannot be read has not been finished by anyone.
    return true;
  }
}

/** Drives of one deployment have this in common. Formats without an id are told apart by their tables. */
export function deploymentKey(format: FormatJson): string {
  return format.deploymentId === '' ? `no id ${tableKey(format)}` : format.deploymentId;
}

/** What all drives of a pool have in common besides the deployment. */
export function tableKey({ generation, isSingle, sets, algorithm }: FormatJson): string {
  return JSON.stringify([generation, isSingle, sets, algorithm]);
}

/** Host and folder: the same drive seen over SSH, over a server, or written in a layout. */
export function placeKey(place: string): string {
  const url = /^[a-z]+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:]*)(?::\d+)?(\/.*)$/.exec(place);
  const ssh = url === null && !place.startsWith('/') && !place.startsWith('.') ? /^(?:[^/@]*@)?(\[[^\]]*\]|[^/:]+):(\/.*)$/.exec(place) : null;
  const [, host = '', path = place] = url ?? ssh ?? [];
  return `${host.toLowerCase()}:${path.replace(/(.)\/+$/, '$1')}`;
}

/** Servers of one deployment tell of the same drives: each once, as the place says that could read it. */
export function eachOnce(sightings: readonly Sighting[]): Sighting[] {
  const byPlace = new Map<string, Sighting>();
  for (const sighting of sightings) {
    const key = placeKey(sighting.path);
    const known = byPlace.get(key);
    const isSame = known?.format?.driveId === sighting.format?.driveId;
    // Two answers of one place that differ are shown both.
    if (known === undefined || known.format === undefined) byPlace.set(key, sighting);
    else if (sighting.format !== undefined && !isSame) byPlace.set(`${key} ${sighting.format.driveId}`, sighting);
  }
  return [...byPlace.values()];
}
