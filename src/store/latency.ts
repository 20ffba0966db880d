/** How long answers take lately, so that a reader knows when one is late. */
const SAMPLES = 128;
const REFRESH_EVERY = 32;
const LATE_MIN_MS = 100;
const LATE_FACTOR = 3;
const LATE_MAX_MS = 5000;

export class Latency {
  readonly #samples: number[] = [];
  #count = 0;
  #lateMs = LATE_MIN_MS;

  /** An answer that has not come after this long is late: max(100 ms, 3 x the 95th percentile), at most 5 s. */
  get lateMs(): number {
    return this.#lateMs;
  }

  add(elapsedMs: number): void {
    this.#samples[this.#count++ % SAMPLES] = elapsedMs;
    if (this.#count % REFRESH_EVERY !== 0) return;
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    // Rounded up so that timers of many requests share one list.
    this.#lateMs = Math.ceil(Math.min(Math.max(LATE_FACTOR * p95, LATE_MIN_MS), LATE_MAX_MS) / 50) * 50;
  }
}
