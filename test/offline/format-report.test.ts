import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFormatJson, encodeHealingTracker, newHealingTracker, type FormatJson } from '../../src/format/index.js';
import { inspectFormats } from '../../src/offline/index.js';
import { emptyDrive, unpackFixture, type Fixture } from '../fixtures/fixture.js';

const ID = '34985dc1-0b5b-41f9-9ce6-59a6b67f56ac';
const OTHER = 'e9ca5b0c-06d6-4f91-8983-8cddedb0168f';
const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

let root: string;
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-offline-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A folder with a format.json of the given content, or none. */
function drive(format?: Uint8Array | string): string {
  const path = join(root, `made-${(count += 1)}`);
  mkdirSync(join(path, '.minio.sys'), { recursive: true });
  if (format !== undefined) writeFileSync(join(path, '.minio.sys', 'format.json'), format);
  return path;
}

const SET = [uuid(1), uuid(2), uuid(3), uuid(4)];
function formatOf(number: number, changes: Partial<FormatJson> = {}): Uint8Array {
  return encodeFormatJson({ isSingle: false, deploymentId: ID, driveId: uuid(number), sets: [SET], algorithm: 'SIPMOD+PARITY', ...changes });
}

function unpack(name: string): Fixture {
  return unpackFixture(name, join(root, `fixture-${(count += 1)}`));
}

describe('format inspect of real drives', () => {
  it.each([
    ['2025-xl1', 1, [1], 1],
    ['2025-xl4', 4, [1], 4],
    ['2025-xl16', 16, [1], 16],
    ['2025-sets', 8, [2], 4],
    ['2025-pools', 8, [1, 1], 4],
  ])('%s: all of them agree, and each has its place', async (name, drives, sets, size) => {
    const fixture = unpack(name);
    const report = await inspectFormats(fixture.drives);
    expect(report).toMatchObject({ isWhole: true, missing: [] });
    expect(report.pools.map((pool) => pool.setCount)).toEqual(sets);
    expect(report.pools.every((pool) => pool.drivesPerSet === size && pool.generation === 'xl 3')).toBe(true);
    expect(new Set(report.drives.map(({ pool, set, slot }) => `${pool} ${set} ${slot}`)).size).toBe(drives);
    expect(report.summary).toContain(report.deploymentId);
    expect(report.summary).toContain('none is missing');
    // The order of the arguments does not matter.
    const turned = await inspectFormats([...fixture.drives].reverse());
    expect(turned.isWhole).toBe(true);
    expect(turned.drives.find(({ path }) => path === fixture.drives[0])).toMatchObject({ set: 0, slot: 0 });
  });

  it('a pool of two that was left out is not noticed as a pool, a drive that was is', async () => {
    const { drives } = unpack('2025-pools');
    const report = await inspectFormats(drives.slice(0, 7));
    expect(report.missing).toHaveLength(1);
    expect(report.missing[0]).toMatchObject({ pool: 1, set: 0, slot: 3 });
    expect(report.isWhole).toBe(false);
    expect(report.summary).toContain('7 of its 8 drives agree, 1 of its drives is not among the folders given');
  });

  it('an emptied, a copied and a foreign drive stand out, and the rest keeps its places', async () => {
    const { drives } = unpack('2025-xl4');
    const foreign = unpack('2025-xl1').drives[0]!;
    const copy = join(root, 'copy');
    cpSync(join(drives[1]!, '.minio.sys', 'format.json'), join(copy, '.minio.sys', 'format.json'));
    emptyDrive(drives[3]!);
    const report = await inspectFormats([...drives, copy, foreign, join(root, 'nowhere')]);
    expect(report.drives.map(({ condition }) => condition)).toEqual(['ok', 'doubled', 'ok', 'unformatted', 'doubled', 'foreign', 'missing']);
    expect(report.drives[1]!.remark).toContain(copy);
    expect(report.drives[4]).toMatchObject({ pool: 0, set: 0, slot: 1 });
    expect(report.drives[5]!.pool).toBeUndefined();
    expect(report.missing).toEqual([expect.objectContaining({ pool: 0, set: 0, slot: 3 })]);
    expect(report.summary).toMatch(/2 of its 4 drives agree, .*2 carry the same identity, 1 is of another deployment, 1 is not formatted and 1 is no folder\.$/);
  });

  it('a range stands for its drives', async () => {
    const { drives } = unpack('2025-xl4');
    const report = await inspectFormats([drives[0]!.replace(/1$/, '{1...4}')]);
    expect(report).toMatchObject({ isWhole: true });
    expect(report.drives.map(({ path }) => path)).toEqual(drives);
    await expect(inspectFormats(['/data{4...1}'])).rejects.toMatchObject({ name: 'UsageError' });
  });
});

describe('format inspect of made-up drives', () => {
  it('the deployment of most drives is the reference', async () => {
    const report = await inspectFormats([drive(formatOf(1, { deploymentId: OTHER })), drive(formatOf(2)), drive(formatOf(3))]);
    expect(report.deploymentId).toBe(ID);
    // It claims a place of the same table under another id.
    expect(report.drives[0]).toMatchObject({ condition: 'different', remark: expect.stringContaining(OTHER) as string });
  });

  it.each<[string, Partial<FormatJson>, string]>([
    ['another order', { sets: [[uuid(2), uuid(1), uuid(3), uuid(4)]] }, 'in another order'],
    ['another member', { sets: [[uuid(1), uuid(2), uuid(3), uuid(9)]] }, 'lists other drives'],
    ['another algorithm', { algorithm: 'CRCMOD' }, 'CRCMOD'],
  ])('a table with %s disagrees', async (_, changes, remark) => {
    const report = await inspectFormats([drive(formatOf(1, changes)), drive(formatOf(2)), drive(formatOf(3)), drive(formatOf(4))]);
    expect(report.drives.map(({ condition }) => condition)).toEqual(['different', 'ok', 'ok', 'ok']);
    expect(report.drives[0]!.remark).toContain(remark);
    expect(report.pools).toHaveLength(1);
    expect(report.missing).toEqual([]);
    expect(report.isWhole).toBe(false);
  });

  it('drives of 2017 are compared by their tables, and half-migrated ones named', async () => {
    const old = (number: number): string => JSON.stringify({ version: '1', format: 'xl', xl: { version: '1', disk: uuid(number), jbod: SET } });
    const all = await inspectFormats([1, 2, 3, 4].map((number) => drive(old(number))));
    expect(all).toMatchObject({ isWhole: true, deploymentId: '' });
    expect(all.summary).toContain('a deployment without an id');
    const mixed = await inspectFormats([drive(old(1)), drive(formatOf(2)), drive(formatOf(3)), drive(formatOf(4))]);
    expect(mixed.drives[0]).toMatchObject({ condition: 'different', remark: expect.stringContaining('2016 to early 2018') as string, slot: 0 });
  });

  it('drives of 2017 that 2025 spoilt are said to have lost their ids', async () => {
    const spoilt = encodeFormatJson({ isSingle: false, deploymentId: '', driveId: '', sets: [SET], algorithm: 'CRCMOD' });
    const report = await inspectFormats([drive(spoilt), drive(spoilt)]);
    expect(report.drives.map(({ condition }) => condition)).toEqual(['nameless', 'nameless']);
    expect(report.missing).toHaveLength(4);
  });

  it('an FS drive is whole alone', async () => {
    const fs = JSON.stringify({ version: '1', format: 'fs', fs: { version: '2' } });
    expect(await inspectFormats([drive(fs)])).toMatchObject({ isWhole: true, drives: [{ condition: 'ok', generation: 'fs 2' }] });
    expect((await inspectFormats([drive(fs), drive(fs)])).isWhole).toBe(false);
  });

  it.each([
    ['half a document', '{"version":"1"', 'not JSON'],
    ['an unknown version', '{"version":"9","format":"xl"}', 'version "9"'],
  ])('%s is unreadable, with the reason', async (_, content, reason) => {
    const report = await inspectFormats([drive(content), drive(formatOf(2))]);
    expect(report.drives[0]).toMatchObject({ condition: 'unreadable', remark: expect.stringContaining(reason) as string });
    expect(report.summary).toContain('1 cannot be read');
  });

  it('a folder alone is told about in a sentence of its own', async () => {
    const path = drive();
    expect((await inspectFormats([path])).summary).toBe(`${path} is not a drive that can be read: there is no .minio.sys/format.json.`);
    expect((await inspectFormats([path, drive()])).summary).toBe('None of the 2 folders is a drive that can be read: 2 are not formatted.');
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    expect((await inspectFormats([file])).summary).toContain('a drive is a folder');
  });

  it('a drive that is being healed is said to be, one that was is not', async () => {
    const paths = [1, 2, 3, 4].map((number) => drive(formatOf(number)));
    const place = { driveId: uuid(1), poolIndex: 0, setIndex: 0, slot: 0, path: '', endpoint: '', startedNs: 5n };
    mkdirSync(join(paths[0]!, '.minio.sys', 'buckets'));
    writeFileSync(join(paths[0]!, '.minio.sys', 'buckets', '.healing.bin'), encodeHealingTracker(newHealingTracker(place)));
    mkdirSync(join(paths[1]!, '.minio.sys', 'buckets'));
    writeFileSync(join(paths[1]!, '.minio.sys', 'buckets', '.healing.bin'), encodeHealingTracker({ ...newHealingTracker(place), isFinished: true }));
    const report = await inspectFormats(paths);
    expect(report.drives.map(({ isHealing }) => isHealing)).toEqual([true, false, false, false]);
    expect(report.drives[0]).toMatchObject({ condition: 'ok', remark: 'is being healed' });
    expect(report.isWhole).toBe(true);
  });
});
