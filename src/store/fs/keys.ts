/** The keys of a bucket on a drive without erasure coding, in order of their bytes: every plain file below the bucket's folder is one, and every empty folder, as `folder/`. */
import { readdir } from 'node:fs/promises';
import { compareKeys } from '../../base/index.js';

interface FsKeyQuery {
  readonly prefix: string;
  /** Exclusive. */
  readonly after: string;
  /** True: folders below the prefix come as prefixes ending in `/`, and are not gone into. */
  readonly rollUp: boolean;
}

/** Keys, and prefixes ending in `/` where they are rolled up. What vanishes under way is left out. */
export async function* fsKeys(folder: string, query: FsKeyQuery, keyPrefix = ''): AsyncGenerator<string, void> {
  const { prefix, after, rollUp } = query;
  const names = await namesIn(folder);
  if (names.length === 0 && keyPrefix !== '' && keyPrefix.startsWith(prefix) && compareKeys(keyPrefix, after) > 0) yield keyPrefix;
  for (const name of names) {
    const key = keyPrefix + name;
    if (!name.endsWith('/')) {
      if (key.startsWith(prefix) && compareKeys(key, after) > 0) yield key;
      continue;
    }
    if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
    const isBehind = compareKeys(key, after) <= 0;
    if (rollUp && key.startsWith(prefix) && key.length > prefix.length) {
      if (!isBehind && !after.startsWith(key) && (await holdsKey(`${folder}/${name.slice(0, -1)}`, key))) yield key;
    } else if (!isBehind || after.startsWith(key)) yield* fsKeys(`${folder}/${name.slice(0, -1)}`, query, key);
  }
}

async function holdsKey(folder: string, keyPrefix: string): Promise<boolean> {
  for await (const _ of fsKeys(folder, { prefix: '', after: '', rollUp: false }, keyPrefix)) return true;
  return false;
}

/** Files, and folders with a `/`, in the order of the keys that they begin. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? [`${entry.name}/`] : entry.isFile() ? [entry.name] : [])).sort(compareKeys);
}
