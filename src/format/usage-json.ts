/**
 * `.minio.sys/buckets/.usage.json`: how much the buckets hold, as it was counted last. JSON in the shape of the admin API's data usage
 * reply; RELEASE.2025-10-15 reads and writes it. Members that are not known here (tiers, replication) are left out.
 */
import { corrupt } from './corrupt.js';

export interface BucketUsage {
  /** Bytes of all versions. */
  readonly size: number;
  /** Keys with at least one version that is not a delete marker. */
  readonly objects: number;
  /** Delete markers left out. */
  readonly versions: number;
  readonly deleteMarkers: number;
  /** Range name (`LESS_THAN_1024_B`) -> versions of that size. */
  readonly sizeHistogram: ReadonlyMap<string, number>;
  /** Range name (`SINGLE_VERSION`) -> keys with that many versions. */
  readonly versionHistogram: ReadonlyMap<string, number>;
}

export interface UsageJson {
  readonly lastUpdateMs: number;
  readonly buckets: ReadonlyMap<string, BucketUsage>;
}

const KB = 1024;
const MB = 1024 * KB;
/** Name -> first size beyond. */
const SIZES: readonly (readonly [string, number])[] = [
  ['LESS_THAN_1024_B', KB],
  ['BETWEEN_1024_B_AND_64_KB', 64 * KB],
  ['BETWEEN_64_KB_AND_256_KB', 256 * KB],
  ['BETWEEN_256_KB_AND_512_KB', 512 * KB],
  ['BETWEEN_512_KB_AND_1_MB', MB],
  ['BETWEEN_1_MB_AND_10_MB', 10 * MB],
  ['BETWEEN_10_MB_AND_64_MB', 64 * MB],
  ['BETWEEN_64_MB_AND_128_MB', 128 * MB],
  ['BETWEEN_128_MB_AND_512_MB', 512 * MB],
  ['GREATER_THAN_512_MB', Infinity],
];
/** Sum of the four ranges before 1 MB, for readers of before 2024. */
const OLD_SUM = 'BETWEEN_1024B_AND_1_MB';
const COUNTS: readonly (readonly [string, number])[] = [
  ['UNVERSIONED', 1],
  ['SINGLE_VERSION', 2],
  ['BETWEEN_2_AND_10', 10],
  ['BETWEEN_10_AND_100', 100],
  ['BETWEEN_100_AND_1000', 1000],
  ['BETWEEN_1000_AND_10000', 10_000],
  ['GREATER_THAN_10000', Infinity],
];

/** The range that a version of this many bytes counts in. */
export function sizeRange(size: number): string {
  return rangeOf(SIZES, size);
}

/** The range that a key with this many versions counts in. */
export function versionRange(count: number): string {
  return rangeOf(COUNTS, count);
}

function rangeOf(ranges: readonly (readonly [string, number])[], value: number): string {
  return ranges.find(([, end]) => value < end)?.[0] ?? '';
}

export function encodeUsageJson({ lastUpdateMs, buckets }: UsageJson): Uint8Array {
  const all = [...buckets.values()];
  const sum = (count: (bucket: BucketUsage) => number): number => all.reduce((total, bucket) => total + count(bucket), 0);
  const document = {
    lastUpdate: new Date(lastUpdateMs).toISOString(),
    objectsCount: sum((bucket) => bucket.objects),
    versionsCount: sum((bucket) => bucket.versions),
    deleteMarkersCount: sum((bucket) => bucket.deleteMarkers),
    objectsTotalSize: sum((bucket) => bucket.size),
    bucketsCount: buckets.size,
    bucketsUsageInfo: Object.fromEntries([...buckets].map(([name, bucket]) => [name, encodeBucket(bucket)])),
    bucketsSizes: Object.fromEntries([...buckets].map(([name, { size }]) => [name, size])),
  };
  return Buffer.from(JSON.stringify(document));
}

function encodeBucket({ size, objects, versions, deleteMarkers, sizeHistogram, versionHistogram }: BucketUsage): object {
  const sizes = SIZES.map(([name]) => [name, sizeHistogram.get(name) ?? 0] as const);
  const oldSum = sizes.slice(1, 5).reduce((total, [, count]) => total + count, 0);
  return {
    size,
    objectsPendingReplicationTotalSize: 0,
    objectsFailedReplicationTotalSize: 0,
    objectsReplicatedTotalSize: 0,
    objectReplicaTotalSize: 0,
    objectReplicaCount: 0,
    objectsPendingReplicationCount: 0,
    objectsFailedReplicationCount: 0,
    objectsReplicatedCount: 0,
    objectsCount: objects,
    objectsSizesHistogram: { ...Object.fromEntries(sizes), [OLD_SUM]: oldSum },
    objectsVersionsHistogram: Object.fromEntries(COUNTS.map(([name]) => [name, versionHistogram.get(name) ?? 0])),
    versionsCount: versions,
    deleteMarkersCount: deleteMarkers,
  };
}

/** Throws metadata-corrupt. */
export function decodeUsageJson(bytes: Uint8Array): UsageJson {
  const document = objectOf(parse(bytes));
  const lastUpdateMs = Date.parse(String(document['lastUpdate']));
  if (Number.isNaN(lastUpdateMs)) throw corrupt('.usage.json does not say when it was written');
  const buckets = Object.entries(objectOf(document['bucketsUsageInfo'])).map(([name, value]) => [name, decodeBucket(objectOf(value))] as const);
  return { lastUpdateMs, buckets: new Map(buckets) };
}

function decodeBucket(bucket: Readonly<Record<string, unknown>>): BucketUsage {
  return {
    size: numberOf(bucket['size']),
    objects: numberOf(bucket['objectsCount']),
    versions: numberOf(bucket['versionsCount']),
    deleteMarkers: numberOf(bucket['deleteMarkersCount']),
    sizeHistogram: histogramOf(bucket['objectsSizesHistogram'], SIZES),
    versionHistogram: histogramOf(bucket['objectsVersionsHistogram'], COUNTS),
  };
}

function histogramOf(value: unknown, ranges: readonly (readonly [string, number])[]): Map<string, number> {
  const counts = objectOf(value);
  return new Map(ranges.map(([name]) => [name, numberOf(counts[name])]));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw corrupt('.usage.json is not JSON');
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}
