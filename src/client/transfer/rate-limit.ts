/**
 * A ceiling on bytes per second that all streams of one direction share.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSize } from './parts.js';

export class RateLimit {
  /** The moment at which everything granted so far has been paid for, on the `performance.now()` clock. */
  #paidUntilMs = 0;

  /** @param bytesPerSecond above 0 */
  constructor(readonly bytesPerSecond: number) {}

  /** Resolves when `count` more bytes may pass. */
  async take(count: number, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const start = Math.max(this.#paidUntilMs, now);
    this.#paidUntilMs = start + (count / this.bytesPerSecond) * 1000;
    // Timers are coarse: debts below 5 ms are carried over instead of slept.
    const waitMs = this.#paidUntilMs - now;
    if (waitMs > 5) await sleep(waitMs, undefined, { signal });
  }
}

/** The limit that a flag like `10MiB` asks for, or undefined without one. */
export function parseRateLimit(text: string | undefined, flag: string): RateLimit | undefined {
  if (text === undefined || text === '') return undefined;
  const bytesPerSecond = parseSize(text.replace(/\/s$/, ''), flag);
  return bytesPerSecond > 0 ? new RateLimit(bytesPerSecond) : undefined;
}
