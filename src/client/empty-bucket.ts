/** Takes everything out of a bucket, so that it can be removed. */
import type { S3 } from './s3.js';
import type { UploadMarker, VersionMarker } from './s3-types.js';

/** Removes all versions, delete markers and unfinished uploads. Throws at the first version that the server keeps. */
export async function emptyBucket(s3: S3, bucket: string, signal?: AbortSignal): Promise<void> {
  let marker: VersionMarker | undefined;
  do {
    const page = await s3.listVersions(bucket, { marker, signal });
    if (page.entries.length > 0) {
      const outcomes = await s3.deleteMany(bucket, page.entries.map(({ key, versionId }) => ({ key, versionId })), { signal });
      const refused = outcomes.find(({ error }) => error !== undefined);
      if (refused?.error !== undefined) throw new Error(`\`${refused.key}\` stays: ${refused.error.message}`);
    }
    marker = page.next;
  } while (marker !== undefined);
  let uploads: UploadMarker | undefined;
  do {
    const page = await s3.listUploads(bucket, { marker: uploads, signal });
    for (const { key, uploadId } of page.entries) await s3.abortUpload(bucket, key, uploadId, signal);
    uploads = page.next;
  } while (uploads !== undefined);
}
