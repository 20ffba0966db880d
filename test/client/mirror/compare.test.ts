import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareListings, type Difference, type MirrorEntry } from '../../../src/client/mirror/compare.js';
import { compilePattern, matchesAny } from '../../../src/client/mirror/patterns.js';
import { parseEvents } from '../../../src/client/mirror/watch-remote.js';

const entry = (name: string, change: Partial<MirrorEntry> = {}): MirrorEntry => ({ name, sizeBytes: 1, modifiedMs: 0, etag: '', storageClass: '', ...change });

// eslint-disable-next-line @typescript-eslint/require-await
async function* listing(entries: readonly MirrorEntry[]): AsyncGenerator<MirrorEntry> {
  yield* [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

async function compare(source: readonly MirrorEntry[], target: readonly MirrorEntry[]): Promise<Difference[]> {
  const all: Difference[] = [];
  for await (const difference of compareListings(listing(source), listing(target))) all.push(difference);
  return all;
}

describe('comparing listings', () => {
  it('finds exactly what is only on one side', async () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'b', '/', '-', 'é', '😀') }));
    await fc.assert(
      fc.asyncProperty(names, names, async (left, right) => {
        const found = await compare(left.map((name) => entry(name)), right.map((name) => entry(name)));
        const missing = found.flatMap((d) => (d.kind === 'missing' ? [d.source.name] : []));
        const extra = found.flatMap((d) => (d.kind === 'extra' ? [d.target.name] : []));
        expect(new Set(missing)).toEqual(new Set(left.filter((name) => !right.includes(name))));
        expect(new Set(extra)).toEqual(new Set(right.filter((name) => !left.includes(name))));
      }),
    );
  });

  it('takes another size, or a younger source, for a difference', async () => {
    const kinds = async (source: Partial<MirrorEntry>, target: Partial<MirrorEntry>) => (await compare([entry('k', source)], [entry('k', target)])).map((d) => d.kind);
    expect(await kinds({ sizeBytes: 2 }, {})).toEqual(['size']);
    expect(await kinds({ modifiedMs: 5000 }, {})).toEqual(['newer']);
    expect(await kinds({}, { modifiedMs: 5000 })).toEqual([]);
    expect(await kinds({ modifiedMs: 900 }, {})).toEqual([]);
    expect(await kinds({ modifiedMs: 5000, etag: 'e' }, { etag: 'e' })).toEqual([]);
  });
});

describe('patterns', () => {
  it('match the whole name with * and ?', () => {
    expect(matchesAny(['*.tmp', 'a?c'].map(compilePattern), 'dir/x.tmp')).toBe(true);
    expect(matchesAny([compilePattern('a?c')], 'abc')).toBe(true);
    expect(matchesAny([compilePattern('a.c')], 'abc')).toBe(false);
    expect(matchesAny([compilePattern('tmp')], 'x.tmp')).toBe(false);
  });
});

describe('notifications', () => {
  it('tell keys, decoded, and whether they are gone', () => {
    const record = (name: string, key: string) => ({ eventName: name, s3: { object: { key } } });
    const line = JSON.stringify({ Records: [record('s3:ObjectCreated:Put', 'a%2Fb+c'), record('s3:ObjectRemoved:Delete', 'd')] });
    expect(parseEvents(line)).toEqual([{ key: 'a/b c', isRemoval: false }, { key: 'd', isRemoval: true }]);
  });

  it.each(['', ' ', '{"Records":null}', 'broken', '{"Records":[{}]}', 'null', '[]'])('ignore %j', (line) => {
    expect(parseEvents(line)).toEqual([]);
  });
});
