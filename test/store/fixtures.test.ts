import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultParity } from '../../src/cluster/index.js';
import { findName } from '../../src/format/index.js';
import type { StoreContext } from '../../src/store/context.js';
import { statObject } from '../../src/store/get.js';
import { flipBits, type Fixture } from '../fixtures/fixture.js';
import { contextOver, readAll } from './life.js';
import { FixtureDeployment } from './deployment.js';

/** Every object version of the manifest: the bytes, the etag, and what else clients see. Gives how many there were. */
async function checkAll(context: StoreContext, { manifest }: Fixture): Promise<number> {
  let count = 0;
  for (const [bucket, { objects, versioning }] of Object.entries(manifest.buckets)) {
    for (const [key, versions] of Object.entries(objects)) {
      const visible = versioning === undefined ? versions.slice(-1) : versions;
      for (const version of visible) {
        const isLatest = version === visible.at(-1);
        const where = `${bucket}/${key} ${version.versionId ?? ''}`;
        const options = version.versionId === undefined ? {} : { versionId: version.versionId };
        if (version.deleteMarker === true) {
          await expect(statObject(context, bucket, key, options), where).rejects.toMatchObject({ code: 'delete-marker', versionId: version.versionId });
          if (isLatest) await expect(statObject(context, bucket, key, {}), where).rejects.toMatchObject({ code: 'delete-marker' });
          count++;
          continue;
        }
        const info = await statObject(context, bucket, key, options);
        expect(info.size, where).toBe(version.size);
        expect(info.isLatest, where).toBe(isLatest);
        expect(findName(info.metaUser, 'etag'), where).toBe(version.etag);
        if (version.contentType !== undefined) expect(findName(info.metaUser, 'content-type'), where).toBe(version.contentType);
        for (const [name, value] of Object.entries(version.metadata ?? {})) {
          expect(findName(info.metaUser, `x-amz-meta-${name.toLowerCase().replace(/^x-amz-meta-/, '')}`), where).toBe(value);
        }
        const bytes = await readAll(context, bucket, key, options);
        expect(createHash('sha256').update(bytes).digest('hex'), where).toBe(version.sha256);
        if (isLatest && version.versionId !== undefined) expect((await readAll(context, bucket, key)).equals(bytes), where).toBe(true);
        count++;
      }
    }
  }
  return count;
}

/** The drives of each set, in their folders, `count` per set from the given slot on. */
function someOfEachSet(opened: FixtureDeployment, count: (setSize: number) => number, from: number): string[] {
  return opened.deployment.pools.flatMap((pool) =>
    pool.sets.flatMap((set) => {
      const paths = set.drives.map((drive) => drive!.endpoint);
      return Array.from({ length: count(set.size) }, (_, i) => paths[(from + i) % set.size]!);
    }),
  );
}

describe.each(['2025-xl1', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'])('the drives of %s', (name) => {
  // One deployment for all: starting the threads of sixteen drives takes longer than the checks.
  it('give every object back: untouched, after bit flips and with drives emptied, on as many drives as the parity allows', async () => {
    await using opened = new FixtureDeployment(name);
    const { fixture, deployment } = opened;
    const total = await checkAll(contextOver(deployment), fixture);
    expect(total).toBeGreaterThan(5);
    if (name === '2025-xl1') return;

    for (const from of [0, 1]) {
      someOfEachSet(opened, defaultParity, from).forEach((drive, i) => flipBits(drive, 7 + i + 100 * from));
      expect(await checkAll(contextOver(deployment), fixture)).toBe(total);
      opened.restore();
    }
    for (const from of [0, 1]) {
      for (const drive of someOfEachSet(opened, defaultParity, from)) {
        for (const bucket of Object.keys(fixture.manifest.buckets)) rmSync(join(drive, bucket), { recursive: true, force: true });
      }
      expect(await checkAll(contextOver(deployment), fixture)).toBe(total);
      opened.restore();
    }
  });
});
