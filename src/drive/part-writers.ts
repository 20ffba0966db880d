/** Part files being written, in the drive's thread. */
import { closeSync } from 'node:fs';

import { AlignedMemory } from './aligned-memory.js';
import { syncAndClose, unlinkIfThere } from './file-steps.js';
import { driveFailure } from './failures.js';
import type { PartName } from './messages.js';
import { PartFile } from './part-file.js';
import type { DriveRoot } from './root.js';
import type { Syncs } from './syncs.js';
import type { WorkArea } from './work-area.js';

/** Large enough for the full speed of a drive, small enough for many clients at once. */
const CHUNK_BYTES = 512 * 1024;

export class PartWriters {
  readonly #memory = new AlignedMemory(CHUNK_BYTES);
  /** A writer that failed keeps its error: every later call gives the same. */
  readonly #writers = new Map<number, PartFile | { readonly failure: Error }>();
  /** Written to the end, not yet synced; by transaction. */
  readonly #unsynced = new Map<string, Set<number>>();

  constructor(
    private readonly root: DriveRoot,
    private readonly syncs: Syncs,
    private readonly area: WorkArea,
  ) {}

  async write(part: PartName, buffers: readonly Uint8Array[]): Promise<void> {
    const file = this.#open(part);
    try {
      this.root.check();
      await file.append(buffers);
    } catch (error) {
      await file.close();
      throw this.#fail(part, error);
    }
  }

  /** The file is complete when this resolves, and durable after `sync` of its transaction. */
  async close(part: PartName): Promise<void> {
    const file = this.#open(part);
    try {
      const fd = await file.finish();
      this.#writers.delete(part.writer);
      const unsynced = this.#unsynced.get(part.transaction);
      if (unsynced === undefined) this.#unsynced.set(part.transaction, new Set([fd]));
      else unsynced.add(fd);
    } catch (error) {
      await file.close();
      throw this.#fail(part, error);
    }
  }

  async abort(part: PartName): Promise<void> {
    const file = this.#writers.get(part.writer);
    if (file === undefined) return;
    this.#writers.delete(part.writer);
    if (file instanceof PartFile) await file.close();
    unlinkIfThere(this.#path(part));
  }

  /** Makes the part files of a transaction durable. */
  async sync(transaction: string): Promise<void> {
    const unsynced = this.#unsynced.get(transaction);
    if (unsynced === undefined) return;
    this.#unsynced.delete(transaction);
    const outcomes = await Promise.allSettled([...unsynced].map((fd) => syncAndClose(fd, this.syncs)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw driveFailure(outcome.reason, `sync the part files of transaction ${transaction}`, this.root.path);
  }

  /** Closes the part files of a transaction that is not going to be. */
  drop(transaction: string): void {
    for (const fd of this.#unsynced.get(transaction) ?? []) closeSync(fd);
    this.#unsynced.delete(transaction);
  }

  async closeAll(): Promise<void> {
    for (const transaction of [...this.#unsynced.keys()]) this.drop(transaction);
    const files = [...this.#writers.values()];
    this.#writers.clear();
    for (const file of files) if (file instanceof PartFile) await file.close();
  }

  #open(part: PartName): PartFile {
    const known = this.#writers.get(part.writer);
    if (known !== undefined) {
      if (known instanceof PartFile) return known;
      throw known.failure;
    }
    try {
      this.root.check();
      this.area.makeDataDir(part.transaction, part.dataDir);
      const file = new PartFile(this.#path(part), this.#memory, this.syncs);
      this.#writers.set(part.writer, file);
      return file;
    } catch (error) {
      throw this.#fail(part, error);
    }
  }

  #fail(part: PartName, error: unknown): Error {
    const failure = driveFailure(error, `write part.${part.partNumber} of transaction ${part.transaction}`, this.root.path);
    this.#writers.set(part.writer, { failure });
    return failure;
  }

  #path(part: PartName): string {
    return `${this.area.path(part.transaction, part.dataDir)}/part.${part.partNumber}`;
  }
}
