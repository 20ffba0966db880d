import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyLayout, type VerifyReport } from '../../src/offline/index.js';
import { emptyDrive, unpackFixture } from '../fixtures/fixture.js';
import { treeOf } from './rebuild-harness.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-verify-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const verify = (...args: string[]): Promise<VerifyReport> => verifyLayout({ args, address: ':9000', seen: [], environment: { MINIO_CI_CD: '1' } });

describe('format verify', () => {
  it('says that real drives would start, with one emptied too, and changes nothing', async () => {
    const { drives } = unpackFixture('2025-xl4', root);
    expect(await verify(...drives)).toMatchObject({ wouldStart: true, pools: [{ setCount: 1, drivesPerSet: 4, isNew: false }] });
    emptyDrive(drives[2]!);
    const before = treeOf(root);
    const report = await verify(...drives);
    expect(report.wouldStart).toBe(true);
    expect(report.pools[0]!.drives.map(({ condition }) => condition)).toEqual(['ok', 'ok', 'unformatted', 'ok']);
    expect(treeOf(root)).toBe(before);
  });

  it('says in the server\'s words why it would not', async () => {
    const { drives } = unpackFixture('2025-sets', root);
    expect(await verify(...drives.slice(0, 4))).toMatchObject({ wouldStart: false, reason: expect.stringContaining('belongs to a pool of 8 drives') as string });
    expect(await verify(...drives)).toMatchObject({ wouldStart: false, reason: expect.stringContaining('formatted with 4 drives per erasure set') as string, hint: expect.stringContaining('MINIO_ERASURE_SET_DRIVE_COUNT=4') as string });
    expect(await verify('http://127.0.0.1/a', '/b')).toMatchObject({ wouldStart: false, reason: expect.stringContaining('mixed style') as string });
    const old = unpackFixture('2017-fs', root);
    expect((await verify(...old.drives)).reason).toMatch(/FS format version 1/);
  });

  it('says of new folders that they would be formatted', async () => {
    const fresh = [1, 2, 3, 4].map((number) => join(root, `new${number}`));
    fresh.forEach((path) => mkdirSync(path));
    expect(await verify(...fresh)).toMatchObject({ wouldStart: true, pools: [{ isNew: true, drives: [{ condition: 'new' }, {}, {}, {}] }] });
  });
});
