/** Waiting, by timers that are handed in. */
import { StorageError } from '../../base/index.js';

/** Calls back once after a delay; gives what cancels it. */
export type Schedule = (callback: () => void, delayMs: number) => () => void;

export const scheduleByTimers: Schedule = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
};

/** Throws aborted. */
export async function sleep(schedule: Schedule, delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(new StorageError('aborted', 'The work was stopped'));
    };
    const cancel = schedule(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Work that is done again and again until it is stopped: a round, a pause, a round. A round that fails is said, and the next one comes all the same. */
export class Rounds {
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    private readonly schedule: Schedule,
    private readonly pauseMs: number,
    private readonly round: (signal: AbortSignal) => Promise<void>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** The first round comes at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.round(signal);
      } catch (error) {
        if (!signal.aborted) this.onFailure(error);
      }
      await sleep(this.schedule, this.pauseMs, signal).catch(() => undefined);
    }
  }
}
