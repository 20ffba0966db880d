/**
 * All that a server tells of a bucket's configuration, for `stat`. These calls are many, rare and far from hot, so they go
 * through the AWS SDK, over the same connections as everything else.
 */
import {
  GetBucketEncryptionCommand, GetBucketLifecycleConfigurationCommand, GetBucketNotificationConfigurationCommand, GetBucketPolicyCommand,
  GetBucketReplicationCommand, GetBucketTaggingCommand, GetBucketVersioningCommand, GetObjectLockConfigurationCommand, S3Client,
} from '@aws-sdk/client-s3';
import type {
  LifecycleRule, NotificationConfiguration, ObjectLockConfiguration, ReplicationConfiguration, ServerSideEncryptionByDefault,
} from '@aws-sdk/client-s3';
import { readText } from './body.js';
import type { S3 } from './s3.js';

/** Each member is undefined where the bucket has no such configuration, or the server or the keys do not let us see it. */
export interface BucketFacts {
  readonly location: string;
  readonly versioning: { readonly status: string; readonly mfaDelete: string };
  readonly encryption: ServerSideEncryptionByDefault | undefined;
  readonly objectLock: ObjectLockConfiguration | undefined;
  readonly replication: ReplicationConfiguration | undefined;
  /** The policy's JSON. */
  readonly policy: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly lifecycle: readonly LifecycleRule[] | undefined;
  readonly notification: Omit<NotificationConfiguration, 'EventBridgeConfiguration'>;
  readonly usage: BucketUsage | undefined;
}

/** As the server's scanner counted it last. */
export interface BucketUsage {
  readonly size: number;
  readonly objectsCount: number;
  readonly versionsCount: number;
  readonly deleteMarkersCount: number;
  readonly objectsSizesHistogram: Readonly<Record<string, number>> | null;
  readonly objectsVersionsHistogram: Readonly<Record<string, number>> | null;
  readonly [other: string]: unknown;
}

/** Asks for everything at once. */
export async function bucketFacts(s3: S3, bucket: string): Promise<BucketFacts> {
  const location = await s3.locationOf(bucket).catch(() => s3.regionFor(bucket));
  const sdk = sdkFor(s3, location);
  const Bucket = bucket;
  const orNone = <T>(answer: Promise<T>): Promise<T | undefined> => answer.catch(() => undefined);
  try {
    const [versioning, encryption, lock, replication, policy, tagging, lifecycle, notification, usage] = await Promise.all([
      orNone(sdk.send(new GetBucketVersioningCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketEncryptionCommand({ Bucket }))),
      orNone(sdk.send(new GetObjectLockConfigurationCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketReplicationCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketPolicyCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketTaggingCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
      orNone(sdk.send(new GetBucketNotificationConfigurationCommand({ Bucket }))),
      orNone(usageOf(s3, bucket)),
    ]);
    const { LambdaFunctionConfigurations, TopicConfigurations, QueueConfigurations } = notification ?? {};
    return {
      location,
      versioning: { status: versioning?.Status ?? '', mfaDelete: versioning?.MFADelete ?? '' },
      encryption: encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
      objectLock: lock?.ObjectLockConfiguration,
      replication: replication?.ReplicationConfiguration,
      policy: policy?.Policy,
      tags: tagging?.TagSet === undefined ? undefined : Object.fromEntries(tagging.TagSet.map(({ Key = '', Value = '' }) => [Key, Value])),
      lifecycle: lifecycle?.Rules,
      notification: { LambdaFunctionConfigurations, TopicConfigurations, QueueConfigurations },
      usage,
    };
  } finally {
    sdk.destroy();
  }
}

function sdkFor(s3: S3, region: string): S3Client {
  // The SDK would tell every user of Node 20 on stderr that it will want Node 22.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { accessKey, secretKey, sessionToken, url, path } = s3.alias;
  const { http, https } = s3.transport.agents;
  return new S3Client({
    endpoint: url,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    forcePathStyle: path === 'auto' || path === 'on',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: http, httpsAgent: https },
    maxAttempts: 2,
  });
}

/** MinIO's own count; other servers do not know the call. */
async function usageOf(s3: S3, bucket: string): Promise<BucketUsage | undefined> {
  const answer = await s3.request({ method: 'GET', plainPath: '/minio/admin/v3/datausageinfo', query: { capacity: 'false' }, attempts: 1 });
  const parsed = JSON.parse(await readText(answer.body)) as { bucketsUsageInfo?: Record<string, BucketUsage> };
  return parsed.bucketsUsageInfo?.[bucket];
}
