/** Byte counts as mc shows them: powers of 1024, one decimal below ten, none above. */
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `19 MiB`, `2.9 KiB`, `12 B`. */
export function formatSize(bytes: number): string {
  return parts(bytes).join(' ');
}

/** Right-aligned in six columns, without a blank: ` 19MiB`. */
export function formatListingSize(bytes: number): string {
  return parts(bytes).join('').padStart(6);
}

/** `19MiB`: for `du`. */
export function formatTightSize(bytes: number): string {
  return parts(bytes).join('');
}

/** Two decimals, as transfers show it: `19.08 MiB`, `12 B`. */
export function formatPreciseSize(bytes: number): string {
  const power = powerOf(bytes);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(2)} ${UNITS[power] ?? 'B'}`;
}

function powerOf(bytes: number): number {
  let power = 0;
  for (let rest = bytes; rest >= 1024 && power < UNITS.length - 1; rest /= 1024) power += 1;
  return power;
}

function parts(bytes: number): [count: string, unit: string] {
  const power = powerOf(bytes);
  const value = bytes / 1024 ** power;
  const isShort = power > 0 && value < 9.95;
  return [isShort ? value.toFixed(1) : String(Math.round(value)), UNITS[power] ?? 'B'];
}
