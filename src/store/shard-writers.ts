/** The part files of one write, on all drives of a set: a drive that fails or does not keep up is dropped, the others go on. */
import { StorageError, isStorageError } from '../base/index.js';
import type { Drive, ShardWriter } from '../drive/index.js';
import { LONG_GRACE, gather, outcomeOf, type DriveLanes } from './drive-lanes.js';
import { requireWriteQuorum, type Named, type Outcome } from './quorum.js';

export interface ShardWritersOptions extends Named {
  readonly drives: readonly (Drive | undefined)[];
  readonly quorum: number;
  readonly transaction: string;
  readonly dataDir: string;
  readonly partNumber: number;
}

export class ShardWriters {
  readonly #writers: (ShardWriter | undefined)[];
  readonly #failures: (StorageError | undefined)[];

  constructor(
    readonly lanes: DriveLanes,
    readonly options: ShardWritersOptions,
  ) {
    const { drives, transaction, dataDir, partNumber } = options;
    this.#failures = drives.map((drive) => lanes.refuse(drive));
    this.#writers = drives.map((drive, slot) => (this.#failures[slot] === undefined ? drive?.createPart(transaction, dataDir, partNumber) : undefined));
  }

  /** By slot: why the drive has no whole part file, undefined where it has. */
  get failures(): readonly (StorageError | undefined)[] {
    return this.#failures;
  }

  /** Appends to each slot's file. Resolves when no drive that counts needs the memory any more. Throws write-quorum, storage-full. */
  async append(framesOf: (slot: number) => readonly Uint8Array[]): Promise<void> {
    await this.#onEach((writer, slot) => writer.write(framesOf(slot)));
  }

  /** Completes the files; staging or keeping them makes them durable. Throws write-quorum, storage-full. */
  async close(): Promise<void> {
    await this.#onEach((writer) => writer.close());
  }

  /** Removes the files; drives that hang are not waited for. Never rejects. */
  async abort(): Promise<void> {
    const { drives, transaction } = this.options;
    const votes = drives.map(async (drive, slot): Promise<Outcome<void>> => {
      const writer = this.#writers[slot];
      if (writer !== undefined) await outcomeOf(writer.abort());
      return drive?.state === 'online' ? outcomeOf(drive.settle(transaction)) : { ok: true, value: undefined };
    });
    await gather(votes, this.options.quorum, { ...LONG_GRACE, isWaitedFor: (slot) => this.#isWaitedFor(slot) });
  }

  async #onEach(call: (writer: ShardWriter, slot: number) => Promise<void>): Promise<void> {
    const votes = this.#writers.map((writer, slot): Promise<Outcome<void>> => {
      const failure = this.#failures[slot];
      if (failure !== undefined) return Promise.resolve({ ok: false, error: failure });
      return writer === undefined ? Promise.resolve({ ok: false, error: new StorageError('drive-not-found', 'There is no drive in this slot') }) : outcomeOf(call(writer, slot));
    });
    const outcomes = await gather(votes, this.options.quorum, { ...LONG_GRACE, isWaitedFor: (slot) => this.#isWaitedFor(slot) });
    outcomes.forEach((outcome, slot) => {
      if (outcome?.ok === true || this.#failures[slot] !== undefined) return;
      this.#drop(slot, outcome, votes[slot]);
    });
    this.requireQuorum();
  }

  /** Throws write-quorum or storage-full where too few drives are left. */
  requireQuorum(): void {
    const outcomes = this.#failures.map((error): Outcome<void> => (error === undefined ? { ok: true, value: undefined } : { ok: false, error }));
    requireWriteQuorum(outcomes, this.options.quorum, `Writing ${this.options.key}`, this.options);
  }

  #drop(slot: number, outcome: Outcome<void> | undefined, vote: Promise<unknown> | undefined): void {
    const drive = this.options.drives[slot];
    const endpoint = drive?.endpoint;
    const error = outcome?.ok === false ? outcome.error : undefined;
    // Part files have names of our own until they are staged: what is wrong with one says nothing about the client's.
    if (isStorageError(error, 'file-exists', 'file-access-denied', 'file-name-invalid')) this.#failures[slot] = new StorageError('drive-faulty', error.message, { drive: endpoint, cause: error });
    else this.#failures[slot] = error instanceof StorageError ? error : new StorageError('drive-timeout', 'The drive was slower than the others', { drive: endpoint, cause: error });
    if (outcome === undefined && drive !== undefined && vote !== undefined) this.lanes.markOverdue(drive, vote);
    // What it has so far goes with the transaction; a hung drive is not waited for.
    void this.#writers[slot]?.abort().catch(() => undefined);
  }

  #isWaitedFor(slot: number): boolean {
    const drive = this.options.drives[slot];
    return drive !== undefined && !this.lanes.isOverdue(drive);
  }
}
