import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Readable } from 'node:stream';
import { StorageError, type DriveErrorCode } from '../../src/base/index.js';
import { parseXlMeta } from '../../src/format/index.js';
import type { Locker } from '../../src/cluster/index.js';
import { deleteObject } from '../../src/store/delete.js';
import { openObject, statObject } from '../../src/store/get.js';
import { putObject } from '../../src/store/put.js';
import { updateMetadata } from '../../src/store/update-metadata.js';
import type { NaughtyCall } from '../doubles/naughty-drive.js';
import { poolOf } from './deployment.js';
import { BUCKET, Life, body, content, contextOver, judgeByMd5, litter } from './life.js';

const OLD = content(700_000, 1);
const NEW = content(1_300_000, 2);
const SMALL = content(900, 3);

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

function misbehave(slots: readonly number[], call: NaughtyCall | 'every', mischief: Parameters<Life['naughty'][number]['misbehave']>[1]): void {
  for (const slot of slots) life.naughty[slot]!.misbehave(call, mischief);
}

describe('a write, where drives fail at one of its steps', () => {
  const codes: readonly DriveErrorCode[] = ['drive-faulty', 'drive-full', 'drive-not-found'];
  const steps: readonly NaughtyCall[] = ['writePart', 'closePart', 'stage'];

  it.each(steps.flatMap((step) => codes.map((code) => [step, code] as const)))('succeeds with one such drive, and changes nothing with two: %s %s', async (step, code) => {
    const key = `${step}-${code}`;
    await life.put(key, OLD);
    misbehave([1], step, { fail: code });
    await life.put(key, NEW);
    expect((await life.get(key)).equals(NEW)).toBe(true);

    misbehave([3], step, { fail: code });
    const expected = { code: code === 'drive-full' ? 'storage-full' : 'write-quorum', bucket: BUCKET, key };
    await expect(life.put(key, OLD)).rejects.toMatchObject(expected);
    if (step === 'stage') await expect(life.put(key, SMALL)).rejects.toMatchObject(expected);
    expect((await life.get(key)).equals(NEW)).toBe(true);
    for (const drive of life.naughty) drive.behave();
    await life.idle();
    expect(litter(life)).toEqual([]);
    expect((await life.get(key)).equals(NEW)).toBe(true);
  });

  it('is acknowledged where one drive does not commit, and where an answer is lost', async () => {
    for (const [i, mischief] of ([{ fail: 'drive-faulty' }, { loseAnswer: 'drive-timeout' }] as const).entries()) {
      await life.put('commit', OLD);
      misbehave([i], 'commit', mischief);
      await life.put('commit', NEW);
      expect((await life.get('commit')).equals(NEW)).toBe(true);
      for (const drive of life.naughty) drive.behave();
      expect((await life.get('commit')).equals(NEW)).toBe(true);
    }
    expect(life.warnings).toContain('a drive missed a change');
  });

  it('is not acknowledged where too few drives commit, and what is read then is one of the two, whole', async () => {
    await life.put('torn', OLD);
    misbehave([1, 2], 'commit', { fail: 'drive-faulty' });
    await expect(life.put('torn', NEW)).rejects.toMatchObject({ code: 'write-quorum' });
    for (const drive of life.naughty) drive.behave();
    const bytes = await life.get('torn');
    expect(bytes.equals(OLD) || bytes.equals(NEW)).toBe(true);
    await life.put('torn', SMALL);
    expect((await life.get('torn')).equals(SMALL)).toBe(true);
  });

  it('goes on without a drive that hangs, and the drive gets what it missed when it goes on in time', async () => {
    for (const call of ['stage', 'commit'] as const) {
      misbehave([2], call, { hang: true });
      const startedMs = performance.now();
      await life.put(`hang-${call}`, SMALL);
      await life.put(`hang-${call}`, content(901, 4));
      expect(performance.now() - startedMs).toBeLessThan(8000);
      expect((await life.get(`hang-${call}`)).equals(content(901, 4))).toBe(true);
      life.naughty[2]!.behave();
      await life.idle();
      const found = await life.drives[2]!.readXlMeta(BUCKET, `hang-${call}`, { inline: true });
      expect(Buffer.from(found).includes(content(901, 4).subarray(460, 900))).toBe(false);
      expect(found.length).toBeGreaterThan(400);
    }
    misbehave([2], 'writePart', { hang: true });
    await life.put('hang-write', NEW);
    expect((await life.get('hang-write')).equals(NEW)).toBe(true);
  });

  it.each(['a put', 'a deletion'] as const)('%s that reaches a drive late does not undo what another server did there since', async (change) => {
    const key = `late-${change}`;
    await life.put(key, SMALL);
    misbehave([2], 'stage', { hang: true });
    if (change === 'a put') await life.put(key, content(901, 5));
    else await deleteObject(life.context, BUCKET, key, { versioning: 'unversioned' });
    // Another server knows nothing of the first one's queue at the drive, which goes on only now.
    const elsewhere = contextOver({ ...life.context.deployment, pools: [poolOf([life.drives], life.context.deployment.id)] });
    const newer = content(902, 6);
    await putObject(elsewhere, BUCKET, key, body(newer), { versioning: 'unversioned', metaUser: new Map(), judge: judgeByMd5 });
    for (const set of elsewhere.deployment.pools[0]!.sets) await elsewhere.lanes.idle(set.drives);
    life.naughty[2]!.behave();
    await life.idle();
    const [seen, expected] = await Promise.all([2, 3].map(async (slot) => parseXlMeta(await life.drives[slot]!.readXlMeta(BUCKET, key, { inline: false })).versions.map(({ header }) => header.modTimeNs)));
    expect(seen).toEqual(expected);
    expect((await life.get(key)).equals(newer)).toBe(true);
  });

  it('is not said to be of a bad name where drives find part files in the way', async () => {
    misbehave([0, 1], 'writePart', { fail: 'file-exists' });
    await expect(life.put('in-the-way', NEW)).rejects.toMatchObject({ code: 'write-quorum' });
  });

  it('of a deletion succeeds with one failed drive and changes nothing with two', async () => {
    await life.put('gone', OLD);
    misbehave([0, 3], 'stage', { fail: 'drive-faulty' });
    await expect(deleteObject(life.context, BUCKET, 'gone', { versioning: 'unversioned' })).rejects.toMatchObject({ code: 'write-quorum' });
    for (const drive of life.naughty) drive.behave();
    expect((await life.get('gone')).equals(OLD)).toBe(true);
    misbehave([0], 'stage', { fail: 'drive-faulty' });
    await deleteObject(life.context, BUCKET, 'gone', { versioning: 'unversioned' });
    for (const drive of life.naughty) drive.behave();
    await expect(life.get('gone')).rejects.toMatchObject({ code: 'object-not-found' });
  });

  it('of metadata succeeds with one failed drive, which then does not count', async () => {
    await life.put('meta', SMALL);
    misbehave([1], 'stage', { fail: 'drive-faulty' });
    await updateMetadata(life.context, BUCKET, 'meta', {}, ({ metaUser, metaSys }) => ({ metaUser: new Map([...metaUser, ['x-tag', 'new']]), metaSys }));
    for (const drive of life.naughty) drive.behave();
    expect((await statObject(life.context, BUCKET, 'meta', {})).metaUser.get('x-tag')).toBe('new');
    expect((await life.get('meta')).equals(SMALL)).toBe(true);
  });
});

describe('a read', () => {
  const pairs = [[0, 1], [0, 2], [1, 3], [2, 3]] as const;

  it('gives the object back whatever happens to the metadata of two of four drives', async () => {
    await life.put('r/small', SMALL);
    await life.put('r/large', NEW);
    const mischiefs = [{ fail: 'drive-faulty' }, { fail: 'file-not-found' }, { flipByte: 40 }, { flipByte: 300 }, { cut: 30 }] as const;
    for (const mischief of mischiefs) {
      for (const slots of pairs) {
        misbehave(slots, 'readXlMeta', mischief);
        expect((await life.get('r/small')).equals(SMALL)).toBe(true);
        expect((await life.get('r/large')).equals(NEW)).toBe(true);
        for (const drive of life.naughty) drive.behave();
      }
    }
  });

  it('gives the object back whatever happens to the data of two of four drives', async () => {
    const bytes = content(3_300_000, 6);
    await life.put('r/data', bytes);
    const mischiefs = [{ fail: 'drive-faulty' }, { fail: 'file-not-found' }, { flipByte: 5 }, { flipByte: 70_000 }, { cut: 1 }] as const;
    for (const mischief of mischiefs) {
      for (const slots of pairs) {
        misbehave(slots, 'readData', mischief);
        expect((await life.get('r/data')).equals(bytes)).toBe(true);
        const range = { start: 1_048_000, length: 1_049_999 };
        expect((await life.get('r/data', { range })).equals(bytes.subarray(range.start, range.start + range.length))).toBe(true);
        for (const drive of life.naughty) drive.behave();
      }
    }
  });

  it('finds good pieces where each drive is damaged in another block', async () => {
    const bytes = content(4_000_000, 7);
    await life.put('r/scattered', bytes);
    // The calls on each drive: a look at the opening, then one for each block.
    for (const [slot, drive] of life.naughty.entries()) drive.misbehave('readData', { flipByte: 99 }, slot + 2);
    expect((await life.get('r/scattered')).equals(bytes)).toBe(true);
  });

  it('does not wait for drives that hang', async () => {
    await life.put('r/hang', NEW);
    for (const slots of pairs) {
      misbehave(slots, 'readData', { hang: true });
      misbehave(slots.slice(0, 1), 'readXlMeta', { hang: true });
      const startedMs = performance.now();
      expect((await life.get('r/hang')).equals(NEW)).toBe(true);
      expect(performance.now() - startedMs).toBeLessThan(8000);
      for (const drive of life.naughty) drive.behave();
    }
  });

  it('says that it cannot know, never that there is nothing, where too few drives answer', async () => {
    await life.put('r/known', SMALL);
    misbehave([0, 1, 2], 'readXlMeta', { fail: 'drive-faulty' });
    await expect(life.get('r/known')).rejects.toMatchObject({ code: 'read-quorum' });
    await expect(life.get('r/never')).rejects.toMatchObject({ code: 'read-quorum' });
  });

  it('says so too where the drives left are one that missed the write and one that has it', async () => {
    life.naughty[0]!.pretend('offline');
    await life.put('r/missed', SMALL);
    life.naughty[0]!.behave();
    for (const slot of [2, 3]) life.naughty[slot]!.pretend('offline');
    await expect(life.get('r/missed')).rejects.toMatchObject({ code: 'read-quorum' });
    for (const drive of life.naughty) drive.behave();
    expect((await life.get('r/missed')).equals(SMALL)).toBe(true);
  });

  it('fails before the first byte where too few drives have the data', async () => {
    await life.put('r/few', NEW);
    misbehave([0, 1, 3], 'readData', { fail: 'file-not-found' });
    await expect(openObject(life.context, BUCKET, 'r/few', {})).rejects.toMatchObject({ code: 'read-quorum' });
  });

  it('fails in the middle where the drives go away while it runs, instead of giving wrong bytes', async () => {
    const bytes = content(5_000_000, 8);
    await life.put('r/midway', bytes);
    const opened = await openObject(life.context, BUCKET, 'r/midway', {});
    const chunks: Buffer[] = [];
    const drain = async (): Promise<void> => {
      for await (const chunk of opened.read()) {
        chunks.push(Buffer.from(chunk));
        misbehave([0, 1, 2], 'readData', { fail: 'drive-faulty' });
      }
    };
    await expect(drain()).rejects.toMatchObject({ code: 'read-quorum' });
    const got = Buffer.concat(chunks);
    expect(got.length).toBeGreaterThan(0);
    expect(bytes.subarray(0, got.length).equals(got)).toBe(true);
  });
});

describe('an offline drive', () => {
  it('makes new objects of lower redundancy more redundant, and says so in their metadata', async () => {
    life.naughty[1]!.pretend('offline');
    const info = await life.put('upgraded', NEW, { storageClass: 'REDUCED_REDUNDANCY' });
    expect(info.erasure).toMatchObject({ dataShards: 2, parityShards: 2 });
    expect(Buffer.from(info.metaSys.get('x-minio-internal-erasure-upgraded')!).toString()).toBe('1->2');
    expect(info.metaUser.get('x-amz-storage-class')).toBe('REDUCED_REDUNDANCY');
    expect((await life.get('upgraded')).equals(NEW)).toBe(true);
  });

  it('is missed by nobody; two of four stop writes at once', async () => {
    life.naughty[1]!.pretend('offline');
    await life.put('three', NEW);
    life.naughty[2]!.pretend('faulty');
    await expect(life.put('two', NEW)).rejects.toMatchObject({ code: 'write-quorum' });
    expect((await life.get('three')).equals(NEW)).toBe(true);
  });

  it('objects of lower redundancy need more drives to be read', async () => {
    const info = await life.put('thin', NEW, { storageClass: 'REDUCED_REDUNDANCY' });
    expect(info.erasure).toMatchObject({ dataShards: 3, parityShards: 1 });
    expect((await life.get('thin')).equals(NEW)).toBe(true);
    life.naughty[0]!.pretend('offline');
    expect((await life.get('thin')).equals(NEW)).toBe(true);
    life.naughty[1]!.pretend('offline');
    await expect(life.get('thin')).rejects.toMatchObject({ code: 'read-quorum' });
  });
});

describe('a change whose lock is lost before it becomes visible', () => {
  it('is refused, and leaves what was there', async () => {
    await using own = await Life.begin(4);
    await own.put('fenced', OLD);
    const gone = new StorageError('write-quorum', 'the lock was lost');
    const locker: Locker = {
      acquire: () => Promise.resolve({ signal: AbortSignal.abort(gone), check: () => { throw gone; }, release: () => undefined }),
    };
    const context = { ...own.context, locker };
    const body = { size: NEW.length, stream: Readable.from([NEW]), digests: ['md5'] as const };
    const put = putObject(context, BUCKET, 'fenced', body, { versioning: 'unversioned', metaUser: new Map(), judge: () => ({ etag: 'x' }) });
    await expect(put).rejects.toBe(gone);
    await expect(deleteObject(context, BUCKET, 'fenced', { versioning: 'unversioned' })).rejects.toBe(gone);
    await expect(updateMetadata(context, BUCKET, 'fenced', {}, (current) => current)).rejects.toBe(gone);
    await own.idle();
    expect((await own.get('fenced')).equals(OLD)).toBe(true);
    expect(litter(own)).toEqual([]);
  });
});
