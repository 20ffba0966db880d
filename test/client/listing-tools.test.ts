import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareListings } from '../../src/client/compare.js';
import { sumFolders } from '../../src/client/disk-usage.js';
import { expandFormat, makeFilter, splitCommand } from '../../src/client/find.js';
import { FirstLines } from '../../src/client/first-lines.js';
import type { Listed } from '../../src/client/list.js';
import { matchesWildcard } from '../../src/client/wildcard.js';

const file = (name: string, sizeBytes = 1, modifiedAt = new Date(0)): Listed => ({
  type: 'file', name, key: name, bucket: 'b', sizeBytes, modifiedAt, etag: '', storageClass: '', versionOrdinal: 1,
});
// eslint-disable-next-line @typescript-eslint/require-await
async function* from(...entries: Listed[]): AsyncGenerator<Listed> {
  yield* entries;
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

test('sizes add up per folder, children before parents', async () => {
  const usage = await all(sumFolders(from(file('a', 1), file('d/a', 2), file('d/x/b', 4), file('e/c', 8)), Infinity));
  expect(usage.map(({ path, sizeBytes, count }) => [path, sizeBytes, count])).toEqual([['d/x', 4, 1], ['d', 6, 2], ['e', 8, 1], ['', 15, 4]]);
});

test('a depth hides folders but not their sizes', async () => {
  const usage = await all(sumFolders(from(file('d/x/b', 4), file('e/c', 8)), 2));
  expect(usage.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([['d', 4], ['e', 8], ['', 12]]);
  expect(await all(sumFolders(from(file('d/x/b', 4)), 1))).toEqual([{ path: '', sizeBytes: 4, count: 1 }]);
});

test('the sum of a listing is the sum of its sizes whatever the folders', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[ab](\/[ab]){0,3}$/), { maxLength: 20 });
  await fc.assert(fc.asyncProperty(names, fc.integer({ min: 1, max: 4 }), async (keys, depth) => {
    const usage = await all(sumFolders(from(...keys.sort().map((key, index) => file(key, index))), depth));
    expect(usage.at(-1)).toEqual({ path: '', sizeBytes: keys.reduce((sum, _key, index) => sum + index, 0), count: keys.length });
  }), { numRuns: 200 });
});

test('two listings differ by name, size and a later first side', async () => {
  const later = new Date(10);
  const differences = await all(compareListings(
    from(file('a'), file('b', 2), file('c', 1, later), file('e')),
    from(file('b', 3), file('c'), file('d'), file('e', 1, later)),
  ));
  expect(differences.map(({ first, second, code }) => [first?.name, second?.name, code])).toEqual([
    ['a', undefined, 5], ['b', 'b', 2], ['c', 'c', 7], [undefined, 'd', 6],
  ]);
});

test.each([
  ['*.txt', 'a/b.txt', true], ['?.txt', 'ab.txt', false], ['*a*b*', 'xxaxxbxx', true], ['', '', true], ['*', '', true], ['a*b', 'acd', false],
])('the pattern %j against %j: %s', (pattern, text, fits) => {
  expect(matchesWildcard(pattern, text)).toBe(fits);
});

test('patterns say the same as the regular expressions they stand for', () => {
  fc.assert(fc.property(fc.stringMatching(/^[ab*?]{0,8}$/), fc.stringMatching(/^[ab]{0,10}$/), (pattern, text) => {
    const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
    expect(matchesWildcard(pattern, text)).toBe(regex.test(text));
  }), { numRuns: 2000 });
});

test('a pattern of many stars does not hang', () => {
  expect(matchesWildcard('*a'.repeat(30) + 'b', 'a'.repeat(5000))).toBe(false);
});

test('find filters by base name, whole name, size and age', () => {
  const entry = file('d/a.txt', 100, new Date(1000));
  const fits = (filter: Parameters<typeof makeFilter>[0]): boolean => makeFilter(filter)('loc/b/d/a.txt', entry);
  expect(fits({ name: 'a.*' })).toBe(true);
  expect(fits({ name: 'd*' })).toBe(false);
  expect(fits({ path: 'loc/*/d/*' })).toBe(true);
  expect(fits({ ignore: '*.txt' })).toBe(false);
  expect(fits({ regex: 'd/a' })).toBe(true);
  expect(fits({ largerThan: 100 })).toBe(false);
  expect(fits({ smallerThan: 101 })).toBe(true);
  expect(fits({ before: new Date(1000) })).toBe(false);
  expect(fits({ after: new Date(999) })).toBe(true);
  expect(() => makeFilter({ regex: '(' })).toThrow('not a regular expression');
});

test('commands are split as a shell splits them', () => {
  expect(splitCommand(`cp {} '/tmp/a b/' "q\\"x" a\\ b x''y`)).toEqual(['cp', '{}', '/tmp/a b/', 'q"x', 'a b', 'xy']);
  expect(() => splitCommand("echo 'open")).toThrow('open quote');
});

test('a format keeps what it does not know', () => {
  expect(expandFormat('{} {"base"} {nope} {', { '': 'loc/b/k', base: 'k' })).toBe('loc/b/k "k" {nope} {');
});

test('first lines end at a line, however the bytes come', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (cuts, count) => {
    const text = cuts.map((n) => 'x'.repeat(n)).join('\n') + '\n';
    const lines = new FirstLines(count);
    let out = '';
    for (let at = 0; at < text.length && !lines.isDone; at += 3) out += Buffer.from(lines.take(Buffer.from(text.slice(at, at + 3)))).toString();
    expect(out).toBe(text.split('\n').slice(0, Math.min(count, cuts.length)).join('\n') + '\n');
  }));
});
