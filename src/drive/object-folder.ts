/** Folders of objects in the drive's thread: made where a rename finds none, pruned where a removal leaves none. */
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { isErrno } from './failures.js';
import type { DriveRoot } from './root.js';

/**
 * Makes a folder and its parents below a volume, never the volume itself (ENOENT is thrown where that is missing). An fsync
 * of the folder makes its parents' entries last too: file systems that drives are made of (XFS, ext4, btrfs) log changes of
 * folders in order.
 */
export function makeFolder(folder: string, volumeFolder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    const parent = dirname(folder);
    if (!isErrno(error, 'ENOENT') || parent.length <= volumeFolder.length) throw error;
    makeFolder(parent, volumeFolder);
    mkdirSync(folder);
  }
}

/** Renames into a folder that is made where it is missing. The folder wants an fsync afterwards. */
export function renameInto(from: string, folder: string, name: string, volumeFolder: string): void {
  const to = `${folder}/${name}`;
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || folder === volumeFolder) throw error;
    makeFolder(folder, volumeFolder);
    renameSync(from, to);
  }
}

/** Removes a folder and the parents that it leaves empty, up to (not including) the volume's folder. */
export function pruneFolders(folder: string, volumeFolder: string): void {
  for (let path = folder; path.length > volumeFolder.length; path = dirname(path)) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) continue;
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY')) return;
      throw error;
    }
  }
}

/** `volume/path` as the content of a link in `.minio.sys/tmp`, and back. */
export function linkTo(volume: string, path: string): string {
  return `../../${volume}/${path}`;
}

/** Volume and path of a link made by `linkTo`; undefined where it is another's. */
export function linkTarget(root: DriveRoot, link: string): { readonly volume: string; readonly path: string } | undefined {
  const [up1, up2, volume, ...rest] = link.split('/');
  if (up1 !== '..' || up2 !== '..' || volume === undefined) return undefined;
  const path = rest.join('/');
  try {
    root.resolve(volume, path);
    return { volume, path };
  } catch {
    return undefined;
  }
}
