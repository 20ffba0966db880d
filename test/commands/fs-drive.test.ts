import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { ServerProcess, temporaryFolder } from '../e2e/server-process.js';
import { unpackFixture } from '../fixtures/fixture.js';
import { snapshotOf } from '../fixtures/snapshot.js';
import { runMts, spawnMts } from './mts.js';

test('an FS drive says so when it is served, and mts ls, cp, cat and admin info work with it', async () => {
  using folder = temporaryFolder('fs-command');
  const fixture = unpackFixture('2017-fs', folder.toString());
  const { accessKey, secretKey } = fixture.manifest.credentials;
  const before = fixture.drives.map(snapshotOf);
  const Bucket = 'lsdgys-photos';
  const { objects } = fixture.manifest.buckets[Bucket]!;
  {
    await using server = await ServerProcess.start(fixture.layout, { MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey });
    expect(server.output).toMatch(/^NOTE: .* has the FS format version 1 .*READ ONLY.*mts convert /m);
    const environment = { MC_HOST_old: `http://${accessKey}:${secretKey}@127.0.0.1:${server.port}` };
    const listed = await runMts(['ls', '-r', '--json', `old/${Bucket}`], environment);
    expect(listed.objects.map(({ key, size, etag }) => [key, size, etag])).toEqual(Object.keys(objects).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map((key) => [key, objects[key]!.at(-1)!.size, objects[key]!.at(-1)!.etag]));
    const cat = spawnMts(['cat', `old/${Bucket}/docs.txt`], environment);
    const hash = createHash('sha256');
    for await (const chunk of cat.stdout!) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(objects['docs.txt']!.at(-1)!.sha256);
    const copied = await runMts(['cp', '-r', `old/${Bucket}/`, `${folder.toString()}/out/`], environment);
    expect(copied.code).toBe(0);
    for (const [key, versions] of Object.entries(objects)) expect(createHash('sha256').update(readFileSync(join(folder.toString(), 'out', key))).digest('hex'), key).toBe(versions.at(-1)!.sha256);
    const refused = await runMts(['cp', `${folder.toString()}/out/docs.txt`, `old/${Bucket}/new.txt`], environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('mts convert');
    expect((await runMts(['admin', 'info', 'old'], environment)).stdout).toContain('1 drive online');
  }
  fixture.drives.forEach((drive, i) => expect(snapshotOf(drive)).toEqual(before[i]));
});
