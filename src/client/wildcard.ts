/** Patterns of `find`: `*` is any text, also with slashes, `?` any one character. */

/** True when the whole text fits the pattern. Time grows with the product of both lengths at most. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [p, t, starAt, resumeAt] = [0, 0, -1, 0];
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      starAt = p;
      resumeAt = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (starAt >= 0) {
      p = starAt + 1;
      resumeAt += 1;
      t = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
