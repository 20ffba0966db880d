/**
 * The wildcards of `--exclude` and its like: `*` and `?` over the whole text, slashes included.
 */

/** Compiles a pattern; everything but `*` and `?` stands for itself. */
export function compilePattern(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

/** True when one of the patterns matches the whole name. */
export function matchesAny(patterns: readonly RegExp[], name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}
