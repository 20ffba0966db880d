import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deleteObject } from '../../src/store/delete.js';
import { statObject } from '../../src/store/get.js';
import { choose, completeUpload } from '../../src/store/multipart/complete.js';
import { expireUploads, listUploads } from '../../src/store/multipart/list-uploads.js';
import { agreeOnPart, readParts, type AgreedPart } from '../../src/store/multipart/part-metas.js';
import { putPart } from '../../src/store/multipart/put-part.js';
import { abortUpload, completedUpload, createUpload, findUpload } from '../../src/store/multipart/upload.js';
import type { PartInfo, UploadInfo } from '../../src/store/types.js';
import { BUCKET, Life, body, content, judgeByMd5, litter, md5 } from './life.js';

const FULL = 5 * 1024 * 1024;
let life: Life;
beforeAll(async () => {
  life = await Life.begin(4);
});
afterEach(async () => {
  for (const drive of life.naughty) drive.behave();
  await life.idle();
});
afterAll(async () => {
  await life[Symbol.asyncDispose]();
});

const begin = (key: string, metaUser: readonly [string, string][] = []): Promise<UploadInfo> =>
  createUpload(life.context, BUCKET, key, { versioning: 'unversioned', metaUser: new Map(metaUser) });
const send = (upload: UploadInfo, number: number, bytes: Uint8Array): Promise<PartInfo> =>
  putPart(life.context, BUCKET, upload.key, upload.uploadId, number, body(bytes), { judge: judgeByMd5 });
const complete = (upload: UploadInfo, parts: readonly { number: number; etag: string }[]) =>
  completeUpload(life.context, BUCKET, upload.key, upload.uploadId, parts, {
    judge: (chosen) => ({ etag: `${createHash('md5').update(Buffer.concat(chosen.map(({ etag }) => Buffer.from(etag, 'hex')))).digest('hex')}-${chosen.length}` }),
  });
/** Uploads and parts of uploads on all drives. */
const uploadFolders = (): string[] =>
  life.paths.flatMap((path) => {
    try {
      return readdirSync(join(path, '.minio.sys/multipart'));
    } catch {
      return [];
    }
  });

describe('an upload in parts', () => {
  it('becomes one object, whatever the numbers and the order of its parts', async () => {
    const upload = await begin('deep/er/object', [['X-Amz-Meta-A', 'b'], ['x-minio-multipart-checksum', 'CRC32C']]);
    const [one, two, last] = [content(FULL, 1), content(FULL + 1, 2), content(77, 3)];
    const [, , unused, ...kept] = [await send(upload, 7, content(100)), await send(upload, 9, last), await send(upload, 8, content(9)), await send(upload, 3, one), await send(upload, 7, two)];
    expect(unused.number).toBe(8);
    const parts = [...(await readParts(life.context, await findUpload(life.context, BUCKET, upload.key, upload.uploadId))).values()].map(({ info }) => info);
    expect(parts.map(({ number, size }) => [number, size])).toEqual([[3, one.length], [7, two.length], [8, 9], [9, 77]]);
    const info = await complete(upload, [...kept, { number: 9, etag: `"${md5(last)}"` }]);
    expect(info.metaUser.get('etag')).toMatch(/^[0-9a-f]{32}-3$/);
    expect([...info.metaUser.keys()].sort()).toEqual(['X-Amz-Meta-A', 'etag']);
    expect([...info.metaSys.keys()]).toEqual(['X-Minio-Internal-actual-size']);
    expect(info.parts.map(({ number }) => number)).toEqual([3, 7, 9]);
    const whole = Buffer.concat([one, two, last]);
    expect((await life.get(upload.key)).equals(whole)).toBe(true);
    const range = { start: FULL - 10, length: FULL + 30 };
    expect((await life.get(upload.key, { range })).equals(whole.subarray(range.start, range.start + range.length))).toBe(true);
    expect(await statObject(life.context, BUCKET, upload.key, {})).toMatchObject({ size: whole.length });
    await life.idle();
    expect(litter(life)).toEqual([]);
    expect(uploadFolders()).toEqual([]);
    for (const path of life.paths) expect(readdirSync(join(path, BUCKET, upload.key, info.dataDir)).sort()).toEqual(['part.3', 'part.7', 'part.9']);
    await expect(complete(upload, kept)).rejects.toMatchObject({ code: 'upload-not-found' });
  });

  it('is known again by its id as long as what it became is the current version', async () => {
    const known = (upload: UploadInfo) => completedUpload(life.context, BUCKET, upload.key, upload.uploadId);
    const [upload, twin] = [await begin('again'), await begin('again')];
    const [part] = [await send(upload, 1, content(10)), await send(twin, 1, content(10))];
    await expect(known(upload)).rejects.toMatchObject({ code: 'upload-not-found', uploadId: upload.uploadId });
    const info = await complete(upload, [part]);
    expect(await known(upload)).toMatchObject({ modTimeNs: info.modTimeNs, dataDir: info.dataDir });
    await expect(known(twin)).rejects.toMatchObject({ code: 'upload-not-found' });
    await expect(known({ ...upload, uploadId: 'x' })).rejects.toMatchObject({ code: 'upload-not-found' });
    // The same bytes, put there by somebody else.
    await complete(twin, [part]);
    await expect(known(upload)).rejects.toMatchObject({ code: 'upload-not-found' });
    await deleteObject(life.context, BUCKET, 'again', { versioning: 'enabled' });
    await expect(known(twin)).rejects.toMatchObject({ code: 'upload-not-found' });
  });

  it('replaces the object only when it is completed, and is gone when it is aborted', async () => {
    await life.put('replaced', content(10));
    const upload = await begin('replaced');
    await send(upload, 1, content(50, 4));
    expect((await life.get('replaced')).equals(content(10))).toBe(true);
    await abortUpload(life.context, BUCKET, 'replaced', upload.uploadId);
    await expect(abortUpload(life.context, BUCKET, 'replaced', upload.uploadId)).rejects.toMatchObject({ code: 'upload-not-found' });
    await expect(send(upload, 2, content(5))).rejects.toMatchObject({ code: 'upload-not-found' });
    for (const id of ['', 'x', '../../../etc', 'AAAA', `${upload.uploadId}A`]) {
      await expect(findUpload(life.context, BUCKET, 'replaced', id)).rejects.toMatchObject({ code: 'upload-not-found' });
    }
    expect((await life.get('replaced')).equals(content(10))).toBe(true);
    expect(litter(life)).toEqual([]);
  });

  it('is refused with the wrong parts, and stays as it was', async () => {
    const upload = await begin('wrong');
    const [one, two] = [await send(upload, 1, content(100, 1)), await send(upload, 2, content(100, 2))];
    await expect(complete(upload, [])).rejects.toMatchObject({ code: 'part-invalid' });
    await expect(complete(upload, [two, one])).rejects.toMatchObject({ code: 'part-order-invalid' });
    await expect(complete(upload, [one, one])).rejects.toMatchObject({ code: 'part-order-invalid' });
    await expect(complete(upload, [one, two])).rejects.toMatchObject({ code: 'part-too-small', partNumber: 1 });
    await expect(complete(upload, [{ number: 1, etag: two.etag }])).rejects.toMatchObject({ code: 'part-invalid', partNumber: 1 });
    await expect(complete(upload, [one, { number: 3, etag: one.etag }])).rejects.toMatchObject({ code: 'part-invalid', partNumber: 3 });
    await expect(send(upload, 0, content(1))).rejects.toMatchObject({ code: 'part-number-invalid' });
    await expect(send(upload, 10_001, content(1))).rejects.toMatchObject({ code: 'part-number-invalid' });
    await expect(life.get('wrong')).rejects.toMatchObject({ code: 'object-not-found' });
    await complete(upload, [two]);
    expect((await life.get('wrong')).equals(content(100, 2))).toBe(true);
  });

  it('survives drives that fail at any step', async () => {
    for (const [slot, call] of (['stage', 'writePart', 'commitPart', 'closePart'] as const).entries()) {
      life.naughty[slot]!.misbehave(call, { fail: 'drive-faulty' });
      const upload = await begin(`fail/${call}`);
      const parts = [await send(upload, 1, content(FULL, slot)), await send(upload, 2, content(1000, slot))];
      life.naughty[slot]!.behave();
      await complete(upload, parts);
      const whole = Buffer.concat([content(FULL, slot), content(1000, slot)]);
      for (const away of [0, 1, 2, 3].filter((other) => other !== slot)) {
        life.naughty[away]!.pretend('offline');
        expect((await life.get(upload.key)).equals(whole)).toBe(true);
        life.naughty[away]!.behave();
      }
    }
    const upload = await begin('fail/two');
    for (const slot of [0, 2]) life.naughty[slot]!.misbehave('commitPart', { fail: 'drive-faulty' });
    await expect(send(upload, 1, content(100))).rejects.toMatchObject({ code: 'write-quorum' });
    for (const drive of life.naughty) drive.behave();
    const part = await send(upload, 1, content(200));
    for (const slot of [0, 2]) life.naughty[slot]!.misbehave('stage', { fail: 'drive-faulty' });
    await expect(complete(upload, [part])).rejects.toMatchObject({ code: 'write-quorum' });
    for (const drive of life.naughty) drive.behave();
    await complete(upload, [part]);
    expect((await life.get('fail/two')).equals(content(200))).toBe(true);
    await life.idle();
    expect(litter(life)).toEqual([]);
  });

  it('is listed with its key until it is finished or expires', async () => {
    const uploads: UploadInfo[] = [];
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/c', 'other']) uploads.push(await begin(key));
    const list = (options = {}) => listUploads(life.context, BUCKET, { prefix: 'l/', delimiter: '', after: '', limit: 1000, ...options });
    const all = await list();
    expect(all.uploads.map(({ key, uploadId }) => [key, uploadId])).toEqual(uploads.slice(0, 5).map(({ key, uploadId }) => [key, uploadId]));
    const rolled = await list({ delimiter: '/' });
    expect([rolled.prefixes, rolled.uploads.map(({ key }) => key)]).toEqual([['l/b/'], ['l/a', 'l/c', 'l/c']]);
    const seen: string[] = [];
    let page = await list({ limit: 2 });
    for (;;) {
      seen.push(...page.uploads.map(({ uploadId }) => uploadId));
      if (!page.isTruncated) break;
      page = await list({ limit: 2, after: page.nextKey, afterUploadId: page.nextUploadId });
    }
    expect(seen).toEqual(uploads.slice(0, 5).map(({ uploadId }) => uploadId));
    expect((await listUploads(life.context, 'elsewhere', { prefix: '', delimiter: '', after: '', limit: 10 })).uploads).toEqual([]);

    // One that only one drive still has goes with the others, though nobody sees it any more.
    const folder = (await findUpload(life.context, BUCKET, 'other', uploads[5]!.uploadId)).folder;
    for (const drive of life.drives.slice(1)) await drive.remove('.minio.sys', folder);
    await expect(findUpload(life.context, BUCKET, 'other', uploads[5]!.uploadId)).rejects.toMatchObject({ code: 'upload-not-found' });
    expect(await expireUploads(life.context, 3_600_000)).toBe(0);
    expect(await expireUploads(life.context, -1000)).toBe(6);
    expect((await list()).uploads).toEqual([]);
    expect(uploadFolders()).toEqual([]);
  });

  it('takes parts side by side, and the last of the same number wins', async () => {
    const upload = await begin('parallel');
    const sent = await Promise.all(Array.from({ length: 12 }, (_, i) => send(upload, 1 + (i % 4), content(FULL, i))));
    const parts = await readParts(life.context, await findUpload(life.context, BUCKET, 'parallel', upload.uploadId));
    expect([...parts.keys()]).toEqual([1, 2, 3, 4]);
    for (const [number, { info }] of parts) expect(sent.filter((part) => part.number === number).map(({ etag }) => etag)).toContain(info.etag);
    const info = await complete(upload, [...parts.values()].map(({ info: part }) => part));
    expect((await life.get('parallel')).length).toBe(info.size);
  });
});

describe('the choice of parts', () => {
  const meta = (number: number, etag: string, size = FULL) => ({ number, etag, size, actualSize: size, modTimeNs: 1n, checksums: new Map<string, string>() });
  const part = (number: number, etag: string): AgreedPart => ({ meta: meta(number, etag), info: meta(number, etag), slots: [0, 1, 2, 3] });
  const upload = { ref: { bucket: 'b', key: 'k', path: 'k' }, info: { key: 'k', uploadId: 'u', initiatedMs: 0, metaUser: new Map<string, string>(), metaSys: new Map<string, Uint8Array>() } };

  it('takes ten thousand of them', () => {
    const all = new Map(Array.from({ length: 10_000 }, (_, i) => [i + 1, part(i + 1, `e${i}`)] as const));
    const wanted = [...all.values()].map(({ info }) => ({ number: info.number, etag: info.etag }));
    expect(choose(upload, wanted, all)).toHaveLength(10_000);
  });

  it('compares checksums where the client names them', () => {
    const one = { ...part(1, 'e'), info: { ...meta(1, 'e'), checksums: new Map([['CRC32C', 'AAAA']]) } };
    const parts = new Map([[1, one]]);
    expect(choose(upload, [{ number: 1, etag: 'e', checksums: new Map([['crc32c', 'AAAA']]) }], parts)).toHaveLength(1);
    expect(() => choose(upload, [{ number: 1, etag: 'e', checksums: new Map([['crc32c', 'BBBB']]) }], parts)).toThrow(expect.objectContaining({ code: 'part-invalid' }) as Error);
  });

  it('believes what a quorum of drives has', () => {
    const [a, b] = [meta(1, 'a'), meta(1, 'b')];
    expect(agreeOnPart([a, b, b, b], 2)).toMatchObject({ slots: [1, 2, 3], info: { etag: 'b' } });
    expect(agreeOnPart([a, b, undefined, undefined], 2)).toBeUndefined();
    expect(agreeOnPart([undefined, undefined], 1)).toBeUndefined();
  });
});
