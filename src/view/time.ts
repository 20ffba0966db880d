/** Times as mc shows them. */
const two = (value: number): string => String(value).padStart(2, '0');

let zone: { readonly offset: number; readonly name: string } | undefined;

/** The zone's short name; asking Intl is slow, so once per offset. */
function zoneName(date: Date): string {
  const offset = date.getTimezoneOffset();
  if (zone?.offset !== offset) {
    const isUtc = offset === 0 && (process.env['TZ'] ?? 'UTC') === 'UTC';
    const named = isUtc ? undefined : new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
    zone = { offset, name: named?.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC' };
  }
  return zone.name;
}

/** `2026-11-22 18:55:35 UTC`, in the local zone. */
export function formatTime(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zoneName(date)}`;
}

/** RFC 3339 in UTC without trailing zeros of the fraction, as JSON output has it: `2026-11-22T18:55:35.94Z`. */
export function formatJsonTime(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, 'Z');
}

/** `7 days 0 hours 0 minutes 0 seconds`. */
export function formatLongDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const count = (value: number, word: string): string => `${value} ${word}${value === 1 ? '' : 's'}`;
  const all = [
    count(Math.floor(seconds / 86_400), 'day'), count(Math.floor(seconds / 3600) % 24, 'hour'),
    count(Math.floor(seconds / 60) % 60, 'minute'), count(seconds % 60, 'second'),
  ];
  return all.slice(all.findIndex((text) => !text.startsWith('0 '))).join(' ') || '0 seconds';
}
