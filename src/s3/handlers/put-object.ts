/** PutObject. */
import { isStorageError } from '../../base/index.js';
import type { BodyVerdict, ObjectInfo } from '../../store/index.js';
import { NULL_VERSION_ID } from '../../format/index.js';
import { checksumHeaders, checksumMetadata, type ObjectChecksum } from '../object-checksum.js';
import { writePrecondition } from '../conditions.js';
import { requestMetadata } from '../metadata.js';
import { checkKey } from '../parameters.js';
import type { Handler, Room, S3Request } from '../request.js';
import { receiveUpload, type Received } from '../upload-body.js';

export const putObject: Handler = async (room, request) => {
  checkKey(request.key);
  const { metaUser, storageClass } = requestMetadata(request);
  const precondition = writePrecondition(room, request);
  const { versioning } = await room.store.bucketSettings(request.bucket);
  // The store asks again under its lock; asking now spares the client a body that is refused anyway.
  precondition?.(await currentObject(room, request));
  const upload = receiveUpload(request);
  let checksum: ObjectChecksum | undefined;
  const info = await room.store.put(request.bucket, request.key, upload.body, {
    versioning,
    metaUser,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(precondition === undefined ? {} : { precondition }),
    signal: request.signal,
    judge: (digests): BodyVerdict => {
      const received = upload.verify(digests);
      checksum = fullChecksum(received);
      return { etag: received.etag, metaSys: checksumMetadata(checksum) };
    },
  });
  return {
    status: 200,
    headers: { ETag: `"${info.metaUser.get('etag') ?? ''}"`, ...versionHeader(info.versionId), ...checksumHeaders(checksum) },
  };
};

async function currentObject(room: Room, request: S3Request): Promise<ObjectInfo | undefined> {
  try {
    return await room.store.stat(request.bucket, request.key, {});
  } catch (error) {
    if (isStorageError(error, 'object-not-found', 'delete-marker')) return undefined;
    throw error;
  }
}

function fullChecksum(received: Received): ObjectChecksum | undefined {
  const { checksum } = received;
  return checksum && { name: checksum.name, raw: Buffer.from(checksum.base64, 'base64'), scope: 'FULL_OBJECT', partCount: 0, parts: [] };
}

/** x-amz-version-id; the null version shows none, as with MinIO. */
export function versionHeader(versionId: string): Record<string, string> {
  return versionId === NULL_VERSION_ID ? {} : { 'x-amz-version-id': versionId };
}
