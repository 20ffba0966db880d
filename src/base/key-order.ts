/**
 * Keys sort by their UTF-8 bytes (S3: ListObjectsV2). JavaScript compares UTF-16 units, which differs only where
 * surrogate pairs (above U+FFFF) meet units from U+E000 to U+FFFF.
 */

/** Negative, 0 or positive as `a` sorts before, with or after `b`. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The smallest key greater than `key`. */
export function keyAfter(key: string): string {
  return `${key}\0`;
}

/** A bound that sorts after every key with this prefix and before all greater keys that lack it. */
export function keyAfterPrefix(prefix: string): string {
  return prefix + '\u{10FFFF}'.repeat(2);
}
