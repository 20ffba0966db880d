/** Times as people type them: `7d10h31s` back from now, a date, or a time as listings print it. */
import { UsageError } from '../base/index.js';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000,
};

const PIECE = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w|y)/g;

/**
 * Reads `7d10h31s`; units ns, us, ms, s, m, h, d, w (7 days), y (365 days).
 * @returns milliseconds, or undefined when the text is no such duration.
 */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w|y))+$/.test(text)) return undefined;
  return [...text.matchAll(PIECE)].reduce((sum, [, count = '0', unit = 'ms']) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
}

/** Formats with a zone of their own, or none, which means the local zone. */
const FORMATS: readonly RegExp[] = [
  /^(\d{4})\.(\d{2})\.(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?)?$/,
  /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?: (?!UTC)[A-Z]{1,5})?$/,
];

/**
 * Reads the time of `--rewind`: a duration back from now, `2006.01.02`, `2006.01.02T15:04`, `2006.01.02T15:04:05`, RFC 3339,
 * or a listing's `2006-01-02 15:04:05 UTC`. Throws UsageError.
 */
export function parseRewind(text: string, nowMs: number): Date {
  const duration = parseDurationMs(text);
  if (duration !== undefined) return new Date(nowMs - duration);
  for (const format of FORMATS) {
    const match = format.exec(text);
    if (match !== null) {
      const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map((field) => Number(field ?? 0));
      return new Date(year, month - 1, day, hour, minute, second);
    }
  }
  const isListed = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC$/.test(text);
  const isRfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = isListed ? Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) : isRfc3339 ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(`Unable to parse the time \`${text}\`: unknown format.`, 'Write 7d10h, 2006.01.02, 2006.01.02T15:04:05 or an RFC 3339 time.');
  }
  return new Date(time);
}

/** Reads `--older-than` and `--newer-than`; `flag` names it in the message. Throws UsageError. */
export function parseAgeMs(text: string, flag: string): number {
  const duration = parseDurationMs(text);
  if (duration === undefined) throw new UsageError(`Unable to parse ${flag}=\`${text}\`.`, 'Write a duration such as 7d10h31s.');
  return duration;
}

/** Reads `168h30m5s`, as `share --expire` takes it: h, m and s only. Throws UsageError. */
export function parsePlainDurationMs(text: string, flag: string): number {
  const duration = /[dwy]/.test(text) ? undefined : parseDurationMs(text);
  if (duration === undefined) throw new UsageError(`Unable to parse ${flag}=\`${text}\`.`, 'Write a duration such as 168h or 30m; days are not a unit here.');
  return duration;
}
