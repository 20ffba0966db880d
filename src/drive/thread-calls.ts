/** The calls of a drive's thread, each handed to the part of the room that carries it out. */
import { StorageError } from '../base/index.js';
import { createFile, syncAndClose, unlinkIfThere } from './file-steps.js';
import { DataReaders } from './data-readers.js';
import type { DriveState, StagedTransaction, VersionChange } from './drive.js';
import { isErrno } from './failures.js';
import { ARENA, bytesAt, type BytesRef, type CallName, type PackedChange, type Request, type WalkBatch } from './messages.js';
import { MissedNotes } from './missed-changes.js';
import { readObjectMeta } from './old-objects.js';
import { PartWriters } from './part-writers.js';
import { Removals } from './removals.js';
import { DriveRoot, WHOLE_FILE_BYTES } from './root.js';
import { listStaged } from './staged-state.js';
import { Syncs } from './syncs.js';
import { Transactions } from './transactions.js';
import { verifyPart } from './verify-part.js';
import { Volumes } from './volumes.js';
import { INDEX_PIECE_BYTES, indexLength } from './walk.js';
import { Walks } from './walks.js';
import { WorkArea } from './work-area.js';

/** Calls that change what is on the drive. */
const WRITING = new Set<CallName>([
  'stage', 'commit', 'settle', 'writePart', 'closePart', 'abortPart', 'commitPart', 'writeFile', 'remove', 'moveData', 'makeVolume', 'deleteVolume', 'noteMissed', 'forgetMissed', 'listStaged',
]);

/** A batch whose buffers are handed over, not copied. */
export class WalkAnswer {
  constructor(readonly batch: WalkBatch) {}
}

export class ThreadCalls {
  readonly #root: DriveRoot;
  readonly #syncs: Syncs;
  readonly #removals = new Removals();
  readonly #readers: DataReaders;
  readonly #area: WorkArea;
  readonly #writers: PartWriters;
  readonly #transactions: Transactions;
  readonly #volumes: Volumes;
  readonly #walks: Walks;
  readonly #missed: MissedNotes;

  /**
   * @param arena memory that calls may speak of places in, where they come from another thread
   * @param isReadOnly has calls that write refused
   */
  constructor(
    root: string,
    private readonly arena: SharedArrayBuffer = new SharedArrayBuffer(0),
    private readonly isReadOnly = false,
  ) {
    this.#root = new DriveRoot(root);
    this.#syncs = new Syncs(this.#root);
    this.#readers = new DataReaders(this.#root);
    this.#area = new WorkArea(this.#root);
    this.#writers = new PartWriters(this.#root, this.#syncs, this.#area);
    const tools = { root: this.#root, syncs: this.#syncs, removals: this.#removals, readers: this.#readers, area: this.#area, writers: this.#writers };
    this.#transactions = new Transactions(tools);
    this.#volumes = new Volumes(this.#root, this.#syncs, this.#removals, this.#area, this.#writers);
    this.#walks = new Walks(this.#root);
    this.#missed = new MissedNotes(this.#root, this.#removals);
  }

  get state(): DriveState {
    return this.#root.state;
  }

  /** Carries out one call. Bytes in the result are views that the next call may overwrite. */
  answer(request: Request, buffers: readonly ArrayBuffer[]): unknown {
    const [, name, args] = request;
    if (this.isReadOnly && WRITING.has(name)) throw new StorageError('drive-read-only', `drive ${this.#root.path} was opened for reading only`, { drive: this.#root.path });
    switch (name) {
      case 'readXlMeta':
        return this.#readXlMeta(...args);
      case 'readData':
        return this.#readers.read(args[0], args[1], args[2], this.#target(args[3]));
      case 'openData':
        return this.#readers.open(...args);
      case 'closeData':
        return this.#readers.close(...args);
      case 'stage':
        return this.#transactions.stage(args[0], args[1], args[2], unpack(args[3], buffers));
      case 'commit':
        return this.#transactions.commit(...args);
      case 'settle':
        return this.#transactions.settle(...args);
      case 'writePart':
        return this.#writers.write(
          args[0],
          args[1].map((part) => (part instanceof Uint8Array ? part : (this.#inArena(part) ?? bytesAt(buffers, part)))),
        );
      case 'closePart':
        return this.#writers.close(...args);
      case 'abortPart':
        return this.#writers.abort(...args);
      case 'openWalk':
        return this.#walks.open(...args);
      case 'nextWalk':
        return new WalkAnswer(this.#walks.next(...args));
      case 'closeWalk':
        return this.#walks.close(...args);
      default:
        return this.#answerSeldom(request, buffers);
    }
  }

  #answerSeldom(request: Request, buffers: readonly ArrayBuffer[]): unknown {
    const [, name, args] = request;
    switch (name) {
      case 'readFile':
        return this.#volumes.readFile(...args);
      case 'writeFile':
        return this.#volumes.writeFile(args[0], args[1], bytesAt(buffers, args[2]));
      case 'listDir':
        return this.#volumes.listDir(...args);
      case 'remove':
        return this.#volumes.remove(...args);
      case 'statParts':
        return this.#readers.statParts(...args);
      case 'commitPart':
        return this.#volumes.commitPart(args[0], args[1], args[2], args[3], bytesAt(buffers, args[4]));
      case 'verifyPart':
        return verifyPart(this.#root, ...args);
      case 'moveData':
        return this.#volumes.moveData(...args);
      case 'noteMissed':
        return this.#missed.note(...args);
      case 'listMissed':
        return this.#missed.list(...args);
      case 'forgetMissed':
        return this.#missed.forget(...args);
      case 'listStaged':
        return this.#listStaged(...args);
      case 'info':
        return this.#volumes.info();
      case 'makeVolume':
        return this.#volumes.make(...args);
      case 'statVolume':
        return this.#volumes.stat(...args);
      case 'listVolumes':
        return this.#volumes.list();
      case 'deleteVolume':
        return this.#volumes.delete(...args);
      case 'attach':
        this.#missed.recount();
        return this.#root.attach(...args);
      case 'probe':
        return this.#probe();
      case 'close':
        this.#readers.closeAll();
        return this.#writers.closeAll();
      default:
        throw new Error(`unknown call ${name}`);
    }
  }

  #inArena([buffer, offset, length]: BytesRef): Uint8Array | undefined {
    return buffer === ARENA ? new Uint8Array(this.arena, offset, length) : undefined;
  }

  #target(target: Uint8Array | BytesRef | number): Uint8Array | number {
    return typeof target === 'number' || target instanceof Uint8Array ? target : (this.#inArena(target) ?? 0);
  }

  #readXlMeta(volume: string, path: string, inline: boolean): Uint8Array {
    const root = this.#root;
    root.check();
    const folder = root.resolve(volume, path);
    return root.inVolume(volume, `read ${volume}/${path}/xl.meta`, () => {
      if (inline) return readObjectMeta(root, folder, WHOLE_FILE_BYTES);
      const bytes = readObjectMeta(root, folder, INDEX_PIECE_BYTES, indexLength);
      return bytes.subarray(0, indexLength(bytes));
    });
  }

  #listStaged(abandoned: readonly string[]): StagedTransaction[] {
    for (const transaction of abandoned) this.#area.forget(transaction);
    this.#root.check();
    return listStaged(this.#root, this.#area, this.#removals);
  }

  /** Shows that calls come back, a sync among them. Only an I/O error makes it fail: what else a drive answers, it answers. */
  async #probe(): Promise<void> {
    const file = `${this.#root.tmp}/probe`;
    try {
      this.#root.check(true);
      if (this.isReadOnly) return;
      unlinkIfThere(file);
      await syncAndClose(createFile(file, new Uint8Array(1)), this.#syncs);
      unlinkIfThere(file);
    } catch (error) {
      if (isErrno(error, 'EIO')) throw error;
    }
  }
}

function unpack(change: PackedChange, buffers: readonly ArrayBuffer[]): VersionChange {
  if (change.kind === 'remove') return change;
  const { header, signature, headerBytes, record, inline, dataFrom } = change;
  return {
    kind: 'put',
    entry: {
      header: { ...header, signature: bytesAt(buffers, signature) },
      headerBytes: bytesAt(buffers, headerBytes),
      record: bytesAt(buffers, record),
    },
    ...(inline !== undefined && { inline: bytesAt(buffers, inline) }),
    ...(dataFrom !== undefined && { dataFrom }),
  };
}
