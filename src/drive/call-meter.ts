/**
 * How many calls a drive answered, how long they took and how they failed. Counting one is a few additions: the link to
 * the drive's thread takes the time anyway.
 */
import type { DriveErrorCode } from '../base/index.js';

/** Recent figures cover the last one to two of these. */
const WINDOW_MS = 30_000;

export interface CallCounts {
  readonly count: number;
  readonly totalMs: number;
}

export interface DriveCalls {
  /** By MinIO's names of storage calls, since the drive was opened. */
  readonly total: Readonly<Record<string, CallCounts>>;
  /** The same of about the last minute. */
  readonly recent: Readonly<Record<string, CallCounts>>;
  /** Calls under way. */
  readonly waiting: number;
  readonly availabilityErrors: number;
  readonly timeoutErrors: number;
  readonly ioErrors: number;
  /** True where the last change was refused because the file system can be read only. */
  readonly isReadOnly: boolean;
  /** True where the last change found no space. */
  readonly isFull: boolean;
}

interface Tally {
  count: number;
  totalMs: number;
}

type Window = Map<string, Tally>;

export class CallMeter {
  readonly #total: Window = new Map();
  #recent: Window = new Map();
  #before: Window = new Map();
  #windowStartMs = 0;
  #availabilityErrors = 0;
  #timeoutErrors = 0;
  #ioErrors = 0;
  #isReadOnly = false;
  #isFull = false;

  /** @param nowMs by the monotonic clock */
  answered(name: string, elapsedMs: number, nowMs: number): void {
    this.#turn(nowMs);
    add(this.#total, name, elapsedMs);
    add(this.#recent, name, elapsedMs);
    if (CHANGES.has(name)) this.#isReadOnly = this.#isFull = false;
  }

  failed(code: DriveErrorCode | undefined): void {
    switch (code) {
      case 'drive-not-found':
      case 'drive-foreign':
      case 'drive-unformatted':
        this.#availabilityErrors++;
        return;
      case 'drive-timeout':
        this.#timeoutErrors++;
        return;
      case 'drive-faulty':
        this.#ioErrors++;
        return;
      case 'drive-read-only':
        this.#isReadOnly = true;
        return;
      case 'drive-full':
        this.#isFull = true;
        return;
      // Answers, not failures: what was asked for is not there, or not as it should be.
      default:
        return;
    }
  }

  report(waiting: number, nowMs: number): DriveCalls {
    this.#turn(nowMs);
    const recent: Window = new Map();
    for (const window of [this.#before, this.#recent]) {
      for (const [name, { count, totalMs }] of window) {
        const sum = recent.get(name) ?? { count: 0, totalMs: 0 };
        recent.set(name, { count: sum.count + count, totalMs: sum.totalMs + totalMs });
      }
    }
    return {
      total: Object.fromEntries(this.#total),
      recent: Object.fromEntries(recent),
      waiting,
      availabilityErrors: this.#availabilityErrors,
      timeoutErrors: this.#timeoutErrors,
      ioErrors: this.#ioErrors,
      isReadOnly: this.#isReadOnly,
      isFull: this.#isFull,
    };
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#windowStartMs < WINDOW_MS) return;
    // A long pause leaves nothing that is recent.
    this.#before = nowMs - this.#windowStartMs < 2 * WINDOW_MS ? this.#recent : new Map<string, Tally>();
    this.#recent = new Map();
    this.#windowStartMs = nowMs;
  }
}

/** Calls that write: one that succeeds shows that the drive takes writes again. */
const CHANGES: ReadonlySet<string> = new Set(['WriteAll', 'WriteMetadata', 'RenameData', 'CreateFile', 'MakeVol']);

function add(window: Window, name: string, elapsedMs: number): void {
  const tally = window.get(name);
  if (tally === undefined) window.set(name, { count: 1, totalMs: elapsedMs });
  else {
    tally.count++;
    tally.totalMs += elapsedMs;
  }
}
