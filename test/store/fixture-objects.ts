import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { findName } from '../../src/format/index.js';
import type { StoreContext } from '../../src/store/context.js';
import { statObject } from '../../src/store/get.js';
import type { Fixture } from '../fixtures/fixture.js';
import { readAll } from './life.js';

/** Every object version of the manifest: the bytes, the etag, and what else clients see. Gives how many there were. */
export async function checkAll(context: StoreContext, { manifest }: Fixture): Promise<number> {
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
