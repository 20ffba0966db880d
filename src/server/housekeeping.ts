/** What the server does from time to time, whatever the requests. */
import type { Log, Random } from '../base/index.js';

/** The part of the store that needs it. */
interface TidyStore {
  /** Removes uploads begun longer ago than this. */
  expireUploads(olderThanMs: number): Promise<unknown>;
  recover(options: { readonly abandonedMs: number }): Promise<unknown>;
}

const HOUR_MS = 3_600_000;
/** As MinIO: an upload that nobody completed within a day is given up. */
const STALE_UPLOAD_MS = 24 * HOUR_MS;

/** A change that nobody has touched for so long is one of a server that went away: it takes less than a second. */
const ABANDONED_MS = 60_000;

interface HousekeepingOptions {
  readonly random: Random;
  readonly log: Log;
  /** Other servers change objects on this one's drives, and may go away while they do. */
  readonly isShared: boolean;
}

/** Begins; the result stops it and waits for what is under way. */
export function startHousekeeping(store: TidyStore, options: HousekeepingOptions): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const plan = (): void => {
    if (isStopped) return;
    // Servers that were started together shall not all work at the same minute.
    const delayMs = HOUR_MS * (0.75 + options.random.fraction() / 2);
    timer = setTimeout(() => void (running = run()), delayMs);
    timer.unref();
  };
  const run = async (): Promise<void> => {
    try {
      await store.expireUploads(STALE_UPLOAD_MS);
    } catch (error) {
      options.log.warn('removing stale uploads failed; it is tried again in an hour', { reason: error instanceof Error ? error.message : String(error) });
    }
    plan();
  };
  const tidy = async (): Promise<void> => {
    try {
      await store.recover({ abandonedMs: ABANDONED_MS });
    } catch (error) {
      options.log.warn('looking for what other nodes left half done failed; it is tried again in a minute', { reason: error instanceof Error ? error.message : String(error) });
    }
  };
  let tidying: Promise<void> | undefined;
  const tidyTimer = options.isShared ? setInterval(() => void (tidying = tidy()), ABANDONED_MS) : undefined;
  tidyTimer?.unref();
  plan();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    clearInterval(tidyTimer);
    await Promise.all([running, tidying]);
  };
}
