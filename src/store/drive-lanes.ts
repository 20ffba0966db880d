/**
 * Order and limits of what a set's drives are asked to change. Changes of one object on one drive follow each other even
 * when a write was answered before its slowest drive was done, and a drive that does not keep up is left out instead of
 * piling up work or holding up the others.
 */
import { StorageError } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import type { Outcome } from './quorum.js';

/** Changes that may wait for a drive that is behind the others; it misses the next ones. */
const PENDING_MAX = 512;

/** One drive's unfinished changes, by object; the last of each object. */
interface Lane {
  readonly last: Map<string, Promise<void>>;
  pending: number;
  /** Changes that were answered without this drive and are still under way on it. */
  overdue: number;
}

export class DriveLanes {
  readonly #lanes = new WeakMap<Drive, Lane>();

  /** True while the drive has not finished something that others finished long ago: do not wait for it. */
  isOverdue(drive: Drive): boolean {
    return this.#lane(drive).overdue > 0;
  }

  /** Runs a change of an object on a drive, after earlier changes of that object there. The work must end by itself. */
  run(drive: Drive, object: string, work: () => Promise<void>): void {
    const lane = this.#lane(drive);
    lane.pending++;
    const before = lane.last.get(object);
    const done = (before === undefined ? work() : before.then(work))
      .catch(() => undefined)
      .then(() => {
        lane.pending--;
        if (lane.last.get(object) === done) lane.last.delete(object);
      });
    lane.last.set(object, done);
  }

  /** The change of an object that is under way on a drive, the last one of several; it ends by itself. */
  underWay(drive: Drive, object: string): Promise<void> | undefined {
    return this.#lane(drive).last.get(object);
  }

  /** Throws drive-not-found or drive-timeout where the drive should not be asked. */
  refuse(drive: Drive | undefined): StorageError | undefined {
    if (drive?.state !== 'online') {
      const state = drive?.state ?? 'missing';
      return new StorageError('drive-not-found', `The drive is ${state}`, { drive: drive?.endpoint });
    }
    const { pending, overdue } = this.#lane(drive);
    if (overdue === 0 || pending < PENDING_MAX) return undefined;
    return new StorageError('drive-timeout', `The drive is ${PENDING_MAX} changes behind`, { drive: drive.endpoint });
  }

  /** Counts the drive as overdue until `done` settles. */
  markOverdue(drive: Drive, done: Promise<unknown>): void {
    const lane = this.#lane(drive);
    lane.overdue++;
    const finish = (): void => {
      lane.overdue--;
    };
    done.then(finish, finish);
  }

  /** Resolves when the changes of a volume's objects that are under way now have ended; they end by themselves. */
  async settled(drives: readonly (Drive | undefined)[], volume: string): Promise<void> {
    const underWay = drives.flatMap((drive) => (drive === undefined ? [] : [...this.#lane(drive).last]));
    await Promise.all(underWay.flatMap(([object, change]) => (object.startsWith(`${volume}/`) ? [change] : [])));
  }

  /** Resolves when nothing is under way on these drives any more. */
  async idle(drives: readonly (Drive | undefined)[]): Promise<void> {
    for (const drive of drives) {
      while (drive !== undefined && this.#lane(drive).last.size > 0) await Promise.all(this.#lane(drive).last.values());
    }
  }

  #lane(drive: Drive): Lane {
    let lane = this.#lanes.get(drive);
    if (lane === undefined) {
      lane = { last: new Map(), pending: 0, overdue: 0 };
      this.#lanes.set(drive, lane);
    }
    return lane;
  }
}

/** A promise's outcome as a value; it never rejects. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    return { ok: false, error };
  }
}

export interface Patience {
  /** The least time that a drive has after the others reached the quorum. */
  readonly graceMinMs: number;
  readonly graceMaxMs: number;
  /** False: outcome i is not waited for once there is a quorum. */
  readonly isWaitedFor: (index: number) => boolean;
}

/** For calls that a late drive goes on with by itself. */
export const SHORT_GRACE = { graceMinMs: 100, graceMaxMs: 1000 } as const;
/** For calls after which a late drive is given up. */
export const LONG_GRACE = { graceMinMs: 2000, graceMaxMs: 5000 } as const;

/**
 * Waits until every outcome is there, or until `quorum` of them are good (or none can be any more) and those still missing
 * had three times as long as that took, within the limits. A missing outcome is undefined.
 */
export async function gather<T>(votes: readonly Promise<Outcome<T>>[], quorum: number, patience: Patience): Promise<(Outcome<T> | undefined)[]> {
  const outcomes: (Outcome<T> | undefined)[] = votes.map(() => undefined);
  const startedMs = performance.now();
  let missing = votes.length;
  let good = 0;
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve) => {
    const look = (): void => {
      if (missing > 0) {
        if ((good < quorum && good + missing >= quorum) || timer !== undefined) return;
        if (outcomes.some((outcome, i) => outcome === undefined && patience.isWaitedFor(i))) {
          const graceMs = Math.min(Math.max(2 * (performance.now() - startedMs), patience.graceMinMs), patience.graceMaxMs);
          timer = setTimeout(() => resolve([...outcomes]), graceMs);
          return;
        }
      }
      clearTimeout(timer);
      resolve([...outcomes]);
    };
    votes.forEach((vote, i) => {
      void vote.then((outcome) => {
        outcomes[i] = outcome;
        missing--;
        if (outcome.ok) good++;
        look();
      });
    });
    if (missing === 0) look();
  });
}
