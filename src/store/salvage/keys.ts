/** Every key that any of some drives has, in order, with what each drive says of it: one pass over all drives, merged. */
import { StorageError, isStorageError } from '../../base/index.js';
import type { Drive } from '../../drive/index.js';
import { encodeObjectPath, parseXlMeta } from '../../format/index.js';
import { outcomeOf } from '../drive-lanes.js';
import type { MetaAnswer } from '../heal/object-state.js';
import { WalkCursor, smallestKey } from '../set-listing.js';

export interface HeldKey {
  readonly key: string;
  /** The object's folder in the volume. */
  readonly path: string;
  /** In the order of the drives. */
  readonly answers: readonly MetaAnswer[];
}

export interface HeldKeysOptions {
  readonly prefix: string;
  readonly signal?: AbortSignal | undefined;
  /** Told once of a drive whose folders cannot be listed any further; it is still asked for the keys that others have. */
  readonly onFailure?: (driveIndex: number, error: unknown) => void;
}

const ABSENT: MetaAnswer = { kind: 'absent', isProof: true };

/** Throws aborted. */
export async function* heldKeys(drives: readonly Drive[], volume: string, { prefix, signal, onFailure }: HeldKeysOptions): AsyncGenerator<HeldKey, void> {
  const cursors = drives.map((drive) => new WalkCursor(drive, 'whole', volume, { prefix, from: '', recursive: true }));
  const broken = new Set<number>();
  try {
    for (;;) {
      if (signal?.aborted === true) throw new StorageError('aborted', 'The walk was stopped');
      const hungry = cursors.filter((cursor) => cursor.needsFill);
      if (hungry.length > 0) {
        const fills = await Promise.all(hungry.map((cursor) => outcomeOf(cursor.fill())));
        for (const [i, fill] of fills.entries()) {
          const cursor = hungry[i];
          if (fill.ok || cursor === undefined) continue;
          await cursor.close().catch(() => undefined);
          const index = cursors.indexOf(cursor);
          if (isStorageError(fill.error, 'volume-not-found')) continue;
          if (!(fill.error instanceof StorageError)) throw fill.error;
          broken.add(index);
          onFailure?.(index, fill.error);
        }
      }
      const key = smallestKey(cursors);
      if (key === undefined) return;
      const path = encodeObjectPath(key);
      const answers = cursors.map((cursor) => answerOf(cursor, key));
      await Promise.all([...broken].map(async (index) => (answers[index] = await askDirectly(drives[index], volume, path))));
      yield { key, path, answers };
    }
  } finally {
    await Promise.allSettled(cursors.map((cursor) => cursor.close()));
  }
}

function answerOf(cursor: WalkCursor, key: string): MetaAnswer {
  const { entry } = cursor;
  if (entry?.key !== key) return ABSENT;
  cursor.advance();
  return entry.meta === undefined || entry.meta.length === 0 ? { kind: 'corrupt', reason: 'xl.meta cannot be read' } : parsed(entry.meta);
}

function parsed(bytes: Uint8Array): MetaAnswer {
  try {
    return { kind: 'meta', meta: parseXlMeta(bytes) };
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return { kind: 'corrupt', reason: error.message };
    throw error;
  }
}

/** What one drive says of an object that it is asked for by name. */
export async function askDirectly(drive: Drive | undefined, volume: string, path: string): Promise<MetaAnswer> {
  if (drive === undefined) return { kind: 'offline', reason: 'there is no drive' };
  const outcome = await outcomeOf(drive.readXlMeta(volume, path, { inline: true }));
  if (outcome.ok) return parsed(outcome.value);
  const { error } = outcome;
  if (isStorageError(error, 'file-not-found', 'volume-not-found')) return ABSENT;
  if (!(error instanceof StorageError)) throw error;
  return { kind: isStorageError(error, 'drive-not-found') ? 'offline' : 'unknown', reason: error.message };
}
