import { mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeHealingTracker, newHealingTracker } from '../../src/format/index.js';
import { inspectMetadata, inspectObject } from '../../src/offline/index.js';
import { clientRead, contentKeys, findObject, openRescue, readChecked } from '../../src/offline/rescue/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';

let root: string;
let today: Fixture;
let old: Fixture;
let single: Fixture;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-metadata-'));
  [today, old, single] = [unpackFixture('2025-xl4', root), unpackFixture('2017-xl4', root), unpackFixture('2020-fs', root)];
});
afterAll(() => rmSync(root, { recursive: true }));

function find(folder: string, name: RegExp): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => name.test(path));
  if (found === undefined) throw new Error(`no ${name.source} in ${folder}`);
  return join(folder, found);
}

describe('files of metadata', () => {
  it('of every generation are told apart by their names', async () => {
    const [drive] = today.drives as [string];
    expect(await inspectMetadata(join(drive, '.minio.sys/format.json'))).toMatchObject({ kind: 'format.json', content: { generation: 'xl 3', algorithm: 'SIPMOD+PARITY' } });
    expect(await inspectMetadata(join(old.drives[0]!, '.minio.sys/format.json'))).toMatchObject({ kind: 'format.json', content: { generation: 'xl 1', deploymentId: '' } });
    expect(await inspectMetadata(join(single.drives[0]!, '.minio.sys/format.json'))).toMatchObject({ content: { generation: 'fs 2' } });
    expect(await inspectMetadata(find(old.drives[0]!, /uploads\.json$/))).toMatchObject({ kind: 'uploads.json', content: [{ initiated: expect.stringMatching(/^2026-/) as string }] });
    expect(await inspectMetadata(find(single.drives[0]!, /docs\.txt\/fs\.json$/))).toMatchObject({ kind: 'fs.json', content: { version: '1.0.2', metaUser: { etag: expect.stringMatching(/^[0-9a-f]{32}$/) as string } } });
    expect(await inspectMetadata(find(drive, /part\.1\.meta$/))).toMatchObject({ kind: 'part meta', content: { number: 1, size: 5 * 1024 * 1024 } });
    const tracker = join(root, '.healing.bin');
    writeFileSync(tracker, encodeHealingTracker(newHealingTracker({ driveId: 'a8b013ac-6660-46a4-898f-44c154fa9f7f', poolIndex: 0, setIndex: 0, slot: 2, path: '/d', endpoint: '/d', startedNs: 1_795_373_102_000_000_000n })));
    expect(await inspectMetadata(tracker)).toMatchObject({ kind: 'healing tracker', content: { slot: 2, isFinished: false, started: '2026-11-22T18:45:02.000Z' } });
  });

  it('that are objects on the drives are known by their bytes once rescue gave them, without their secrets', async () => {
    const rescue = await openRescue(today.drives);
    const fetch = async (key: string): Promise<string> => {
      const chunks: Uint8Array[] = [];
      await readChecked(clientRead(await findObject(rescue, '.minio.sys', key, undefined), { bucket: '.minio.sys', key }, contentKeys({})), (bytes) => void chunks.push(Uint8Array.from(bytes)));
      const file = join(root, key.replaceAll('/', '_'));
      writeFileSync(file, Buffer.concat(chunks));
      return file;
    };
    const [bucket] = Object.keys(today.manifest.buckets) as [string];
    const metadata = await inspectMetadata(await fetch(`buckets/${bucket}/.metadata.bin`));
    expect(metadata).toMatchObject({ kind: 'bucket metadata', content: { name: bucket, documents: { PolicyConfigJSON: { bytes: { Version: '2012-10-17' } } } } });
    expect(await inspectMetadata(await fetch('pool.bin'))).toMatchObject({ kind: 'pool list', content: [{ index: 0 }] });
    const identity = await inspectMetadata(await fetch('config/iam/users/gjozur/identity.json'));
    expect(identity).toMatchObject({ kind: 'json', content: { credentials: { secretKey: '(not shown)' } } });
    await rescue.close();
  });

  it('xl.json is shown as the object that it is, given the file or the folder', async () => {
    const file = find(old.drives[0]!, /docs\.txt\/xl\.json$/);
    expect(await inspectMetadata(file)).toBeUndefined();
    for (const path of [file, file.slice(0, -'/xl.json'.length)]) expect(await inspectObject(path)).toMatchObject({ isSound: true, fileVersion: 'xl.json 1.0.1', versions: [{ kind: 'legacy', object: { dataShards: 2 } }] });
    // The build that wrote it had no date, and a release is not made up.
    expect((await inspectObject(file)).versions[0]!.writtenBy).toBeUndefined();
    const dated = join(root, 'dated.xl.json');
    writeFileSync(dated, readFileSync(file, 'utf8').replace('DEVELOPMENT.GOGET', 'RELEASE.2018-06-22T23-48-46Z'));
    expect((await inspectObject(dated)).versions[0]!.writtenBy).toEqual(new Date('2018-06-22T23:48:46Z'));
  });

  it('damaged ones are refused with what is wrong', async () => {
    const file = join(root, 'format.json');
    writeFileSync(file, '{"version":"1","format":"xl","xl":{"version":"9"}}');
    await expect(inspectMetadata(file)).rejects.toThrow('erasure format version "9"');
    const other = join(root, 'noise.bin');
    writeFileSync(other, Buffer.from([9, 9, 9, 9]));
    await expect(inspectMetadata(other)).rejects.toThrow('no metadata that any release wrote');
  });
});
