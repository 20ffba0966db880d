/**
 * A drive in a folder of this machine. The calls are made in a thread of the drive's own; this side packs those of one
 * turn of the event loop into one message, sees to it that each ends in time, and knows what state the drive is in.
 */
import { Worker } from 'node:worker_threads';

import type { Tracer } from '../base/index.js';
import { arenaMemory } from '../erasure/index.js';
import type { DriveCalls } from './call-meter.js';
import type {
  ChangedName, CommitOptions, DataReader, Drive, DriveInfo, DriveState, FrameRun, MissedChanges, ShardWriter, StagedTransaction, StageResult, VersionChange, VolumeInfo,
  WalkEntry, WalkOptions,
} from './drive.js';
import { LocalDataReader, LocalShardWriter } from './local-data.js';
import { walkBatches } from './local-walk.js';
import type { PackedChange, ThreadData } from './messages.js';
import { StagedOrder } from './staged-order.js';
import { YOUNG_HEAP_MB } from './thread-limits.js';
import { ThreadLink, type DriveThread } from './thread-link.js';

interface LocalDriveOptions {
  /** Every call ends within this. Default 30 s: a sleeping disk needs some ten to spin up. */
  readonly deadlineMs?: number;
  /** Hears of every call while somebody listens. */
  readonly tracer?: Tracer;
  /** What the drive is called; in a cluster its URL. Default: its folder. */
  readonly name?: string;
  /** True: not a byte of the drive is ever changed; calls that would are refused with `drive-read-only`. */
  readonly isReadOnly?: boolean;
  /** Starts what answers the drive's calls. Default: a thread. */
  readonly startThread?: (data: ThreadData) => DriveThread;
}

const DEADLINE_MS = 30_000;
/** Those that are never settled stay in memory. */
const SETTLED_MAX = 10_000;

export class LocalDrive implements Drive {
  readonly isLocal = true;
  readonly endpoint: string;
  #id: string | undefined;
  readonly #link: ThreadLink;
  readonly #order: StagedOrder;
  /** Committed transactions of which the thread has nothing left: their settling needs no message. */
  readonly #settled = new Set<string>();
  #lastNumber = 0;

  /** Starts the drive's thread. The folder need not be there yet: calls then say `drive-not-found` until it is. */
  constructor(folder: string, options: LocalDriveOptions = {}) {
    const thread = (options.startThread ?? startWorker)({ root: folder, arena: arenaMemory(), isReadOnly: options.isReadOnly ?? false });
    this.endpoint = options.name ?? folder;
    this.#order = new StagedOrder(this.endpoint);
    this.#link = new ThreadLink(thread, this.endpoint, options.deadlineMs ?? DEADLINE_MS, options.tracer);
  }

  get id(): string | undefined {
    return this.#id;
  }

  get state(): DriveState {
    return this.#link.state;
  }

  get calls(): DriveCalls {
    return this.#link.calls;
  }

  attach(id: string): void {
    this.#id = id;
    this.#link.tell('attach', [id]);
  }

  info(): Promise<DriveInfo> {
    return this.#link.call('info', []);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  makeVolume(volume: string): Promise<void> {
    return this.#link.call('makeVolume', [volume]);
  }

  statVolume(volume: string): Promise<VolumeInfo> {
    return this.#link.call('statVolume', [volume]);
  }

  listVolumes(): Promise<VolumeInfo[]> {
    return this.#link.call('listVolumes', []);
  }

  deleteVolume(volume: string, options: { readonly force: boolean }): Promise<void> {
    return this.#link.call('deleteVolume', [volume, options.force]);
  }

  readFile(volume: string, path: string): Promise<Uint8Array> {
    return this.#link.call('readFile', [volume, path]);
  }

  writeFile(volume: string, path: string, bytes: Uint8Array): Promise<void> {
    return this.#link.call('writeFile', [volume, path, this.#link.pack(bytes)]);
  }

  listDir(volume: string, path: string): Promise<string[]> {
    return this.#link.call('listDir', [volume, path]);
  }

  remove(volume: string, path: string): Promise<void> {
    return this.#link.call('remove', [volume, path]);
  }

  readXlMeta(volume: string, path: string, options: { readonly inline: boolean }): Promise<Uint8Array> {
    return this.#link.call('readXlMeta', [volume, path, options.inline]);
  }

  createPart(transaction: string, dataDir: string, partNumber: number): ShardWriter {
    return new LocalShardWriter(this.#link, { writer: ++this.#lastNumber, transaction, dataDir, partNumber });
  }

  stage(transaction: string, volume: string, path: string, change: VersionChange): Promise<StageResult> {
    this.#order.stage(transaction, volume, path);
    return this.#link.call('stage', [transaction, volume, path, this.#pack(change)]);
  }

  async commit(transaction: string, { leavesTrace = false }: CommitOptions = {}): Promise<void> {
    this.#order.commit(transaction);
    const isSettled = await this.#link.call('commit', [transaction, leavesTrace]);
    if (isSettled && this.#settled.size < SETTLED_MAX) this.#settled.add(transaction);
  }

  settle(transaction: string): Promise<void> {
    this.#order.settle(transaction);
    if (this.#settled.delete(transaction)) return Promise.resolve();
    return this.#link.call('settle', [transaction]);
  }

  listStaged({ abandonedMs }: { readonly abandonedMs?: number } = {}): Promise<StagedTransaction[]> {
    return this.#link.call('listStaged', [abandonedMs === undefined ? [] : this.#order.abandoned(abandonedMs)]);
  }

  commitPart(transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: Uint8Array): Promise<void> {
    return this.#link.call('commitPart', [transaction, uploadPath, dataDir, partNumber, this.#link.pack(partMeta)]);
  }

  openData(volume: string, path: string, dataDir: string): DataReader {
    const reader = ++this.#lastNumber;
    this.#link.tell('openData', [reader, volume, path, dataDir]);
    return new LocalDataReader(this.#link, reader);
  }

  statParts(volume: string, path: string, dataDir: string, partNumbers: readonly number[]): Promise<number[]> {
    return this.#link.call('statParts', [volume, path, dataDir, partNumbers]);
  }

  verifyPart(volume: string, path: string, dataDir: string, partNumber: number, frames: FrameRun): Promise<void> {
    return this.#link.call('verifyPart', [volume, path, dataDir, partNumber, frames]);
  }

  moveData(volume: string, path: string, dataDir: string, to: string): Promise<void> {
    return this.#link.call('moveData', [volume, path, dataDir, to]);
  }

  noteMissed(slots: readonly number[], name: ChangedName): Promise<void> {
    return this.#link.call('noteMissed', [slots, name]);
  }

  listMissed(limit: number): Promise<MissedChanges[]> {
    return this.#link.call('listMissed', [limit]);
  }

  forgetMissed(slot: number, names: readonly ChangedName[] | 'all'): Promise<void> {
    return this.#link.call('forgetMissed', [slot, names]);
  }

  walk(volume: string, options: WalkOptions): AsyncIterable<WalkEntry[]> {
    return { [Symbol.asyncIterator]: () => walkBatches(this.#link, ++this.#lastNumber, volume, options) };
  }

  #pack(change: VersionChange): PackedChange {
    if (change.kind === 'remove') return change;
    const { entry, inline, dataFrom } = change;
    const { signature, ...header } = entry.header;
    return {
      kind: 'put',
      header,
      signature: this.#link.pack(signature),
      headerBytes: this.#link.pack(entry.headerBytes),
      record: this.#link.pack(entry.record),
      ...(inline !== undefined && { inline: this.#link.pack(inline) }),
      ...(dataFrom !== undefined && { dataFrom }),
    };
  }
}

function startWorker(workerData: ThreadData): DriveThread {
  return new Worker(new URL('./thread.js', import.meta.url), { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MB } });
}
