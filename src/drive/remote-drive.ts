/**
 * A drive of another node. Its calls are made there, on the LocalDrive of its owner; this side adds the id that it must
 * carry, and knows its state: offline while the node is away, else what the owner last said.
 */
import { isStorageError, StorageError } from '../base/index.js';
import type { CallOptions, Peer } from '../net/index.js';
import { CallMeter, type DriveCalls } from './call-meter.js';
import { MINIO_CALLS } from './call-names.js';
import type {
  ChangedName, CommitOptions, DataReader, Drive, DriveInfo, DriveState, FrameRun, MissedChanges, ShardWriter, StagedTransaction, StageResult, VersionChange, VolumeInfo,
  WalkEntry, WalkOptions,
} from './drive.js';
import type { CallName } from './messages.js';
import type { PlainCall, StatedAnswer, WalkItem } from './remote-calls.js';
import { RemoteDataReader, RemoteShardWriter, type RemoteCalls } from './remote-data.js';

export interface RemoteDriveOptions {
  readonly peer: Peer;
  /** URL, as people typed it. */
  readonly endpoint: string;
  /** On its node. */
  readonly path: string;
  /** Every call ends within this. Default: the owner's limit and a second, so that its answer is heard. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 31_000;

export class RemoteDrive implements Drive {
  readonly isLocal = false;
  readonly endpoint: string;
  readonly #options: RemoteDriveOptions;
  readonly #meter = new CallMeter();
  readonly #calls: RemoteCalls;
  readonly #unlisten: () => void;
  /** Transaction -> the connection on which its part files were written, until it is settled. */
  readonly #writtenOn = new Map<string, number>();
  #id: string | undefined;
  /** What the owner last said; undefined before it has on this connection. */
  #told: DriveState | undefined;
  #stopWatch = new AbortController();
  #waiting = 0;
  #isClosed = false;

  constructor(options: RemoteDriveOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    const { peer } = options;
    this.#calls = {
      get connection() {
        return peer.connection;
      },
      wroteOn: (transaction, connection) => void this.#writtenOn.set(transaction, connection),
      callOn: async (operation, args, callOptions) => void (await this.#call(operation as CallName, args, callOptions)),
    };
    this.#unlisten = peer.onChange(() => this.#watch());
  }

  get id(): string | undefined {
    return this.#id;
  }

  get state(): DriveState {
    if (this.#isClosed || this.#options.peer.state.kind !== 'connected') return 'offline';
    return this.#told ?? (this.#id === undefined ? 'online' : 'offline');
  }

  get calls(): DriveCalls {
    return this.#meter.report(this.#waiting, performance.now());
  }

  attach(id: string): void {
    this.#id = id;
    // As a local drive does: what was known is of the time before; any call looks.
    this.#told = 'online';
    this.#call('attach', []).catch(() => undefined);
    this.#watch();
  }

  /** Lets go of the drive; its owner keeps it. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#unlisten();
    this.#stopWatch.abort();
    return Promise.resolve();
  }

  info(): Promise<DriveInfo> {
    return this.#plain('info');
  }

  makeVolume(volume: string): Promise<void> {
    return this.#plain('makeVolume', volume);
  }

  statVolume(volume: string): Promise<VolumeInfo> {
    return this.#plain('statVolume', volume);
  }

  listVolumes(): Promise<VolumeInfo[]> {
    return this.#plain('listVolumes');
  }

  deleteVolume(volume: string, options: { readonly force: boolean }): Promise<void> {
    return this.#plain('deleteVolume', volume, options);
  }

  readFile(volume: string, path: string): Promise<Uint8Array> {
    return this.#plain('readFile', volume, path);
  }

  writeFile(volume: string, path: string, bytes: Uint8Array): Promise<void> {
    return this.#plain('writeFile', volume, path, bytes);
  }

  listDir(volume: string, path: string): Promise<string[]> {
    return this.#plain('listDir', volume, path);
  }

  remove(volume: string, path: string): Promise<void> {
    return this.#plain('remove', volume, path);
  }

  readXlMeta(volume: string, path: string, options: { readonly inline: boolean }): Promise<Uint8Array> {
    return this.#plain('readXlMeta', volume, path, options);
  }

  createPart(transaction: string, dataDir: string, partNumber: number): ShardWriter {
    return new RemoteShardWriter(this.#calls, transaction, dataDir, partNumber);
  }

  stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult> {
    return this.#afterWriting('stage', transaction, volume, path, change);
  }

  commit(transaction: string, options?: CommitOptions): Promise<void> {
    return this.#plain('commit', transaction, ...(options === undefined ? [] : [options]));
  }

  settle(transaction: string): Promise<void> {
    this.#writtenOn.delete(transaction);
    return this.#plain('settle', transaction);
  }

  listStaged(options: { readonly abandonedMs?: number } = {}): Promise<StagedTransaction[]> {
    return this.#plain('listStaged', options);
  }

  commitPart(transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: Uint8Array): Promise<void> {
    return this.#afterWriting('commitPart', transaction, uploadPath, dataDir, partNumber, partMeta);
  }

  openData(volume: string, path: string, dataDir: string): DataReader {
    return new RemoteDataReader(this.#calls, volume, path, dataDir);
  }

  statParts(volume: string, path: string, dataDir: string, partNumbers: readonly number[]): Promise<number[]> {
    return this.#plain('statParts', volume, path, dataDir, partNumbers);
  }

  verifyPart(volume: string, path: string, dataDir: string, partNumber: number, frames: FrameRun): Promise<void> {
    return this.#plain('verifyPart', volume, path, dataDir, partNumber, frames);
  }

  moveData(volume: string, path: string, dataDir: string, to: string): Promise<void> {
    return this.#plain('moveData', volume, path, dataDir, to);
  }

  noteMissed(slots: readonly number[], name: ChangedName): Promise<void> {
    return this.#plain('noteMissed', slots, name);
  }

  listMissed(limit: number): Promise<MissedChanges[]> {
    return this.#plain('listMissed', limit);
  }

  forgetMissed(slot: number, names: readonly ChangedName[] | 'all'): Promise<void> {
    return this.#plain('forgetMissed', slot, names);
  }

  async *walk(volume: string, options: WalkOptions): AsyncGenerator<WalkEntry[], void> {
    const { signal, prefix, from, recursive, detail } = options;
    signal?.throwIfAborted();
    const { peer, path } = this.#options;
    const stream = peer.open('drive.walk', [path, this.#id ?? null, volume, { prefix, from, recursive, detail }], { signal });
    try {
      for await (const item of stream) {
        signal?.throwIfAborted();
        yield (item as WalkItem).map(([key, meta]) => (meta === null ? { key, isPrefix: true } : { key, isPrefix: false, meta }));
      }
    } catch (error) {
      throw this.#named(error);
    }
    signal?.throwIfAborted();
  }

  #plain<Name extends PlainCall>(name: Name, ...args: Parameters<Drive[Name]>): ReturnType<Drive[Name]> {
    return this.#call(name, args) as ReturnType<Drive[Name]>;
  }

  /** A call that takes up the part files of a transaction: where their connection broke, they are gone. */
  #afterWriting<Name extends 'stage' | 'commitPart'>(name: Name, ...args: Parameters<Drive[Name]>): ReturnType<Drive[Name]> {
    return this.#call(name, args, { connection: this.#writtenOn.get(args[0]) }) as ReturnType<Drive[Name]>;
  }

  async #call(name: CallName, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const { peer, path, deadlineMs = DEADLINE_MS } = this.#options;
    const startedMs = performance.now();
    this.#waiting++;
    try {
      if (this.#isClosed) throw new StorageError('drive-not-found', `drive ${this.endpoint} was closed`);
      for (const text of args) if (typeof text === 'string') checkUnicode(text);
      const answer = await peer.call(`drive.${name}`, [path, this.#id ?? null, ...args], { deadlineMs, ...options });
      const [state, value] = answer as StatedAnswer;
      this.#told = state;
      const nowMs = performance.now();
      this.#meter.answered(MINIO_CALLS[name], nowMs - startedMs, nowMs);
      return value ?? undefined;
    } catch (error) {
      throw this.#named(error);
    } finally {
      this.#waiting--;
    }
  }

  /** The error with this drive's name as people typed it. */
  #named(error: unknown): unknown {
    if (!isStorageError(error)) return error;
    const { code, message } = error;
    this.#meter.failed(code as Parameters<CallMeter['failed']>[0]);
    const state = STATE_OF[code];
    if (state !== undefined) this.#told = state;
    return new StorageError(code, message, { drive: this.endpoint, cause: error });
  }

  /** Listens to the owner's word on the state, as long as the connection lasts. */
  #watch(): void {
    const { peer, path } = this.#options;
    this.#stopWatch.abort();
    this.#stopWatch = new AbortController();
    const { signal } = this.#stopWatch;
    if (peer.state.kind !== 'connected') {
      this.#told = undefined;
      return;
    }
    if (this.#isClosed || this.#id === undefined) return;
    const listen = async (): Promise<void> => {
      for await (const state of peer.open('drive.states', [path, this.#id], { signal })) this.#told = state as DriveState;
    };
    listen().catch((error: unknown) => {
      if (!signal.aborted) this.#told = isStorageError(error, 'drive-foreign') ? 'foreign' : 'offline';
    });
  }
}

/** States that an error tells before the owner's next word. */
const STATE_OF: Readonly<Partial<Record<string, DriveState>>> = { 'drive-foreign': 'foreign', 'drive-unformatted': 'unformatted' };

/** Half a surrogate pair would arrive as another name. */
function checkUnicode(text: string): void {
  if (/\p{Surrogate}/u.test(text)) throw new StorageError('file-name-invalid', `cannot use ${JSON.stringify(text)} as a name: it holds half a character`);
}
