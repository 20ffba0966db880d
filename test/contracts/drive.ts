/**
 * What every drive must do, whatever lies behind it. `describeDrive` is given a factory and holds its drives to the
 * comments of src/drive/drive.ts.
 */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { isStorageError } from '../../src/base/index.js';
import type { Drive } from '../../src/drive/index.js';
import { decodeVersion, parseXlMeta, parseXlMetaIndex, SYSTEM_VOLUME } from '../../src/format/index.js';
import { bytesOf, change, keysOf, putOf, putWithParts, readPart, refusal, textOf, versionIds, walkAll } from './drive-samples.js';
import { describeRepairs } from './drive-repairs.js';
import { describeWalks } from './drive-walks.js';

/** A drive on an empty root, formatted for nobody; used by one test after the other. */
interface DriveUnderTest {
  readonly drive: Drive;
  close(): Promise<void>;
}

const BAD_NAMES = ['', '.', '..', 'a/../b', '../a', '/a', 'a/', 'a//b', 'a/./b', 'nul\0', 'half\ud800pair', `${'x'.repeat(256)}`];

export function describeDrive(name: string, make: () => Promise<DriveUnderTest>): void {
  describe(`${name} as a drive`, () => {
    let under: DriveUnderTest;
    let drive: Drive;

    beforeAll(async () => {
      under = await make();
      drive = under.drive;
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      for (const volume of await drive.listVolumes()) await drive.deleteVolume(volume.name, { force: true });
      await drive.makeVolume('bucket');
    });

    describe('volumes', () => {
      it('are made once, listed by name and found again', async () => {
        await drive.makeVolume('another');
        await refusal(drive.makeVolume('bucket'), 'volume-exists');
        expect((await drive.listVolumes()).map((volume) => volume.name)).toEqual(['another', 'bucket']);
        expect((await drive.statVolume('bucket')).createdMs).toBeGreaterThan(Date.now() - 60_000);
        await refusal(drive.statVolume('nowhere'), 'volume-not-found');
      });

      it('do not list the system volume', async () => {
        await drive.writeFile(SYSTEM_VOLUME, 'format.json', bytesOf('{}'));
        expect((await drive.listVolumes()).map((volume) => volume.name)).toEqual(['bucket']);
      });

      it('are deleted only when nothing but empty folders is in them, unless forced', async () => {
        await drive.writeFile('bucket', 'a/b/file', bytesOf('x'));
        await refusal(drive.deleteVolume('bucket', { force: false }), 'volume-not-empty');
        expect(textOf(await drive.readFile('bucket', 'a/b/file'))).toBe('x');
        await drive.deleteVolume('bucket', { force: true });
        await refusal(drive.statVolume('bucket'), 'volume-not-found');
        await refusal(drive.deleteVolume('bucket', { force: false }), 'volume-not-found');
      });

      it('tell a missing file from a missing volume', async () => {
        await refusal(drive.readFile('bucket', 'nothing'), 'file-not-found');
        await refusal(drive.readFile('nowhere', 'nothing'), 'volume-not-found');
        await refusal(drive.readXlMeta('bucket', 'nothing', { inline: false }), 'file-not-found');
        await refusal(drive.readXlMeta('nowhere', 'nothing', { inline: false }), 'volume-not-found');
        await refusal(drive.stage('t1', 'nowhere', 'key', putOf({}, 'hello')), 'volume-not-found');
        await refusal(drive.statParts('nowhere', 'key', randomUUID(), [1]), 'volume-not-found');
        await refusal(drive.listDir('nowhere', 'x'), 'volume-not-found');
        await refusal(keysOf(drive, 'nowhere'), 'volume-not-found');
        await refusal(drive.writeFile('nowhere', 'x', bytesOf('x')), 'volume-not-found');
      });
    });

    it('says how large it is', async () => {
      const info = await drive.info();
      expect(info.totalBytes).toBeGreaterThan(info.freeBytes);
      expect(info.usedBytes).toBeGreaterThan(0);
      expect(info.deviceId).toBeGreaterThan(0);
    });

    describe('plain files', () => {
      it('are replaced whole and removed with the parents that they leave empty', async () => {
        await drive.writeFile('bucket', 'a/b/one', bytesOf('first'));
        await drive.writeFile('bucket', 'a/b/one', bytesOf('second'));
        await drive.writeFile('bucket', 'a/c', bytesOf(''));
        expect(textOf(await drive.readFile('bucket', 'a/b/one'))).toBe('second');
        expect((await drive.readFile('bucket', 'a/c')).length).toBe(0);
        await drive.remove('bucket', 'a/b/one');
        expect(await drive.listDir('bucket', 'a')).toEqual(['c']);
        await drive.remove('bucket', 'a/c');
        await refusal(drive.listDir('bucket', 'a'), 'file-not-found');
        await drive.statVolume('bucket');
        await refusal(drive.remove('bucket', 'a/c'), 'file-not-found');
      });

      it('of any size come back', async () => {
        for (const size of [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 262_144, 300_000, 3_000_000]) {
          const bytes = new Uint8Array(size).map((_, index) => (index * 31) & 255);
          await drive.writeFile('bucket', 'file', bytes);
          expect(Buffer.compare(await drive.readFile('bucket', 'file'), bytes), `${size} bytes`).toBe(0);
        }
      });

      it('read in one turn do not disturb each other', async () => {
        for (let index = 0; index < 50; index++) await drive.writeFile('bucket', `f${index}`, bytesOf(`content of ${index}`.repeat(index)));
        const all = await Promise.all(Array.from({ length: 50 }, (_, index) => drive.readFile('bucket', `f${index}`)));
        expect(all.map(textOf)).toEqual(Array.from({ length: 50 }, (_, index) => `content of ${index}`.repeat(index)));
      });

      it('are listed sorted by bytes, folders with a slash', async () => {
        for (const path of ['b', 'a/x', 'a-', '\uffee', '\u{1F600}', 'Z']) await drive.writeFile('bucket', path, bytesOf('x'));
        expect(await drive.listDir('bucket', '')).toEqual(['Z', 'a-', 'a/', 'b', '\uffee', '\u{1F600}']);
      });

      it('in folders are removed with the whole folder', async () => {
        for (let index = 0; index < 20; index++) await drive.writeFile('bucket', `x/y/${index}/file`, bytesOf('x'));
        await drive.remove('bucket', 'x/y');
        expect(await drive.listDir('bucket', '')).toEqual([]);
      });
    });

    it('refuses names that lead elsewhere, whatever the call', async () => {
      for (const bad of BAD_NAMES) {
        const id = randomUUID();
        await refusal(drive.readFile('bucket', bad), 'file-name-invalid');
        await refusal(drive.writeFile('bucket', bad, bytesOf('x')), 'file-name-invalid');
        await refusal(drive.remove('bucket', bad), 'file-name-invalid');
        await refusal(drive.readXlMeta('bucket', bad, { inline: true }), 'file-name-invalid');
        await refusal(drive.stage(id, 'bucket', bad, putOf({}, 'x')), 'file-name-invalid');
        await refusal(drive.makeVolume(bad), 'file-name-invalid');
        await refusal(drive.statVolume(bad), 'file-name-invalid');
        await refusal(drive.readFile(bad, 'x'), 'file-name-invalid');
        await refusal(drive.createPart(bad, randomUUID(), 1).write([bytesOf('x')]), 'file-name-invalid');
        await refusal(drive.createPart(id, bad, 1).close(), 'file-name-invalid');
        await refusal(drive.statParts('bucket', bad, id, [1]), 'file-name-invalid');
        if (bad.length < 256) await refusal(readPart(drive, 'bucket', 'x', bad, 1), 'file-name-invalid');
        await refusal(drive.commit(bad), 'file-name-invalid');
        await drive.settle(id);
      }
      await refusal(drive.makeVolume('a/b'), 'file-name-invalid');
      expect(await drive.listStaged()).toEqual([]);
    });

    describe('transactions', () => {
      it('show nothing until the commit, then everything', async () => {
        const put = putOf({}, 'hello');
        expect(await drive.stage('t1', 'bucket', 'a/key', put)).toEqual({ changed: true });
        await refusal(drive.readXlMeta('bucket', 'a/key', { inline: true }), 'file-not-found');
        expect(await keysOf(drive, 'bucket')).toEqual([]);
        await drive.commit('t1');
        const meta = parseXlMeta(await drive.readXlMeta('bucket', 'a/key', { inline: true }));
        expect(meta.versions.map((entry) => Buffer.from(entry.headerBytes).toString('hex'))).toEqual([Buffer.from(put.entry.headerBytes).toString('hex')]);
        expect(textOf(meta.inline.get('null')!)).toBe('hello');
        await drive.settle('t1');
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
        expect(await keysOf(drive, 'bucket')).toEqual(['a/key']);
      });

      it('leave the inline data out when asked to', async () => {
        await change(drive, 'bucket', 'key', putOf({}, 'x'.repeat(50_000)));
        const whole = await drive.readXlMeta('bucket', 'key', { inline: true });
        const index = await drive.readXlMeta('bucket', 'key', { inline: false });
        expect(index.length).toBeLessThan(1000);
        expect(Buffer.compare(index, whole.subarray(0, index.length))).toBe(0);
        expect(parseXlMetaIndex(index).versions.length).toBe(1);
      });

      it('read an index that is longer than the first piece', async () => {
        const text = 'v'.repeat(3000);
        for (let index = 0; index < 12; index++) {
          await change(drive, 'bucket', 'key', putOf({ versionId: randomUUID(), modTimeNs: BigInt(1000 + index), metaUser: new Map([['note', text]]) }, 'data'));
        }
        expect(parseXlMetaIndex(await drive.readXlMeta('bucket', 'key', { inline: false })).versions.length).toBe(12);
        const [entry] = await walkAll(drive, 'bucket', { detail: 'records' });
        expect(parseXlMetaIndex(entry!.meta!).versions.length).toBe(12);
      });

      it('keep the other versions, newest first, and say what was newest', async () => {
        const ids = [randomUUID(), randomUUID(), randomUUID()];
        await change(drive, 'bucket', 'key', putOf({ versionId: ids[1]!, modTimeNs: 2000n }, 'two'));
        await change(drive, 'bucket', 'key', putOf({ versionId: ids[0]!, modTimeNs: 1000n }, 'one'));
        expect(await drive.stage('t3', 'bucket', 'key', putOf({ versionId: ids[2]!, modTimeNs: 3000n }, 'three'))).toEqual({ changed: true, newestModTimeNs: 2000n });
        await drive.commit('t3');
        await drive.settle('t3');
        expect(await versionIds(drive, 'bucket', 'key')).toEqual([ids[2], ids[1], ids[0]]);
        await change(drive, 'bucket', 'key', { kind: 'remove', versionId: ids[1]! });
        const meta = parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true }));
        expect([...meta.inline.entries()].map(([id, data]) => [id, textOf(data)]).sort()).toEqual([[ids[2], 'three'], [ids[0], 'one']].sort());
      });

      it('replace the version with the same id', async () => {
        await change(drive, 'bucket', 'key', putOf({ modTimeNs: 1n }, 'old'));
        await change(drive, 'bucket', 'key', putOf({ modTimeNs: 2n, metaUser: new Map([['etag', 'new']]) }, 'new'));
        const meta = parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true }));
        expect(meta.versions.length).toBe(1);
        const version = decodeVersion(meta.versions[0]!);
        expect(version.kind === 'object' && version.metaUser.get('etag')).toBe('new');
        expect(textOf(meta.inline.get('null')!)).toBe('new');
      });

      it('commit and settle as often as one likes', async () => {
        await drive.stage('t1', 'bucket', 'key', putOf({}, 'x'));
        await Promise.all([drive.commit('t1'), drive.commit('t1')]);
        await drive.commit('t1');
        await drive.settle('t1');
        await drive.settle('t1');
        await drive.commit('t1');
        await drive.settle('never-heard-of');
        await drive.commit('never-heard-of');
        expect(await versionIds(drive, 'bucket', 'key')).toEqual(['null']);
      });

      it('are dropped by a settle without a commit', async () => {
        const writer = drive.createPart('t1', randomUUID(), 1);
        await writer.write([bytesOf('data')]);
        await writer.close();
        await drive.stage('t1', 'bucket', 'key', putOf());
        await drive.settle('t1');
        await drive.commit('t1');
        await refusal(drive.readXlMeta('bucket', 'key', { inline: true }), 'file-not-found');
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
        expect(await drive.listDir('bucket', '')).toEqual([]);
      });

      it('staged again take the last change', async () => {
        await drive.stage('t1', 'bucket', 'key', putOf({ modTimeNs: 1n }, 'first'));
        await drive.stage('t1', 'bucket', 'key', putOf({ modTimeNs: 2n }, 'second'));
        await drive.commit('t1');
        await drive.settle('t1');
        expect(textOf(parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true })).inline.get('null')!)).toBe('second');
      });

      it('remove the object with its last version, and the folders it leaves empty', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'a/b/c', 'hello');
        await change(drive, 'bucket', 'a/x', putOf({}, 'stays'));
        await drive.stage('t1', 'bucket', 'a/b/c', { kind: 'remove', versionId: 'null' });
        expect(await versionIds(drive, 'bucket', 'a/b/c')).toEqual(['null']);
        await drive.commit('t1');
        await refusal(drive.readXlMeta('bucket', 'a/b/c', { inline: true }), 'file-not-found');
        await drive.settle('t1');
        expect(await drive.listDir('bucket', 'a')).toEqual(['x/']);
        expect(await drive.statParts('bucket', 'a/b/c', dataDir, [1])).toEqual([-1]);
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
      });

      it('that remove what is not there change nothing', async () => {
        expect(await drive.stage('t1', 'bucket', 'key', { kind: 'remove', versionId: 'null' })).toEqual({ changed: false });
        await drive.commit('t1');
        await drive.settle('t1');
        await change(drive, 'bucket', 'key', putOf({ modTimeNs: 7n }, 'x'));
        expect(await drive.stage('t2', 'bucket', 'key', { kind: 'remove', versionId: randomUUID() })).toEqual({ changed: false, newestModTimeNs: 7n });
        await drive.commit('t2');
        await drive.settle('t2');
        expect(await versionIds(drive, 'bucket', 'key')).toEqual(['null']);
      });

      it('of many objects at once all arrive', async () => {
        const keys = Array.from({ length: 60 }, (_, index) => `deep/${index % 7}/k${index}`);
        await Promise.all(keys.map((key) => change(drive, 'bucket', key, putOf({}, key))));
        expect((await keysOf(drive, 'bucket')).sort()).toEqual([...keys].sort());
        await Promise.all(keys.map((key) => change(drive, 'bucket', key, { kind: 'remove', versionId: 'null' })));
        expect(await drive.listDir('bucket', '')).toEqual([]);
      });

      it('survive a neighbour that is removed meanwhile', async () => {
        await change(drive, 'bucket', 'p/q/one', putOf({}, 'x'));
        for (let round = 0; round < 20; round++) {
          const [gone, put] = round % 2 === 0 ? ['one', 'two'] : ['two', 'one'];
          await Promise.all([change(drive, 'bucket', `p/q/${gone}`, { kind: 'remove', versionId: 'null' }), change(drive, 'bucket', `p/q/${put}`, putOf({}, 'x'))]);
          expect(await keysOf(drive, 'bucket')).toEqual([`p/q/${put}`]);
        }
      });

      it('do not mistake a file for a folder', async () => {
        await drive.writeFile('bucket', 'file', bytesOf('x'));
        await refusal(drive.stage('t1', 'bucket', 'file/key', putOf({}, 'x')), 'file-access-denied');
        await refusal(drive.readXlMeta('bucket', 'file/key', { inline: true }), 'file-not-found');
        await drive.settle('t1');
      });

      it('begin anew where an xl.meta is damaged, but remove nothing from it', async () => {
        await drive.writeFile('bucket', 'key/xl.meta', bytesOf('garbage'));
        await refusal(drive.stage('t1', 'bucket', 'key', { kind: 'remove', versionId: 'null' }), 'metadata-corrupt');
        await drive.settle('t1');
        expect(textOf(await drive.readFile('bucket', 'key/xl.meta'))).toBe('garbage');
        await change(drive, 'bucket', 'key', putOf({}, 'new'));
        expect(await versionIds(drive, 'bucket', 'key')).toEqual(['null']);
      });
    });

    describe('part files', () => {
      it('appear with the commit and go with what replaces them', async () => {
        const first = await putWithParts(drive, 'bucket', 'key', 'hello', { modTimeNs: 1n });
        expect(await readPart(drive, 'bucket', 'key', first, 3, 1)).toBe('ell');
        expect(await drive.statParts('bucket', 'key', first, [1, 2])).toEqual([5, -1]);
        const second = await putWithParts(drive, 'bucket', 'key', 'goodbye', { modTimeNs: 2n });
        expect(await readPart(drive, 'bucket', 'key', second, 7)).toBe('goodbye');
        expect(await drive.listDir('bucket', 'key')).toEqual([`${second}/`, 'xl.meta'].sort());
        await change(drive, 'bucket', 'key', putOf({ modTimeNs: 3n }, 'inline now'));
        expect(await drive.listDir('bucket', 'key')).toEqual(['xl.meta']);
      });

      it('stay where another version shares them, or where only metadata changed', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'key', 'hello', { modTimeNs: 1n });
        const copy = randomUUID();
        await change(drive, 'bucket', 'key', putOf({ versionId: copy, dataDir, modTimeNs: 2n }));
        await change(drive, 'bucket', 'key', putOf({ dataDir, modTimeNs: 1n, metaUser: new Map([['tag', 'x']]) }));
        await change(drive, 'bucket', 'key', { kind: 'remove', versionId: 'null' });
        expect(await readPart(drive, 'bucket', 'key', dataDir, 5)).toBe('hello');
        await change(drive, 'bucket', 'key', { kind: 'remove', versionId: copy });
        expect(await drive.listDir('bucket', '')).toEqual([]);
      });

      it('are written in order without waiting, from shared memory and from any other', async () => {
        const dataDir = randomUUID();
        const writer = drive.createPart('t1', dataDir, 3);
        const shared = new Uint8Array(new SharedArrayBuffer(6));
        shared.set(bytesOf('shared'));
        const pooled = Buffer.from('pooled');
        const writes = [writer.write([bytesOf('one,'), shared]), writer.write([pooled, bytesOf(',')]), writer.write([]), writer.write([bytesOf('end')])];
        pooled.fill(0);
        await Promise.all(writes);
        await writer.close();
        await change(drive, 'bucket', 'key', putOf({ dataDir, parts: [{ number: 3, size: 20, actualSize: 20 }] }), 't1');
        expect(await readPart(drive, 'bucket', 'key', dataDir, 20, 0, 3)).toBe('one,sharedpooled,end');
      });

      it('may be empty, or dropped', async () => {
        const dataDir = randomUUID();
        await drive.createPart('t1', dataDir, 1).close();
        const dropped = drive.createPart('t1', dataDir, 2);
        await dropped.write([bytesOf('x')]);
        await dropped.abort();
        await dropped.abort();
        await drive.createPart('t1', dataDir, 3).abort();
        await change(drive, 'bucket', 'key', putOf({ dataDir }), 't1');
        expect(await drive.statParts('bucket', 'key', dataDir, [1, 2, 3])).toEqual([0, -1, -1]);
      });

      it('fail for good once a write failed', async () => {
        const dataDir = randomUUID();
        await drive.createPart('t1', dataDir, 1).close();
        const second = drive.createPart('t1', dataDir, 1);
        const error: unknown = await second.write([bytesOf('x')]).catch((reason: unknown) => reason);
        expect(isStorageError(error, 'file-exists')).toBe(true);
        await expect(second.write([bytesOf('y')])).rejects.toBe(error);
        await expect(second.close()).rejects.toBe(error);
        await second.abort();
        await drive.settle('t1');
      });

      it('that end early or are missing are told apart', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'key', 'hello');
        await refusal(readPart(drive, 'bucket', 'key', dataDir, 6), 'frame-corrupt');
        await refusal(readPart(drive, 'bucket', 'key', dataDir, 1, 100), 'frame-corrupt');
        await refusal(readPart(drive, 'bucket', 'key', dataDir, 1, 0, 2), 'file-not-found');
        await refusal(readPart(drive, 'bucket', 'key', randomUUID(), 1), 'file-not-found');
      });

      it('are read into memory that is not shared too', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'key', 'hello');
        const reader = drive.openData('bucket', 'key', dataDir);
        const targets = [new Uint8Array(2), new Uint8Array(3)];
        await Promise.all([reader.read(1, 0, targets[0]!), reader.read(1, 2, targets[1]!)]);
        reader.close();
        expect(targets.map(textOf)).toEqual(['he', 'llo']);
      });

      it('stay readable while they are open, and are gone after', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'key', 'hello', { modTimeNs: 1n });
        const reader = drive.openData('bucket', 'key', dataDir);
        await change(drive, 'bucket', 'key', putOf({ modTimeNs: 2n }, 'new'));
        const target = new Uint8Array(5);
        await reader.read(1, 0, target);
        expect(textOf(target)).toBe('hello');
        await change(drive, 'bucket', 'key', { kind: 'remove', versionId: 'null' });
        await reader.read(1, 0, target);
        reader.close();
        reader.close();
        await refusal(reader.read(1, 0, target), 'file-not-found');
        await vi.waitFor(async () => expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]));
        expect(await drive.statParts('bucket', 'key', dataDir, [1])).toEqual([-1]);
      });

      it('of a removed object stay readable while they are open', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'a/key', 'hello');
        const reader = drive.openData('bucket', 'a/key', dataDir);
        await change(drive, 'bucket', 'a/key', { kind: 'remove', versionId: 'null' });
        const target = new Uint8Array(5);
        await reader.read(1, 0, target);
        expect(textOf(target)).toBe('hello');
        reader.close();
        await vi.waitFor(async () => expect(await drive.listDir('bucket', '')).toEqual([]));
      });

      it('written again for the same data dir take the place of the old ones', async () => {
        const dataDir = await putWithParts(drive, 'bucket', 'key', 'broken', { modTimeNs: 1n });
        await putWithParts(drive, 'bucket', 'key', 'healed', { modTimeNs: 1n, dataDir });
        expect(await readPart(drive, 'bucket', 'key', dataDir, 6)).toBe('healed');
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
      });
    });

    describe('uploads', () => {
      let upload: string;
      beforeEach(() => {
        upload = `multipart/${'0'.repeat(64)}/${randomUUID()}`;
      });

      it('collect parts, the last of each number, and become an object in one step', async () => {
        const dataDir = randomUUID();
        await change(drive, SYSTEM_VOLUME, upload, putOf({ dataDir, size: 0, parts: [] }));
        for (const [number, text] of [[1, 'old'], [2, 'two'], [1, 'one']] as const) {
          const transaction = randomUUID();
          const writer = drive.createPart(transaction, dataDir, number);
          await writer.write([bytesOf(text)]);
          await writer.close();
          await drive.commitPart(transaction, upload, dataDir, number, bytesOf(`meta ${text}`));
        }
        expect(await drive.listDir(SYSTEM_VOLUME, `${upload}/${dataDir}`)).toEqual(['part.1', 'part.1.meta', 'part.2', 'part.2.meta']);
        expect(textOf(await drive.readFile(SYSTEM_VOLUME, `${upload}/${dataDir}/part.1.meta`))).toBe('meta one');
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
        const dataFrom = `${upload}/${dataDir}`;
        const complete = { ...putOf({ dataDir }), dataFrom };
        await drive.stage('t1', 'bucket', 'key', complete);
        expect(await drive.statParts(SYSTEM_VOLUME, upload, dataDir, [1])).toEqual([3]);
        await drive.commit('t1');
        await drive.settle('t1');
        expect(await readPart(drive, 'bucket', 'key', dataDir, 3, 0, 2)).toBe('two');
        expect(await drive.listDir(SYSTEM_VOLUME, upload)).toEqual(['xl.meta']);
        await drive.remove(SYSTEM_VOLUME, upload);
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
      });

      it('keep their parts when the transaction is dropped', async () => {
        const dataDir = randomUUID();
        await change(drive, SYSTEM_VOLUME, upload, putOf({ dataDir, size: 0, parts: [] }));
        const writer = drive.createPart('t1', dataDir, 1);
        await writer.close();
        await drive.commitPart('t1', upload, dataDir, 1, bytesOf('meta'));
        await drive.settle('t1');
        await drive.stage('t2', 'bucket', 'key', { ...putOf({ dataDir }), dataFrom: `${upload}/${dataDir}` });
        await drive.settle('t2');
        expect(await drive.statParts(SYSTEM_VOLUME, upload, dataDir, [1])).toEqual([0]);
      });

      it('that are gone refuse parts', async () => {
        const dataDir = randomUUID();
        await drive.createPart('t1', dataDir, 1).close();
        await refusal(drive.commitPart('t1', upload, dataDir, 1, bytesOf('meta')), 'file-not-found');
        await drive.settle('t1');
        expect(await drive.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
      });
    });

    describeRepairs(() => drive);
    describeWalks(() => drive);
  });
}
