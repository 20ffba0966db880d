/** Part files being written, in the drive's thread. */
import { closeSync, openSync } from 'node:fs';

import { unlinkIfThere, syncAndClose, writeAll } from './file-steps.js';
import type { PartFile } from './messages.js';
import { driveFailure } from './failures.js';
import type { DriveRoot } from './root.js';
import type { Syncs } from './syncs.js';
import type { TransactionFolders } from './transaction-folders.js';

interface Writer {
  readonly fd: number;
  position: number;
}

export class PartWriters {
  /** A writer that failed keeps its error: every later call gives the same. */
  readonly #writers = new Map<number, Writer | { readonly failure: Error }>();

  constructor(
    private readonly root: DriveRoot,
    private readonly syncs: Syncs,
    private readonly folders: TransactionFolders,
  ) {}

  write(part: PartFile, buffers: readonly Uint8Array[]): void {
    const writer = this.#open(part);
    try {
      this.root.check();
      writer.position = writeAll(writer.fd, buffers, writer.position);
    } catch (error) {
      closeSync(writer.fd);
      throw this.#fail(part, error);
    }
  }

  async close(part: PartFile): Promise<void> {
    const writer = this.#open(part);
    this.#writers.delete(part.writer);
    try {
      await syncAndClose(writer.fd, this.syncs);
    } catch (error) {
      throw driveFailure(error, `sync part.${part.partNumber} of transaction ${part.transaction}`, this.root.path);
    }
  }

  abort(part: PartFile): void {
    const writer = this.#writers.get(part.writer);
    if (writer === undefined) return;
    this.#writers.delete(part.writer);
    if ('fd' in writer) closeSync(writer.fd);
    unlinkIfThere(this.#file(part));
  }

  closeAll(): void {
    for (const writer of this.#writers.values()) if ('fd' in writer) closeSync(writer.fd);
    this.#writers.clear();
  }

  #open(part: PartFile): Writer {
    const known = this.#writers.get(part.writer);
    if (known !== undefined) {
      if ('fd' in known) return known;
      throw known.failure;
    }
    try {
      this.root.check();
      this.folders.makeDataDir(part.transaction, part.dataDir);
      const writer = { fd: openSync(this.#file(part), 'wx'), position: 0 };
      this.#writers.set(part.writer, writer);
      return writer;
    } catch (error) {
      throw this.#fail(part, error);
    }
  }

  #fail(part: PartFile, error: unknown): Error {
    const failure = driveFailure(error, `write part.${part.partNumber} of transaction ${part.transaction}`, this.root.path);
    this.#writers.set(part.writer, { failure });
    return failure;
  }

  #file(part: PartFile): string {
    return `${this.folders.path(part.transaction)}/${part.dataDir}/part.${part.partNumber}`;
  }
}
