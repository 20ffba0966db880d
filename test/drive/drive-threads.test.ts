import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DriveThreads, LocalDrive } from '../../src/drive/index.js';
import { describeDrive } from '../contracts/drive.js';

describeDrive('LocalDrive in a shared thread', async () => {
  const root = mkdtempSync(join(tmpdir(), 'mts-drive-'));
  const threads = new DriveThreads(1);
  const [drive, neighbour] = ['one', 'other'].map((name) => {
    mkdirSync(join(root, name));
    return new LocalDrive(join(root, name), { startThread: (data) => threads.start(data) });
  }) as [LocalDrive, LocalDrive];
  await neighbour.makeVolume('neighbour');
  return {
    drive,
    close: async () => {
      expect((await neighbour.listVolumes()).map(({ name }) => name)).toEqual(['neighbour']);
      await drive.close();
      // Who stays is answered still.
      expect((await neighbour.listVolumes()).map(({ name }) => name)).toEqual(['neighbour']);
      await neighbour.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
});

describe('drives in few threads', () => {
  it('each answer for themselves, and new ones may come when all have gone', async () => {
    const root = mkdtempSync(join(tmpdir(), 'mts-drive-'));
    const threads = new DriveThreads(2);
    for (let round = 0; round < 2; round++) {
      const drives = Array.from({ length: 7 }, (_, i) => {
        const path = join(root, `${round}-${i}`);
        mkdirSync(join(path, 'bucket'), { recursive: true });
        writeFileSync(join(path, 'bucket/file'), `of drive ${i}`);
        return new LocalDrive(path, { isReadOnly: true, startThread: (data) => threads.start(data) });
      });
      const texts = await Promise.all(drives.map(async (drive) => Buffer.from(await drive.readFile('bucket', 'file')).toString()));
      expect(texts).toEqual(drives.map((_, i) => `of drive ${i}`));
      await Promise.all(drives.map((drive) => drive.close()));
      await expect(drives[0]!.readFile('bucket', 'file')).rejects.toMatchObject({ code: 'drive-not-found' });
    }
    rmSync(root, { recursive: true });
  });
});
