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

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 of a time as Go writes it in JSON, with up to nine fraction digits; undefined where it is none. */
export function rfc3339ToNs(text: string): bigint | undefined {
  const [, seconds = '', fraction = '', zone = ''] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(seconds + zone);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
