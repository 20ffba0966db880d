import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { StorageError, SystemClock, systemRandom, type Log } from '../../src/base/index.js';
import { openDeployment, parseDriveArguments, type DriveEndpoint, type OpenedDeployment } from '../../src/cluster/index.js';
import { LocalDrive, type Drive } from '../../src/drive/index.js';
import { decodeFormatJson, encodeXl1 } from '../../src/format/index.js';
import { systemHosts } from '../../src/net/index.js';
import { SameThreadDrive } from '../doubles/same-thread-drive.js';
import { unpackFixture } from '../fixtures/fixture.js';

const FORMAT = '.minio.sys/format.json';
const KEPT = '.minio.sys/mts/format.json.before';

let root: string;
let lines: string[];
const opened: OpenedDeployment[] = [];
const log: Log = { info: (line) => void lines.push(line), warn: (line) => void lines.push(line), error: (line) => void lines.push(line) };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-old-'));
  lines = [];
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((deployment) => deployment.close()));
  rmSync(root, { recursive: true });
});

async function open(args: readonly string[], options: { readonly isReadOnly?: boolean; readonly openDrive?: (endpoint: DriveEndpoint) => Drive } = {}): Promise<OpenedDeployment> {
  const { pools } = await parseDriveArguments(args, { listen: { host: '127.0.0.1', port: 0 }, hosts: systemHosts, setDriveCount: undefined });
  const deployment = await openDeployment({
    layouts: pools,
    openDrive: ({ path }) => new SameThreadDrive(path),
    makeFolder: () => Promise.resolve(),
    removeFolder: () => Promise.resolve(),
    allowRootDrive: true,
    clock: new SystemClock(),
    random: systemRandom,
    log,
    monitor: { intervalMs: 1e9, schedule: () => () => undefined },
    ...options,
  });
  opened.push(deployment);
  return deployment;
}

const ids = Array.from({ length: 4 }, (_, i) => `0000000${i}-1111-4222-8333-444444444444`);

/** Four empty drives as a release of 2017 formatted them. */
function drives2017(): string[] {
  return ids.map((id, i) => {
    const drive = join(root, `d${i + 1}`);
    mkdirSync(join(drive, '.minio.sys'), { recursive: true });
    writeFileSync(join(drive, FORMAT), encodeXl1(id, ids));
    return drive;
  });
}

const formatOf = (drive: string): ReturnType<typeof decodeFormatJson> => decodeFormatJson(readFileSync(join(drive, FORMAT)));

describe('drives of 2017', () => {
  it('get a new format.json with one deployment id, their old one kept beside it', async () => {
    const drives = drives2017();
    const old = drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'));
    const { deployment } = await open([`${root}/d{1...4}`]);
    drives.forEach((drive, i) => {
      expect(formatOf(drive)).toMatchObject({ generation: 'xl 3', deploymentId: deployment.id, driveId: ids[i], sets: [ids], algorithm: 'CRCMOD' });
      expect(readFileSync(join(drive, KEPT), 'utf8')).toBe(old[i]);
    });
    expect(lines.join('\n')).toContain('format.json of 4 drives (erasure format version 1 (2016 to early 2018)) was written anew');
  });

  it('that a crash left migrated in part are all migrated by the next start, to the same id', async () => {
    const drives = drives2017();
    const old = readFileSync(join(drives[3]!, FORMAT));
    const first = await open([`${root}/d{1...4}`]);
    await first.close();
    writeFileSync(join(drives[3]!, FORMAT), old);
    rmSync(join(drives[3]!, KEPT));
    const { deployment } = await open([`${root}/d{1...4}`]);
    expect(deployment.id).toBe(first.deployment.id);
    expect(drives.map((drive) => formatOf(drive).deploymentId)).toEqual(Array(4).fill(deployment.id));
    expect(readFileSync(join(drives[3]!, KEPT))).toEqual(old);
  });

  it('are all left as they were where one of them cannot be written', async () => {
    const drives = drives2017();
    const old = drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'));
    const openDrive = ({ path }: DriveEndpoint): Drive => {
      const drive = new SameThreadDrive(path);
      const write = drive.writeFile.bind(drive);
      let isRefusing = path.endsWith('d3');
      drive.writeFile = (volume, file, bytes) => {
        if (!isRefusing || file !== 'format.json') return write(volume, file, bytes);
        isRefusing = false;
        return Promise.reject(new StorageError('drive-faulty', 'EIO'));
      };
      return drive;
    };
    await expect(open([`${root}/d{1...4}`], { openDrive })).rejects.toThrow(/cannot be written anew: EIO/);
    expect(drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'))).toEqual(old);
  });

  it('are opened as they are where nothing is to be written', async () => {
    const drives = drives2017();
    const old = drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'));
    const { statuses } = await open([`${root}/d{1...4}`], { isReadOnly: true });
    expect(statuses().map(({ isOnline, slot }) => [isOnline, slot])).toEqual([0, 1, 2, 3].map((slot) => [true, slot]));
    expect(drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'))).toEqual(old);
  });
});

it.each([false, true])('drives whose identity a release of 2025 blanked are known again by their objects (read only: %s)', async (isReadOnly) => {
  const { drives } = unpackFixture('2017-spoilt-by-2025', root);
  const before = drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'));
  const { deployment, statuses } = await open([join(root, '2017-spoilt-by-2025/drives/d{1...4}')], { isReadOnly, openDrive: ({ path }) => new LocalDrive(path, { isReadOnly }) });
  expect(statuses().map(({ isOnline }) => isOnline)).toEqual([true, true, true, true]);
  const [set] = deployment.pools[0]!.sets;
  for (const drive of set!.drives) expect(drive?.id).toBeDefined();
  if (isReadOnly) expect(drives.map((drive) => readFileSync(join(drive, FORMAT), 'utf8'))).toEqual(before);
  else expect(new Set(drives.map((drive) => formatOf(drive).driveId)).size).toBe(4);
  expect(lines.join('\n').includes('without an identity) was written anew')).toBe(!isReadOnly);
});
