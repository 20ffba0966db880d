import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRescue, scanDrives, type CopyResult } from '../../src/offline/rescue/index.js';
import { unpackFixture, type Fixture, type FixtureVersion } from '../fixtures/fixture.js';
import { disarray, saveAll, sha256Of, shuffled, randomOf, witness } from './rescue-harness.js';

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'mts-test-rescue-'))));
afterAll(() => rmSync(root, { recursive: true }));

/** Every object version of a fixture: `bucket/key` and its id. */
function versionsOf({ manifest }: Fixture): { readonly name: string; readonly version: FixtureVersion }[] {
  return Object.entries(manifest.buckets).flatMap(([bucket, { objects, versioning }]) =>
    Object.entries(objects).flatMap(([key, versions]) => (versioning === undefined ? versions.slice(-1) : versions).filter(({ deleteMarker }) => deleteMarker !== true).map((version) => ({ name: `${bucket}/${key}`, version }))),
  );
}

function resultOf(results: readonly CopyResult[], name: string, { versionId = 'null' }: FixtureVersion): CopyResult | undefined {
  return results.find((result) => `${result.bucket}/${result.key}` === name && result.versionId === versionId);
}

function expectAll(fixture: Fixture, results: readonly CopyResult[]): void {
  const versions = versionsOf(fixture);
  expect(versions.length).toBeGreaterThan(5);
  for (const { name, version } of versions) {
    const result = resultOf(results, name, version);
    expect(result, name).toMatchObject({ outcome: 'copied', size: version.size, etag: version.etag });
    expect(sha256Of(result!.target), name).toBe(version.sha256);
    if (version.contentType !== undefined) expect(result!.metaUser.get('content-type'), name).toBe(version.contentType);
    expect(statSync(result!.target).mtime, name).toEqual(result!.modTime);
  }
}

const OLD = ['2017-xl4', '2017-xl6', '2017-xl16', '2017-spoilt-by-2025', '2018-xl4', '2018-xl8-sets', '2020-xl4', '2020-sets', 'life-xl4', 'life-xl6'];
const FIXTURES = [...OLD, '2021-xl4', '2025-xl1', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'];

describe('drives without names and format.json', () => {
  it.each(FIXTURES)('%s: finds sets and places, counts all as whole, saves all, and leaves the drives as they were', async (name) => {
    const into = join(root, `nameless-${name}`);
    const fixture = unpackFixture(name, into);
    const paths = disarray(fixture.drives, 7);
    const before = witness(join(into, name, 'drives'));
    const rescue = await openRescue(paths);
    const setSize = { '2025-xl1': 1, '2025-xl16': 16, '2017-xl16': 16, '2017-xl6': 6, 'life-xl6': 6, '2018-xl8-sets': 16 }[name] ?? 4;
    expect(rescue.sets.map(({ size, drives }) => [size, drives.map(({ slot }) => slot)])).toEqual(new Array(fixture.drives.length / setSize).fill([setSize, Array.from({ length: setSize }, (_, slot) => slot)]));
    const report = await scanDrives(rescue, { scan: 'deep', onProblem: (problem) => expect.fail(JSON.stringify(problem)), onFailure: (path, error) => expect.fail(`${path}: ${String(error)}`) });
    await rescue.close();
    expect(report.objects).toMatchObject({ degraded: 0, lost: 0, leftover: 0 });
    expect(report.system).toMatchObject({ degraded: 0, lost: 0 });
    expectAll(fixture, await saveAll(paths, join(into, 'saved')));
    expect(witness(join(into, name, 'drives'))).toEqual(before);
    rmSync(into, { recursive: true });
  });
});

describe('drives with wrong names', () => {
  it('are placed by their objects where format.json says otherwise', async () => {
    const into = join(root, 'wrong');
    const { drives } = unpackFixture('2025-sets', into);
    // The identities of drives 1 and 6 change places: another set, another slot.
    const format = (i: number): string => join(drives[i]!, '.minio.sys/format.json');
    execFileSync('bash', ['-c', 'mv "$0" "$0.x"; mv "$1" "$0"; mv "$0.x" "$1"', format(0), format(5)]);
    const rescue = await openRescue(shuffled(drives, randomOf(3)));
    await rescue.close();
    expect(rescue.sets.map(({ name, drives: own }) => [name, own.map(({ path }) => path)])).toEqual([
      ['pool 1, set 1', drives.slice(0, 4)],
      ['pool 1, set 2', drives.slice(4)],
    ]);
    expect(rescue.sets.flatMap(({ drives: own }) => own).filter(({ remark }) => remark !== '').map(({ path, remark }) => [path, remark])).toEqual([
      [drives[0], 'its format.json is that of another drive'],
      [drives[5], 'its format.json is that of another drive'],
    ]);
    rmSync(into, { recursive: true });
  });

  it('are named by the sets that their keys hash to where only one drive kept its format.json', async () => {
    const into = join(root, 'one-kept');
    const { drives } = unpackFixture('2025-sets', into);
    for (const drive of drives.slice(0, 7)) rmSync(join(drive, '.minio.sys/format.json'));
    const rescue = await openRescue(shuffled(drives, randomOf(5)));
    await rescue.close();
    expect(rescue.sets.map(({ name, drives: own }) => [name, own.map(({ path }) => path)])).toEqual([
      ['pool 1, set 1', drives.slice(0, 4)],
      ['pool 1, set 2', drives.slice(4)],
    ]);
    rmSync(into, { recursive: true });
  });

  it('two copies of one drive are both used', async () => {
    const into = join(root, 'copies');
    const fixture = unpackFixture('2025-sets', into);
    const [first, second, third] = fixture.drives as [string, string, string];
    const copy = join(into, 'copy-of-3');
    execFileSync('cp', ['-a', third, copy]);
    // Each copy has half of what the other lacks.
    execFileSync('bash', ['-c', 'rm -r "$0"/*-photos/edge-1m; rm -r "$1"/*-photos/over "$1"/*-photos/one-byte', third, copy]);
    const paths = [copy, second, third, ...fixture.drives.slice(4)];
    expect(first).toBeDefined();
    expectAll(fixture, await saveAll(paths, join(into, 'saved')));
    rmSync(into, { recursive: true });
  });
});

describe('more drives lost than there is parity', () => {
  it.each([
    // Data and parity shards: 12 + 4, 3 + 3, 2 + 2.
    { name: '2025-xl16', lost: 5 },
    { name: '2017-xl6', lost: 4 },
    { name: '2018-xl4', lost: 3 },
    { name: '2020-xl4', lost: 3 },
  ])('$name: says which objects survive, saves them, and of the others the ranges that are left', async ({ name: fixtureName, lost }) => {
    const into = join(root, `lost-${fixtureName}`);
    const fixture = unpackFixture(fixtureName, into);
    const left = disarray(fixture.drives, 11).slice(lost);
    const before = left.map(witness);
    const results = await saveAll(left, join(into, 'saved'), { isPartial: true });
    const all = versionsOf(fixture);
    let saved = 0;
    for (const { name, version } of all) {
      const result = resultOf(results, name, version)!;
      if (version.size === 0) {
        expect(result.outcome, name).toBe('copied');
        saved++;
        continue;
      }
      expect(result.outcome, name).toBe('partial');
      expect(result.target.endsWith('.partial')).toBe(true);
      const bytes = readFileSync(result.target);
      expect(bytes.length).toBe(version.size);
      expect(JSON.parse(readFileSync(`${result.target}.holes`, 'utf8'))).toMatchObject({ size: version.size, holes: result.holes });
      expect(result.holes.every(({ start, length }) => bytes.subarray(start, start + length).every((byte) => byte === 0))).toBe(true);
    }
    expect(saved).toBeGreaterThan(0);
    // What is not a hole is what was there: the original with the same holes.
    const whole = unpackFixture(fixtureName, join(into, 'whole'));
    const originals = await saveAll(whole.drives, join(into, 'originals'));
    for (const result of results.filter(({ outcome }) => outcome === 'partial')) {
      const original = readFileSync(originals.find(({ bucket, key }) => bucket === result.bucket && key === result.key)!.target);
      for (const { start, length } of result.holes) original.fill(0, start, start + length);
      expect(Buffer.compare(readFileSync(result.target), original), result.key).toBe(0);
    }
    // What a data shard that is left holds of an object was saved; of small objects that may be all.
    const missing = (result: CopyResult): number => result.holes.reduce((sum, { length }) => sum + length, 0);
    const partial = results.filter(({ outcome }) => outcome === 'partial');
    expect(partial.some((result) => missing(result) > 0)).toBe(true);
    expect(partial.some((result) => missing(result) <= result.size / 2 + 1)).toBe(true);
    const rescue = await openRescue(left);
    const report = await scanDrives(rescue, { scan: 'normal', onProblem: () => undefined, onFailure: () => undefined });
    await rescue.close();
    expect(report.objects).toMatchObject({ whole: 0, degraded: saved, lost: all.length - saved });
    // Server's own objects are kept with eight parity shards of sixteen.
    if (fixtureName === '2025-xl16') expect(report.system).toMatchObject({ lost: 0 });
    expect(left.map(witness)).toEqual(before);
    rmSync(into, { recursive: true });
  });

  it('leaves no partial files where none are asked for', async () => {
    const into = join(root, 'lost-quietly');
    const fixture = unpackFixture('2025-sets', into);
    const results = await saveAll([fixture.drives[1]!, ...fixture.drives.slice(4)], join(into, 'saved'), { allVersions: false });
    expect(results.some(({ outcome }) => outcome === 'lost')).toBe(true);
    expect(results.filter(({ outcome }) => outcome === 'lost').every(({ target, why }) => target === '' && why.includes('1 of 2 needed shards are good'))).toBe(true);
    expect(results.some(({ outcome }) => outcome === 'copied')).toBe(true);
    expect(existsSync(join(into, 'saved'))).toBe(true);
    rmSync(into, { recursive: true });
  });
});
