/** What tests of rescue share: drives in disarray, everything saved from them, and a witness of every byte and time. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bucketsOf, contentKeys, copyBucket, folderSink, openRescue, type CopyResult, type Rescue } from '../../src/offline/rescue/index.js';

interface SaveOptions {
  readonly allVersions?: boolean;
  readonly isPartial?: boolean;
  readonly keys?: Parameters<typeof contentKeys>[0];
}

/** Saves all buckets into a folder. */
export async function saveAll(drives: readonly string[], folder: string, options: SaveOptions = {}): Promise<CopyResult[]> {
  const rescue = await openRescue(drives);
  try {
    return await saveFrom(rescue, folder, options);
  } finally {
    await rescue.close();
  }
}

async function saveFrom(rescue: Rescue, folder: string, { allVersions = true, isPartial = false, keys = {} }: SaveOptions): Promise<CopyResult[]> {
  const sink = folderSink({ folder, withBucket: true });
  const results: CopyResult[] = [];
  for (const bucket of await bucketsOf(rescue)) for await (const result of copyBucket(rescue, bucket, { prefix: '', allVersions, isPartial, sink, keysFor: contentKeys(keys) })) results.push(result);
  return results;
}

export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Every file and folder with its bytes and the times that a write would change. */
export function witness(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { mtimeMs, ctimeMs, size, mode } = lstatSync(path);
      return [name, mtimeMs, ctimeMs, size, mode, lstatSync(path).isFile() ? sha256Of(path) : ''].join(' ');
    });
}

/** Takes every format.json away and gives the folders names that say nothing; gives the new paths, in no order. */
export function disarray(drives: readonly string[], seed: number): string[] {
  const random = randomOf(seed);
  return shuffled(
    drives.map((drive, i) => {
      rmSync(join(drive, '.minio.sys/format.json'), { force: true });
      const name = `${drive.slice(0, drive.lastIndexOf('/'))}/found-${random(1e9).toString(36)}-${i}`;
      renameSync(drive, name);
      return name;
    }),
    random,
  );
}

/** Numbers below a bound, the same for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(random(rest.length), 1));
}
