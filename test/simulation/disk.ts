/**
 * A simulated disk with a file system like XFS: changes of folders are journaled in one order, contents of files go to the disk when
 * they are synced or whenever. A power cut keeps a part of the journal's end and any of the contents that were not synced.
 */
import type { Chance } from './world.js';

interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

let lastInode = 1000;

export class Inode {
  readonly number = ++lastInode;
  readonly entries: Map<string, Inode> | undefined;
  data = new Uint8Array(0);
  size = 0;
  modifiedMs = 0;
  /** Sequence number of its last change in the journal. */
  changed = 0;
  /** What the disk has for sure, while there is more in memory. */
  synced: { readonly data: Uint8Array; readonly size: number } | undefined;
  /** What came since. */
  unsynced: Write[] = [];

  constructor(
    readonly kind: 'file' | 'folder' | 'link',
    readonly target = '',
  ) {
    this.entries = kind === 'folder' ? new Map() : undefined;
  }

  get bytes(): Uint8Array {
    return this.data.subarray(0, this.size);
  }
}

/** What a disk does wrong at the moment. */
export type DiskFault = 'full' | 'read-only' | 'failing' | 'gone';

export class Disk {
  root = new Inode('folder');
  fault: DiskFault | undefined;
  /** Calls do not come back. */
  isHung = false;
  /** More time for each call. */
  slowMs = 0;
  /** The process that uses the disk dies after so many more changing calls. */
  fuse: { left: number; readonly burn: () => never } | undefined;
  readonly #journal: { readonly sequence: number; readonly undo: () => void }[] = [];
  readonly #dirty = new Set<Inode>();
  #sequence = 0;

  constructor(
    readonly path: string,
    private readonly nowMs: () => number,
  ) {}

  /** Records a change of folders that was just made. */
  changed(inodes: readonly Inode[], undo: () => void): void {
    this.#sequence++;
    for (const inode of inodes) {
      inode.changed = this.#sequence;
      inode.modifiedMs = this.nowMs();
    }
    this.#journal.push({ sequence: this.#sequence, undo });
  }

  write(file: Inode, bytes: Uint8Array, position: number): void {
    this.#dirty.add(file);
    file.synced ??= { data: file.data.slice(0, file.size), size: file.size };
    file.unsynced.push({ position, bytes: bytes.slice() });
    put(file, bytes, position);
    file.modifiedMs = this.nowMs();
  }

  truncate(file: Inode, size: number): void {
    this.#dirty.add(file);
    file.synced ??= { data: file.data.slice(0, file.size), size: file.size };
    file.data = resized(file.data.subarray(0, Math.min(size, file.size)), size);
    file.size = size;
    file.modifiedMs = this.nowMs();
  }

  /** What a sync of a file or folder begun now has made last when it is done. */
  beginSync(inode: Inode): () => void {
    const sequence = inode.changed;
    const count = inode.unsynced.length;
    const data = count > 0 ? inode.data.slice(0, inode.size) : undefined;
    return () => {
      const last = this.#journal.findIndex((entry) => entry.sequence > sequence);
      this.#journal.splice(0, last < 0 ? this.#journal.length : last);
      if (data === undefined) return;
      inode.unsynced = inode.unsynced.slice(count);
      if (inode.unsynced.length > 0) inode.synced = { data, size: data.length };
      else {
        inode.synced = undefined;
        this.#dirty.delete(inode);
      }
    };
  }

  /** The power goes and comes back. */
  cutPower(chance: Chance): void {
    const kept = chance.is(0.3) ? 0 : chance.integer(0, this.#journal.length);
    for (const { undo } of this.#journal.splice(0).slice(kept).reverse()) undo();
    for (const file of this.#dirty) {
      const { synced, unsynced } = file;
      if (synced === undefined) continue;
      file.data = synced.data.slice();
      file.size = synced.size;
      const whole = chance.is(0.3) ? 0 : chance.integer(0, unsynced.length);
      unsynced.forEach(({ position, bytes }, index) => {
        if (index < whole) put(file, bytes, position);
        // A write that was under way: some of its sectors. Those after it may have overtaken it.
        else if (index === whole && chance.is(0.5)) put(file, bytes.subarray(0, 512 * chance.integer(0, Math.ceil(bytes.length / 512))), position);
        else if (chance.is(0.1)) put(file, bytes, position);
      });
      file.synced = undefined;
      file.unsynced = [];
    }
    this.#dirty.clear();
    this.fuse = undefined;
  }

  /** As `rm -rf` of all that is in it, or a new disk in its place. */
  wipe(): void {
    this.root = new Inode('folder');
    this.#journal.length = 0;
    this.#dirty.clear();
  }

  /** All files and links, with their paths below the root. */
  *files(folder = this.root, path = ''): Generator<readonly [path: string, file: Inode]> {
    for (const [name, inode] of folder.entries ?? []) {
      if (inode.entries !== undefined) yield* this.files(inode, `${path}/${name}`);
      else yield [`${path}/${name}`, inode];
    }
  }
}

function put(file: Inode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length;
  if (end > file.data.length) file.data = resized(file.data.subarray(0, file.size), Math.max(end, file.data.length * 2));
  file.data.set(bytes, position);
  file.size = Math.max(file.size, end);
}

function resized(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size);
  larger.set(data);
  return larger;
}
