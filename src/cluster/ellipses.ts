/**
 * Ranges in drive arguments: `{1...4}`, `{01...16}`, `{a...f}`. Decimal, or hexadecimal where a bound is no decimal number;
 * labels are padded to the width of the end when the start or the end has a leading zero. The leftmost range of an
 * argument varies fastest, so that neighbours lie on different hosts. As RELEASE.2025-10-15 expands them.
 */
import { UsageError } from '../base/index.js';

/** More drives than any machine room has: a slip of the finger must not fill the memory. */
const DRIVES_MAX = 65_536;
const RANGE = /\{([0-9a-z]*)\.\.\.([0-9a-z]*)\}/;
const SYNTAX_HINT = 'write a range as {N...M} with three dots, N not above M, for instance /mnt/drive{1...4}';

interface Expansion {
  readonly labels: readonly string[];
  /** Length of the leftmost range. */
  readonly leftmostLength: number;
}

/** True where the argument is meant to hold a range, well formed or not. */
export function hasRange(argument: string): boolean {
  return /[{}]|\.\.\./.test(argument);
}

/** All drives an argument with ranges stands for. Throws a UsageError where a range is malformed. */
export function expandRanges(argument: string): Expansion {
  const fixed: string[] = [];
  const ranges: string[][] = [];
  let rest = argument;
  for (let match = RANGE.exec(rest); match !== null; match = RANGE.exec(rest)) {
    fixed.push(rest.slice(0, match.index));
    ranges.push(rangeLabels(argument, match[1] ?? '', match[2] ?? ''));
    rest = rest.slice(match.index + match[0].length);
    const count = ranges.reduce((product, range) => product * range.length, 1);
    if (count > DRIVES_MAX) throw new UsageError(`"${argument}" stands for ${count} drives, more than the ${DRIVES_MAX} that are possible`, 'check the ranges');
  }
  const [leftmost] = ranges;
  if (leftmost === undefined || [...fixed, rest].some(hasRange)) {
    throw new UsageError(`"${argument}" holds a range that cannot be read`, SYNTAX_HINT);
  }
  let labels = [''];
  // Built from the right, each step putting the range further left inside: it then varies fastest.
  for (let index = ranges.length - 1; index >= 0; index--) {
    const tail = index === ranges.length - 1 ? rest : (fixed[index + 1] ?? '');
    labels = labels.flatMap((right) => (ranges[index] ?? []).map((label) => label + tail + right));
  }
  return { labels: labels.map((label) => (fixed[0] ?? '') + label), leftmostLength: leftmost.length };
}

function rangeLabels(argument: string, startText: string, endText: string): string[] {
  const start = boundOf(argument, startText);
  const end = boundOf(argument, endText);
  if (start.value > end.value) {
    throw new UsageError(`the range {${startText}...${endText}} in "${argument}" starts above its end`, SYNTAX_HINT);
  }
  if (end.value - start.value >= DRIVES_MAX) {
    throw new UsageError(`the range {${startText}...${endText}} in "${argument}" has more than ${DRIVES_MAX} members`, 'check the range');
  }
  const isPadded = (startText.length > 1 && startText.startsWith('0')) || endText.startsWith('0');
  const radix = start.isHex || end.isHex ? 16 : 10;
  return Array.from({ length: end.value - start.value + 1 }, (_, index) => {
    const label = (start.value + index).toString(radix);
    return isPadded ? label.padStart(endText.length, '0') : label;
  });
}

/** Each bound for itself is decimal or else hexadecimal: {8...c} is 8 to 12, written 8, 9, a, b, c. */
function boundOf(argument: string, text: string): { readonly value: number; readonly isHex: boolean } {
  if (/^\d{1,15}$/.test(text)) return { value: Number(text), isHex: false };
  if (/^[0-9a-f]{1,12}$/.test(text)) return { value: Number.parseInt(text, 16), isHex: true };
  throw new UsageError(`"${text}" in the range of "${argument}" is neither a decimal nor a hexadecimal number`, SYNTAX_HINT);
}
