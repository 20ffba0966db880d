import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeObjectPath } from '../../src/format/index.js';
import { inspectObject } from '../../src/offline/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';

let root: string;
let fixture: Fixture;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-offline-'));
  fixture = unpackFixture('2025-xl4', root);
});
afterAll(() => rmSync(root, { recursive: true }));

/** The folder of an object on the first drive. */
function folderOf(key: string, drive = 0): string {
  const bucket = Object.entries(fixture.manifest.buckets).find(([, { objects }]) => key in objects)?.[0];
  return join(fixture.drives[drive]!, bucket!, encodeObjectPath(key));
}

describe('inspect', () => {
  it('finds nothing wrong with any object of drives that real servers wrote', async () => {
    let count = 0;
    for (const name of ['2025-xl4', '2025-xl1', '2021-xl4']) {
      const { drives } = name === '2025-xl4' ? fixture : unpackFixture(name, root);
      for (const drive of drives.slice(0, 2)) {
        for (const path of readdirSync(drive, { recursive: true, encoding: 'utf8' })) {
          if (!path.endsWith('/xl.meta')) continue;
          const report = await inspectObject(join(drive, path));
          expect({ path, report }).toMatchObject({ report: { isSound: true, others: [] } });
          expect(report.fileVersion).toBe(name === '2021-xl4' ? '1.2' : '1.3');
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  it('says how bytes are kept that are not the client\'s, and how many the client has', async () => {
    const { drives, manifest } = unpackFixture('2025-content', root);
    const kinds = { 's3-multi.png': ['SSE-S3'], 'ssec-100.png': ['SSE-C'], 'kms.png': ['SSE-KMS'], 'multi.csv': ['compressed'], 'sealed-indexed.csv': ['SSE-S3', 'compressed'], 'ssec.txt': ['SSE-C', 'compressed'] };
    for (const [key, as] of Object.entries(kinds)) {
      const { versions, isSound } = await inspectObject(join(drives[0]!, 'content', key));
      expect(isSound).toBe(true);
      expect(versions[0]!.object!.kept, key).toEqual({ as, clientSize: manifest.buckets['content']!.objects[key]!.at(-1)!.size });
    }
    expect((await inspectObject(folderOf('one-byte'))).versions[0]!.object).not.toHaveProperty('kept');
  });

  it('tells of each version what the server was told', async () => {
    for (const { objects, versioning } of Object.values(fixture.manifest.buckets)) {
      for (const [key, wanted] of Object.entries(objects)) {
        const { versions } = await inspectObject(folderOf(key, 1));
        const expected = versioning === undefined ? wanted.slice(-1) : [...wanted].reverse();
        expect(versions.map(({ kind }) => kind), key).toEqual(expected.map(({ deleteMarker }) => (deleteMarker === true ? 'delete-marker' : 'object')));
        versions.forEach((version, i) => {
          if (expected[i]!.deleteMarker === true) return;
          expect(version.object!.size, key).toBe(expected[i]!.size);
          expect(version.object!.metaUser.get('etag'), key).toBe(expected[i]!.etag);
        });
        expect(versions[0]!.isLatest).toBe(true);
      }
    }
  });

  it('takes the folder or the file, and says where the data is', async () => {
    const inline = await inspectObject(folderOf('one-byte'));
    expect(await inspectObject(join(folderOf('one-byte'), 'xl.meta'))).toEqual(inline);
    expect(inline.versions[0]).toMatchObject({ versionId: 'null', kind: 'object', signature: '6efd1301', object: { place: 'inline', shardIndex: 1, inline: { size: 33, frames: 1 } } });
    const files = (await inspectObject(folderOf('multi/three-parts'))).versions[0]!.object!;
    expect(files.place).toBe('files');
    expect(files.parts.map(({ fileSize, foundSize }) => fileSize === foundSize)).toEqual([true, true, true]);
  });

  it('finds a flipped bit in inline data, and a part file that is missing, too short or too long', async () => {
    const metaFile = join(folderOf('one-byte', 2), 'xl.meta');
    const bytes = readFileSync(metaFile);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(metaFile, bytes);
    const flipped = await inspectObject(metaFile);
    expect(flipped.isSound).toBe(false);
    expect(flipped.versions[0]!.object!.faults).toEqual([expect.stringContaining('does not match its bitrot hash')]);

    const folder = folderOf('multi/three-parts', 2);
    const dataDir = join(folder, (await inspectObject(folder)).versions[0]!.object!.dataDir);
    truncateSync(join(dataDir, 'part.1'), 5);
    appendFileSync(join(dataDir, 'part.2'), 'x');
    rmSync(join(dataDir, 'part.3'));
    const { versions, isSound } = await inspectObject(folder);
    expect(isSound).toBe(false);
    expect(versions[0]!.object!.faults.toSorted()).toEqual(['part.1 has 5 bytes, 2621600 belong there', 'part.2 has 2621642 bytes, 2621641 belong there', 'part.3 is missing']);
    expect(versions[0]!.object!.parts.map(({ foundSize }) => foundSize)).toEqual([5, 2_621_642, -1]);
  });

  it('finds inline data that was cut off', async () => {
    const metaFile = join(folderOf('one-byte', 3), 'xl.meta');
    truncateSync(metaFile, readFileSync(metaFile).length - 1);
    expect((await inspectObject(metaFile)).versions[0]!.object!.faults).toEqual(['its inline data is missing']);
  });

  it('names what no version accounts for', async () => {
    const folder = folderOf('zero');
    mkdirSync(join(folder, 'b16dbd7e-0000-4000-8000-000000000000'));
    writeFileSync(join(folder, 'note.txt'), '');
    expect(await inspectObject(folder)).toMatchObject({ isSound: true, others: ['b16dbd7e-0000-4000-8000-000000000000/', 'note.txt'] });
  });

  it('looks for the parts of a legacy version in both places', async () => {
    const folder = join(root, 'legacy-object');
    mkdirSync(join(folder, 'legacy'), { recursive: true });
    writeFileSync(join(folder, 'xl.meta'), readFileSync(join(import.meta.dirname, '../fixtures/single-files/legacy-slot-1.xl.meta')));
    const legacyOf = async () => (await inspectObject(folder)).versions.find(({ kind }) => kind === 'legacy')!;
    expect((await legacyOf()).object!.faults).toEqual(['part.1 is missing']);
    // Two data shards of a 3-byte object, without frames as 2017 wrote them.
    writeFileSync(join(folder, 'part.1'), 'ab');
    expect((await legacyOf()).object!.faults).toEqual([]);
    expect((await inspectObject(folder)).others).not.toContain('part.1');
    rmSync(join(folder, 'part.1'));
    writeFileSync(join(folder, 'legacy', 'part.1'), 'ab');
    expect((await legacyOf()).object!.faults).toEqual([]);
  });

  it('says what to give where there is no xl.meta, and why one cannot be decoded', async () => {
    const bucket = join(fixture.drives[0]!, Object.keys(fixture.manifest.buckets)[0]!);
    await expect(inspectObject(bucket)).rejects.toMatchObject({ code: 'file-not-found', message: expect.stringContaining('folder of one object') as string });
    await expect(inspectObject(join(bucket, 'nowhere'))).rejects.toMatchObject({ code: 'file-not-found' });
    const old = join(root, 'old-object');
    mkdirSync(old);
    writeFileSync(join(old, 'xl.json'), '{}');
    await expect(inspectObject(old)).rejects.toMatchObject({ code: 'metadata-corrupt', message: expect.stringContaining('xl.json') as string });
    const garbage = join(root, 'garbage');
    writeFileSync(garbage, 'garbage');
    await expect(inspectObject(garbage)).rejects.toMatchObject({ code: 'metadata-corrupt' });
    expect(existsSync(join(old, 'xl.meta'))).toBe(false);
  });
});
