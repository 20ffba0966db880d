/**
 * A drive that does as another does, until it is told to misbehave: fail, be slow, hang, flip bits, forget the end.
 */
import { StorageError, type DriveErrorCode } from '../../src/base/index.js';
import type {
  ChangedName,
  CommitOptions,
  DataReader,
  Drive,
  DriveInfo,
  DriveState,
  FrameRun,
  MissedChanges,
  ShardWriter,
  StagedTransaction,
  StageResult,
  VersionChange,
  VolumeInfo,
  WalkEntry,
  WalkOptions,
} from '../../src/drive/index.js';

/** Calls that can go wrong. The three `part...` are a ShardWriter's, `readData` is a DataReader's. */
export type NaughtyCall =
  | 'info' | 'makeVolume' | 'statVolume' | 'listVolumes' | 'deleteVolume'
  | 'readFile' | 'writeFile' | 'listDir' | 'remove' | 'readXlMeta'
  | 'stage' | 'commit' | 'settle' | 'listStaged' | 'commitPart' | 'statParts' | 'walk'
  | 'verifyPart' | 'moveData' | 'noteMissed' | 'listMissed' | 'forgetMissed'
  | 'writePart' | 'closePart' | 'readData';

/** What a call does instead of, or beside, what it should. */
type Mischief =
  /** Rejects; nothing reaches the drive below. */
  | { readonly fail: DriveErrorCode }
  /** The drive below does it, and then the answer is lost. */
  | { readonly loseAnswer: DriveErrorCode }
  | { readonly delayMs: number }
  /** Answers only after `release()`. */
  | { readonly hang: true }
  /** Flips bit 0 of the byte at this place (modulo the length) in what is read, silently. */
  | { readonly flipByte: number }
  /** What is read ends this many bytes early: short for readFile and readXlMeta, `frame-corrupt` for data. */
  | { readonly cut: number };

interface Rule {
  readonly call: NaughtyCall | 'every';
  readonly mischief: Mischief;
  /** Counted from the moment the rule was given; undefined: each. */
  readonly nth: number | undefined;
  seen: number;
}

export class NaughtyDrive implements Drive {
  #rules: Rule[] = [];
  #released: Promise<void>;
  #release: () => void = () => undefined;
  #state: DriveState | undefined;
  /** How often each call was made. */
  readonly counts = new Map<NaughtyCall, number>();

  constructor(readonly inner: Drive) {
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  /** From now on a kind of call (or `every`) misbehaves: its nth time only, or each time. */
  misbehave(call: NaughtyCall | 'every', mischief: Mischief, nth?: number): this {
    this.#rules.push({ call, mischief, nth, seen: 0 });
    return this;
  }

  /** Forgets all rules and lets go of what hangs. */
  behave(): void {
    this.#rules = [];
    this.#state = undefined;
    this.release();
  }

  /** Lets the calls that hang go on. */
  release(): void {
    this.#release();
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  /** Claims to be in a state; undefined: the one of the drive below. */
  pretend(state: DriveState | undefined): void {
    this.#state = state;
  }

  get endpoint(): string {
    return this.inner.endpoint;
  }
  get isLocal(): boolean {
    return this.inner.isLocal;
  }
  get id(): string | undefined {
    return this.inner.id;
  }
  get state(): DriveState {
    return this.#state ?? this.inner.state;
  }
  attach(id: string): void {
    this.inner.attach(id);
  }
  async close(): Promise<void> {
    this.release();
    await this.inner.close();
  }

  info(): Promise<DriveInfo> {
    return this.#do('info', () => this.inner.info());
  }
  makeVolume(volume: string): Promise<void> {
    return this.#do('makeVolume', () => this.inner.makeVolume(volume));
  }
  statVolume(volume: string): Promise<VolumeInfo> {
    return this.#do('statVolume', () => this.inner.statVolume(volume));
  }
  listVolumes(): Promise<VolumeInfo[]> {
    return this.#do('listVolumes', () => this.inner.listVolumes());
  }
  deleteVolume(volume: string, options: { readonly force: boolean }): Promise<void> {
    return this.#do('deleteVolume', () => this.inner.deleteVolume(volume, options));
  }
  readFile(volume: string, path: string): Promise<Uint8Array> {
    return this.#do('readFile', () => this.inner.readFile(volume, path));
  }
  writeFile(volume: string, path: string, bytes: Uint8Array): Promise<void> {
    return this.#do('writeFile', () => this.inner.writeFile(volume, path, bytes));
  }
  listDir(volume: string, path: string): Promise<string[]> {
    return this.#do('listDir', () => this.inner.listDir(volume, path));
  }
  remove(volume: string, path: string): Promise<void> {
    return this.#do('remove', () => this.inner.remove(volume, path));
  }
  readXlMeta(volume: string, path: string, options: { readonly inline: boolean }): Promise<Uint8Array> {
    return this.#do('readXlMeta', () => this.inner.readXlMeta(volume, path, options));
  }
  stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult> {
    return this.#do('stage', () => this.inner.stage(transaction, volume, path, change));
  }
  commit(transaction: string, options?: CommitOptions): Promise<void> {
    return this.#do('commit', () => this.inner.commit(transaction, options));
  }
  settle(transaction: string): Promise<void> {
    return this.#do('settle', () => this.inner.settle(transaction));
  }
  listStaged(options?: { readonly abandonedMs?: number }): Promise<StagedTransaction[]> {
    return this.#do('listStaged', () => this.inner.listStaged(options));
  }
  commitPart(transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: Uint8Array): Promise<void> {
    return this.#do('commitPart', () => this.inner.commitPart(transaction, uploadPath, dataDir, partNumber, partMeta));
  }
  statParts(volume: string, path: string, dataDir: string, partNumbers: readonly number[]): Promise<number[]> {
    return this.#do('statParts', () => this.inner.statParts(volume, path, dataDir, partNumbers));
  }
  verifyPart(volume: string, path: string, dataDir: string, partNumber: number, frames: FrameRun): Promise<void> {
    return this.#do('verifyPart', () => this.inner.verifyPart(volume, path, dataDir, partNumber, frames));
  }
  moveData(volume: string, path: string, dataDir: string, to: string): Promise<void> {
    return this.#do('moveData', () => this.inner.moveData(volume, path, dataDir, to));
  }
  noteMissed(slots: readonly number[], name: ChangedName): Promise<void> {
    return this.#do('noteMissed', () => this.inner.noteMissed(slots, name));
  }
  listMissed(limit: number): Promise<MissedChanges[]> {
    return this.#do('listMissed', () => this.inner.listMissed(limit));
  }
  forgetMissed(slot: number, names: readonly ChangedName[] | 'all'): Promise<void> {
    return this.#do('forgetMissed', () => this.inner.forgetMissed(slot, names));
  }

  createPart(transaction: string, dataDir: string, partNumber: number): ShardWriter {
    const writer = this.inner.createPart(transaction, dataDir, partNumber);
    let failure: unknown;
    const watched = async (call: NaughtyCall, act: () => Promise<void>): Promise<void> => {
      if (failure !== undefined) throw failure as Error;
      try {
        await this.#do(call, act);
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    return {
      write: (buffers) => watched('writePart', () => writer.write(buffers)),
      close: () => watched('closePart', () => writer.close()),
      abort: () => writer.abort(),
    };
  }

  openData(volume: string, path: string, dataDir: string): DataReader {
    const reader = this.inner.openData(volume, path, dataDir);
    return {
      read: async (partNumber, offset, target) => {
        const read = async (): Promise<Uint8Array> => {
          await reader.read(partNumber, offset, target);
          return target;
        };
        const bytes = await this.#do('readData', read);
        if (bytes.length < target.length) throw this.#error('frame-corrupt');
      },
      close: () => reader.close(),
    };
  }

  async *walk(volume: string, options: WalkOptions): AsyncGenerator<WalkEntry[], void> {
    for await (const batch of this.inner.walk(volume, options)) yield await this.#do('walk', () => Promise.resolve(batch));
  }

  async #do<T>(call: NaughtyCall, act: () => Promise<T>): Promise<T> {
    this.counts.set(call, (this.counts.get(call) ?? 0) + 1);
    const mischiefs = this.#rules.filter((rule) => (rule.call === call || rule.call === 'every') && (++rule.seen === rule.nth || rule.nth === undefined)).map((rule) => rule.mischief);
    for (const mischief of mischiefs) {
      if ('fail' in mischief) throw this.#error(mischief.fail);
      if ('delayMs' in mischief) await new Promise((resolve) => setTimeout(resolve, mischief.delayMs));
      if ('hang' in mischief) await this.#released;
    }
    let result: unknown = await act();
    for (const mischief of mischiefs) {
      if ('loseAnswer' in mischief) throw this.#error(mischief.loseAnswer);
      if (!(result instanceof Uint8Array)) continue;
      if ('flipByte' in mischief && result.length > 0) {
        const at = mischief.flipByte % result.length;
        result[at] = (result[at] ?? 0) ^ 1;
      }
      if ('cut' in mischief) result = result.subarray(0, Math.max(0, result.length - mischief.cut));
    }
    return result as T;
  }

  #error(code: DriveErrorCode): StorageError {
    return new StorageError(code, `drive ${this.endpoint} misbehaves: ${code}`, { drive: this.endpoint });
  }
}
