/**
 * Who heals first: the background's work on a set waits here for its turn, a few at once, by priority. Within a priority it is
 * first come, first served.
 */
import { StorageError } from '../../base/index.js';
import type { ErasureSet } from '../../cluster/index.js';

/** What servers need for themselves; what a read noticed; what a drive missed; a new drive; the scanner. */
const PRIORITIES = ['system', 'read', 'journal', 'drive', 'scanner'] as const;
export type HealPriority = (typeof PRIORITIES)[number];

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: StorageError) => void;
}

interface Turns {
  running: number;
  readonly waiting: ReadonlyMap<HealPriority, Waiting[]>;
}

export class HealQueue {
  readonly #sets = new Map<ErasureSet, Turns>();
  #isClosed = false;

  /** `atOnce`: of each set. */
  constructor(private readonly atOnce: number) {}

  /** Resolves with what the work gives, when its turn has come and it is done. Throws aborted when the queue is closed before. */
  async run<T>(set: ErasureSet, priority: HealPriority, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns(set);
    if (this.#isClosed) throw closed();
    if (turns.running >= this.atOnce) {
      await new Promise<void>((resolve, reject) => turns.waiting.get(priority)?.push({ start: resolve, refuse: reject }));
    } else turns.running++;
    try {
      return await work();
    } finally {
      // Whoever is next takes over the turn.
      const next = this.#next(turns);
      if (next === undefined) turns.running--;
      else next.start();
    }
  }

  /** Refuses who waits, and all who come; what is under way ends by itself. */
  close(): void {
    this.#isClosed = true;
    for (const turns of this.#sets.values()) for (let next = this.#next(turns); next !== undefined; next = this.#next(turns)) next.refuse(closed());
  }

  #next({ waiting }: Turns): Waiting | undefined {
    for (const priority of PRIORITIES) {
      const next = waiting.get(priority)?.shift();
      if (next !== undefined) return next;
    }
    return undefined;
  }

  #turns(set: ErasureSet): Turns {
    let turns = this.#sets.get(set);
    if (turns === undefined) {
      turns = { running: 0, waiting: new Map(PRIORITIES.map((priority) => [priority, []])) };
      this.#sets.set(set, turns);
    }
    return turns;
  }
}

function closed(): StorageError {
  return new StorageError('aborted', 'The server stops healing');
}
