import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { StorageError } from '../../src/base/index.js';
import { deleteObject } from '../../src/store/delete.js';
import { openObject, statObject } from '../../src/store/get.js';
import { importVersion } from '../../src/store/import-version.js';
import { putObject } from '../../src/store/put.js';
import { updateMetadata } from '../../src/store/update-metadata.js';
import { BUCKET, Life, body, content, judgeByMd5, litter, md5, readAll } from './life.js';

describe.each([1, 4, 6])('objects on a set of %i drives', (driveCount) => {
  let life: Life;
  beforeAll(async () => {
    life = await Life.begin(driveCount);
  });
  afterEach(() => {
    for (const drive of life.naughty) drive.behave();
  });
  afterAll(async () => {
    await life[Symbol.asyncDispose]();
  });

  it.each([0, 1, 33, 4096, 131072, 131073, 400_000, 1048575, 1048576, 1048577, 3_500_001])('come back as they were put: %i bytes', async (size) => {
    const bytes = content(size, size);
    const info = await life.put(`size/${size}`, bytes, { metaUser: new Map([['X-Amz-Meta-A', 'b']]) });
    const stat = await statObject(life.context, BUCKET, `size/${size}`, {});
    const plain = (version: typeof stat): unknown => ({ ...version, writtenBy: 0, metaSys: [...version.metaSys].map(([name, value]) => [name, Buffer.from(value).toString()]) });
    expect(plain(stat)).toEqual(plain(info));
    expect(stat).toMatchObject({ size, versionId: 'null', isLatest: true });
    expect(stat.metaUser.get('etag')).toBe(md5(bytes));
    expect(stat.metaUser.get('X-Amz-Meta-A')).toBe('b');
    expect((await life.get(`size/${size}`)).equals(bytes)).toBe(true);
    await life.idle();
    expect(litter(life)).toEqual([]);
  });

  it('of several parts within one block come back in ranges: compressed uploads are so small', async () => {
    const bytes = content(9000, 11);
    const { versionId, erasure, dataDir } = await life.put('parts/model', content(500_000, 12));
    const parts = [[1, 3000], [2, 5500], [7, 500]].map(([number, size]) => ({ number: number!, size: size!, actualSize: size! }));
    await importVersion(
      life.context,
      BUCKET,
      'parts/small',
      { kind: 'object', versionId, modTimeNs: 1n, size: bytes.length, dataDir, erasure, parts, metaUser: new Map([['etag', `${md5(bytes)}-3`]]), metaSys: new Map() },
      { versioning: 'unversioned', read: ({ start, length }) => body(bytes.subarray(start, start + length)).stream },
    );
    for (const [start, length] of [[0, 9000], [3000, 6000], [8500, 500], [2999, 2], [8400, 200], [10, 20]] as const) {
      expect((await life.get('parts/small', { range: { start, length } })).equals(bytes.subarray(start, start + length)), `${start}+${length}`).toBe(true);
    }
  });

  it('come back in ranges', async () => {
    const small = content(5000, 3);
    const large = content(2_600_003, 4);
    await life.put('range/small', small);
    await life.put('range/large', large);
    const range = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(range, async ([a, b, isSmall]) => {
        const bytes = isSmall ? small : large;
        const start = Math.floor(a * bytes.length);
        const length = Math.floor(b * (bytes.length - start));
        const got = await life.get(isSmall ? 'range/small' : 'range/large', { range: { start, length } });
        expect(got.equals(bytes.subarray(start, start + length))).toBe(true);
      }),
      { numRuns: 25 },
    );
    await expect(life.get('range/large', { range: { start: 2_600_000, length: 4 } })).rejects.toMatchObject({ code: 'range-invalid' });
    await expect(life.get('range/small', { range: { start: 4999, length: 2 } })).rejects.toMatchObject({ code: 'range-invalid' });
  });

  it('of unknown length are taken too, and are never inline', async () => {
    for (const size of [0, 10, 1048576, 1_500_000]) {
      const bytes = content(size, 5);
      const info = await putObject(life.context, BUCKET, `unknown/${size}`, body(bytes, { declared: 'unknown' }), {
        versioning: 'unversioned',
        metaUser: new Map(),
        judge: judgeByMd5,
      });
      expect(info.size).toBe(size);
      expect(info.metaSys.has('x-minio-internal-inline-data')).toBe(size === 0);
      expect((await life.get(`unknown/${size}`)).equals(bytes)).toBe(true);
    }
  });

  it('replace each other without versioning, and pile up with it', async () => {
    const [first, second, third] = [content(100, 1), content(700_000, 2), content(50, 3)];
    await life.put('v', first);
    await life.put('v', second);
    expect((await life.get('v')).equals(second)).toBe(true);
    const versioned = await life.put('v', third, { versioning: 'enabled' });
    expect((await life.get('v')).equals(third)).toBe(true);
    expect((await life.get('v', { versionId: 'null' })).equals(second)).toBe(true);
    await life.put('v', first, { versioning: 'suspended' });
    expect((await life.get('v')).equals(first)).toBe(true);
    expect((await life.get('v', { versionId: versioned.versionId })).equals(third)).toBe(true);
    expect((await statObject(life.context, BUCKET, 'v', { versionId: versioned.versionId })).isLatest).toBe(false);
    await expect(life.get('v', { versionId: '11111111-2222-4333-8444-555555555555' })).rejects.toMatchObject({ code: 'version-not-found' });
  });

  it('are deleted as the versioning of their bucket says', async () => {
    const remove = (versioning: 'unversioned' | 'enabled' | 'suspended', versionId?: string) =>
      deleteObject(life.context, BUCKET, 'del', { versioning, ...(versionId !== undefined && { versionId }) });
    expect(await remove('unversioned')).toEqual({ isDeleteMarker: false });
    await life.put('del', content(10));
    expect(await remove('unversioned')).toEqual({ isDeleteMarker: false });
    await expect(life.get('del')).rejects.toMatchObject({ code: 'object-not-found' });

    const { versionId } = await life.put('del', content(300_000), { versioning: 'enabled' });
    const marker = await remove('enabled');
    expect(marker).toMatchObject({ isDeleteMarker: true });
    await expect(life.get('del')).rejects.toMatchObject({ code: 'delete-marker', versionId: marker.versionId });
    expect((await life.get('del', { versionId })).length).toBe(300_000);
    await expect(statObject(life.context, BUCKET, 'del', { versionId: marker.versionId! })).rejects.toMatchObject({ code: 'delete-marker' });

    expect(await remove('suspended')).toEqual({ isDeleteMarker: true, versionId: 'null' });
    await expect(life.get('del')).rejects.toMatchObject({ code: 'delete-marker', versionId: 'null' });
    expect(await remove('enabled', 'null')).toEqual({ isDeleteMarker: true, versionId: 'null' });
    expect(await remove('enabled', marker.versionId)).toEqual({ isDeleteMarker: true, versionId: marker.versionId });
    expect((await life.get('del')).length).toBe(300_000);
    expect(await remove('enabled', versionId)).toEqual({ isDeleteMarker: false, versionId });
    expect(await remove('enabled', versionId)).toEqual({ isDeleteMarker: false, versionId });
    await expect(life.get('del')).rejects.toMatchObject({ code: 'object-not-found' });
    await life.idle();
    for (const path of life.paths) expect(readdirSync(join(path, BUCKET))).not.toContain('del');
    expect(litter(life)).toEqual([]);
  });

  it('get new metadata without their data being touched', async () => {
    for (const size of [500, 600_000]) {
      const bytes = content(size, 9);
      const before = await life.put('tags', bytes);
      const info = await updateMetadata(life.context, BUCKET, 'tags', {}, ({ metaUser, metaSys }) => ({ metaUser: new Map([...metaUser, ['X-Amz-Tagging', 'a=b']]), metaSys }));
      expect(info.modTimeNs).toBe(before.modTimeNs);
      expect((await statObject(life.context, BUCKET, 'tags', {})).metaUser.get('X-Amz-Tagging')).toBe('a=b');
      expect((await life.get('tags')).equals(bytes)).toBe(true);
    }
    await life.idle();
    expect(litter(life)).toEqual([]);
  });

  it('are refused when the precondition says so, and nothing changes', async () => {
    const refuse = (): never => {
      throw new StorageError('precondition-failed', 'no');
    };
    await life.put('pre', content(10, 1));
    for (const size of [10, 600_000]) {
      await expect(life.put('pre', content(size, 2), { precondition: refuse })).rejects.toMatchObject({ code: 'precondition-failed' });
    }
    let seen: unknown = 'nothing';
    await life.put('pre', content(10, 3), { precondition: (current) => (seen = current?.metaUser.get('etag')) });
    expect(seen).toBe(md5(content(10, 1)));
    await life.put('pre-new', content(10), { precondition: (current) => (seen = current) });
    expect(seen).toBeUndefined();
    await life.idle();
    expect(litter(life)).toEqual([]);
  });

  it('leave nothing behind when the body fails', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array, void> {
      await Promise.resolve();
      yield content(1_200_000);
      throw new Error('socket hang up');
    };
    const options = { versioning: 'unversioned', metaUser: new Map<string, string>(), judge: judgeByMd5 } as const;
    const put = (sent: Parameters<typeof putObject>[3], more = {}) => putObject(life.context, BUCKET, 'broken', sent, { ...options, ...more });
    for (const size of [1000, 2_000_000]) {
      await expect(put(body(content(size), { declared: size + 1 }))).rejects.toMatchObject({ code: 'size-mismatch' });
      await expect(put(body(content(size), { declared: size - 1 }))).rejects.toMatchObject({ code: 'size-mismatch' });
      const judge = (): never => {
        throw new StorageError('checksum-mismatch', 'no');
      };
      await expect(put(body(content(size)), { judge })).rejects.toMatchObject({ code: 'checksum-mismatch' });
      const gone = AbortSignal.abort();
      await expect(put(body(content(size)), { signal: gone })).rejects.toMatchObject({ code: 'aborted' });
    }
    await expect(put({ size: 2_000_000, stream: broken(), digests: ['md5'] })).rejects.toThrow('socket hang up');
    await expect(life.get('broken')).rejects.toMatchObject({ code: 'object-not-found' });
    await life.idle();
    expect(litter(life)).toEqual([]);
  });

  it('are read to their end when they are overwritten or removed meanwhile', async () => {
    const old = content(5_000_000, 1);
    await life.put('pinned', old);
    const opened = await openObject(life.context, BUCKET, 'pinned', {});
    const chunks: Buffer[] = [];
    let isFirst = true;
    for await (const chunk of opened.read()) {
      chunks.push(Buffer.from(chunk));
      if (!isFirst) continue;
      isFirst = false;
      await life.put('pinned', content(10));
      await deleteObject(life.context, BUCKET, 'pinned', { versioning: 'unversioned' });
    }
    expect(Buffer.concat(chunks).equals(old)).toBe(true);
    await expect(life.get('pinned')).rejects.toMatchObject({ code: 'object-not-found' });
  });

  it.each(['', 'a//b', '/a', '../a', 'a/./b', 'a\0b', '\ud800'])('cannot be called %j', async (key) => {
    await expect(life.put(key, content(1))).rejects.toMatchObject({ code: 'object-name-invalid' });
  });

  it('cannot have names that no drive can keep, but all others', async () => {
    await expect(life.put('x'.repeat(1025), content(1))).rejects.toMatchObject({ code: 'object-name-too-long' });
    await expect(life.put('x'.repeat(256), content(1))).rejects.toMatchObject({ code: 'object-name-too-long' });
    for (const key of ['dir/', 'dir', 'dir/file', 'ünï/文件 %+&"<>', `${'y'.repeat(255)}/${'z'.repeat(255)}`]) {
      await life.put(key, content(7, key.length));
      expect((await life.get(key)).equals(content(7, key.length))).toBe(true);
    }
    await expect(readAll(life.context, 'no-such-bucket', 'k')).rejects.toMatchObject({ code: 'bucket-not-found' });
    await expect(putObject(life.context, 'no-such-bucket', 'k', body(content(9)), { versioning: 'unversioned', metaUser: new Map(), judge: judgeByMd5 })).rejects.toMatchObject({
      code: 'bucket-not-found',
    });
  });
});
