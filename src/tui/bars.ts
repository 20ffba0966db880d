/** Small pictures of numbers. */
const LEVELS = '▁▂▃▄▅▆▇█';

/**
 * The last `width` values as heights, the largest of them at the top; a blank where there is no value. All values are
 * taken to be at least 0.
 */
export function sparkline(values: readonly (number | undefined)[], width: number): string {
  const shown = values.slice(-Math.max(0, width));
  const top = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown.map((value) => (value === undefined ? ' ' : (LEVELS[top === 0 ? 0 : Math.ceil((value / top) * (LEVELS.length - 1))] ?? ' '))).join('').padStart(width);
}

/** `█████░░░`: how much of a whole. */
export function bar(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '█'.repeat(full) + '░'.repeat(Math.max(0, width - full));
}
