/**
 * What the door has served since it opened: requests, errors, bytes and times to the first byte, by operation and by
 * bucket. Counting a request is a few additions; nothing is computed until somebody asks.
 */
import type { OperationName } from './operations.js';

/**
 * Upper bounds of the time to the first byte, in seconds: MinIO's from 0.05 on, and finer ones below, where a healthy
 * server answers.
 */
export const FIRST_BYTE_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Counters of one operation. All but `inflight` only grow. */
export interface OperationCounts {
  requests: number;
  errors4xx: number;
  errors5xx: number;
  /** Ended by the client before the answer was whole. */
  canceled: number;
  inflight: number;
  receivedBytes: number;
  sentBytes: number;
  /** Requests by time to the first byte: one more than there are bounds, not cumulated. */
  readonly firstByte: number[];
}

/** Why a request was refused before it was known what it wanted. */
export type Rejection = 'auth' | 'header' | 'timestamp' | 'invalid';

export interface TrafficReport {
  /** By MinIO's handler names, e.g. `PutObjectPart`. */
  readonly operations: Readonly<Record<string, OperationCounts>>;
  readonly buckets: Readonly<Record<string, Readonly<Record<string, OperationCounts>>>>;
  readonly rejected: Readonly<Record<Rejection, number>>;
}

/** Buckets counted on their own; names of further ones are counted in the totals only. */
const BUCKETS_MAX = 5000;

/** How MinIO calls the handlers of operations that S3 calls otherwise: metric labels and traces carry these names. */
const MINIO_NAMES: Partial<Record<OperationName, string>> = {
  UploadPart: 'PutObjectPart',
  UploadPartCopy: 'CopyObjectPart',
  CreateMultipartUpload: 'NewMultipartUpload',
  ListParts: 'ListObjectParts',
  DeleteObjects: 'DeleteMultipleObjects',
  CreateBucket: 'PutBucket',
  ListObjects: 'ListObjectsV1',
  GetObjectAcl: 'GetObjectACL',
  PutObjectAcl: 'PutObjectACL',
  GetBucketAcl: 'GetBucketACL',
  PutBucketAcl: 'PutBucketACL',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfig',
  GetBucketReplication: 'GetBucketReplicationConfig',
};

export function minioName(operation: OperationName): string {
  return MINIO_NAMES[operation] ?? operation;
}

interface Served {
  readonly status: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** From the first header to the first byte of the answer; undefined where none was sent. */
  readonly firstByteMs: number | undefined;
  readonly isCanceled: boolean;
}

export class Traffic {
  readonly #operations = new Map<OperationName, OperationCounts>();
  readonly #buckets = new Map<string, Map<OperationName, OperationCounts>>();
  readonly #rejected: Record<Rejection, number> = { auth: 0, header: 0, timestamp: 0, invalid: 0 };

  begin(operation: OperationName): void {
    countsOf(this.#operations, operation).inflight++;
  }

  /** Once for each `begin`. Buckets are counted once something in them succeeded: names that do not exist are without end. */
  end(operation: OperationName, bucket: string, served: Served): void {
    const counts = countsOf(this.#operations, operation);
    counts.inflight--;
    add(counts, served);
    if (bucket === '') return;
    let ofBucket = this.#buckets.get(bucket);
    if (ofBucket === undefined) {
      if (served.status >= 300 || this.#buckets.size >= BUCKETS_MAX) return;
      ofBucket = new Map();
      this.#buckets.set(bucket, ofBucket);
    }
    add(countsOf(ofBucket, operation), served);
  }

  reject(reason: Rejection): void {
    this.#rejected[reason]++;
  }

  report(): TrafficReport {
    return {
      operations: named(this.#operations),
      buckets: Object.fromEntries([...this.#buckets].map(([bucket, operations]) => [bucket, named(operations)])),
      rejected: { ...this.#rejected },
    };
  }
}

function add(counts: OperationCounts, { status, receivedBytes, sentBytes, firstByteMs, isCanceled }: Served): void {
  counts.requests++;
  counts.receivedBytes += receivedBytes;
  counts.sentBytes += sentBytes;
  if (isCanceled) counts.canceled++;
  else if (status >= 500) counts.errors5xx++;
  else if (status >= 400) counts.errors4xx++;
  if (firstByteMs === undefined) return;
  let bound = 0;
  while (bound < FIRST_BYTE_BOUNDS_SECONDS.length && firstByteMs > (FIRST_BYTE_BOUNDS_SECONDS[bound] ?? 0) * 1000) bound++;
  counts.firstByte[bound] = (counts.firstByte[bound] ?? 0) + 1;
}

function countsOf(operations: Map<OperationName, OperationCounts>, operation: OperationName): OperationCounts {
  let counts = operations.get(operation);
  if (counts === undefined) {
    const firstByte = new Array<number>(FIRST_BYTE_BOUNDS_SECONDS.length + 1).fill(0);
    counts = { requests: 0, errors4xx: 0, errors5xx: 0, canceled: 0, inflight: 0, receivedBytes: 0, sentBytes: 0, firstByte };
    operations.set(operation, counts);
  }
  return counts;
}

function named(operations: ReadonlyMap<OperationName, OperationCounts>): Record<string, OperationCounts> {
  return Object.fromEntries([...operations].map(([operation, counts]) => [minioName(operation), { ...counts, firstByte: [...counts.firstByte] }]));
}
