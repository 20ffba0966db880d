import { expect, test } from 'vitest';
import { UsageError } from '../../src/base/index.js';
import { parseAgeMs, parseDurationMs, parsePlainDurationMs, parseRewind } from '../../src/client/time-arguments.js';

test.each([
  ['7d10h31s', (7 * 86_400 + 10 * 3600 + 31) * 1000],
  ['1w', 604_800_000],
  ['1y', 365 * 86_400_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
])('%s is a duration', (text, milliseconds) => {
  expect(parseDurationMs(text)).toBe(milliseconds);
});

test.each(['', '7', 'd7', '7x', '7d 10h', '-1h'])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
  expect(() => parseAgeMs(text, '--older-than')).toThrow(UsageError);
});

test('a rewind is a duration back from now, or a time in one of the known forms', () => {
  const nowMs = Date.UTC(2026, 10, 22, 19);
  expect(parseRewind('1h', nowMs).getTime()).toBe(nowMs - 3_600_000);
  expect(parseRewind('2026.11.22', nowMs)).toEqual(new Date(2026, 10, 22));
  expect(parseRewind('2026.11.22T18:01', nowMs)).toEqual(new Date(2026, 10, 22, 18, 1));
  expect(parseRewind('2026.11.22T18:01:02', nowMs)).toEqual(new Date(2026, 10, 22, 18, 1, 2));
  expect(parseRewind('2026-11-22T18:01:02+01:00', nowMs).toISOString()).toBe('2026-11-22T17:01:02.000Z');
  expect(parseRewind('2026-11-22 18:55:35 UTC', nowMs).toISOString()).toBe('2026-11-22T18:55:35.000Z');
});

test('a time without seconds and zone is refused as mc refuses it', () => {
  expect(() => parseRewind('2026-11-22T18:00', 0)).toThrow('unknown format');
});

test('the life of a link knows no days', () => {
  expect(parsePlainDurationMs('168h', 'expire')).toBe(604_800_000);
  expect(() => parsePlainDurationMs('8d', 'expire')).toThrow(UsageError);
});
