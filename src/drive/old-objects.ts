/**
 * Objects of 2016 to 2020 in their folders: `xl.json`, with `part.N` beside it. The first change that keeps one makes it a legacy version
 * in an xl.meta, and its part files then lie in `legacy/` (some releases left them where they were: both places are looked at).
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, statSync } from 'node:fs';

import { LEGACY_DATA_DIR } from '../format/index.js';
import { isErrno } from './failures.js';
import { unlinkIfThere } from './file-steps.js';
import type { DriveRoot } from './root.js';

const PART_FILE = /^part\.[1-9]\d*$/;

/** Reads an object's xl.meta or, on a drive that may hold such objects, its xl.json. Throws what the file system throws. */
export function readObjectMeta(root: DriveRoot, folder: string, firstBytes: number, lengthWanted?: (bytes: Uint8Array) => number): Uint8Array {
  try {
    return root.read(`${folder}/xl.meta`, firstBytes, lengthWanted);
  } catch (error) {
    if (!root.holdsOldObjects || !isErrno(error, 'ENOENT')) throw error;
    try {
      return root.read(`${folder}/xl.json`, firstBytes, lengthWanted);
    } catch (inner) {
      throw isErrno(inner, 'ENOENT') ? error : inner;
    }
  }
}

/** True where the folder has the metadata of an object. */
export function hasObjectMeta(root: DriveRoot, folder: string): boolean {
  return isThere(`${folder}/xl.meta`) || (root.holdsOldObjects && isThere(`${folder}/xl.json`));
}

/** Where a part file of a data dir is. */
export function partFileOf(dataFolder: string, partNumber: number): string {
  const file = `${dataFolder}/part.${partNumber}`;
  if (!isLegacyFolder(dataFolder) || isThere(file)) return file;
  const beside = `${parentOf(dataFolder)}/part.${partNumber}`;
  return isThere(beside) ? beside : file;
}

/** The part files of an old object become those of its legacy version. What was begun is carried on where this is repeated. */
export function gatherLegacyParts(objectFolder: string): void {
  moveLegacyParts(objectFolder, `${objectFolder}/${LEGACY_DATA_DIR}`);
}

/** Moves part files one by one: `legacy/` may hold keys as well, so it is never moved or replaced as a whole. */
export function moveLegacyParts(from: string, to: string): void {
  const parts = partFilesIn(from);
  if (parts.length === 0) return;
  try {
    mkdirSync(to);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  for (const name of parts) renameSync(`${from}/${name}`, `${to}/${name}`);
}

/** Removes the part files of an old object wherever they lie; whatever else is in `legacy/` is a key's. */
export function removeLegacyParts(objectFolder: string): void {
  const folder = `${objectFolder}/${LEGACY_DATA_DIR}`;
  for (const name of partFilesIn(folder)) unlinkIfThere(`${folder}/${name}`);
  removeBesideParts(objectFolder);
  removeEmptyFolder(folder);
}

/** Removes a folder unless something is in it. */
export function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error;
  }
}

/** Removes those that lie beside the metadata. */
export function removeBesideParts(objectFolder: string): void {
  for (const name of partFilesIn(objectFolder)) unlinkIfThere(`${objectFolder}/${name}`);
}

/** True where part files lie beside the metadata. */
export function hasBesideParts(objectFolder: string): boolean {
  return partFilesIn(objectFolder).length > 0;
}

function partFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => PART_FILE.test(name) && statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.isFile() === true);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function isLegacyFolder(folder: string): boolean {
  return folder.endsWith(`/${LEGACY_DATA_DIR}`);
}

function parentOf(folder: string): string {
  return folder.slice(0, folder.lastIndexOf('/'));
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
