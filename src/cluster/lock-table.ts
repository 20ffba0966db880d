/**
 * One node's word on locks: who holds which name, for how long, and who waits for it. It lives in memory. Grants are
 * leases: who does not renew loses them, so that a node that died leaves nothing locked.
 *
 * A table that has just begun to exist has forgotten what it granted in an earlier life, so it grants nothing new until
 * every other node has told it what it holds, or until one lease has passed: by then, no grant of that life is worth
 * anything (docs/architecture.md, "How a change is kept to one node").
 */
import type { Clock } from '../base/index.js';
import type { LockMode } from './locks.js';

/** How long a grant lasts unless it is renewed. Longer than it takes to find a peer dead, shorter than people wait. */
export const LOCK_LEASE_MS = 9000;

/** A writer that was refused comes back within this, or has given up. */
const KEPT_FOR_WRITER_MS = 2000;

/** One process of one node: a node that starts again is another owner. */
export interface LockOwner {
  /** `host:port`. */
  readonly node: string;
  readonly process: string;
}

export interface LockClaim {
  /** Unique among all owners. */
  readonly id: string;
  readonly name: string;
  readonly mode: LockMode;
}

/** `starting`: the table does not yet know what it granted before its node started. */
export type LockVote = 'granted' | 'held' | 'starting';

/** A node's table, in this process or across the wire. Calls reject where the node does not answer. */
export interface LockVoter {
  readonly node: string;
  /** Grants the claim, or refuses it after having waited for others to release the name for up to `waitMs`. */
  vote(owner: LockOwner, claim: LockClaim, waitMs: number): Promise<LockVote>;
  /** Releases a claim, or stops its waiting. Nobody waits for it: a lost release ends with the lease. */
  release(owner: LockOwner, claim: LockClaim): void;
  /** Renews all that an owner holds, and gives the ids of claims that others have by now. Also says that the owner lives. */
  renew(owner: LockOwner, claims: readonly LockClaim[]): Promise<readonly string[]>;
}

export interface LockTableOptions {
  readonly node: string;
  /** The other nodes. */
  readonly peers: readonly string[];
  readonly clock: Clock;
}

interface Grant {
  readonly owner: LockOwner;
  readonly claim: LockClaim;
  expiresMs: number;
}

interface Waiter {
  readonly owner: LockOwner;
  readonly claim: LockClaim;
  answer(vote: LockVote): void;
}

interface NameState {
  readonly grants: Map<string, Grant>;
  /** In the order they asked; a writer that waits keeps later readers out. */
  readonly queue: Waiter[];
  /** Until then readers are refused: a writer waits for the name, in the line of another node perhaps. */
  keptForWriterMs: number;
  /** Looks again when a grant expires that somebody waits for. */
  timer: NodeJS.Timeout | undefined;
}

export class LockTable implements LockVoter {
  readonly node: string;
  readonly #clock: Clock;
  readonly #names = new Map<string, NameState>();
  /** Nodes that have not yet said what they hold. */
  readonly #unheard: Set<string>;
  readonly #opensMs: number;

  constructor({ node, peers, clock }: LockTableOptions) {
    this.node = node;
    this.#clock = clock;
    this.#unheard = new Set(peers);
    this.#opensMs = clock.monotonicMs() + LOCK_LEASE_MS;
  }

  /** Names that are held or waited for. */
  get size(): number {
    return this.#names.size;
  }

  async vote(owner: LockOwner, claim: LockClaim, waitMs: number): Promise<LockVote> {
    if (!this.#isOpen) return 'starting';
    const state = this.#stateOf(claim.name);
    dropEarlierLives(state, owner);
    this.#dropExpired(state);
    const isKept = claim.mode === 'read' && this.#clock.monotonicMs() < state.keptForWriterMs;
    if (state.queue.length === 0 && isFree(state, claim) && !isKept) {
      this.#grant(state, owner, claim);
      return 'granted';
    }
    if (claim.mode === 'write') state.keptForWriterMs = this.#clock.monotonicMs() + KEPT_FOR_WRITER_MS;
    if (waitMs <= 0) return 'held';
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#leaveQueue(state, waiter);
        resolve('held');
      }, waitMs);
      const waiter: Waiter = {
        owner,
        claim,
        answer: (vote) => {
          clearTimeout(timer);
          resolve(vote);
        },
      };
      state.queue.push(waiter);
      this.#serve(claim.name, state);
    });
  }

  release(_owner: LockOwner, { id, name }: LockClaim): void {
    const state = this.#names.get(name);
    if (state === undefined) return;
    state.grants.delete(id);
    const waiter = state.queue.find(({ claim }) => claim.id === id);
    if (waiter !== undefined) {
      waiter.answer('held');
      this.#leaveQueue(state, waiter);
    }
    this.#serve(name, state);
  }

  renew(owner: LockOwner, claims: readonly LockClaim[]): Promise<readonly string[]> {
    for (const [name, state] of this.#names) {
      dropEarlierLives(state, owner);
      this.#serve(name, state);
    }
    const lost = claims.filter((claim) => {
      const state = this.#stateOf(claim.name);
      this.#dropExpired(state);
      // A claim that this table does not know is one that it forgot, as long as nobody else has the name.
      if (!state.grants.has(claim.id) && !isFree(state, claim)) return true;
      this.#grant(state, owner, claim);
      return false;
    });
    this.#unheard.delete(owner.node);
    return Promise.resolve(lost.map(({ id }) => id));
  }

  /** Ends all waiting. */
  close(): void {
    for (const state of this.#names.values()) {
      clearTimeout(state.timer);
      for (const waiter of state.queue.splice(0)) waiter.answer('held');
    }
    this.#names.clear();
  }

  get #isOpen(): boolean {
    return this.#unheard.size === 0 || this.#clock.monotonicMs() >= this.#opensMs;
  }

  #grant(state: NameState, owner: LockOwner, claim: LockClaim): void {
    if (claim.mode === 'write') state.keptForWriterMs = 0;
    state.grants.set(claim.id, { owner, claim, expiresMs: this.#clock.monotonicMs() + LOCK_LEASE_MS });
  }

  #dropExpired(state: NameState): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { expiresMs }] of state.grants) if (expiresMs <= nowMs) state.grants.delete(id);
  }

  #leaveQueue(state: NameState, waiter: Waiter): void {
    const index = state.queue.indexOf(waiter);
    if (index >= 0) state.queue.splice(index, 1);
    this.#serve(waiter.claim.name, state);
  }

  /** Grants the name to those at the head of its queue that can have it, and sees to it that the next ones get their turn. */
  #serve(name: string, state: NameState): void {
    this.#dropExpired(state);
    for (let waiter = state.queue[0]; waiter !== undefined && isFree(state, waiter.claim); waiter = state.queue[0]) {
      state.queue.shift();
      this.#grant(state, waiter.owner, waiter.claim);
      waiter.answer('granted');
    }
    clearTimeout(state.timer);
    state.timer = undefined;
    if (state.queue.length > 0) {
      const firstMs = Math.min(...[...state.grants.values()].map(({ expiresMs }) => expiresMs));
      state.timer = setTimeout(() => this.#serve(name, state), Math.max(1, firstMs - this.#clock.monotonicMs()));
    } else if (state.grants.size === 0) this.#names.delete(name);
  }

  #stateOf(name: string): NameState {
    let state = this.#names.get(name);
    if (state === undefined) {
      state = { grants: new Map(), queue: [], keptForWriterMs: 0, timer: undefined };
      this.#names.set(name, state);
    }
    return state;
  }
}

function isFree(state: NameState, claim: LockClaim): boolean {
  for (const grant of state.grants.values()) if (grant.claim.id !== claim.id && (claim.mode === 'write' || grant.claim.mode === 'write')) return false;
  return true;
}

/** A node that runs as another process now cannot hold what its earlier one held. */
function dropEarlierLives(state: NameState, owner: LockOwner): void {
  for (const [id, grant] of state.grants) if (grant.owner.node === owner.node && grant.owner.process !== owner.process) state.grants.delete(id);
}
