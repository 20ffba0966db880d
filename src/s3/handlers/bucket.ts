/** ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation. */
import { listLimit } from '../parameters.js';
import { S3Error } from '../errors.js';
import { header, type Handler, type S3Request } from '../request.js';
import { OWNER, isoTime } from './listing-entries.js';
import { childText, parseRoot } from '../xml/reader.js';
import { DOCUMENT_BYTES_MAX } from '../document-body.js';
import { element, wrap, xmlDocument } from '../xml/writer.js';

const XML = { 'Content-Type': 'application/xml' };
/** The region whose buckets have, for history's sake, an empty location. */
const FIRST_REGION = 'us-east-1';
/** Amazon's page of ListBuckets; without max-buckets everything comes at once. */
const LIST_BUCKETS_MAX = 10_000;

export const listBuckets: Handler = async (room, request) => {
  const { query } = request;
  const prefix = query.get('prefix') ?? '';
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString('utf8');
  const limit = query.has('max-buckets') ? Math.min(listLimit(query, 'max-buckets'), LIST_BUCKETS_MAX) : LIST_BUCKETS_MAX;
  if (limit === 0) throw new S3Error('InvalidArgument', 'Argument max-buckets must be an integer between 1 and 10000.');
  const all = (await room.store.listBuckets())
    .filter((bucket) => bucket.name.startsWith(prefix) && bucket.name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = all.slice(0, limit);
  const buckets = page.map((bucket) => wrap('Bucket', element('Name', bucket.name) + element('CreationDate', isoTime(bucket.createdMs))));
  const next = all.length > page.length ? Buffer.from(page.at(-1)?.name ?? '').toString('base64') : undefined;
  const body = OWNER + wrap('Buckets', buckets.join('')) + element('ContinuationToken', next) + element('Prefix', query.get('prefix'));
  return { status: 200, headers: XML, body: xmlDocument('ListAllMyBucketsResult', body) };
};

export const createBucket: Handler = async (room, request) => {
  await checkLocation(request, room.region);
  const objectLock = header(request, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
  await room.store.makeBucket(request.bucket, objectLock ? { objectLock, versioning: 'enabled' } : {});
  return { status: 200, headers: { Location: `/${request.bucket}` } };
};

async function checkLocation(request: S3Request, region: string): Promise<void> {
  const bytes = await request.body.readAll(DOCUMENT_BYTES_MAX);
  if (bytes.length === 0) return;
  const root = parseRoot(bytes, 'CreateBucketConfiguration', 'CreateBucketRequest');
  const location = childText(root, 'LocationConstraint')?.trim() ?? '';
  if (location !== '' && region !== '' && location !== region) throw new S3Error('InvalidLocationConstraint');
}

export const headBucket: Handler = async (room, request) => {
  await room.store.bucketSettings(request.bucket);
  return { status: 200, headers: room.region === '' ? {} : { 'x-amz-bucket-region': room.region } };
};

export const deleteBucket: Handler = async (room, request) => {
  await room.store.deleteBucket(request.bucket, { force: header(request, 'x-minio-force-delete')?.toLowerCase() === 'true' });
  return { status: 204 };
};

export const getBucketLocation: Handler = async (room, request) => {
  await room.store.bucketSettings(request.bucket);
  return { status: 200, headers: XML, body: xmlDocument('LocationConstraint', room.region === FIRST_REGION ? '' : room.region) };
};
