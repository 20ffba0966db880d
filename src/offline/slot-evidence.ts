/**
 * Which slot a drive without a (true) identity has, from an object on it: its metadata name the drive's shard and the
 * distribution of shards over the slots of the set, which is a permutation; the key tells the set.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setChooser } from '../cluster/index.js';
import { decodeObjectPath, decodeVersion, entryShardIndex, parseXlMeta, type FormatJson } from '../format/index.js';
import { readIfThere } from './read-file.js';
import { SYSTEM_VOLUME } from '../format/index.js';

export interface SlotEvidence {
  readonly set: number;
  readonly slot: number;
  /** `bucket/key` of the object that tells. */
  readonly object: string;
}

const META_SIZE_MAX = 64 * 1024 * 1024;
/** Folders looked at until an object must have been found: a drive of a billion prefixes must not hold us up. */
const FOLDERS_MAX = 2000;

/** True where there is nothing on the drive but what the server keeps for itself. */
export async function isWithoutData(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.every((name) => name === SYSTEM_VOLUME || name === 'lost+found');
}

/** The slot in the pool of `format`; undefined where no object of that pool's shape was found. */
export async function slotEvidence(path: string, format: Pick<FormatJson, 'algorithm' | 'deploymentId' | 'sets'>): Promise<SlotEvidence | undefined> {
  const setOf = setChooser(format.algorithm, format.deploymentId, format.sets.length);
  const size = format.sets[0]?.length ?? 0;
  const queue = (await folders(path)).filter((name) => name !== SYSTEM_VOLUME && name !== 'lost+found');
  for (let seen = 0; queue.length > 0 && seen < FOLDERS_MAX; seen++) {
    const folder = queue.pop() ?? '';
    const found = await shardOf(join(path, folder));
    if (found === undefined) {
      queue.push(...(await folders(join(path, folder))).map((name) => `${folder}/${name}`));
      continue;
    }
    const slot = found.distribution.indexOf(found.index);
    if (found.distribution.length !== size || slot < 0) continue;
    const key = decodeObjectPath(folder.slice(folder.indexOf('/') + 1));
    return { set: setOf(key), slot, object: folder };
  }
  return undefined;
}

interface Shard {
  /** From 1. */
  readonly index: number;
  readonly distribution: readonly number[];
}

async function shardOf(folder: string): Promise<Shard | undefined> {
  try {
    const meta = await readIfThere(join(folder, 'xl.meta'), META_SIZE_MAX);
    if (meta !== undefined) return shardOfXlMeta(meta);
    const json = await readIfThere(join(folder, 'xl.json'), META_SIZE_MAX);
    return json === undefined ? undefined : shardOfXlJson(json);
  } catch {
    // One damaged object says nothing; the next may.
    return undefined;
  }
}

function shardOfXlMeta(bytes: Uint8Array): Shard | undefined {
  for (const entry of parseXlMeta(bytes).versions) {
    if (entry.header.type !== 'object') continue;
    const version = decodeVersion(entry);
    if (version.kind === 'object') return { index: entryShardIndex(entry), distribution: version.erasure.distribution };
  }
  return undefined;
}

function shardOfXlJson(bytes: Uint8Array): Shard | undefined {
  const { erasure } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { erasure?: Partial<Shard> };
  if (typeof erasure?.index !== 'number' || !Array.isArray(erasure.distribution)) return undefined;
  return { index: erasure.index, distribution: erasure.distribution };
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
