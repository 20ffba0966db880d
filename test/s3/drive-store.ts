/** The real store on four temporary drives, for the suites that run on it as well as in memory. */
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, SystemClock, systemRandom } from '../../src/base/index.js';
import { LocalLocker, openDeployment, parseDriveArguments } from '../../src/cluster/index.js';
import { systemHosts } from '../../src/net/index.js';
import { LocalDrive } from '../../src/drive/index.js';
import { createStore, type ObjectStore } from '../../src/store/index.js';

export interface OpenedStore {
  readonly store: ObjectStore;
  close: () => Promise<void>;
}

export async function openDriveStore(): Promise<OpenedStore> {
  const root = await mkdtemp(join(tmpdir(), 'mts-test-s3-'));
  const folders = [1, 2, 3, 4].map((number) => join(root, `d${number}`));
  for (const folder of folders) await mkdir(folder);
  const common = { clock: new SystemClock(), random: systemRandom, log: silentLog };
  const opened = await openDeployment({
    ...common,
    layouts: (await parseDriveArguments(folders, { listen: { host: undefined, port: 9000 }, hosts: systemHosts })).pools,
    openDrive: ({ path }) => new LocalDrive(path),
    makeFolder: async ({ path }) => void (await mkdir(path, { recursive: true })),
    removeFolder: ({ path }) => rmdir(path),
    allowRootDrive: true,
    standardClass: undefined,
    reducedClass: undefined,
    monitor: { intervalMs: 60_000, schedule: () => () => {} },
  });
  const store = createStore({ deployment: opened.deployment, locker: new LocalLocker(), ...common });
  await store.recover();
  return {
    store,
    close: async () => {
      await store.idle();
      await opened.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
