/**
 * Named read/write locks. Several readers or one writer hold a name; who asks first is served first, so that a stream of
 * readers cannot starve a writer.
 */
import { StorageError } from '../base/index.js';

export type LockMode = 'read' | 'write';

export interface LockRequest {
  /** Stops the waiting with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Stops the waiting with `timed-out`. */
  readonly timeoutMs: number;
}

export interface LockHandle {
  /** Aborts when the lock is lost while it is held; a lock inside one process never is. */
  readonly signal: AbortSignal;
  /** Throws write-quorum where the lock is lost. By the clock of now, so surer than the signal in a process that stood still. */
  check(): void;
  /** Harmless when repeated. */
  release(): void;
}

export interface Locker {
  /** Locks all names or none. Throws `timed-out` or `aborted`; nothing is held then. */
  acquire(names: readonly string[], mode: LockMode, request: LockRequest): Promise<LockHandle>;
}

/** Somebody who asked for names and holds those before `next`. */
interface Claim {
  readonly names: readonly string[];
  readonly mode: LockMode;
  next: number;
  granted: () => void;
}

interface NameState {
  readers: number;
  isWritten: boolean;
  /** Claims whose next name this is, in the order they asked. */
  readonly queue: Claim[];
}

const NEVER = new AbortController().signal;

export class LocalLocker implements Locker {
  readonly #states = new Map<string, NameState>();

  /** Names that are held or waited for. */
  get size(): number {
    return this.#states.size;
  }

  async acquire(names: readonly string[], mode: LockMode, request: LockRequest): Promise<LockHandle> {
    if (request.signal?.aborted === true) throw aborted(names);
    // One order for everybody: two claims can then never wait for each other.
    const ordered = names.length === 1 ? names : [...new Set(names)].sort();
    const claim: Claim = { names: ordered, mode, next: 0, granted: () => {} };
    this.#advance(claim);
    if (claim.next < ordered.length) await this.#wait(claim, request);
    let isHeld = true;
    return {
      signal: NEVER,
      check: () => {},
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#releaseFirst(claim, ordered.length);
      },
    };
  }

  /** Takes names until one must be waited for; the claim then stands in that name's queue. */
  #advance(claim: Claim): void {
    for (let name = claim.names[claim.next]; name !== undefined; name = claim.names[claim.next]) {
      const state = this.#stateOf(name);
      if (state.queue.length > 0 || !isFree(state, claim.mode)) {
        state.queue.push(claim);
        return;
      }
      take(state, claim.mode);
      claim.next++;
    }
    claim.granted();
  }

  async #wait(claim: Claim, request: LockRequest): Promise<void> {
    const { signal, timeoutMs } = request;
    await new Promise<void>((resolve, reject) => {
      const stop = (error: StorageError): void => {
        finish();
        this.#withdraw(claim);
        reject(error);
      };
      const onAbort = (): void => stop(aborted(claim.names));
      const timer = setTimeout(() => {
        const waitedFor = claim.names[claim.next] ?? '';
        stop(new StorageError('timed-out', `waited ${timeoutMs} ms to ${claim.mode} ${waitedFor}, which other requests hold; try again`));
      }, timeoutMs);
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      claim.granted = () => {
        finish();
        resolve();
      };
    });
  }

  #withdraw(claim: Claim): void {
    const name = claim.names[claim.next];
    const state = name === undefined ? undefined : this.#states.get(name);
    if (name !== undefined && state !== undefined) {
      state.queue.splice(state.queue.indexOf(claim), 1);
      this.#serve(name, state);
    }
    this.#releaseFirst(claim, claim.next);
  }

  #releaseFirst(claim: Claim, count: number): void {
    for (let index = 0; index < count; index++) {
      const name = claim.names[index] ?? '';
      const state = this.#states.get(name);
      if (state === undefined) continue;
      if (claim.mode === 'write') state.isWritten = false;
      else state.readers--;
      this.#serve(name, state);
    }
  }

  /** Grants the name to those at the head of its queue that can have it now. */
  #serve(name: string, state: NameState): void {
    for (let claim = state.queue[0]; claim !== undefined && isFree(state, claim.mode); claim = state.queue[0]) {
      state.queue.shift();
      take(state, claim.mode);
      claim.next++;
      this.#advance(claim);
    }
    if (state.queue.length === 0 && state.readers === 0 && !state.isWritten) this.#states.delete(name);
  }

  #stateOf(name: string): NameState {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = { readers: 0, isWritten: false, queue: [] };
      this.#states.set(name, state);
    }
    return state;
  }
}

function isFree(state: NameState, mode: LockMode): boolean {
  return !state.isWritten && (mode === 'read' || state.readers === 0);
}

function take(state: NameState, mode: LockMode): void {
  if (mode === 'write') state.isWritten = true;
  else state.readers++;
}

function aborted(names: readonly string[]): StorageError {
  return new StorageError('aborted', `the request went away while it waited to lock ${names[0] ?? 'nothing'}`);
}
