/** The calls of node:fs that drives make, on simulated disks; whatever concerns other files goes to the real ones. */
import fs from 'node:fs';

import { Inode, type Disk } from './disk.js';
import { MOUNTS, type FileSystems, type OpenFile } from './file-systems.js';

type Call = (...args: never[]) => unknown;
type Done = (error: Error | null, count?: number) => void;

const ERRNO: Readonly<Record<string, number>> = { ENOENT: 2, EIO: 5, EBADF: 9, EEXIST: 17, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENOSPC: 28, EROFS: 30, ENAMETOOLONG: 36, ENOTEMPTY: 39 };
const XFS = 0x58465342;
const BLOCKS = 1_000_000;

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code, errno: -(ERRNO[code] ?? 1) });
}

/** Where a path leads: the folder that it is in, its name there, and what has that name. */
interface Place {
  readonly disk: Disk;
  readonly folder: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** Replacements for calls of node:fs, by name. */
export function fileCalls(files: FileSystems): Record<string, Call> {
  const calls = new SimulatedCalls(files);
  const byPath = ['openSync', 'statSync', 'lstatSync', 'readdirSync', 'mkdirSync', 'rmdirSync', 'renameSync', 'linkSync', 'unlinkSync', 'readlinkSync', 'statfsSync', 'readFileSync'] as const;
  const byDescriptor = ['closeSync', 'readSync', 'writeSync', 'writevSync', 'fstatSync', 'ftruncateSync', 'fdatasync', 'fsync', 'write', 'fdatasyncSync', 'fsyncSync'] as const;
  const replaced: Record<string, Call> = {
    symlinkSync: (target: string, path: string) => (isSimulated(path) ? calls.symlinkSync(target, path) : fs.symlinkSync(target, path)),
  };
  const route = (name: string, isOurs: (first: never) => boolean): void => {
    const real = (fs as unknown as Record<string, Call>)[name]!;
    const simulated = (calls as unknown as Record<string, Call>)[name]!.bind(calls);
    replaced[name] = (...args: never[]) => (isOurs(args[0]!) ? simulated(...args) : real(...args));
  };
  for (const name of byPath) route(name, isSimulated);
  for (const name of byDescriptor) route(name, (descriptor: number) => typeof descriptor === 'number' && files.isOurs(descriptor));
  return replaced;
}

function isSimulated(path: unknown): boolean {
  return typeof path === 'string' && path.startsWith(MOUNTS);
}

class SimulatedCalls {
  constructor(private readonly files: FileSystems) {}

  openSync(path: string, flags: string | number = 'r'): number {
    const place = this.#place(path);
    if (flags === 'r') return this.files.open(place.disk, this.#fileAt(place));
    if (typeof flags === 'number') {
      const creates = (flags & fs.constants.O_CREAT) !== 0;
      if (creates && place.inode === undefined) return this.#create(place);
      if (!creates || place.inode !== undefined) {
        if ((flags & fs.constants.O_EXCL) !== 0) throw failure('EEXIST');
        return this.#openToWrite(place, (flags & fs.constants.O_TRUNC) !== 0);
      }
    }
    if (flags === 'r+') return this.#openToWrite(place, false);
    const mayExist = flags === 'w' || flags === 'a' || flags === 'w+' || flags === 'a+';
    if (place.inode !== undefined && !mayExist) throw failure('EEXIST');
    if (place.inode === undefined) return this.#create(place);
    return this.#openToWrite(place, flags === 'w' || flags === 'w+');
  }

  closeSync(descriptor: number): void {
    if (!this.files.close(descriptor)) throw failure('EBADF');
  }

  readSync(descriptor: number, target: Uint8Array, offset: number, length: number, position: number | null): number {
    const file = this.#file(descriptor);
    if (file.inode.entries !== undefined) throw failure('EISDIR');
    const from = position ?? file.position;
    const piece = file.inode.bytes.subarray(from, from + length);
    target.set(piece, offset);
    if (position === null) file.position += piece.length;
    return piece.length;
  }

  writeSync(descriptor: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset, position: number | null = null): number {
    const file = this.#file(descriptor);
    this.#changing(file.disk, true);
    const at = position ?? file.position;
    file.disk.write(file.inode, bytes.subarray(offset, offset + length), at);
    if (position === null) file.position = at + length;
    return length;
  }

  writevSync(descriptor: number, buffers: readonly Uint8Array[], position: number | null = null): number {
    let written = 0;
    for (const buffer of buffers) written += this.writeSync(descriptor, buffer, 0, buffer.length, position === null ? null : position + written);
    return written;
  }

  ftruncateSync(descriptor: number, size = 0): void {
    const file = this.#file(descriptor);
    this.#changing(file.disk, false);
    file.disk.truncate(file.inode, size);
  }

  fstatSync(descriptor: number): unknown {
    const file = this.#file(descriptor);
    return statsOf(file.disk, file.inode, false);
  }

  statSync(path: string, options: { throwIfNoEntry?: boolean; bigint?: boolean } = {}): unknown {
    try {
      const { disk, inode } = this.#place(path);
      if (inode === undefined) throw failure('ENOENT');
      return statsOf(disk, inode, options.bigint === true);
    } catch (error) {
      if (options.throwIfNoEntry === false && (error as { code: string }).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  lstatSync(path: string, options?: { throwIfNoEntry?: boolean; bigint?: boolean }): unknown {
    return this.statSync(path, options);
  }

  readdirSync(path: string, options: { withFileTypes?: boolean } = {}): unknown {
    const { inode } = this.#place(path);
    if (inode === undefined) throw failure('ENOENT');
    if (inode.entries === undefined) throw failure('ENOTDIR');
    if (options.withFileTypes !== true) return [...inode.entries.keys()];
    return [...inode.entries].map(([name, { kind }]) => ({ name, isDirectory: () => kind === 'folder', isFile: () => kind === 'file', isSymbolicLink: () => kind === 'link' }));
  }

  mkdirSync(path: string, options: { recursive?: boolean } = {}): void {
    if (options.recursive === true) {
      const names = path.split('/');
      for (let count = 4; count < names.length; count++) this.#makeFolder(names.slice(0, count).join('/'), true);
    }
    this.#makeFolder(path, options.recursive === true);
  }

  rmdirSync(path: string): void {
    const { disk, folder, name, inode } = this.#place(path);
    if (inode === undefined) throw failure('ENOENT');
    if (inode.entries === undefined) throw failure('ENOTDIR');
    if (inode.entries.size > 0) throw failure('ENOTEMPTY');
    this.#changing(disk, false);
    this.#set(disk, folder, name, undefined);
  }

  unlinkSync(path: string): void {
    const { disk, folder, name, inode } = this.#place(path);
    if (inode === undefined) throw failure('ENOENT');
    if (inode.entries !== undefined) throw failure('EISDIR');
    this.#changing(disk, false);
    this.#set(disk, folder, name, undefined);
  }

  symlinkSync(target: string, path: string): void {
    const { disk, folder, name, inode } = this.#place(path);
    if (inode !== undefined) throw failure('EEXIST');
    this.#changing(disk, true);
    this.#set(disk, folder, name, new Inode('link', target));
  }

  linkSync(path: string, name: string): void {
    const { inode } = this.#place(path);
    if (inode === undefined) throw failure('ENOENT');
    if (inode.entries !== undefined) throw failure('EPERM');
    const { disk, folder, name: entry, inode: taken } = this.#place(name);
    if (taken !== undefined) throw failure('EEXIST');
    this.#changing(disk, false);
    this.#set(disk, folder, entry, inode);
  }

  readlinkSync(path: string): string {
    const { inode } = this.#place(path);
    if (inode === undefined) throw failure('ENOENT');
    if (inode.kind !== 'link') throw failure('EINVAL');
    return inode.target;
  }

  renameSync(from: string, to: string): void {
    const source = this.#place(from);
    const target = this.#place(to);
    if (source.inode === undefined) throw failure('ENOENT');
    if (source.inode === target.inode) return;
    if (target.inode?.entries !== undefined) {
      if (source.inode.entries === undefined) throw failure('EISDIR');
      if (target.inode.entries.size > 0) throw failure('ENOTEMPTY');
    } else if (target.inode !== undefined && source.inode.entries !== undefined) throw failure('ENOTDIR');
    const { disk } = source;
    this.#changing(disk, false);
    const { inode } = source;
    const replaced = target.inode;
    source.folder.entries!.delete(source.name);
    target.folder.entries!.set(target.name, inode);
    disk.changed([source.folder, target.folder, inode], () => {
      if (replaced === undefined) target.folder.entries!.delete(target.name);
      else target.folder.entries!.set(target.name, replaced);
      source.folder.entries!.set(source.name, inode);
    });
  }

  statfsSync(path: string): unknown {
    const { disk } = this.#place(path);
    const free = disk.fault === 'full' ? 0 : BLOCKS / 2;
    return { type: XFS, bsize: 4096, blocks: BLOCKS, bfree: free, bavail: free, files: BLOCKS, ffree: free };
  }

  readFileSync(path: string, encoding?: string): Uint8Array | string {
    const bytes = this.#fileAt(this.#place(path)).bytes.slice();
    return encoding === undefined ? Buffer.from(bytes) : Buffer.from(bytes).toString('utf8');
  }

  fdatasync(descriptor: number, done: Done): void {
    this.#sync(descriptor, done);
  }

  fsync(descriptor: number, done: Done): void {
    this.#sync(descriptor, done);
  }

  fdatasyncSync(descriptor: number): void {
    const { disk, inode } = this.#file(descriptor);
    this.#changing(disk, false);
    disk.beginSync(inode)();
  }

  fsyncSync(descriptor: number): void {
    this.fdatasyncSync(descriptor);
  }

  write(descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done): void {
    const { disk } = this.#file(descriptor);
    this.#later(disk, 'write', () => this.writeSync(descriptor, bytes, offset, length, position), done);
  }

  #sync(descriptor: number, done: Done): void {
    const { disk, inode } = this.#file(descriptor);
    this.#changing(disk, false);
    const finish = disk.beginSync(inode);
    this.#later(disk, 'sync', () => {
      if (disk.fault === 'failing' || disk.fault === 'gone') throw failure('EIO');
      finish();
      return 0;
    }, done);
  }

  /** What waits for the device; while the disk hangs, it goes on waiting. */
  #later(disk: Disk, label: string, work: () => number, done: Done): void {
    const { world } = this.files;
    const attempt = (): void => {
      if (disk.isHung) {
        world.schedule(20, label, attempt);
        return;
      }
      let count: number;
      try {
        count = work();
      } catch (error) {
        done(error as Error);
        return;
      }
      done(null, count);
    };
    world.schedule(world.chance.between(0.2, 3) + disk.slowMs, label, attempt);
  }

  #makeFolder(path: string, mayExist: boolean): void {
    const { disk, folder, name, inode } = this.#place(path);
    if (inode !== undefined) {
      if (mayExist && inode.entries !== undefined) return;
      throw failure('EEXIST');
    }
    this.#changing(disk, true);
    this.#set(disk, folder, name, new Inode('folder'));
  }

  #create({ disk, folder, name }: Place): number {
    this.#changing(disk, true);
    const inode = new Inode('file');
    this.#set(disk, folder, name, inode);
    return this.files.open(disk, inode);
  }

  #openToWrite(place: Place, truncates: boolean): number {
    const inode = this.#fileAt(place);
    if (inode.entries !== undefined) throw failure('EISDIR');
    if (truncates) {
      this.#changing(place.disk, false);
      place.disk.truncate(inode, 0);
    }
    return this.files.open(place.disk, inode);
  }

  /** Puts a name into a folder or takes it out. */
  #set(disk: Disk, folder: Inode, name: string, inode: Inode | undefined): void {
    const entries = folder.entries!;
    const before = entries.get(name);
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
    const concerned = [folder, ...(inode === undefined ? [] : [inode]), ...(before === undefined ? [] : [before])];
    disk.changed(concerned, () => {
      if (before === undefined) entries.delete(name);
      else entries.set(name, before);
    });
  }

  #fileAt({ inode }: Place): Inode {
    if (inode === undefined) throw failure('ENOENT');
    return inode;
  }

  #file(descriptor: number): OpenFile {
    const file = this.files.file(descriptor);
    if (file === undefined) throw failure('EBADF');
    if (file.disk.fault === 'failing') throw failure('EIO');
    return file;
  }

  #changing(disk: Disk, needsSpace: boolean): void {
    if (disk.fault === 'read-only') throw failure('EROFS');
    if (disk.fault === 'full' && needsSpace) throw failure('ENOSPC');
    const { fuse } = disk;
    if (fuse === undefined) return;
    if (fuse.left-- <= 0) fuse.burn();
  }

  #place(path: string): Place {
    const found = this.files.locate(path);
    if (found === undefined || found.disk.fault === 'gone') throw failure('ENOENT');
    const { disk, names } = found;
    if (disk.fault === 'failing') throw failure('EIO');
    if (names.some((name) => Buffer.byteLength(name) > 255)) throw failure('ENAMETOOLONG');
    const last = names.pop();
    if (last === undefined) return { disk, folder: disk.root, name: '', inode: disk.root };
    let folder = disk.root;
    for (const name of names) {
      if (name === '..') throw new Error(`assertion failed: ${path} has no ".."`);
      const next = folder.entries?.get(name);
      if (next === undefined) throw failure(folder.entries === undefined ? 'ENOTDIR' : 'ENOENT');
      folder = next;
    }
    if (folder.entries === undefined) throw failure('ENOTDIR');
    return { disk, folder, name: last, inode: folder.entries.get(last) };
  }
}

function statsOf(disk: Disk, { kind, number, size, modifiedMs, changed, entries }: Inode, isBig: boolean): unknown {
  let links = 1;
  if (entries !== undefined) {
    links = 2;
    for (const entry of entries.values()) if (entry.entries !== undefined) links++;
  }
  const kinds = { isDirectory: () => kind === 'folder', isFile: () => kind === 'file', isSymbolicLink: () => kind === 'link' };
  const device = deviceOf(disk.path);
  const ns = BigInt(Math.floor(modifiedMs)) * 1_000_000n + BigInt(changed % 1_000_000);
  if (isBig) return { ...kinds, dev: BigInt(device), ino: BigInt(number), nlink: BigInt(links), size: BigInt(size), mtimeNs: ns, ctimeNs: ns };
  return { ...kinds, dev: device, ino: number, nlink: links, size, mtimeMs: modifiedMs, ctimeMs: modifiedMs, birthtimeMs: modifiedMs };
}

function deviceOf(path: string): number {
  let hash = 7;
  for (const letter of path) hash = (hash * 31 + letter.charCodeAt(0)) | 0;
  return 1_000_000 + (hash >>> 1);
}
