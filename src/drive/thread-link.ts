/**
 * The line between a LocalDrive and its thread: batches, deadlines, and what to answer when the thread is stuck or dead.
 */
import { StorageError, type DriveErrorCode, type Tracer } from '../base/index.js';
import { CallMeter, type DriveCalls } from './call-meter.js';
import { MINIO_CALLS, pathOf } from './call-names.js';
import type { DriveState } from './drive.js';
import { bytesAt, Parcel, type Answer, type AnswerBatch, type BytesRef, type CallName, type Calls, type Failure, type Request, type RequestBatch } from './messages.js';

/** Calls under way, all queued in the drive's thread: far more than a server's requests need, and a bound on memory. */
const CALLS_MAX = 16_384;
/** How often a drive that is not online is looked at when nobody calls it. */
const PROBE_INTERVAL_MS = 1000;

/** What answers a drive's calls: a worker, as far as a drive needs to know. */
export interface DriveThread {
  on(event: 'message', listener: (batch: AnswerBatch) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(batch: RequestBatch, transfers: ArrayBuffer[]): void;
  terminate(): Promise<unknown>;
  unref(): void;
}

interface Pending {
  readonly name: CallName;
  deadlineAtMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** What it is about; only where somebody listens. */
  readonly path: string | undefined;
}

export class ThreadLink {
  readonly #pending = new Map<number, Pending>();
  readonly #parcel = new Parcel();
  readonly #meter = new CallMeter();
  #requests: Request[] = [];
  #lastId = 0;
  #state: DriveState = 'online';
  /** The thread has loaded. Until then no call of it can hang, however slowly a busy machine starts it. */
  #isReady = false;
  /** A call ran out of time and no probe has come back since. */
  #isStuck = false;
  /** The probe under way, if any. It may take as long as it takes. */
  #probeId: number | undefined;
  #whenIdle: (() => void) | undefined;
  /** Why no call can be made any more. */
  #end: StorageError | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  readonly #probeTimer: NodeJS.Timeout;

  constructor(
    private readonly worker: DriveThread,
    private readonly drive: string,
    private readonly deadlineMs: number,
    private readonly tracer?: Tracer,
  ) {
    worker.on('message', (batch: AnswerBatch) => this.#receive(batch));
    worker.on('error', (error) => this.#stop('drive-faulty', `the thread of drive ${drive} failed: ${error.message}`));
    worker.on('exit', () => this.#stop('drive-faulty', `the thread of drive ${drive} has ended`));
    this.#probeTimer = setInterval(() => {
      if (this.state !== 'online') this.#probe();
    }, PROBE_INTERVAL_MS);
    this.#probeTimer.unref();
  }

  get state(): DriveState {
    if (this.#end !== undefined) return this.#end.code === 'drive-not-found' ? 'offline' : 'faulty';
    return this.#isStuck ? 'faulty' : this.#state;
  }

  get calls(): DriveCalls {
    return this.#meter.report(this.#pending.size, performance.now());
  }

  /** Copies bytes into the batch that the next calls travel in. */
  pack(bytes: Uint8Array): BytesRef {
    return this.#parcel.add(bytes);
  }

  /** A call with an answer. */
  call<Name extends CallName>(name: Name, args: Calls[Name]['args']): Promise<Calls[Name]['result']> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#send(name, args);
  }

  /** A call that nobody waits for. */
  tell<Name extends CallName>(name: Name, args: Calls[Name]['args']): void {
    if (this.#end === undefined) this.#push([0, name, args] as unknown as Request);
  }

  async close(): Promise<void> {
    if (this.#end?.code === 'drive-not-found') return;
    if (this.#end === undefined && !this.#isStuck) {
      if (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
      // Where the thread fails now there is nothing left to close.
      await this.call('close', []).catch(() => undefined);
    }
    this.#stop('drive-not-found', `drive ${this.drive} was closed`);
    const isEnded = this.worker.terminate();
    // A thread inside a hung system call ends only with that call: neither the caller nor the process waits for it.
    if (this.#isStuck) this.worker.unref();
    else await isEnded;
  }

  #send<Name extends CallName>(name: Name, args: Calls[Name]['args']): Promise<Calls[Name]['result']> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const deadlineAtMs = performance.now() + this.deadlineMs;
      const path = this.tracer?.wants('storage') === true ? pathOf(args) : undefined;
      this.#pending.set(id, { name, deadlineAtMs, resolve: resolve as (value: unknown) => void, reject, path });
      this.#push([id, name, args] as unknown as Request);
      this.#watchDeadline();
    });
  }

  #push(request: Request): void {
    // Not a microtask: requests that answers of this turn give rise to shall travel together.
    if (this.#requests.push(request) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const buffers = this.#parcel.seal();
    const requests = this.#requests;
    this.#requests = [];
    if (this.#end === undefined) this.worker.postMessage({ requests, buffers }, buffers);
  }

  #receive(batch: AnswerBatch): void {
    this.#state = batch.state;
    if (!this.#isReady) {
      this.#isReady = true;
      for (const pending of this.#pending.values()) pending.deadlineAtMs = performance.now() + this.deadlineMs;
      this.#watchDeadline();
    }
    const nowMs = performance.now();
    for (const answer of batch.answers) this.#settle(answer, batch.buffers, nowMs);
  }

  #settle([id, kind, value]: Answer, buffers: readonly ArrayBuffer[], nowMs: number): void {
    if (id === this.#probeId) {
      this.#probeId = undefined;
      if (kind !== 'failure') this.#isStuck = false;
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#whenIdle?.();
    this.#count(pending, nowMs, kind === 'failure' ? value : undefined);
    if (kind === 'value') pending.resolve(value);
    else if (kind === 'bytes') pending.resolve(bytesAt(buffers, value));
    else if (value.code === undefined) pending.reject(new Error(`drive ${this.drive}, ${pending.name}: ${value.message}`));
    else pending.reject(new StorageError(value.code, value.message, { drive: this.drive }));
  }

  /** A call's time and how it ended, for who wants to know. */
  #count({ name, path, deadlineAtMs }: Pending, nowMs: number, failure: Failure | undefined): void {
    const elapsedMs = nowMs - (deadlineAtMs - this.deadlineMs);
    if (failure === undefined) this.#meter.answered(MINIO_CALLS[name], elapsedMs, nowMs);
    else this.#meter.failed(failure.code);
    if (path === undefined) return;
    this.tracer?.publish({
      kind: 'storage',
      name: `storage.${MINIO_CALLS[name]}`,
      startedMs: Date.now() - elapsedMs,
      durationMs: elapsedMs,
      path: path === '' ? this.drive : `${this.drive} ${path}`,
      ...(failure !== undefined && { error: failure.message }),
    });
  }

  #refusal(): StorageError | undefined {
    if (this.#end !== undefined) return this.#end;
    if (this.#isStuck) return this.#error('drive-faulty', `drive ${this.drive} does not answer: a call took longer than ${this.deadlineMs} ms`);
    if (this.#pending.size >= CALLS_MAX) return this.#error('drive-timeout', `drive ${this.drive} has ${CALLS_MAX} calls waiting already`);
    return undefined;
  }

  #watchDeadline(): void {
    if (this.#deadlineTimer !== undefined || !this.#isReady) return;
    const [oldest] = this.#pending.values();
    if (oldest === undefined) return;
    const waitMs = Math.max(0, oldest.deadlineAtMs - performance.now());
    this.#deadlineTimer = setTimeout(() => {
      // Answers that came while this process itself was held up (stopped, asleep) go first.
      setImmediate(() => {
        this.#deadlineTimer = undefined;
        this.#expire();
        this.#watchDeadline();
      });
    }, waitMs + 1);
    // The thread keeps the process alive, not the clock.
    this.#deadlineTimer.unref();
  }

  #expire(): void {
    const now = performance.now();
    for (const [id, pending] of this.#pending) {
      if (pending.deadlineAtMs > now) break;
      this.#pending.delete(id);
      this.#isStuck = true;
      this.#meter.failed('drive-timeout');
      pending.reject(this.#error('drive-timeout', `drive ${this.drive} did not answer ${pending.name} within ${this.deadlineMs} ms: look for a hung file system`));
    }
    if (this.#isStuck) this.#probe();
    if (this.#pending.size === 0) this.#whenIdle?.();
  }

  #probe(): void {
    if (this.#probeId !== undefined || this.#end !== undefined) return;
    this.#probeId = ++this.#lastId;
    this.#push([this.#probeId, 'probe', []]);
  }

  /** Ends everything under way and all that comes later, with one error. */
  #stop(code: DriveErrorCode, message: string): void {
    if (this.#end !== undefined) return;
    this.#end = this.#error(code, message);
    clearInterval(this.#probeTimer);
    clearTimeout(this.#deadlineTimer);
    for (const pending of this.#pending.values()) pending.reject(this.#end);
    this.#pending.clear();
    this.#whenIdle?.();
  }

  #error(code: DriveErrorCode, message: string): StorageError {
    return new StorageError(code, message, { drive: this.drive });
  }
}
