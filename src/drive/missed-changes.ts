/**
 * What other drives of the set missed, in the drive's thread: `.minio.sys/mts/missed/<slot>/<hash of the name>`, a link whose
 * content is `volume/path` of an object, or a volume alone. Making a link is one step of the file system's journal, in the order
 * of all others, so a note is there after a crash if what came after it is. A note of a name that is noted already costs one call.
 *
 * A slot with very many notes gets a last one called `all`: its drive must be looked at as a whole.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';

import { SYSTEM_VOLUME } from '../format/index.js';
import type { ChangedName, MissedChanges } from './drive.js';
import { guarded, isErrno } from './failures.js';
import { unlinkIfThere } from './file-steps.js';
import { checkName, checkPath } from './names.js';
import type { Removals } from './removals.js';
import type { DriveRoot } from './root.js';

/** Healing a drive that missed more than this takes about as long object by object as all of it does. */
const NOTES_MAX = 100_000;
const ALL = 'all';

export class MissedNotes {
  readonly #folder: string;
  /** Notes by slot, once counted. */
  readonly #counts = new Map<number, number>();

  constructor(
    private readonly root: DriveRoot,
    private readonly removals: Removals,
    private readonly notesMax = NOTES_MAX,
  ) {
    this.#folder = `${root.path}/${SYSTEM_VOLUME}/mts/missed`;
  }

  /** Forgets what it counted: another file system may be mounted now. */
  recount(): void {
    this.#counts.clear();
  }

  note(slots: readonly number[], { volume, path }: ChangedName): void {
    this.root.check();
    const content = path === '' ? checkName(volume) : `${checkName(volume)}/${checkPath(path)}`;
    const name = noteName(content);
    guarded(`note a missed change of ${content}`, this.root.path, () => {
      for (const slot of slots) this.#noteFor(slot, name, content);
    });
  }

  list(limit: number): MissedChanges[] {
    this.root.check();
    return guarded('list missed changes', this.root.path, () =>
      namesIn(this.#folder).flatMap((slotName): MissedChanges[] => {
        const slot = Number(slotName);
        if (!Number.isInteger(slot)) return [];
        const known = limit === 0 ? this.#counts.get(slot) : undefined;
        const names = known === undefined ? namesIn(`${this.#folder}/${slotName}`) : [];
        const count = known ?? names.length;
        this.#counts.set(slot, count);
        if (count === 0) return [];
        const notes = names.filter((name) => name !== ALL);
        return [{ slot, isAll: count > this.notesMax, count, changes: notes.slice(0, limit).flatMap((name) => this.#read(slot, name)) }];
      }),
    );
  }

  async forget(slot: number, names: readonly ChangedName[] | 'all'): Promise<void> {
    this.root.check();
    const folder = this.#slotFolder(slot);
    this.#counts.delete(slot);
    if (names === 'all') return this.removals.tree(folder);
    guarded('forget missed changes', this.root.path, () => {
      for (const { volume, path } of names) unlinkIfThere(`${folder}/${noteName(path === '' ? volume : `${volume}/${path}`)}`);
    });
  }

  #noteFor(slot: number, wanted: string, content: string): void {
    const folder = this.#slotFolder(slot);
    const count = this.#counts.get(slot) ?? namesIn(folder).length;
    if (count > this.notesMax) return;
    const name = count === this.notesMax ? ALL : wanted;
    try {
      symlinkSync(content, `${folder}/${name}`);
      this.#counts.set(slot, count + 1);
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return;
      if (!isErrno(error, 'ENOENT')) throw error;
      mkdirSync(folder, { recursive: true });
      symlinkSync(content, `${folder}/${name}`);
      this.#counts.set(slot, 1);
    }
  }

  #read(slot: number, name: string): ChangedName[] {
    try {
      const content = readlinkSync(`${this.#slotFolder(slot)}/${name}`);
      const end = content.indexOf('/');
      return [end < 0 ? { volume: content, path: '' } : { volume: content.slice(0, end), path: content.slice(end + 1) }];
    } catch (error) {
      // Not one of ours, or forgotten meanwhile.
      if (isErrno(error, 'ENOENT', 'EINVAL')) return [];
      throw error;
    }
  }

  #slotFolder(slot: number): string {
    return `${this.#folder}/${checkName(String(slot))}`;
  }
}

function noteName(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
