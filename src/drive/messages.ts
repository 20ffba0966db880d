/**
 * What travels between a LocalDrive and its thread: batches of calls one way, batches of answers the other. Byte strings
 * of a batch are packed into one buffer, because moving many small ones costs more than the file calls.
 */
import type { DriveErrorCode } from '../base/index.js';
import type { XlVersionHeader } from '../format/index.js';
import type {
  ChangedName, DriveInfo, DriveState, FrameRun, MissedChanges, StagedTransaction, StageResult, VolumeInfo, WalkOptions,
} from './drive.js';

/** Place of a byte string in the buffers of its batch, or in the arena. */
export type BytesRef = readonly [buffer: number, offset: number, length: number];
/** For `buffer`: the arena, which the thread has from the start: sending shared memory with each message costs more than all the rest of it. */
export const ARENA = -1;

/** A part file of a transaction; `writer` tells the thread's open files apart. */
export interface PartName {
  readonly writer: number;
  readonly transaction: string;
  readonly dataDir: string;
  readonly partNumber: number;
}

/** VersionChange with its byte strings packed. */
export type PackedChange =
  | {
      readonly kind: 'put';
      readonly header: Omit<XlVersionHeader, 'signature'>;
      readonly signature: BytesRef;
      readonly headerBytes: BytesRef;
      readonly record: BytesRef;
      readonly inline?: BytesRef;
      readonly dataFrom?: string;
    }
  | { readonly kind: 'remove'; readonly versionId: string };

/** A batch of a walk. Sizes: bytes of each entry's meta, -1 for a prefix. Keys hold no NUL, so it separates them. */
export interface WalkBatch {
  readonly keys: string;
  readonly sizes: Int32Array<ArrayBuffer>;
  readonly metas: Uint8Array<ArrayBuffer>;
  readonly isLast: boolean;
}

/** Every call a thread answers: its arguments and its result. */
export interface Calls {
  attach: { args: readonly [id: string]; result: void };
  probe: { args: readonly []; result: void };
  close: { args: readonly []; result: void };
  info: { args: readonly []; result: DriveInfo };
  makeVolume: { args: readonly [volume: string]; result: void };
  statVolume: { args: readonly [volume: string]; result: VolumeInfo };
  listVolumes: { args: readonly []; result: VolumeInfo[] };
  deleteVolume: { args: readonly [volume: string, force: boolean]; result: void };
  readFile: { args: readonly [volume: string, path: string]; result: Uint8Array };
  writeFile: { args: readonly [volume: string, path: string, bytes: BytesRef]; result: void };
  listDir: { args: readonly [volume: string, path: string]; result: string[] };
  remove: { args: readonly [volume: string, path: string]; result: void };
  readXlMeta: { args: readonly [volume: string, path: string, inline: boolean]; result: Uint8Array };
  stage: { args: readonly [transaction: string, volume: string, path: string, change: PackedChange]; result: StageResult };
  /** True where nothing is left to settle. */
  commit: { args: readonly [transaction: string, leavesTrace: boolean]; result: boolean };
  settle: { args: readonly [transaction: string]; result: void };
  listStaged: { args: readonly [abandoned: readonly string[]]; result: StagedTransaction[] };
  commitPart: { args: readonly [transaction: string, uploadPath: string, dataDir: string, partNumber: number, partMeta: BytesRef]; result: void };
  /** Buffers in shared memory come as they are, others packed. */
  writePart: { args: readonly [part: PartName, buffers: readonly (Uint8Array | BytesRef)[]]; result: void };
  closePart: { args: readonly [part: PartName]; result: void };
  abortPart: { args: readonly [part: PartName]; result: void };
  openData: { args: readonly [reader: number, volume: string, path: string, dataDir: string]; result: void };
  /** Fills a place in the arena or other shared memory, or gives the bytes back where only their count is given. */
  readData: { args: readonly [reader: number, partNumber: number, offset: number, target: Uint8Array | BytesRef | number]; result: Uint8Array | undefined };
  closeData: { args: readonly [reader: number]; result: void };
  statParts: { args: readonly [volume: string, path: string, dataDir: string, partNumbers: readonly number[]]; result: number[] };
  verifyPart: { args: readonly [volume: string, path: string, dataDir: string, partNumber: number, frames: FrameRun]; result: void };
  moveData: { args: readonly [volume: string, path: string, dataDir: string, to: string]; result: void };
  noteMissed: { args: readonly [slots: readonly number[], name: ChangedName]; result: void };
  listMissed: { args: readonly [limit: number]; result: MissedChanges[] };
  forgetMissed: { args: readonly [slot: number, names: readonly ChangedName[] | 'all']; result: void };
  openWalk: { args: readonly [walk: number, volume: string, options: Omit<WalkOptions, 'signal'>]; result: void };
  nextWalk: { args: readonly [walk: number]; result: WalkBatch };
  closeWalk: { args: readonly [walk: number]; result: void };
}
export type CallName = keyof Calls;

/** id 0: nobody waits for the answer. */
export type Request = { [Name in CallName]: readonly [id: number, name: Name, args: Calls[Name]['args']] }[CallName];
export interface RequestBatch {
  readonly requests: readonly Request[];
  readonly buffers: readonly ArrayBuffer[];
}

export interface Failure {
  /** undefined: a bug in the thread, not the drive's answer. */
  readonly code: DriveErrorCode | undefined;
  readonly message: string;
}
export type Answer =
  | readonly [id: number, kind: 'value', value: unknown]
  | readonly [id: number, kind: 'bytes', value: BytesRef]
  | readonly [id: number, kind: 'failure', value: Failure];
export interface AnswerBatch {
  readonly answers: readonly Answer[];
  readonly buffers: readonly ArrayBuffer[];
  readonly state: DriveState;
}

/** Handed to the thread when it starts. */
export interface ThreadData {
  readonly root: string;
  readonly arena: SharedArrayBuffer;
  /** True: calls that write are refused, and the drive is never probed with a file. */
  readonly isReadOnly: boolean;
}

const PACKED_SIZE_MAX = 128 * 1024;

/** Collects the byte strings of one batch. */
export class Parcel {
  #packed = new Uint8Array(16 * 1024);
  #used = 0;
  #large: ArrayBuffer[] = [];

  /** Copies `bytes` into the batch; the caller may reuse them at once. */
  add(bytes: Uint8Array): BytesRef {
    if (bytes.length > PACKED_SIZE_MAX) {
      this.#large.push(Uint8Array.from(bytes).buffer);
      return [this.#large.length, 0, bytes.length];
    }
    const offset = this.#used;
    const end = offset + bytes.length;
    if (end > this.#packed.length) {
      const larger = new Uint8Array(Math.max(end, this.#packed.length * 2));
      larger.set(this.#packed.subarray(0, offset));
      this.#packed = larger;
    }
    this.#packed.set(bytes, offset);
    this.#used = end;
    return [0, offset, bytes.length];
  }

  /** The buffers of the batch, to be transferred; the parcel is empty again. */
  seal(): ArrayBuffer[] {
    if (this.#used === 0 && this.#large.length === 0) return [];
    const buffers = [this.#packed.buffer.slice(0, this.#used), ...this.#large];
    this.#used = 0;
    this.#large = [];
    if (this.#packed.length > 1024 * 1024) this.#packed = new Uint8Array(16 * 1024);
    return buffers;
  }
}

/** The bytes a reference stands for: a view of the batch's buffer. */
export function bytesAt(buffers: readonly ArrayBuffer[], [buffer, offset, length]: BytesRef): Uint8Array<ArrayBuffer> {
  const from = buffers[buffer];
  return from === undefined ? new Uint8Array(0) : new Uint8Array(from, offset, length);
}
