/**
 * Latencies of millions of requests in a few kilobytes: buckets that grow by about 2 % each.
 */

/** Bucket boundaries grow by this factor, so a percentile is off by at most 2 %. */
const GROWTH = 1.02;
/** The first bucket's upper bound, milliseconds. */
const LEAST_MS = 0.005;
/** The last bucket holds everything above about 5 minutes. */
const BUCKET_COUNT = 910;

const LOG_GROWTH = Math.log(GROWTH);

export class Histogram {
  readonly #counts = new Uint32Array(BUCKET_COUNT);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / LOG_GROWTH);
    const index = Math.min(bucket, BUCKET_COUNT - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
  }

  /** The latency in milliseconds that `fraction` (0..1) of the requests did not exceed; 0 when there are none. */
  percentileMs(fraction: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * fraction));
    let seen = 0;
    for (let index = 0; index < BUCKET_COUNT; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= wanted) return LEAST_MS * GROWTH ** index;
    }
    return 0;
  }
}
