/** Any k of n shards: the preferred ones are asked first, and each that fails or is late is answered for by the next. */
import { StorageError } from '../base/index.js';
import type { Latency } from './latency.js';

export interface RaceEntrant {
  /** Set where it was late or gave something damaged: others are preferred from then on. */
  isSlow: boolean;
  /** Set by the attempt where it failed for good: it is not asked again. */
  failure: unknown;
}

/**
 * Runs `attempt` on entrants in order until `needed` of them succeeded; gives those. Attempts still under way when this resolves go on; their memory stays theirs. Throws read-quorum when
 * too few are left, with what happened to each.
 */
export function raceShards<Entrant extends RaceEntrant>(
  needed: number,
  entrants: readonly Entrant[],
  attempt: (entrant: Entrant) => Promise<void>,
  latency: Latency,
): Promise<Entrant[]> {
  const usable = entrants.filter((entrant) => entrant.failure === undefined);
  const queue = [...usable.filter((entrant) => !entrant.isSlow), ...usable.filter((entrant) => entrant.isSlow)];
  const good: Entrant[] = [];
  const failures = entrants.flatMap(({ failure }): unknown[] => (failure === undefined ? [] : [failure]));
  const running = new Set<Entrant>();
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const finish = (act: () => void): void => {
      isOver = true;
      clearTimeout(timer);
      act();
    };
    const start = (): boolean => {
      const entrant = queue.shift();
      if (entrant === undefined) return false;
      running.add(entrant);
      const startedMs = performance.now();
      attempt(entrant).then(
        () => {
          latency.add(performance.now() - startedMs);
          running.delete(entrant);
          if (isOver) return;
          good.push(entrant);
          if (good.length === needed) finish(() => resolve(good));
        },
        (error: unknown) => {
          failures.push(error);
          running.delete(entrant);
          if (!isOver && !start() && good.length + running.size < needed) finish(() => reject(tooFew(needed, good.length, entrants.length, failures)));
        },
      );
      return true;
    };
    const watch = (): void => {
      timer = setTimeout(() => {
        for (const entrant of running) entrant.isSlow = true;
        for (let late = running.size; late > 0 && start(); late--);
        if (queue.length > 0) watch();
      }, latency.lateMs);
    };
    for (let i = 0; i < needed; i++) start();
    if (running.size < needed) {
      isOver = true;
      reject(tooFew(needed, 0, entrants.length, failures));
    } else if (queue.length > 0) watch();
  });
}

function tooFew(needed: number, good: number, count: number, failures: readonly unknown[]): StorageError {
  return new StorageError('read-quorum', `${needed} shards are needed to read on; ${good} are good, ${failures.length} of ${count} are missing or damaged`, {
    cause: new AggregateError(failures),
  });
}
