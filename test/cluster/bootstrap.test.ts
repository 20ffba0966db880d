import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { StorageError, SystemClock, systemRandom, type Log } from '../../src/base/index.js';
import { allSets, openDeployment, parseDriveArguments, type DriveEndpoint, type OpenDeploymentOptions, type OpenedDeployment } from '../../src/cluster/index.js';
import type { Drive } from '../../src/drive/index.js';
import { systemHosts } from '../../src/net/index.js';
import { SameThreadDrive } from '../doubles/same-thread-drive.js';

let root: string;
const opened: OpenedDeployment[] = [];
let lines: string[];
const log: Log = { info: (message) => void lines.push(`INFO ${message}`), warn: (message) => void lines.push(`WARN ${message}`), error: (message) => void lines.push(`ERROR ${message}`) };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-cluster-test-'));
  lines = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  rmSync(root, { recursive: true, force: true });
});

const path = (name: string) => join(root, name);
const formatOf = (name: string) => JSON.parse(readFileSync(path(`${name}/.minio.sys/format.json`), 'utf8')) as { id: string; format: string; xl: { this: string; sets: string[][]; version: string; distributionAlgo: string } };

async function open(args: string[], more: Partial<OpenDeploymentOptions> & { readonly setDriveCount?: string } = {}): Promise<OpenedDeployment> {
  const listen = { host: undefined, port: 9000 };
  const { pools } = await parseDriveArguments(args.map((argument) => path(argument)), { listen, hosts: systemHosts, setDriveCount: more.setDriveCount });
  const result = await openDeployment({
    layouts: pools,
    openDrive: (endpoint) => new SameThreadDrive(endpoint.path),
    makeFolder: (endpoint) => Promise.resolve(void mkdirSync(endpoint.path, { recursive: true })),
    removeFolder: (endpoint) => Promise.resolve(rmdirSync(endpoint.path)),
    allowRootDrive: false,
    clock: new SystemClock(),
    random: systemRandom,
    log,
    monitor: { intervalMs: 1000, schedule: () => () => {} },
    ...more,
  });
  opened.push(result);
  return result;
}

async function close(one: OpenedDeployment): Promise<void> {
  opened.splice(opened.indexOf(one), 1);
  await one.close();
}

/** Formats, and closes again. */
async function formatted(args: string[]): Promise<void> {
  await close(await open(args));
}

describe('a first start', () => {
  it('on one folder that is not there makes it a single drive', async () => {
    const { deployment } = await open(['deep/er/data']);
    const written = formatOf('deep/er/data');
    expect(written).toMatchObject({ version: '1', format: 'xl-single', id: deployment.id, xl: { version: '3', distributionAlgo: 'SIPMOD+PARITY' } });
    expect(written.xl.sets).toEqual([[written.xl.this]]);
    expect(deployment.pools[0]!.sets[0]).toMatchObject({ size: 1, defaultParity: 0, reducedParity: 0 });
  });

  it('on several drives gives each an identity of its own and all one deployment, over all pools', async () => {
    const { deployment, statuses } = await open(['a{1...8}', 'b{1...4}'], { setDriveCount: '4' });
    expect(deployment.pools.map((pool) => pool.sets.map((set) => set.size))).toEqual([[4, 4], [4]]);
    const formats = ['a', 'b'].flatMap((pool) => Array.from({ length: pool === 'a' ? 8 : 4 }, (_, index) => formatOf(`${pool}${index + 1}`)));
    expect(new Set(formats.map((format) => format.id))).toEqual(new Set([deployment.id]));
    expect(new Set(formats.map((format) => format.xl.this)).size).toBe(12);
    expect(formats[0]!.xl.sets.flat()).toEqual(formats.slice(0, 8).map((format) => format.xl.this));
    expect(statuses().map(({ isOnline, setIndex, slot }) => [isOnline, setIndex, slot])).toContainEqual([true, 1, 3]);
    expect(allSets(deployment).every((set) => set.drives.every((drive) => drive !== undefined && !set.isHealing(drive)))).toBe(true);
  });

  it('that fails on one drive leaves no format and is refused by its name', async () => {
    const openDrive = ({ path: folder }: DriveEndpoint): Drive => {
      const drive = new SameThreadDrive(folder);
      if (folder.endsWith('d3')) drive.writeFile = () => Promise.reject(new StorageError('drive-read-only', `cannot write on drive ${folder}: EROFS`));
      return drive;
    };
    await expect(open(['d{1...4}'], { openDrive })).rejects.toThrow(/d3 cannot be formatted.*EROFS/);
    for (const name of ['d1', 'd2', 'd3', 'd4']) expect(existsSync(path(`${name}/.minio.sys/format.json`))).toBe(false);
    await open(['d{1...4}']);
  });

  it('where a drive is a file is refused by its name', async () => {
    writeFileSync(path('d2'), 'x');
    await expect(open(['d1', 'd2'])).rejects.toThrow(/d2 cannot be made/);
    expect(existsSync(path('d1/.minio.sys'))).toBe(false);
  });

  it('of a new pool takes the deployment of the old one', async () => {
    await formatted(['a{1...4}']);
    const { deployment } = await open(['a{1...4}', 'b{1...4}']);
    expect(formatOf('b1').id).toBe(deployment.id);
    expect(formatOf('a1').id).toBe(deployment.id);
  });

  it('with a parity that the sets cannot carry touches nothing', async () => {
    await expect(open(['d{1...4}'], { standardClass: 'EC:3' })).rejects.toThrow('at most 2');
    expect(existsSync(path('d1'))).toBe(false);
  });
});

describe('a later start', () => {
  it('serves the same identities', async () => {
    await formatted(['d{1...4}']);
    const before = formatOf('d3');
    const { deployment } = await open(['d{1...4}']);
    expect(deployment.id).toBe(before.id);
    expect(deployment.pools[0]!.sets[0]!.drives.map((drive) => drive?.id)).toEqual(before.xl.sets[0]);
    expect(formatOf('d3')).toEqual(before);
    expect(lines.filter((line) => line.startsWith('WARN'))).toEqual([]);
  });

  it('serves drives in another order by their identity, with one warning that names them', async () => {
    await formatted(['d{1...4}']);
    const { deployment } = await open(['d2', 'd1', 'd3', 'd4']);
    expect(deployment.pools[0]!.sets[0]!.drives.map((drive) => drive?.endpoint)).toEqual(['d1', 'd2', 'd3', 'd4'].map(path));
    const warnings = lines.filter((line) => line.startsWith('WARN'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${path('d2')} (drive 2 of set 1), ${path('d1')} (drive 1 of set 1)`);
    expect(warnings[0]).not.toContain(path('d3'));
  });

  it('goes on without a drive whose folder is gone, and never makes the folder', async () => {
    await formatted(['d{1...4}']);
    rmSync(path('d2'), { recursive: true });
    const { statuses } = await open(['d{1...4}']);
    expect(statuses().map(({ isOnline }) => isOnline)).toEqual([true, false, true, true]);
    expect(existsSync(path('d2'))).toBe(false);
    expect(lines.join('\n')).toContain(`${path('d2')} is offline`);
  });

  it('gives an emptied drive its identity back, to be healed, and still counts it so after another start', async () => {
    await formatted(['d{1...4}']);
    const before = formatOf('d2');
    rmSync(path('d2'), { recursive: true });
    mkdirSync(path('d2'));
    for (let start = 0; start < 2; start++) {
      const one = await open(['d{1...4}']);
      expect(formatOf('d2')).toEqual(before);
      const set = one.deployment.pools[0]!.sets[0]!;
      expect(set.drives.map((drive) => drive !== undefined && set.isHealing(drive))).toEqual([false, true, false, false]);
      expect(one.statuses()[1]).toMatchObject({ isOnline: true, isHealing: true });
      await close(one);
    }
  });

  it('leaves a drive of another deployment as it is and says so', async () => {
    await formatted(['d{1...4}']);
    await formatted(['x{1...4}']);
    rmSync(path('d2'), { recursive: true });
    cpSync(path('x2'), path('d2'), { recursive: true });
    const foreign = formatOf('d2');
    const { deployment, statuses } = await open(['d{1...4}']);
    expect(statuses()[1]).toMatchObject({ condition: 'foreign', isOnline: false });
    await expect(deployment.pools[0]!.sets[0]!.drives[1]!.makeVolume('bucket')).rejects.toMatchObject({ code: 'drive-foreign' });
    expect(formatOf('d2')).toEqual(foreign);
    expect(existsSync(path('d2/bucket'))).toBe(false);
    expect(lines.join('\n')).toContain(`${path('d2')} belongs to deployment ${foreign.id}`);
  });

  it('never rewrites a damaged format.json', async () => {
    await formatted(['d{1...4}']);
    writeFileSync(path('d4/.minio.sys/format.json'), '{"vers');
    const { statuses } = await open(['d{1...4}']);
    expect(statuses()[3]).toMatchObject({ condition: 'damaged', isOnline: false });
    expect(readFileSync(path('d4/.minio.sys/format.json'), 'utf8')).toBe('{"vers');
  });

  it('with pools of two deployments is refused before anything is written', async () => {
    await formatted(['a{1...4}']);
    await formatted(['b{1...4}']);
    await expect(open(['a{1...4}', 'b{1...4}', 'c{1...4}'])).rejects.toThrow(/belong to one deployment/);
    expect(existsSync(path('c1/.minio.sys'))).toBe(false);
  });

  it.each([
    ['{"version":"1","format":"fs","fs":{"version":"2"}}', 'FS format version 2'],
    ['{"version":"2","format":"xl"}', 'damaged'],
  ])('on the format %s is refused by generation', async (text, words) => {
    mkdirSync(path('d/.minio.sys'), { recursive: true });
    writeFileSync(path('d/.minio.sys/format.json'), text);
    await expect(open(['d'])).rejects.toThrow(words);
    expect(readFileSync(path('d/.minio.sys/format.json'), 'utf8')).toBe(text);
  });

  it('is refused where nothing can be written', async () => {
    await formatted(['d']);
    const openDrive = ({ path: folder }: DriveEndpoint): Drive => {
      const drive = new SameThreadDrive(folder);
      drive.writeFile = () => Promise.reject(new StorageError('drive-read-only', `cannot write on drive ${folder}: EROFS`));
      return drive;
    };
    await expect(open(['d'], { openDrive })).rejects.toThrow(/nothing can be written.*EROFS/);
  });

  it('with one drive that can only be read goes on with a warning', async () => {
    await formatted(['d{1...4}']);
    const openDrive = ({ path: folder }: DriveEndpoint): Drive => {
      const drive = new SameThreadDrive(folder);
      if (folder.endsWith('d1')) drive.writeFile = () => Promise.reject(new StorageError('drive-read-only', 'EROFS'));
      return drive;
    };
    await open(['d{1...4}'], { openDrive });
    expect(lines.join('\n')).toContain(`${path('d1')} can be read only`);
  });
});

describe('a drive that goes while the server runs', () => {
  it('is reported once with the reason, and again when it is back', async () => {
    await formatted(['d{1...4}']);
    const one = await open(['d{1...4}']);
    await one.checkDrives();
    renameSync(path('d2'), path('away'));
    await settled(one, () => one.statuses()[1]!.isOnline === false);
    await one.checkDrives();
    expect(lines.filter((line) => line.includes('went offline'))).toHaveLength(1);
    expect(lines.find((line) => line.includes('went offline'))).toContain(path('d2'));
    renameSync(path('away'), path('d2'));
    await settled(one, () => one.statuses()[1]!.isOnline);
    expect(lines.filter((line) => line.includes('is back online'))).toHaveLength(1);
    await expect(one.deployment.pools[0]!.sets[0]!.drives[1]!.makeVolume('bucket')).resolves.toBeUndefined();
  });

  it('and was not there at the start is served when it comes', async () => {
    await formatted(['d{1...4}']);
    renameSync(path('d3'), path('away'));
    const one = await open(['d{1...4}']);
    expect(one.statuses()[2]!.isOnline).toBe(false);
    renameSync(path('away'), path('d3'));
    await settled(one, () => one.statuses()[2]!.isOnline);
    expect(one.deployment.pools[0]!.sets[0]!.isHealing(one.deployment.pools[0]!.sets[0]!.drives[2]!)).toBe(false);
  });

  it('and is replaced by an empty folder gets its identity and must be healed', async () => {
    await formatted(['d{1...4}']);
    const one = await open(['d{1...4}']);
    const before = formatOf('d2');
    rmSync(path('d2'), { recursive: true });
    await settled(one, () => one.statuses()[1]!.isOnline === false);
    mkdirSync(path('d2'));
    await settled(one, () => one.statuses()[1]!.isOnline);
    expect(formatOf('d2')).toEqual(before);
    expect(one.statuses()[1]!.isHealing).toBe(true);
  });

  it('and is swapped with another is served in its own slot', async () => {
    await formatted(['d{1...4}']);
    const one = await open(['d{1...4}']);
    const ids = one.deployment.pools[0]!.sets[0]!.drives.map((drive) => drive!.id);
    renameSync(path('d1'), path('away'));
    renameSync(path('d2'), path('d1'));
    renameSync(path('away'), path('d2'));
    await settled(one, () => one.deployment.pools[0]!.sets[0]!.drives[0]!.endpoint === path('d2') && one.statuses().every(({ isOnline }) => isOnline));
    const { drives } = one.deployment.pools[0]!.sets[0]!;
    expect(drives.map((drive) => drive!.id)).toEqual(ids);
    expect(drives.map((drive) => drive!.endpoint)).toEqual(['d2', 'd1', 'd3', 'd4'].map(path));
  });
});

/** Drives look at their identity at most once a second, so a change is seen after that. */
async function settled(one: OpenedDeployment, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  do {
    await one.checkDrives();
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < deadline);
  expect.unreachable(`it did not settle: ${JSON.stringify(one.statuses(), undefined, 1)}\n${lines.join('\n')}`);
}
