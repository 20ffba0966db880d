import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { unpackFixture } from '../fixtures/fixture.js';
import { disarray } from '../offline/rescue-harness.js';
import { MTS, ServerProcess, temporaryFolder } from './server-process.js';

function runMts(...words: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MTS, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return { code: status, stdout, stderr };
}

interface Written {
  readonly isNewDeployment: boolean;
  readonly pools: readonly { readonly sets: readonly (readonly string[])[] }[];
}

describe('drives that all lost their format.json', () => {
  it.each([
    { name: '2025-xl4', pools: 1 },
    // Nothing tells how keys were spread over the sets: each becomes a pool, and a server looks in all pools.
    { name: '2025-sets', pools: 2 },
    { name: '2017-xl6', pools: 1 },
    { name: '2017-spoilt-by-2025', pools: 1 },
    { name: '2018-xl4', pools: 1 },
    // Too few keys to be sure of the sets' order.
    { name: '2018-xl8-sets', pools: 2 },
    { name: '2020-sets', pools: 1 },
    { name: 'life-xl6', pools: 1 },
  ])('$name: start a server again after rescue format, which serves every object', async ({ name, pools }) => {
    using into = temporaryFolder('rescue-format');
    const fixture = unpackFixture(name, String(into));
    const found = disarray(fixture.drives, 23);

    const refused = runMts('rescue', 'format', ...found);
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code: 1, stderr: expect.stringContaining('there is nobody to ask') as string });
    const planned = runMts('rescue', 'format', '--dry-run', ...found);
    expect(planned.code).toBe(0);
    expect(found.some((path) => existsSync(join(path, '.minio.sys/format.json')))).toBe(false);

    const { code, stdout } = runMts('rescue', 'format', '--yes', '--json', ...found);
    expect(code).toBe(0);
    const written = JSON.parse(stdout) as Written;
    expect(written).toMatchObject({ isNewDeployment: true });
    expect(written.pools).toHaveLength(pools);
    const again = runMts('rescue', 'format', '--yes', '--json', ...found);
    expect(JSON.parse(again.stdout)).toMatchObject({ isWritten: false, isNewDeployment: false });

    const layout = written.pools.map(({ sets }, pool) => {
      const folder = join(String(into), `pool${pool}`);
      mkdirSync(folder);
      sets.flat().forEach((path, i) => renameSync(path, join(folder, `d${i + 1}`)));
      return join(folder, `d{1...${sets.flat().length}}`);
    });
    const { accessKey, secretKey } = fixture.manifest.credentials;
    await using server = await ServerProcess.start(layout, { ...fixture.manifest.env, MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey });
    const s3 = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } });
    for (const [bucket, { objects: keys, versioning }] of Object.entries(fixture.manifest.buckets)) {
      for (const [key, versions] of Object.entries(keys)) {
        for (const version of versioning === undefined ? versions.slice(-1) : versions) {
          if (version.deleteMarker === true) continue;
          const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...(version.versionId !== undefined && { VersionId: version.versionId }) }));
          expect(createHash('sha256').update(await got.Body!.transformToByteArray()).digest('hex'), `${bucket}/${key}`).toBe(version.sha256);
        }
      }
    }
    s3.destroy();
  });
});
