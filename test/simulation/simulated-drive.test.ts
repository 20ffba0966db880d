/** The drives of simulations are held to the contract of all drives, at the world's pace. */
import { LocalDrive } from '../../src/drive/index.js';
import { describeDrive } from '../contracts/drive.js';
import { Disk } from './disk.js';
import { FileSystems, MOUNTS } from './file-systems.js';
import { inhabit } from './globals.js';
import { startThread } from './thread.js';
import { EPOCH_MS, World } from './world.js';

describeDrive('A simulated drive', () => {
  const world = new World(1);
  const files = new FileSystems(world);
  const disk = new Disk(`${MOUNTS}n1/d1`, () => EPOCH_MS + world.nowMs);
  files.mount(disk);
  const leave = inhabit(world, files);
  let isOver = false;
  const life = world.run(() => isOver, Infinity, { isEndless: true });
  const drive = new LocalDrive(disk.path, { startThread: (data) => startThread(world, disk, data) });
  return Promise.resolve({
    drive,
    close: async () => {
      await drive.close();
      isOver = true;
      await life;
      leave();
    },
  });
});
