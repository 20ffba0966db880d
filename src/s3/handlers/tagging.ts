/** Tags of objects and of buckets. */
import { S3Error } from '../errors.js';
import type { ObjectInfo } from '../../store/index.js';
import { readDocument } from '../document-body.js';
import { metaValue, TAGGING_KEY } from '../metadata.js';
import { checkKey, versionParameter } from '../parameters.js';
import type { Handler, Room, S3Request } from '../request.js';
import { parseTaggingDocument, taggingDocument } from '../tags.js';
import { asMethodNotAllowed } from './delete-marker.js';
import { versionHeader } from './put-object.js';

const XML = { 'Content-Type': 'application/xml' };
/** The member of `.metadata.bin` that keeps a bucket's tags. */
const BUCKET_TAGS = 'TaggingConfigXML';

export const getObjectTagging: Handler = async (room, request) => {
  checkKey(request.key);
  const versionId = versionParameter(request.query);
  const info = await room.store.stat(request.bucket, request.key, versionId === undefined ? {} : { versionId }).catch(asMethodNotAllowed(versionId));
  return { status: 200, headers: { ...XML, ...versionHeader(info.versionId) }, body: taggingDocument(metaValue(info, TAGGING_KEY) ?? '') };
};

export const putObjectTagging: Handler = async (room, request) => {
  checkKey(request.key);
  const tags = parseTaggingDocument(await readDocument(request), 'object');
  return { status: 200, headers: versionHeader((await setTags(room, request, tags)).versionId) };
};

export const deleteObjectTagging: Handler = async (room, request) => {
  checkKey(request.key);
  return { status: 204, headers: versionHeader((await setTags(room, request, '')).versionId) };
};

async function setTags(room: Room, request: S3Request, tags: string): Promise<ObjectInfo> {
  const versionId = versionParameter(request.query);
  return room.store
    .updateMetadata(request.bucket, request.key, versionId === undefined ? {} : { versionId }, (current) => {
      const metaUser = new Map<string, string>();
      for (const [name, value] of current.metaUser) if (name.toLowerCase() !== 'x-amz-tagging') metaUser.set(name, value);
      if (tags !== '') metaUser.set(TAGGING_KEY, tags);
      return { metaUser, metaSys: current.metaSys };
    })
    .catch(asMethodNotAllowed(versionId));
}

export const getBucketTagging: Handler = async (room, request) => {
  const stored = (await room.store.bucketSettings(request.bucket)).documents.get(BUCKET_TAGS);
  if (!stored || stored.length === 0) throw new S3Error('NoSuchTagSet');
  return { status: 200, headers: XML, body: stored };
};

export const putBucketTagging: Handler = async (room, request) => {
  const tags = parseTaggingDocument(await readDocument(request), 'bucket');
  await room.store.updateBucket(request.bucket, new Map([[BUCKET_TAGS, Buffer.from(taggingDocument(tags))]]));
  return { status: 204 };
};

export const deleteBucketTagging: Handler = async (room, request) => {
  await room.store.updateBucket(request.bucket, new Map([[BUCKET_TAGS, new Uint8Array()]]));
  return { status: 204 };
};
