/** What keys do and what letters mean. */
import type { DriveState } from '../client/index.js';
import { DRIVE_MARKS } from './drive-letters.js';
import { line, span, type Line } from './line.js';

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['arrows, j k, b w', 'choose up and down, left and right'],
  ['g G, ctrl-d ctrl-u', 'first, last, half a page down, up'],
  ['tab, shift-tab', 'next panel, panel before'],
  ['enter', 'this panel on the whole screen, and back'],
  ['/', 'show only what holds all these words; esc shows everything'],
  ['h', 'heal the chosen set, drive (with its set) or bucket; asks first'],
  ['t', 'live trace of S3 requests, and back'],
  ['?', 'this help, and back'],
  ['q, ctrl-c', 'quit'],
];
const KEY_COLUMNS = 20;
const MEANINGS: Readonly<Record<DriveState, string>> = {
  online: 'online', offline: 'offline', healing: 'healing', unformatted: 'unformatted', foreign: 'of another deployment', doubled: 'doubled', misplaced: 'misplaced', full: 'full',
  'read-only': 'read-only', slow: 'slow', faulty: 'faulty (errors)', corrupt: 'corrupt', unknown: 'unknown',
};
const LETTER_COLUMNS = 26;

export function helpLines(width: number): Line[] {
  const letters = Object.entries(MEANINGS).map(([state, meaning]): Line => {
    const { letter, tone } = DRIVE_MARKS[state as DriveState];
    return [span(`${letter} `, tone), span(meaning.padEnd(LETTER_COLUMNS - 2))];
  });
  const perLine = Math.max(1, Math.floor(width / LETTER_COLUMNS));
  return [
    ...KEYS.map(([keys, meaning]): Line => [span(keys.padEnd(KEY_COLUMNS), 'accent'), span(meaning)]),
    line(''),
    line('Letters of drives; the number is how full they are, in the map of a healing drive how far it is healed', 'strong'),
    ...Array.from({ length: Math.ceil(letters.length / perLine) }, (_, index) => letters.slice(index * perLine, (index + 1) * perLine).flat()),
  ];
}
