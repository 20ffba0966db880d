import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync, readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LocalDrive } from '../../src/drive/index.js';
import { ThreadLink } from '../../src/drive/thread-link.js';
import { parseXlMeta, SYSTEM_VOLUME } from '../../src/format/index.js';
import { bytesOf, change, keysOf, putOf, putWithParts, readPart, refusal, textOf, versionIds } from '../contracts/drive-samples.js';
import { describeDrive } from '../contracts/drive.js';

describeDrive('LocalDrive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mts-drive-'));
  const drive = new LocalDrive(folder);
  return Promise.resolve({
    drive,
    close: async () => {
      await drive.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
});

const ID = '6a2b1c3d-0000-4000-8000-00000000000a';

function format(root: string, id: string): void {
  mkdirSync(join(root, SYSTEM_VOLUME), { recursive: true });
  writeFileSync(join(root, SYSTEM_VOLUME, 'format.json'), JSON.stringify({ version: '1', format: 'xl', id: 'd', xl: { version: '3', this: id, sets: [[id]] } }));
}

/** Calls until the answer is the expected one: the identity is looked at once a second. */
async function eventually(check: () => Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 5000, interval: 100 });
}

describe('LocalDrive', () => {
  let base: string;
  let root: string;
  let drive: LocalDrive;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'mts-drive-'));
    root = join(base, 'root');
    format(root, ID);
    mkdirSync(join(root, 'bucket'));
    drive = new LocalDrive(root);
    drive.attach(ID);
  });
  afterEach(async () => {
    await drive.close();
    rmSync(base, { recursive: true, force: true });
  });

  it('refuses every change where it was opened for reading only, and leaves the folder as it is', async () => {
    await putWithParts(drive, 'bucket', 'key', 'hello');
    const stamps = (): string[] => readdirSync(root, { recursive: true }).map((name) => `${String(name)} ${statSync(join(root, String(name))).mtimeMs} ${statSync(join(root, String(name))).ctimeMs}`);
    const before = stamps();
    const reader = new LocalDrive(root, { isReadOnly: true });
    expect(await keysOf(reader, 'bucket')).toEqual(['key']);
    await refusal(reader.stage('t1', 'bucket', 'key', putOf({}, 'x')), 'drive-read-only');
    await refusal(reader.writeFile('bucket', 'x', bytesOf('x')), 'drive-read-only');
    await refusal(reader.makeVolume('new'), 'drive-read-only');
    await refusal(reader.remove('bucket', 'key'), 'drive-read-only');
    await refusal(reader.listStaged(), 'drive-read-only');
    await refusal(reader.createPart('t2', randomUUID(), 1).write([bytesOf('x')]), 'drive-read-only');
    await reader.close();
    expect(stamps()).toEqual(before);
  });

  describe('and who it is', () => {
    it('takes calls while it carries its id', async () => {
      await change(drive, 'bucket', 'key', putOf({}, 'x'));
      expect(drive.id).toBe(ID);
      expect(drive.state).toBe('online');
    });

    it('is offline while its root is away, and works on when it is back', async () => {
      await putWithParts(drive, 'bucket', 'key', 'hello');
      renameSync(root, `${root}-away`);
      await refusal(drive.readXlMeta('bucket', 'other', { inline: true }), 'drive-not-found');
      await refusal(drive.stage('t1', 'bucket', 'key', putOf({}, 'x')), 'drive-not-found');
      await refusal(drive.writeFile('bucket', 'x', bytesOf('x')), 'drive-not-found');
      await refusal(drive.makeVolume('new'), 'drive-not-found');
      await refusal(drive.createPart('t2', randomUUID(), 1).write([bytesOf('x')]), 'drive-not-found');
      await refusal(keysOf(drive, 'bucket'), 'drive-not-found');
      await refusal(drive.listStaged(), 'drive-not-found');
      await refusal(drive.info(), 'drive-not-found');
      expect(drive.state).toBe('offline');
      expect(existsSync(root)).toBe(false);
      renameSync(`${root}-away`, root);
      await eventually(() => Promise.resolve(expect(drive.state).toBe('online')));
      expect(await versionIds(drive, 'bucket', 'key')).toEqual(['null']);
      await change(drive, 'bucket', 'key', putOf({ modTimeNs: 1n }, 'again'));
    });

    it('writes nothing to the empty mount point of an unmounted drive', async () => {
      await change(drive, 'bucket', 'key', putOf({}, 'x'));
      renameSync(root, `${root}-away`);
      mkdirSync(root);
      await refusal(drive.stage('t1', 'bucket', 'key', putOf({}, 'x')), 'drive-unformatted');
      await refusal(drive.makeVolume('new'), 'drive-unformatted');
      await refusal(drive.writeFile(SYSTEM_VOLUME, 'config/x', bytesOf('x')), 'drive-unformatted');
      await refusal(drive.createPart('t2', randomUUID(), 1).write([bytesOf('x')]), 'drive-unformatted');
      expect(readdirSync(root)).toEqual([]);
      expect(drive.state).toBe('unformatted');
    });

    it('refuses everything when another drive, or a damaged format.json, is in its place', async () => {
      for (const text of [JSON.stringify({ xl: { this: randomUUID() } }), '{"xl":', '']) {
        writeFileSync(join(root, SYSTEM_VOLUME, 'format.json'), text);
        await eventually(() => refusal(drive.readFile('bucket', 'x'), 'drive-foreign'));
        await refusal(drive.stage('t1', 'bucket', 'key', putOf({}, 'x')), 'drive-foreign');
        expect(drive.state).toBe('foreign');
      }
      format(root, ID);
      await eventually(() => refusal(drive.readFile('bucket', 'x'), 'file-not-found'));
      expect(drive.state).toBe('online');
    });

    it('does not exist before its folder does', async () => {
      const late = new LocalDrive(join(base, 'late'));
      await refusal(late.listVolumes(), 'drive-not-found');
      await refusal(late.makeVolume('bucket'), 'drive-not-found');
      mkdirSync(join(base, 'late'));
      await eventually(async () => {
        await late.makeVolume('bucket');
      });
      await late.close();
    });
  });

  describe('and what a file system can do', () => {
    const canMount = process.getuid?.() === 0 && process.platform === 'linux' && tryMount();

    function tryMount(): boolean {
      const folder = mkdtempSync(join(tmpdir(), 'mts-drive-mount-'));
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
        execFileSync('umount', [folder]);
        return true;
      } catch {
        return false;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }

    const onTmpfs = async (size: string, use: (mounted: LocalDrive, folder: string) => Promise<void>): Promise<void> => {
      const folder = join(base, 'mounted');
      mkdirSync(folder);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
      const mounted = new LocalDrive(folder);
      try {
        format(folder, ID);
        mounted.attach(ID);
        await use(mounted, folder);
      } finally {
        await mounted.close();
        execFileSync('umount', [folder]);
      }
    };

    it.skipIf(!canMount)('says that it is full and keeps what it has (needs root, to mount a tmpfs)', async () => {
      await onTmpfs('1m', async (mounted) => {
        await mounted.makeVolume('bucket');
        await change(mounted, 'bucket', 'key', putOf({}, 'hello'));
        const dataDir = randomUUID();
        const writer = mounted.createPart('t1', dataDir, 1);
        await refusal(writer.write([new Uint8Array(2 * 1024 * 1024)]), 'drive-full');
        await refusal(writer.close(), 'drive-full');
        await refusal(mounted.writeFile('bucket', 'big', new Uint8Array(1024 * 1024)), 'drive-full');
        await refusal(mounted.stage('t2', 'bucket', 'key', putOf({ modTimeNs: 1n }, 'x'.repeat(500_000))), 'drive-full');
        expect(mounted.state).toBe('online');
        await writer.abort();
        await mounted.settle('t1');
        await mounted.settle('t2');
        expect(await mounted.listDir(SYSTEM_VOLUME, 'tmp')).toEqual([]);
        expect(textOf(parseXlMeta(await mounted.readXlMeta('bucket', 'key', { inline: true })).inline.get('null')!)).toBe('hello');
        await change(mounted, 'bucket', 'key', putOf({ modTimeNs: 2n }, 'fits'));
      });
    });

    it.skipIf(!canMount)('says that it is read-only and is still read (needs root, to remount)', async () => {
      await onTmpfs('1m', async (mounted, folder) => {
        await mounted.makeVolume('bucket');
        await change(mounted, 'bucket', 'key', putOf({}, 'hello'));
        execFileSync('mount', ['-o', 'remount,ro', folder]);
        await refusal(mounted.stage('t1', 'bucket', 'key', putOf({}, 'x')), 'drive-read-only');
        await refusal(mounted.createPart('t2', randomUUID(), 1).close(), 'drive-read-only');
        await refusal(mounted.makeVolume('new'), 'drive-read-only');
        await refusal(mounted.writeFile('bucket', 'x', bytesOf('x')), 'drive-read-only');
        expect(await versionIds(mounted, 'bucket', 'key')).toEqual(['null']);
        execFileSync('mount', ['-o', 'remount,rw', folder]);
        await change(mounted, 'bucket', 'key', putOf({ modTimeNs: 2n }, 'again'));
      });
    });

    it('ends a call that hangs, refuses others at once, and recovers', async () => {
      const slow = new LocalDrive(root, { deadlineMs: 1500 });
      slow.attach(ID);
      execFileSync('mkfifo', [join(root, 'bucket', 'fifo')]);
      await slow.info();
      // Opening a named pipe blocks the thread until somebody writes to it.
      await refusal(slow.readFile('bucket', 'fifo'), 'drive-timeout');
      expect(slow.state).toBe('faulty');
      const start = performance.now();
      await refusal(slow.readFile('bucket', 'x'), 'drive-faulty');
      expect(performance.now() - start).toBeLessThan(100);
      closeSync(openSync(join(root, 'bucket', 'fifo'), 'w'));
      await eventually(() => Promise.resolve(expect(slow.state).toBe('online')));
      await refusal(slow.readFile('bucket', 'x'), 'file-not-found');
      await slow.close();
    });

    it('can be closed while a call hangs', async () => {
      const slow = new LocalDrive(root, { deadlineMs: 300 });
      execFileSync('mkfifo', [join(root, 'bucket', 'fifo')]);
      await refusal(slow.readFile('bucket', 'fifo'), 'drive-timeout');
      await slow.close();
      await refusal(slow.readFile('bucket', 'x'), 'drive-not-found');
      closeSync(openSync(join(root, 'bucket', 'fifo'), 'w'));
    });

    it('is faulty for good when its thread dies, and so is everything under way', async () => {
      const worker = new Worker('const { parentPort } = require("node:worker_threads"); parentPort.on("message", () => process.exit(1));', { eval: true });
      const link = new ThreadLink(worker, 'dead', 10_000);
      await refusal(link.call('info', []), 'drive-faulty');
      await refusal(link.call('info', []), 'drive-faulty');
      expect(link.state).toBe('faulty');
      await link.close();
    });

    it('answers nothing more once it is closed', async () => {
      const closed = new LocalDrive(root);
      const under = closed.listVolumes();
      await closed.close();
      await closed.close();
      expect((await under).length).toBe(1);
      await refusal(closed.listVolumes(), 'drive-not-found');
      expect(closed.state).toBe('offline');
    });
  });

  describe('where two servers change one object', () => {
    it('the change staged last is the only one that becomes visible', async () => {
      await drive.stage('slow', 'bucket', 'key', putOf({ modTimeNs: 1n }, 'slow'));
      await change(drive, 'bucket', 'key', putOf({ modTimeNs: 2n }, 'quick'));
      await drive.stage('next', 'bucket', 'key', putOf({ modTimeNs: 3n }, 'next'));
      await drive.stage('other', 'bucket', 'another key', putOf({}, 'other'));
      await drive.commit('other');
      await drive.commit('next');
      await drive.commit('next');
      expect(textOf(parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true })).inline.get('null')!)).toBe('next');
      await drive.settle('next');
      await drive.settle('slow');

      await drive.stage('slow', 'bucket', 'key', putOf({ modTimeNs: 4n }, 'slow'));
      await drive.stage('last', 'bucket', 'key', putOf({ modTimeNs: 5n }, 'last'));
      await refusal(drive.commit('slow'), 'drive-timeout');
      await drive.commit('last');
      expect(textOf(parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true })).inline.get('null')!)).toBe('last');
    });
  });

  describe('after a crash', () => {
    it('removes what MinIO and unfinished writes left in the work area, and nothing else', async () => {
      const tmp = join(root, SYSTEM_VOLUME, 'tmp');
      for (const path of ['.trash/one/xl.meta', '.trash/two', `${randomUUID()}/xl.meta`, `${randomUUID()}/${randomUUID()}/part.1`, `${randomUUID()}x17/part.1`, 'file']) {
        mkdirSync(join(tmp, path, '..'), { recursive: true });
        writeFileSync(join(tmp, path), 'x');
      }
      mkdirSync(join(tmp, 'odd'));
      symlinkSync('/etc/passwd', join(tmp, 'odd', 'target'));
      symlinkSync('/etc/passwd', join(tmp, 'strange.target'));
      const dataDir = randomUUID();
      await drive.createPart('live', dataDir, 1).write([bytesOf('still being written')]);
      expect(await drive.listStaged()).toEqual([]);
      await eventually(() => Promise.resolve(expect(readdirSync(tmp)).toEqual([`live.${dataDir}`])));
      expect(existsSync('/etc/passwd')).toBe(true);
    });

    it('tells what was staged and what was committed', async () => {
      const staged = putOf({}, 'staged');
      await drive.stage('t1', 'bucket', 'a/staged', staged);
      const dataDir = randomUUID();
      await drive.createPart('t2', dataDir, 1).close();
      await drive.stage('t2', 'bucket', 'a/committed', putOf({ dataDir }));
      await drive.commit('t2', { leavesTrace: true });
      // Where nothing is left to do, no trace tells of it.
      await drive.stage('t4', 'bucket', 'a/inline', putOf({}, 'x'));
      await drive.commit('t4');
      await change(drive, 'bucket', 'a/gone', putOf({}, 'x'));
      await drive.stage('t3', 'bucket', 'a/gone', { kind: 'remove', versionId: 'null' });
      expect(await drive.listStaged()).toEqual([]);
      await drive.close();
      drive = new LocalDrive(root);
      const found = (await drive.listStaged()).sort((a, b) => a.id.localeCompare(b.id));
      expect(found.map(({ id, path, state }) => [id, path, state])).toEqual([['t1', 'a/staged', 'staged'], ['t2', 'a/committed', 'committed'], ['t3', 'a/gone', 'staged']]);
      expect(parseXlMeta(found[0]!.xlMeta!).inline.size).toBe(1);
      expect(found[1]!.xlMeta).toBeUndefined();
      expect(found[2]!.xlMeta!.length).toBe(0);
      for (const { id } of found) {
        await drive.commit(id);
        await drive.settle(id);
      }
      expect(await keysOf(drive, 'bucket')).toEqual(['a/committed', 'a/inline', 'a/staged']);
      expect(readdirSync(join(root, SYSTEM_VOLUME, 'tmp'))).toEqual([]);
    });

    it('drops what was staged before the object changed again', async () => {
      await drive.stage('t1', 'bucket', 'key', putOf({ modTimeNs: 1n }, 'stale'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await change(drive, 'bucket', 'key', putOf({ modTimeNs: 2n }, 'newer'));
      await drive.close();
      drive = new LocalDrive(root);
      expect(await drive.listStaged()).toEqual([]);
      await drive.commit('t1');
      expect(textOf(parseXlMeta(await drive.readXlMeta('bucket', 'key', { inline: true })).inline.get('null')!)).toBe('newer');
    });

    it('drops what was staged before a removal that found nothing, or that took the object away', async () => {
      await drive.stage('late', 'bucket', 'absent', putOf({ modTimeNs: 1n }, 'late'));
      await change(drive, 'bucket', 'absent', { kind: 'remove', versionId: 'null' });
      await change(drive, 'bucket', 'removed', putOf({ modTimeNs: 1n }, 'first'));
      const dataDir = randomUUID();
      await drive.createPart('late too', dataDir, 1).close();
      await drive.stage('late too', 'bucket', 'removed', putOf({ modTimeNs: 2n, dataDir }));
      await change(drive, 'bucket', 'removed', { kind: 'remove', versionId: 'null' });
      await drive.stage('other', 'bucket', 'other', putOf({}, 'other'));
      await drive.close();
      drive = new LocalDrive(root);
      expect((await drive.listStaged()).map(({ id }) => id)).toEqual(['other']);
      expect(await keysOf(drive, 'bucket')).toEqual([]);
    });

    it('drops what an earlier process staged before a later change, though nobody has asked for it yet', async () => {
      const dataDir = randomUUID();
      await drive.createPart('late', dataDir, 1).close();
      await drive.stage('late', 'bucket', 'absent', putOf({ modTimeNs: 1n, dataDir }));
      await change(drive, 'bucket', 'newer', putOf({ modTimeNs: 1n }, 'first'));
      await drive.stage('late too', 'bucket', 'newer', putOf({ modTimeNs: 2n }, 'late'));
      await drive.stage('other', 'bucket', 'other', putOf({}, 'other'));
      await drive.close();
      drive = new LocalDrive(root);
      await change(drive, 'bucket', 'absent', { kind: 'remove', versionId: 'null' });
      await change(drive, 'bucket', 'newer', putOf({ modTimeNs: 3n }, 'newer'));
      expect((await drive.listStaged()).map(({ id }) => id)).toEqual(['other']);
      await drive.commit('late');
      await drive.commit('late too');
      expect(await keysOf(drive, 'bucket')).toEqual(['newer']);
      expect(textOf(parseXlMeta(await drive.readXlMeta('bucket', 'newer', { inline: true })).inline.get('null')!)).toBe('newer');
    });

    it('tells also of what a server that went away left in this process, once nobody has touched it for long', async () => {
      await drive.stage('t1', 'bucket', 'key', putOf({}, 'left'));
      expect(await drive.listStaged()).toEqual([]);
      expect(await drive.listStaged({ abandonedMs: 60_000 })).toEqual([]);
      expect(await drive.listStaged({ abandonedMs: 0 })).toMatchObject([{ id: 't1', path: 'key', state: 'staged' }]);
      await drive.commit('t1');
      await drive.settle('t1');
      expect(await drive.listStaged({ abandonedMs: 0 })).toEqual([]);
      expect(await keysOf(drive, 'bucket')).toEqual(['key']);
    });

    it('drops what was not written to its end', async () => {
      await drive.stage('t1', 'bucket', 'key', putOf({}, 'cut short'));
      await drive.close();
      const [name] = readdirSync(join(root, SYSTEM_VOLUME, 'tmp'));
      const file = join(root, SYSTEM_VOLUME, 'tmp', name!);
      writeFileSync(file, readFileSync(file).subarray(0, 20));
      drive = new LocalDrive(root);
      expect(await drive.listStaged()).toEqual([]);
      await eventually(() => Promise.resolve(expect(existsSync(file)).toBe(false)));
    });
  });

  it('removes a big tree without holding up other calls', async () => {
    for (let index = 0; index < 3000; index++) mkdirSync(join(root, 'bucket', 'tree', `d${index % 100}`, `k${index}`), { recursive: true });
    await change(drive, 'bucket', 'key', putOf({}, 'x'));
    let isRemoved = false;
    const removal = drive.remove('bucket', 'tree').then(() => (isRemoved = true));
    await drive.readXlMeta('bucket', 'key', { inline: true });
    await drive.readXlMeta('bucket', 'key', { inline: true });
    expect(isRemoved).toBe(false);
    expect(existsSync(join(root, 'bucket', 'tree'))).toBe(false);
    await removal;
    expect(readdirSync(join(root, SYSTEM_VOLUME, 'tmp'))).toEqual([]);
  });

  it('reads shards into shared memory of WebAssembly in place', async () => {
    const { Memory } = Reflect.get(globalThis, 'WebAssembly') as { Memory: new (options: object) => { readonly buffer: SharedArrayBuffer } };
    const memory = new Memory({ initial: 1, maximum: 4, shared: true });
    const target = new Uint8Array(memory.buffer, 1000, 5);
    const dataDir = await putWithParts(drive, 'bucket', 'key', 'hello');
    const reader = drive.openData('bucket', 'key', dataDir);
    await reader.read(1, 0, target);
    reader.close();
    expect(Buffer.from(target).toString()).toBe('hello');
    expect(statSync(join(root, 'bucket', 'key', dataDir, 'part.1')).size).toBe(5);
    expect(await readPart(drive, 'bucket', 'key', dataDir, 5)).toBe('hello');
  });
});
