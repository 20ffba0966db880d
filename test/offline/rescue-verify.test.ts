import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRescue, verifyDrives, type VerifySummary, type Wrong } from '../../src/offline/rescue/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { saveAll, sha256Of, witness } from './rescue-harness.js';

let root: string;
let fixture: Fixture;
let bucket: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-verify-'));
  fixture = unpackFixture('2025-sets', root);
  bucket = Object.keys(fixture.manifest.buckets).find((name) => name.endsWith('-photos'))!;
});
afterAll(() => rmSync(root, { recursive: true }));

async function verify(drives: readonly string[]): Promise<{ readonly summary: VerifySummary; readonly wrong: readonly Wrong[] }> {
  const rescue = await openRescue(drives);
  const wrong: Wrong[] = [];
  try {
    const summary = await verifyDrives(rescue, { bucket: undefined, prefix: '', onWrong: (one) => void wrong.push(one), onFailure: (path, error) => expect.fail(`${path}: ${String(error)}`) });
    return { summary, wrong };
  } finally {
    await rescue.close();
  }
}

/** The part file of an object on the drive in this place of the set that holds it. */
function partOf(key: string, place: number): { readonly drive: string; readonly file: string } {
  const holders = fixture.drives.filter((drive) => readdirSync(join(drive, bucket)).includes(key));
  const drive = holders[place]!;
  const folder = join(drive, bucket, key);
  const dataDir = readdirSync(folder).find((name) => name !== 'xl.meta')!;
  return { drive, file: join(folder, dataDir, 'part.1') };
}

describe('verify', () => {
  it('finds nothing wrong with whole drives, and changes nothing', async () => {
    const before = witness(join(root, '2025-sets/drives'));
    const { summary, wrong } = await verify(fixture.drives);
    expect(wrong).toEqual([]);
    expect(summary).toMatchObject({ wrongVersions: 0, unproven: 0, missing: [] });
    expect(summary.versions).toBeGreaterThan(20);
    expect(summary.drives.every((drive) => drive.wrong === 0)).toBe(true);
    expect(witness(join(root, '2025-sets/drives'))).toEqual(before);
  });

  it('names the drive with a flipped bit, with a missing file, and with a shard of another whose hash is good', async () => {
    const flipped = partOf('edge-1m', 0);
    const bytes = readFileSync(flipped.file);
    const original = Buffer.from(bytes);
    bytes[1000]! ^= 4;
    writeFileSync(flipped.file, bytes);
    const gone = partOf('edge-1m-minus', 2);
    const kept = readFileSync(gone.file);
    rmSync(gone.file);
    const [other, stray] = [partOf('edge-1m', 3), partOf('edge-1m', 2)];
    const own = readFileSync(stray.file);
    let { wrong } = await verify(fixture.drives);
    expect(wrong.map(({ key, drives }) => [key, drives])).toEqual([
      ['edge-1m', [{ path: flipped.drive, state: 'corrupt' }]],
      ['edge-1m-minus', [{ path: gone.drive, state: 'missing' }]],
    ]);
    writeFileSync(flipped.file, original);
    writeFileSync(gone.file, kept);

    copyFileSync(other.file, stray.file);
    const misled = await verify(fixture.drives);
    ({ wrong } = misled);
    expect(wrong.map(({ key, drives, isUnclear }) => [key, drives, isUnclear])).toEqual([['edge-1m', [{ path: stray.drive, state: 'unfit' }], false]]);
    expect(misled.summary.drives.find(({ path }) => path === stray.drive)).toMatchObject({ wrong: 1, states: { unfit: 1 } });
    // What is saved from such drives is right all the same: the ETag tells, and another drive is asked.
    const saved = await saveAll(fixture.drives, join(root, 'saved'));
    const result = saved.find(({ key }) => key === 'edge-1m')!;
    expect(sha256Of(result.target)).toBe(fixture.manifest.buckets[bucket]!.objects['edge-1m']!.at(-1)!.sha256);
    writeFileSync(stray.file, own);
  });

  it('says which drives of a set were not given, and what could not be proven without them', async () => {
    const { summary } = await verify([fixture.drives[0]!, fixture.drives[2]!, ...fixture.drives.slice(4)]);
    expect(summary.missing).toEqual([{ set: 'pool 1, set 1', slots: [1, 3] }]);
    expect(summary.unproven).toBeGreaterThan(0);
  });
});
