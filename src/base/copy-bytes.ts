/**
 * Fills `target` with the first bytes of `source`. Of or into shared memory `set` copies byte by byte where the two are not aligned alike;
 * `fill` with a pattern as long as its target is one plain copy, three times as fast.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array): void {
  if (target.length > 0) Buffer.from(target.buffer, target.byteOffset, target.length).fill(source);
}
