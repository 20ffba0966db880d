import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { isStorageError } from '../../src/base/index.js';
import { LocalDrive, RemoteDrive, serveDrives } from '../../src/drive/index.js';
import type { Peer } from '../../src/net/index.js';
import { bytesOf, keysOf, putOf, putWithParts, readPart, refusal } from '../contracts/drive-samples.js';
import { describeDrive } from '../contracts/drive.js';
import { faultyLine, type FaultyLine } from '../net/peer/faulty-line.js';
import { answeringNode, connectionTo, stateOf, type TestNode } from '../net/peer/peers.js';

describeDrive('RemoteDrive', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mts-remote-'));
  const own = new LocalDrive(folder);
  const node = await answeringNode('owner:9000');
  serveDrives(node.server, { find: (path) => (path === folder ? own : undefined), openGuest: (path) => new LocalDrive(path) });
  const peer = connectionTo(node);
  await stateOf(peer, 'connected');
  const drive = new RemoteDrive({ peer, endpoint: `http://owner:9000${folder}`, path: folder });
  return {
    drive,
    close: async () => {
      await drive.close();
      await peer.close();
      await node.close();
      await own.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

describe('RemoteDrive over a bad line', () => {
  const DEADLINE_MS = 1000;
  /** Shrunk, so that a black hole is noticed within a test. */
  const timeouts = { pingMs: 100, deadMs: 600, retryMs: 10, retryLongestMs: 50 };
  let folder: string;
  let own: LocalDrive;
  let node: TestNode;
  let line: FaultyLine;
  let peer: Peer;
  let drive: RemoteDrive;
  let dataDir: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mts-remote-'));
    own = new LocalDrive(folder);
    node = await answeringNode('owner:9000', { timeouts });
    serveDrives(node.server, { find: (path) => (path === folder ? own : undefined), openGuest: (path) => new LocalDrive(path) });
    line = await faultyLine(node.listener.port);
    peer = connectionTo(node, { port: line.port, timeouts });
    drive = new RemoteDrive({ peer, endpoint: `http://owner:9000${folder}`, path: folder, deadlineMs: DEADLINE_MS });
    await own.makeVolume('bucket');
    dataDir = await putWithParts(own, 'bucket', 'key', 'hello');
  });
  afterAll(async () => {
    await drive.close();
    await peer.close();
    await line.close();
    await node.close();
    await own.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    Object.assign(line, { cutAfterBytes: Infinity, isBlack: false, delayMs: 0 });
    await stateOf(peer, 'connected');
  });

  const part = async (): Promise<void> => {
    const writer = drive.createPart(randomUUID(), randomUUID(), 1);
    await writer.write([new Uint8Array(200_000)]);
    await writer.close();
  };
  const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
    info: () => drive.info(),
    makeVolume: () => drive.makeVolume('another'),
    statVolume: () => drive.statVolume('bucket'),
    listVolumes: () => drive.listVolumes(),
    deleteVolume: () => drive.deleteVolume('another', { force: true }),
    readFile: () => drive.readFile('bucket', 'key/xl.meta'),
    writeFile: () => drive.writeFile('bucket', 'file', bytesOf('x')),
    listDir: () => drive.listDir('bucket', ''),
    remove: () => drive.remove('bucket', 'file'),
    readXlMeta: () => drive.readXlMeta('bucket', 'key', { inline: true }),
    part,
    stage: () => drive.stage('t1', 'bucket', 'staged', putOf({}, 'x')),
    commit: () => drive.commit('t1'),
    settle: () => drive.settle('t1'),
    listStaged: () => drive.listStaged(),
    readData: () => readPart(drive, 'bucket', 'key', dataDir, 5),
    statParts: () => drive.statParts('bucket', 'key', dataDir, [1]),
    listMissed: () => drive.listMissed(10),
    walk: () => keysOf(drive, 'bucket'),
  };

  /** What the call came to; fails where it takes longer than its deadline, or takes a broken line for a missing file. */
  async function outcome(name: string, call: () => Promise<unknown>): Promise<string> {
    const startedMs = performance.now();
    const result = await call().then(
      () => 'done',
      (error: unknown) => (isStorageError(error) ? error.code : String(error)),
    );
    expect(performance.now() - startedMs, `${name} ended in time`).toBeLessThan(DEADLINE_MS + 500);
    return result;
  }

  it('answers all the same where it is slow', async () => {
    line.delayMs = 20;
    for (const name of ['info', 'readXlMeta', 'part', 'readData', 'walk']) expect(await outcome(name, CALLS[name]!), name).toBe('done');
  });

  for (const name of Object.keys(CALLS)) {
    it(`ends ${name} with the line`, async () => {
      // The rest of this connection is cut within the first bytes of the call.
      line.cutAfterBytes = 10;
      expect(await outcome(name, CALLS[name]!)).toBe('drive-not-found');
    });
  }

  it('ends every call within the deadline where nothing comes through', async () => {
    line.isBlack = true;
    const outcomes = await Promise.all(Object.entries(CALLS).map(async ([name, call]) => [name, await outcome(name, call)] as const));
    for (const [name, code] of outcomes) expect(code, name).toBe('drive-not-found');
    expect(drive.state).toBe('offline');
  });

  it('does not go on with a part file whose beginning went to a connection that broke', async () => {
    const writer = drive.createPart(randomUUID(), dataDir, 1);
    await writer.write([bytesOf('beginning')]);
    line.cutAfterBytes = 10;
    await outcome('info', CALLS['info']!);
    line.cutAfterBytes = Infinity;
    await stateOf(peer, 'connected');
    await expect(writer.write([bytesOf('end')])).rejects.toMatchObject({ code: 'drive-not-found' });
    await expect(writer.close()).rejects.toMatchObject({ code: 'drive-not-found' });
  });

  it('serves no more of a part file at once than fits into a message', async () => {
    await peer.call('drive.openData', [folder, null, 4711, 'bucket', 'key', dataDir]);
    for (const length of [2 ** 40, -1, Number.NaN]) {
      await expect(peer.call('drive.readData', [folder, null, 4711, 1, 0, length])).rejects.toMatchObject({ code: 'drive-faulty' });
    }
    await peer.call('drive.closeData', [folder, null, 4711]);
  });

  it('is online again with the line, and knows when the drive is not', async () => {
    await expect.poll(() => drive.state).toBe('online');
    await drive.info();
    expect(drive.state).toBe('online');
  });

  it('drops part files that were not staged when their line breaks, and does not stage without them', async () => {
    const work = (): string[] => readdirSync(join(folder, '.minio.sys/tmp')).filter((name) => !name.startsWith('.'));
    const before = new Set(work());
    const transaction = randomUUID();
    const writer = drive.createPart(transaction, randomUUID(), 1);
    await writer.write([new Uint8Array(200_000)]);
    await writer.close();
    expect(work().filter((name) => !before.has(name))).toHaveLength(1);
    line.cutAfterBytes = 10;
    await outcome('info', CALLS['info']!);
    line.cutAfterBytes = Infinity;
    await stateOf(peer, 'connected');
    await vi.waitFor(() => expect(work().filter((name) => !before.has(name))).toEqual([]), { timeout: 10_000 });
    await refusal(drive.stage(transaction, 'bucket', 'other', putOf()), 'drive-not-found');
  });
});
