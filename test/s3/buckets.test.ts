import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, openDoor, openDoorOn, type DoorFixture } from './door-fixture.js';
import type { ObjectStore } from '../../src/store/index.js';
import { request } from './requester.js';

describe.each(BACKENDS)('on %s:', (backend) => {
  let door: DoorFixture<ObjectStore>;
  let s3: S3Client;
  beforeAll(async () => {
    door = await openDoorOn(backend);
    s3 = door.client();
  });
  afterAll(() => door.close());
  const codeOf = async (promise: Promise<unknown>) => promise.then(() => 'no error', (error: Error) => error.name);

  describe('buckets', () => {
    it('are made, shown, listed and deleted', async () => {
      expect((await s3.send(new CreateBucketCommand({ Bucket: 'one' }))).Location).toBe('/one');
      expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'one' })))).toBe('BucketAlreadyOwnedByYou');
      await s3.send(new CreateBucketCommand({ Bucket: 'two', CreateBucketConfiguration: { LocationConstraint: 'us-east-1' as 'eu-west-1' } }));
      expect((await s3.send(new HeadBucketCommand({ Bucket: 'one' }))).BucketRegion).toBe('us-east-1');
      const { Buckets, Owner } = await s3.send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toEqual(['one', 'two']);
      expect(Owner?.DisplayName).toBe('minio');
      const page = await s3.send(new ListBucketsCommand({ MaxBuckets: 1 }));
      expect((await s3.send(new ListBucketsCommand({ ContinuationToken: page.ContinuationToken }))).Buckets?.map(({ Name }) => Name)).toEqual(['two']);
      await s3.send(new DeleteBucketCommand({ Bucket: 'two' }));
      expect(await codeOf(s3.send(new HeadBucketCommand({ Bucket: 'two' })))).toBe('NotFound');
    });

    it('of another region are refused', async () => {
      expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'three', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } })))).toBe('InvalidLocationConstraint');
    });

    it('that hold something are deleted only by force', async () => {
      await s3.send(new CreateBucketCommand({ Bucket: 'full' }));
      await s3.send(new PutObjectCommand({ Bucket: 'full', Key: 'a', Body: 'x' }));
      expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket: 'full' })))).toBe('BucketNotEmpty');
      const forced = await request(door.port, { method: 'DELETE', target: '/full', headers: { 'x-minio-force-delete': 'true' }, timeMs: Date.now() });
      expect(forced.status).toBe(204);
    });

    it('tell their location, empty for the first region', async () => {
      expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'one' }))).LocationConstraint).toBeUndefined();
      const other = await openDoor({ region: 'eu-central-1', realTime: true });
      await other.store.makeBucket('one', {});
      const client = other.client({ region: 'eu-central-1' });
      expect((await client.send(new GetBucketLocationCommand({ Bucket: 'one' }))).LocationConstraint).toBe('eu-central-1');
      await other.close();
    });

    it('that do not exist answer NoSuchBucket everywhere', async () => {
      for (const target of ['/absent', '/absent/?list-type=2', '/absent/?uploads', '/absent/?versions', '/absent/?policy', '/absent/?acl', '/absent/?versioning', '/absent/key', '/absent/?list-type=2&max-keys=0']) {
        expect(await request(door.port, { method: 'GET', target, timeMs: Date.now() })).toMatchObject({ status: 404, code: 'NoSuchBucket' });
      }
    });
  });

  describe('settings of buckets', () => {
    it('versioning is off until it is switched, and cannot be switched off again', async () => {
      expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'one' }))).Status).toBeUndefined();
      for (const Status of ['Enabled', 'Suspended'] as const) {
        await s3.send(new PutBucketVersioningCommand({ Bucket: 'one', VersioningConfiguration: { Status } }));
        expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'one' }))).Status).toBe(Status);
      }
      const off = { method: 'PUT', target: '/one?versioning', body: '<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>', timeMs: Date.now() };
      expect(await request(door.port, off)).toMatchObject({ status: 400, code: 'MalformedXML' });
    });

    it('versioning of a bucket with object lock cannot be suspended', async () => {
      await s3.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
      expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'locked' }))).Status).toBe('Enabled');
      expect(await codeOf(s3.send(new PutBucketVersioningCommand({ Bucket: 'locked', VersioningConfiguration: { Status: 'Suspended' } })))).toBe('InvalidBucketState');
    });

    it('tags are kept until they are removed', async () => {
      expect(await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket: 'one' })))).toBe('NoSuchTagSet');
      const TagSet = [{ Key: 'team', Value: 'a & b' }];
      await s3.send(new PutBucketTaggingCommand({ Bucket: 'one', Tagging: { TagSet } }));
      expect((await s3.send(new GetBucketTaggingCommand({ Bucket: 'one' }))).TagSet).toEqual(TagSet);
      await s3.send(new DeleteBucketTaggingCommand({ Bucket: 'one' }));
      expect(await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket: 'one' })))).toBe('NoSuchTagSet');
    });

    it('the access list names the owner alone, and takes no other', async () => {
      expect((await s3.send(new GetBucketAclCommand({ Bucket: 'one' }))).Grants).toMatchObject([{ Permission: 'FULL_CONTROL' }]);
      const put = (acl: string) => request(door.port, { method: 'PUT', target: '/one?acl', body: '', headers: { 'x-amz-acl': acl }, timeMs: Date.now() });
      expect((await put('private')).status).toBe(200);
      expect((await put('public-read')).status).toBe(501);
    });

    it.each([
      ['policy', 'NoSuchBucketPolicy'],
      ['cors', 'NoSuchCORSConfiguration'],
      ['lifecycle', 'NoSuchLifecycleConfiguration'],
      ['encryption', 'ServerSideEncryptionConfigurationNotFoundError'],
      ['object-lock', 'ObjectLockConfigurationNotFoundError'],
      ['replication', 'ReplicationConfigurationNotFoundError'],
      ['website', 'NoSuchWebsiteConfiguration'],
      ['ownershipControls', 'OwnershipControlsNotFoundError'],
      ['publicAccessBlock', 'NoSuchPublicAccessBlockConfiguration'],
    ])('%s, unset, answers %s', async (name, code) => {
      expect(await request(door.port, { method: 'GET', target: `/one?${name}`, timeMs: Date.now() })).toMatchObject({ status: 404, code });
    });

    it.each([
      ['notification', 'NotificationConfiguration'],
      ['accelerate', 'AccelerateConfiguration'],
      ['requestPayment', 'RequestPaymentConfiguration'],
      ['logging', 'BucketLoggingStatus'],
    ])('%s, unset, is an empty %s', async (name, root) => {
      const answer = await request(door.port, { method: 'GET', target: `/one?${name}`, timeMs: Date.now() });
      expect(answer.status).toBe(200);
      expect(answer.body).toContain(`<${root} `);
    });

    it('documents that a real MinIO left are shown as they are', async () => {
      await door.store.updateBucket('one', new Map([['PolicyConfigJSON', Buffer.from('{"Version":"2012-10-17"}')]]));
      expect(await request(door.port, { method: 'GET', target: '/one?policy', timeMs: Date.now() })).toMatchObject({ status: 200, body: '{"Version":"2012-10-17"}', headers: { 'content-type': 'application/json' } });
    });
  });
});
