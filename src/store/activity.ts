/** What requests do, as the background sees it: it keeps out of their way, and need not look where nothing changed. */
import type { Clock } from '../base/index.js';

/** A request this long ago still counts. */
const BUSY_MS = 1000;

export class Activity {
  #lastMs = Number.NEGATIVE_INFINITY;
  #changes = 0;

  constructor(private readonly clock: Clock) {}

  get isBusy(): boolean {
    return this.clock.monotonicMs() - this.#lastMs < BUSY_MS;
  }

  /** Changes since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** The same call, noted each time it is made. */
  reading<Args extends readonly unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
    return (...args) => {
      this.#lastMs = this.clock.monotonicMs();
      return call(...args);
    };
  }

  changing<Args extends readonly unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
    const noted = this.reading(call);
    return (...args) => {
      this.#changes++;
      return noted(...args);
    };
  }
}
