/** Drives of any generation as a store, without a server: those to read from are opened for reading only. */
import { mkdir, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SystemClock, systemRandom, UsageError, type Log } from '../../base/index.js';
import { allSets, LocalLocker, openDeployment, parseDriveArguments, type DriveEndpoint } from '../../cluster/index.js';
import { LocalDrive, type Drive } from '../../drive/index.js';
import { systemHosts } from '../../net/index.js';
import { createStore, fsFormatOf, FsStore, type ObjectStore, type Store } from '../../store/index.js';

/** What is read of a source. */
export type SourceStore = Pick<ObjectStore, 'listBuckets' | 'bucketSettings' | 'open' | 'listVersions'>;

interface OpenedStore<T> {
  readonly store: T;
  close(): Promise<void>;
}

interface OpenedDrives extends OpenedStore<Store> {
  /** Those that are there. */
  readonly drives: readonly Drive[];
}

export interface DriveOptions {
  readonly log: Log;
  /** MINIO_ERASURE_SET_DRIVE_COUNT of these drives. */
  readonly setDriveCount: string | undefined;
}

const NEVER = (): (() => void) => () => undefined;

/** Opens drives for reading only: not a byte of them changes. Throws a UsageError where they make no deployment. */
export async function openSource(paths: readonly string[], options: DriveOptions): Promise<OpenedStore<SourceStore>> {
  const [only] = paths;
  if (only !== undefined && paths.length === 1 && (await fsFormatOf(only)) !== undefined) return { store: new FsStore(resolve(only)), close: () => Promise.resolve() };
  return openDrives(paths, true, options);
}

/** Opens drives to write to; new ones are formatted. Throws a UsageError. */
export async function openTarget(paths: readonly string[], options: DriveOptions): Promise<OpenedDrives> {
  const opened = await openDrives(paths, false, options);
  // What an earlier run that was killed had begun.
  await opened.store.recover();
  return opened;
}

async function openDrives(paths: readonly string[], isReadOnly: boolean, { log, setDriveCount }: DriveOptions): Promise<OpenedDrives> {
  const { pools, nodes } = await parseDriveArguments(paths, { listen: { host: '127.0.0.1', port: 0 }, hosts: systemHosts, setDriveCount });
  if (nodes.length > 0) throw new UsageError('drives of other machines cannot be converted from here', 'run it on the machine that has the drives, or give the alias of a running server');
  const clock = new SystemClock();
  const opened = await openDeployment({
    layouts: pools,
    openDrive: ({ path }: DriveEndpoint) => new LocalDrive(path, { isReadOnly }),
    makeFolder: async ({ path }) => void (await mkdir(path, { recursive: true })),
    removeFolder: ({ path }) => rmdir(path),
    allowRootDrive: true,
    isReadOnly,
    clock,
    random: systemRandom,
    log,
    monitor: { intervalMs: 60_000, schedule: NEVER },
  });
  const store = createStore({ deployment: opened.deployment, locker: new LocalLocker(), clock, random: systemRandom, log, ...(isReadOnly && { schedule: NEVER }) });
  const close = async (): Promise<void> => {
    await store.healing.close();
    await store.idle();
    await opened.close();
  };
  return { store, close, drives: allSets(opened.deployment).flatMap((set) => set.drives.flatMap((drive) => drive ?? [])) };
}
