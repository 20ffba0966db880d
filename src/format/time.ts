/** Times as the formats keep them: nanoseconds since 1970, which JavaScript's numbers cannot hold. */

export const NS_PER_SECOND = 1_000_000_000n;
/** Go's zero time, 1 January of year 1: what MinIO writes where there is no time. */
export const ZERO_TIME_NS = -62_135_596_800n * NS_PER_SECOND;

/** Milliseconds since 1970, rounded down; for Go's zero time the negative number that stands for year 1. */
export function nsToMs(ns: bigint): number {
  const ms = ns / 1_000_000n;
  return Number(ns < 0n && ms * 1_000_000n !== ns ? ms - 1n : ms);
}

/** Nanoseconds from milliseconds since 1970; fractions are kept to the microsecond. */
export function msToNs(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n;
}
