/** What a drive's walks must give; a part of the suite in drive.ts. */
import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Drive, WalkEntry, WalkOptions } from '../../src/drive/index.js';
import { parseXlMetaIndex } from '../../src/format/index.js';
import { bytesOf, change, keysOf, putOf, putWithParts, walkAll } from './drive-samples.js';

export function describeWalks(current: () => Drive): void {
  describe('walks', () => {
    const keys = ['a', 'a-b', 'a.b', 'a/', 'a/x', 'a/x/y', 'a0', 'b/c/d', 'b/c/e', 'dir/', 'dir/in', 'z\uffee', 'z\u{1F600}'];
    const fill = async (): Promise<void> => {
      for (const [index, key] of keys.entries()) {
        const path = key.endsWith('/') ? `${key.slice(0, -1)}__XLDIR__` : key;
        if (index % 2 === 0) await change(current(), 'bucket', path, putOf({}, 'x'));
        else await putWithParts(current(), 'bucket', path, 'data');
      }
    };
    /** What a walk must give, worked out from the list of keys. */
    const expected = (options: { prefix?: string; from?: string; recursive?: boolean }): string[] => {
      const { prefix = '', from = '', recursive = true } = options;
      const bytes = (text: string): Buffer => Buffer.from(text);
      const found = keys.filter((key) => key.startsWith(prefix));
      const depth = prefix.lastIndexOf('/') + 1;
      const all = recursive
        ? found
        : found.flatMap((key) => {
            const slash = key.indexOf('/', depth);
            if (slash < 0) return [key];
            return slash === key.length - 1 ? [`${key}`] : [`${key.slice(0, slash + 1)}*`];
          });
      return [...new Set(all)].filter((key) => Buffer.compare(bytes(key.replace('*', '')), bytes(from)) >= 0).sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
    };
    const walked = async (options: Partial<WalkOptions>): Promise<string[]> =>
      (await walkAll(current(), 'bucket', options)).map((entry) => (entry.isPrefix ? `${entry.key}*` : entry.key));

    it('give all keys in the order of their bytes, those below other objects too', async () => {
      await fill();
      expect(await walked({})).toEqual(expected({}));
      expect(await walked({ detail: 'records' })).toEqual(expected({}));
    });

    it('start where they are told to, and keep to a prefix', async () => {
      await fill();
      const froms = ['', 'a', 'a-', 'a.b', 'a/', 'a/x', 'a/x/', 'a/x/y', 'a/x/z', 'a/zz', 'b', 'b/c/e', 'dir/', 'dir/a', 'z', 'z\uffee', 'z\uffef', 'zz', '\u{10FFFF}'];
      const prefixes = ['', 'a', 'a/', 'a/x', 'a/x/', 'b/', 'b/c/', 'b/c/d', 'di', 'dir', 'dir/', 'z', 'nope', 'nope/deeper/', 'a-b/x'];
      for (const recursive of [true, false]) {
        for (const prefix of prefixes) {
          for (const from of froms) {
            expect(await walked({ prefix, from, recursive }), JSON.stringify({ prefix, from, recursive })).toEqual(expected({ prefix, from, recursive }));
          }
        }
      }
    });

    it('give xl.meta as it is, its inline data too', async () => {
      await fill();
      for (const { key, meta } of await walkAll(current(), 'bucket', { detail: 'whole' })) {
        const path = key.endsWith('/') ? `${key.slice(0, -1)}__XLDIR__` : key;
        expect(meta).toEqual(Uint8Array.from(await current().readXlMeta('bucket', path, { inline: true })));
      }
    });

    it('give the whole index or only the headers of each version', async () => {
      await fill();
      const headers = await walkAll(current(), 'bucket', { detail: 'headers' });
      const records = await walkAll(current(), 'bucket', { detail: 'records' });
      for (const [index, entry] of records.entries()) {
        const meta = parseXlMetaIndex(entry.meta!);
        expect(Buffer.concat(meta.versions.map((version) => version.headerBytes)).equals(headers[index]!.meta!), entry.key).toBe(true);
      }
    });

    it('take an object named xl.meta for what it is', async () => {
      await change(current(), 'bucket', 'xl.meta', putOf({}, 'x'));
      await change(current(), 'bucket', 'a/xl.meta', putOf({}, 'x'));
      await change(current(), 'bucket', 'a/y', putOf({}, 'x'));
      expect(await walked({})).toEqual(['a/xl.meta', 'a/y', 'xl.meta']);
    });

    it('see what was added to a big folder at once', async () => {
      const names = Array.from({ length: 300 }, (_, index) => `big/k${String(index).padStart(3, '0')}`);
      await Promise.all(names.map((key) => change(current(), 'bucket', key, putOf({}, 'x'))));
      for (const added of ['big/k0000', 'big/k150x', 'big/z', 'big/k1/deeper']) {
        await walked({});
        await change(current(), 'bucket', added, putOf({}, 'x'));
        names.push(added);
        const sorted = [...names].sort();
        expect(await walked({})).toEqual(sorted);
        expect(await walked({ prefix: 'big/k1' })).toEqual(sorted.filter((key) => key.startsWith('big/k1')));
        expect(await walked({ from: 'big/k1/zz' })).toEqual(sorted.filter((key) => key >= 'big/k1/zz'));
      }
    });

    it('find no keys in impossible prefixes', async () => {
      for (const prefix of ['../', 'a//', '//', './', 'nul\0/', `${'x'.repeat(300)}/`]) expect(await walked({ prefix }), prefix).toEqual([]);
    });

    it('name what cannot be read instead of leaving it out', async () => {
      await current().writeFile('bucket', 'bad/xl.meta', bytesOf('garbage'));
      await current().writeFile('bucket', 'empty/xl.meta', bytesOf(''));
      await change(current(), 'bucket', 'good', putOf({}, 'x'));
      const entries = await walkAll(current(), 'bucket', { detail: 'records' });
      expect(entries.map((entry) => [entry.key, entry.meta!.length > 0])).toEqual([['bad', false], ['empty', false], ['good', true]]);
    });

    it('pass over data dirs, also those that nothing names any more', async () => {
      await putWithParts(current(), 'bucket', 'key', 'hello');
      await current().writeFile('bucket', `key/${randomUUID()}/part.1`, bytesOf('left over'));
      await current().writeFile('bucket', `key/${randomUUID()}/xl.meta.bkp`, bytesOf('left over'));
      await change(current(), 'bucket', `key/${'0f'.repeat(4)}-0000-4000-8000-000000000000`, putOf({}, 'a real key'));
      expect(await walked({})).toEqual(['key', 'key/0f0f0f0f-0000-4000-8000-000000000000']);
      expect(await walked({ prefix: 'key/' })).toEqual(['key/0f0f0f0f-0000-4000-8000-000000000000']);
      expect(await walked({ recursive: false })).toEqual(['key', 'key/*']);
    });

    it('end when nobody wants more', async () => {
      await Promise.all(Array.from({ length: 1500 }, (_, index) => current().writeFile('bucket', `k${index}/xl.meta`, bytesOf('x'))));
      const iterator = current().walk('bucket', { prefix: '', from: '', recursive: true, detail: 'headers' })[Symbol.asyncIterator]();
      const first = await iterator.next();
      expect((first.value as WalkEntry[]).length).toBeGreaterThan(0);
      await iterator.return?.();
      expect((await iterator.next()).done).toBe(true);
      const controller = new AbortController();
      const read = async (): Promise<void> => {
        for await (const batch of current().walk('bucket', { prefix: '', from: '', recursive: true, detail: 'headers', signal: controller.signal })) {
          if (batch.length > 0) controller.abort(new Error('enough'));
        }
      };
      await expect(read()).rejects.toThrow('enough');
      expect((await keysOf(current(), 'bucket')).length).toBe(1500);
    });
  });
}
