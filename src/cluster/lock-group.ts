/**
 * Locks of a cluster: a name is held while a quorum of the nodes that answer for it say so. Requests of one node stand in
 * line in its own process first, so that at most one of them competes with those of other nodes.
 *
 * What the tables grant are leases, which this side renews. It counts each from the moment it asked, the table from when
 * it was asked: a lock is given up here, by a clock that only goes forward, before any table gives it to somebody else.
 */
import { pause, StorageError, type Clock, type Random } from '../base/index.js';
import { LOCK_LEASE_MS, type LockClaim, type LockOwner, type LockVote, type LockVoter } from './lock-table.js';
import { LocalLocker, type LockHandle, type LockMode, type LockRequest, type Locker } from './locks.js';

export interface LockGroupOptions {
  readonly owner: LockOwner;
  /** The nodes that answer for a name: the same, in the same order, on every node; the same array for the same nodes. */
  readonly votersOf: (name: string) => readonly LockVoter[];
  /** All nodes. */
  readonly voters: readonly LockVoter[];
  readonly clock: Clock;
  readonly random: Random;
}

/** How often leases are looked at; they are renewed every `RENEW_TICKS`-th time, which gives several chances before one ends. */
const TICK_MS = 500;
const RENEW_TICKS = 4;
/** A lock ends here so much before it may end elsewhere: longer than a change that was let through takes to arrive. */
const LEASE_MARGIN_MS = 1000;
/** How long a quorum of nodes may fail to answer before the request is told so. */
const SILENCE_MAX_MS = 2500;
/** Waiting in the line of the first node that answers; then the line is joined again. */
const QUEUE_MS = 5000;
/** The other nodes' share of a name that the first one granted: only somebody on his way out can hold it. */
const FOLLOW_MS = 500;
const BACKOFF_MS = 100;

export class LockGroup implements Locker {
  readonly #options: LockGroupOptions;
  readonly #local = new LocalLocker();
  readonly #holds = new Set<Hold>();
  /** Since when too few of these voters answer. */
  readonly #silentSince = new WeakMap<readonly LockVoter[], number>();
  readonly #timer: NodeJS.Timeout;
  #lastNumber = 0;
  #tickNumber = 0;
  #isClosed = false;

  constructor(options: LockGroupOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Throws timed-out where others hold a name all the time, aborted, and write-quorum where too few nodes answer. */
  async acquire(names: readonly string[], mode: LockMode, request: LockRequest): Promise<LockHandle> {
    const deadlineMs = this.#options.clock.monotonicMs() + request.timeoutMs;
    const local = await this.#local.acquire(names, mode, request);
    const holds: Hold[] = [];
    const release = (): void => {
      for (const hold of holds.splice(0)) this.#release(hold);
      local.release();
    };
    try {
      for (const name of names.length === 1 ? names : [...new Set(names)].sort()) holds.push(await this.#hold(name, mode, deadlineMs, request));
    } catch (error) {
      release();
      throw error;
    }
    const held = [...holds];
    const abort = new AbortController();
    for (const hold of held) hold.onLost = () => abort.abort(lost(hold));
    return {
      signal: abort.signal,
      check: () => {
        for (const hold of held) if (!this.#isValid(hold)) throw lost(hold);
      },
      release,
    };
  }

  /** Tells a node at once what is held, as it waits for that when it has just started. */
  renewAt(node: string): void {
    for (const voter of this.#options.voters) if (voter.node === node) void this.#renew(voter);
  }

  /** Gives up all locks, so that nobody has to wait for their leases. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const hold of this.#holds) this.#release(hold);
  }

  async #hold(name: string, mode: LockMode, deadlineMs: number, request: LockRequest): Promise<Hold> {
    const { clock, random } = this.#options;
    const voters = this.#options.votersOf(name);
    const quorum = lockQuorum(voters.length, mode);
    for (;;) {
      if (request.signal?.aborted === true) throw new StorageError('aborted', `the request went away while it waited to lock ${name}`);
      let hold = this.#newHold(name, mode, voters, quorum);
      let tally = await this.#ask(hold, 0);
      if (tally === 'held') {
        const { answered } = hold;
        this.#release(hold);
        hold = this.#newHold(name, mode, voters, quorum);
        tally = await this.#standInLine(hold, answered, Math.min(QUEUE_MS, deadlineMs - clock.monotonicMs()));
      }
      if (tally === 'granted' && this.#isValid(hold)) {
        this.#silentSince.delete(voters);
        return hold;
      }
      this.#release(hold);
      this.#noteSilence(voters, tally);
      const nowMs = clock.monotonicMs();
      if (this.#isClosed || nowMs - (this.#silentSince.get(voters) ?? nowMs) >= SILENCE_MAX_MS) throw unavailable(name, quorum, voters.length);
      if (nowMs >= deadlineMs) throw new StorageError('timed-out', `waited ${request.timeoutMs} ms to ${mode} ${name}, which other requests hold; try again`);
      await pause(BACKOFF_MS * (0.5 + random.fraction()), request.signal);
    }
  }

  #noteSilence(voters: readonly LockVoter[], tally: Tally): void {
    if (tally !== 'unavailable') this.#silentSince.delete(voters);
    else if (!this.#silentSince.has(voters)) this.#silentSince.set(voters, this.#options.clock.monotonicMs());
  }

  /**
   * Somebody has the name: waits in the line of the first node that answered, which is the same for everybody unless nodes
   * are away; who has that node's grant asks the others.
   */
  async #standInLine(hold: Hold, answered: ReadonlySet<LockVoter>, waitMs: number): Promise<Tally> {
    for (const voter of hold.voters) {
      if (!answered.has(voter)) continue;
      const vote = await this.#vote(hold, voter, waitMs);
      if (vote === 'held') return 'held';
      if (vote === 'granted') return this.#ask(hold, FOLLOW_MS);
    }
    return 'unavailable';
  }

  /** Asks the voters that have not granted yet, all at once, and gives the outcome as soon as it is certain. */
  #ask(hold: Hold, waitMs: number): Promise<Tally> {
    const { voters, quorum } = hold;
    return new Promise((resolve) => {
      let granted = hold.until.size;
      let missing = voters.length - granted;
      const look = (): void => {
        if (granted >= quorum) resolve('granted');
        else if (granted + missing < quorum && hold.answered.size >= quorum) resolve('held');
        else if (missing === 0) resolve('unavailable');
      };
      for (const voter of voters) {
        if (hold.until.has(voter)) continue;
        void this.#vote(hold, voter, waitMs).then((vote) => {
          missing--;
          if (vote === 'granted') granted++;
          look();
        });
      }
      look();
    });
  }

  /** undefined where the node does not answer. */
  async #vote(hold: Hold, voter: LockVoter, waitMs: number): Promise<LockVote | undefined> {
    const askedMs = this.#options.clock.monotonicMs();
    hold.asked.add(voter);
    try {
      const vote = await voter.vote(this.#options.owner, hold.claim, waitMs);
      // It began when the table granted it, which is never before it was asked.
      if (vote !== 'starting') hold.answered.add(voter);
      if (vote === 'granted' && !hold.isReleased) hold.until.set(voter, askedMs + LOCK_LEASE_MS);
      return vote;
    } catch {
      return undefined;
    }
  }

  #tick(): void {
    this.#tickNumber = (this.#tickNumber + 1) % RENEW_TICKS;
    if (this.#tickNumber === 0) for (const voter of this.#options.voters) void this.#renew(voter);
    for (const hold of this.#holds) if (hold.onLost !== undefined && !this.#isValid(hold)) hold.onLost();
  }

  async #renew(voter: LockVoter): Promise<void> {
    const askedMs = this.#options.clock.monotonicMs();
    // Those on their way to being held belong to it: the table may have granted them in an earlier life.
    const holds = [...this.#holds].filter((hold) => hold.until.has(voter) || (hold.onLost !== undefined && hold.voters.includes(voter) && this.#isValid(hold)));
    try {
      const gone = new Set(await voter.renew(this.#options.owner, holds.map(({ claim }) => claim)));
      for (const hold of holds) {
        if (hold.isReleased) continue;
        if (gone.has(hold.claim.id)) hold.until.delete(voter);
        else hold.until.set(voter, askedMs + LOCK_LEASE_MS);
      }
    } catch {
      // A node that does not answer renews nothing; enough others do, or the locks are lost.
    }
  }

  /** True while a quorum of leases runs. */
  #isValid(hold: Hold): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    let running = 0;
    for (const untilMs of hold.until.values()) if (untilMs - LEASE_MARGIN_MS > nowMs) running++;
    return running >= hold.quorum && !hold.isReleased;
  }

  #newHold(name: string, mode: LockMode, voters: readonly LockVoter[], quorum: number): Hold {
    const { owner } = this.#options;
    const claim = { id: `${owner.process}/${++this.#lastNumber}`, name, mode };
    const hold: Hold = { claim, voters, quorum, asked: new Set(), answered: new Set(), until: new Map(), isReleased: false, onLost: undefined };
    this.#holds.add(hold);
    return hold;
  }

  #release(hold: Hold): void {
    if (hold.isReleased) return;
    hold.isReleased = true;
    this.#holds.delete(hold);
    for (const voter of hold.asked) voter.release(this.#options.owner, hold.claim);
    hold.until.clear();
  }
}

/** `unavailable`: fewer nodes than the quorum gave an answer. */
type Tally = 'granted' | 'held' | 'unavailable';

/** One name on its way to being held, or held. */
interface Hold {
  readonly claim: LockClaim;
  readonly voters: readonly LockVoter[];
  readonly quorum: number;
  readonly asked: Set<LockVoter>;
  /** Voters that granted or refused it. */
  readonly answered: Set<LockVoter>;
  /** Voters that granted it, and until when at least. */
  readonly until: Map<LockVoter, number>;
  isReleased: boolean;
  onLost: (() => void) | undefined;
}

/** Votes of `count` nodes that make a lock: of a reader's and a writer's, at least one is from the same node, and so of two writers'. */
export function lockQuorum(count: number, mode: LockMode): number {
  const tolerance = Math.floor(count / 2);
  const read = count - tolerance;
  return mode === 'write' && read === tolerance ? read + 1 : read;
}

function lost({ claim, quorum, voters }: Hold): StorageError {
  return new StorageError('write-quorum', `the lock on ${claim.name} was lost: fewer than ${quorum} of ${voters.length} nodes answered in time; nothing was changed, try again`);
}

function unavailable(name: string, quorum: number, count: number): StorageError {
  return new StorageError('write-quorum', `${name} cannot be locked: ${quorum} of ${count} nodes must answer, and fewer do`);
}
