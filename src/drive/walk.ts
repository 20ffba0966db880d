/**
 * A walk over the keys of a volume, in order, in the drive's thread. It goes no further than it is asked, and it opens
 * nothing for keys that come before `from` or outside `prefix`.
 */
import { readdirSync, statSync } from 'node:fs';

import { compareKeys, keyAfterPrefix, StorageError } from '../base/index.js';
import { isUuid, LEGACY_DATA_DIR, parseXlMetaIndex, versionHeadersOf, xlMetaIndexLength } from '../format/index.js';
import type { WalkOptions } from './drive.js';
import { driveFailure, isErrno } from './failures.js';
import { DIRECTORY_SUFFIX, firstFrom, isPlain, sortNames, type FolderNames, type Name, type SortedNames } from './folder-names.js';
import { hasObjectMeta, readObjectMeta } from './old-objects.js';
import { WHOLE_FILE_BYTES, type DriveRoot } from './root.js';
import { dataDirsOf } from './version-change.js';

/** Holds the index of nearly every object; the rest is read when it says so. */
export const INDEX_PIECE_BYTES = 4096;
const UNREADABLE = new Uint8Array(0);
const NO_NAMES: SortedNames = { names: [], isPlain: true };

interface WalkStep {
  readonly key: string;
  /** undefined: a prefix. Otherwise a view of scratch memory, valid until the next step; empty where unreadable. */
  readonly meta: Uint8Array | undefined;
}

interface Below {
  readonly name: string;
  /** Its folders, where they had to be looked at already. */
  readonly names?: readonly string[];
}

/** One folder under way. */
interface Frame {
  readonly folder: string;
  readonly keyPrefix: string;
  readonly names: readonly Name[];
  readonly isBefore: (a: string, b: string) => boolean;
  next: number;
  /** Where the names of the prefix end. */
  end: number;
  /** Folders to go into after names that sort before their `/`; the last one is the first to come. */
  readonly below: Below[];
}

export class Walk {
  readonly #frames: Frame[] = [];
  #first: WalkStep | undefined;

  constructor(
    private readonly root: DriveRoot,
    private readonly folders: FolderNames,
    private readonly volume: string,
    private readonly options: Omit<WalkOptions, 'signal'>,
  ) {
    root.check();
    const folder = root.folderOf(volume);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw root.missing(volume, `volume ${volume}`);
    const keyPrefix = options.prefix.slice(0, options.prefix.lastIndexOf('/') + 1);
    if (keyPrefix === '') {
      this.#enter(folder, '', this.#children(folder));
      return;
    }
    const path = keyPrefix.slice(0, -1);
    const start = this.#resolve(path);
    if (start === undefined) return;
    // The object `dir/` lies beside the folder `dir`, and belongs to the prefix `dir/`.
    if (options.prefix === keyPrefix && compareKeys(keyPrefix, options.from) >= 0) {
      const meta = this.#readMeta(`${start}${DIRECTORY_SUFFIX}`);
      if (meta instanceof Uint8Array) this.#first = { key: keyPrefix, meta: Uint8Array.from(this.#detail(meta)) };
    }
    this.#enter(start, keyPrefix, this.#children(start));
  }

  /** The next key or prefix, `nothing` after a step that gave none (so that the caller can look at its clock), undefined at the end. */
  step(): WalkStep | 'nothing' | undefined {
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      return first;
    }
    const frame = this.#frames.at(-1);
    if (frame === undefined) return undefined;
    const name = frame.next < frame.end ? frame.names[frame.next] : undefined;
    const below = frame.below.at(-1);
    if (below !== undefined && (name === undefined || frame.isBefore(`${below.name}/`, name.keyPart))) {
      frame.below.pop();
      return this.#goBelow(frame, below);
    }
    if (name === undefined) {
      this.#frames.pop();
      return 'nothing';
    }
    frame.next++;
    return this.#visit(frame, name);
  }

  #visit(frame: Frame, { name, keyPart }: Name): WalkStep | 'nothing' {
    const { from, prefix } = this.options;
    const key = frame.keyPrefix + keyPart;
    const belowPrefix = `${frame.keyPrefix}${name}/`;
    const isWanted = !frame.isBefore(key, from) && key.startsWith(prefix);
    const isBelowWanted =
      (!frame.isBefore(belowPrefix, from) || (this.options.recursive && from.startsWith(belowPrefix))) &&
      (belowPrefix.startsWith(prefix) || prefix.startsWith(belowPrefix));
    const folder = `${frame.folder}/${name}`;
    let meta: Uint8Array | undefined;
    let names: readonly string[] | undefined;
    if (isWanted) {
      const bytes = this.#readMeta(folder);
      if (bytes === 'no folder') return 'nothing';
      if (bytes !== undefined && isBelowWanted) {
        // Two links: no folder in it, so neither a data dir nor keys below. Some file systems do not count them: one link.
        names = statSync(folder, { throwIfNoEntry: false })?.nlink === 2 ? [] : this.#foldersIn(folder, bytes);
      }
      meta = bytes;
    }
    if (isBelowWanted && (names === undefined || names.length > 0)) pushInOrder(frame, { name, ...(names && { names }) });
    return meta === undefined ? 'nothing' : { key, meta: this.#detail(meta) };
  }

  /** Goes into a folder, or (in a walk that is not recursive) gives it as a prefix if keys may lie below it. */
  #goBelow(frame: Frame, below: Below): WalkStep | 'nothing' {
    const folder = `${frame.folder}/${below.name}`;
    const keyPrefix = `${frame.keyPrefix}${below.name}/`;
    if (this.options.recursive) this.#enter(folder, keyPrefix, below.names === undefined ? this.#children(folder) : sortNames(below.names));
    else if (below.names !== undefined || this.#holdsFolders(folder)) return { key: keyPrefix, meta: undefined };
    return 'nothing';
  }

  #enter(folder: string, keyPrefix: string, { names, isPlain: arePlain }: SortedNames): void {
    const { from, prefix } = this.options;
    const isOrdered = arePlain && isPlain(from) && isPlain(prefix);
    const before = isOrdered ? isBeforePlain : isBefore;
    const frame: Frame = { folder, keyPrefix, names, isBefore: before, next: 0, end: names.length, below: [] };
    this.#frames.push(frame);
    if (prefix.length > keyPrefix.length) {
      const wanted = prefix.slice(keyPrefix.length);
      frame.next = firstFrom(names, wanted, before);
      frame.end = firstFrom(names, keyAfterPrefix(wanted), isBefore);
    }
    if (!from.startsWith(keyPrefix)) return;
    const bound = from.slice(keyPrefix.length);
    const first = frame.next;
    frame.next = Math.min(Math.max(first, firstFrom(names, bound, before)), frame.end);
    // Of the names before `from` only those that it begins with can have keys after it below them.
    for (const name of names.slice(first, frame.next)) {
      if (bound.startsWith(name.name) || name.name.endsWith(DIRECTORY_SUFFIX)) this.#visit(frame, name);
    }
  }

  /** Names in a folder that may be keys or hold some: all but xl.meta and the data dirs it names. */
  #children(folder: string): SortedNames {
    return this.#reading(folder, NO_NAMES, () =>
      this.folders.sorted(folder, (names) => {
        if (!names.some((name) => this.#isMeta(name))) return names;
        // A folder may have that name too: then it is the key's, and this folder is not an object's.
        const meta = this.#readMeta(folder);
        return meta instanceof Uint8Array ? this.#withoutDataDirs(folder, names, meta) : names;
      }),
    );
  }

  /** As `#children` for an object's folder whose xl.meta was read. */
  #foldersIn(folder: string, meta: Uint8Array): string[] {
    return this.#reading<string[]>(folder, [], () => this.#withoutDataDirs(folder, readdirSync(folder), meta));
  }

  #withoutDataDirs(folder: string, names: readonly string[], meta: Uint8Array): string[] {
    const others = names.filter((name) => !this.#isMeta(name));
    if (!others.some((name) => isUuid(name) || name === LEGACY_DATA_DIR)) return others;
    const dataDirs = namedDataDirs(meta);
    return others.filter((name) => {
      if (isUuid(name)) return !dataDirs.has(name) && !isLeftover(`${folder}/${name}`);
      // A key may have a part with the name that the data dir of a legacy version has.
      return name !== LEGACY_DATA_DIR || !dataDirs.has(name) || !isLeftover(`${folder}/${name}`);
    });
  }

  #isMeta(name: string): boolean {
    return name === 'xl.meta' || (name === 'xl.json' && this.root.holdsOldObjects);
  }

  #holdsFolders(folder: string): boolean {
    const links = statSync(folder, { throwIfNoEntry: false })?.nlink ?? 2;
    if (links === 2) return false;
    if (hasObjectMeta(this.root, folder)) return this.#children(folder).names.length > 0;
    return links > 2 || readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
  }

  /** Reads a folder; nothing is in it where it vanished meanwhile, unless the whole volume or drive did. */
  #reading<T>(folder: string, nothing: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      // No folder can have a name that is too long.
      if (isErrno(error, 'ENAMETOOLONG')) return nothing;
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw driveFailure(error, `list ${folder}`, this.root.path);
      const missing = this.root.missing(this.volume, folder);
      if (missing.code === 'file-not-found') return nothing;
      throw missing;
    }
  }

  /** A folder's xl.meta, as much of it as is wanted: empty where it cannot be read, undefined where there is none. */
  #readMeta(folder: string): Uint8Array | 'no folder' | undefined {
    try {
      return this.options.detail === 'whole' ? readObjectMeta(this.root, folder, WHOLE_FILE_BYTES) : readObjectMeta(this.root, folder, INDEX_PIECE_BYTES, indexLength);
    } catch (error) {
      if (isErrno(error, 'ENOTDIR')) return 'no folder';
      return isErrno(error, 'ENOENT', 'EISDIR', 'ENAMETOOLONG') ? undefined : UNREADABLE;
    }
  }

  #detail(meta: Uint8Array): Uint8Array {
    if (this.options.detail === 'whole') return meta;
    try {
      return this.options.detail === 'headers' ? versionHeadersOf(meta) : meta.subarray(0, xlMetaIndexLength(meta));
    } catch (error) {
      if (error instanceof StorageError) return UNREADABLE;
      throw error;
    }
  }

  #resolve(path: string): string | undefined {
    try {
      return this.root.resolve(this.volume, path);
    } catch {
      return undefined;
    }
  }
}

function isBeforePlain(a: string, b: string): boolean {
  return a < b;
}

function isBefore(a: string, b: string): boolean {
  return compareKeys(a, b) < 0;
}

/** Bytes of an xl.meta up to its inline data; what is there already where it is damaged. */
export function indexLength(bytes: Uint8Array): number {
  try {
    return xlMetaIndexLength(bytes);
  } catch (error) {
    if (error instanceof StorageError) return bytes.length;
    throw error;
  }
}

function namedDataDirs(meta: Uint8Array): Set<string> {
  try {
    return dataDirsOf(parseXlMetaIndex(meta));
  } catch (error) {
    if (error instanceof StorageError) return new Set();
    throw error;
  }
}

/** True for a folder with a data dir's name that holds part files or a backup of an xl.meta, but no keys. */
function isLeftover(folder: string): boolean {
  if (statSync(`${folder}/xl.meta`, { throwIfNoEntry: false }) !== undefined) return false;
  const links = statSync(folder, { throwIfNoEntry: false })?.nlink ?? 2;
  if (links !== 1) return links === 2;
  return !readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
}

/** Keeps the folder that comes first at the end. Nearly always that is the newest: it begins with the names before it. */
function pushInOrder(frame: Frame, below: Below): void {
  let index = frame.below.length;
  while (index > 0 && frame.isBefore(`${frame.below[index - 1]?.name ?? ''}/`, `${below.name}/`)) index--;
  frame.below.splice(index, 0, below);
}
