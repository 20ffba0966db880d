/**
 * Every key that any drive of a set has, in order, each with whether all drives show the same versions of it. Listings for
 * clients (set-listing.ts) ask half of the drives and hide what no quorum has; healing must see the rest.
 */
import { StorageError, isStorageError } from '../../base/index.js';
import type { ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import type { XlVersionEntry } from '../../format/index.js';
import { WalkCursor, parseOrUndefined, sameHeaders, smallestKey } from '../set-listing.js';

export interface SetKey {
  readonly key: string;
  /** Of the first drive that has it, newest first; empty where its xl.meta cannot be read. */
  readonly versions: readonly XlVersionEntry[];
  /** True where all drives that are there show these versions. */
  readonly isSame: boolean;
}

export interface SetKeysOptions {
  readonly prefix: string;
  /** The first key is this or greater. */
  readonly from: string;
  /** Drives to ask; undefined: all that are online. */
  readonly drives?: readonly Drive[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A drive that fails on the way is left out from there on. Without any drive there are no keys. Throws aborted. */
export async function* keysOfSet(set: ErasureSet, volume: string, options: SetKeysOptions): AsyncGenerator<SetKey, void> {
  const { prefix, from, signal } = options;
  const drives = options.drives ?? set.drives.filter((drive): drive is Drive => drive?.state === 'online');
  const walk = { prefix, from, recursive: true, ...(signal && { signal }) };
  let cursors = drives.map((drive) => new WalkCursor(drive, 'records', volume, walk));
  let lacking = 0;
  try {
    for (;;) {
      if (cursors.some((cursor) => cursor.needsFill)) {
        const fills = await Promise.allSettled(cursors.map((cursor) => cursor.fill()));
        if (signal?.aborted === true) throw new StorageError('aborted', 'The heal was stopped');
        cursors = cursors.filter((_, i) => {
          const fill = fills[i];
          if (fill?.status !== 'rejected') return true;
          // It is there and lacks the whole volume: nothing of it is the same.
          if (isStorageError(fill.reason, 'volume-not-found')) lacking++;
          return false;
        });
        continue;
      }
      const key = smallestKey(cursors);
      if (key === undefined) return;
      yield take(cursors, key, lacking);
    }
  } finally {
    await Promise.allSettled(cursors.map((cursor) => cursor.close()));
  }
}

function take(cursors: readonly WalkCursor[], key: string, lacking: number): SetKey {
  let versions: readonly XlVersionEntry[] | undefined;
  let isSame = lacking === 0;
  for (const cursor of cursors) {
    const { entry } = cursor;
    if (entry?.key !== key) {
      isSame = false;
      continue;
    }
    cursor.advance();
    const own = entry.meta === undefined || entry.meta.length === 0 ? undefined : parseOrUndefined(entry.meta);
    if (own === undefined) isSame = false;
    else if (versions === undefined) versions = own;
    else if (!sameHeaders(versions, Buffer.concat(own.map(({ headerBytes }) => headerBytes)))) isSame = false;
  }
  return { key, versions: versions ?? [], isSame };
}
