/** What each bucket holds and how it is used. */
import type { OperationCounts } from '../../s3/index.js';
import type { AdminRoom } from '../context.js';
import type { NodeReport } from '../node-report.js';
import { histogramFamily, SIZE_RANGES, VERSION_RANGES } from './cluster.js';
import { single, type Family } from './exposition.js';
import { operationFamilies } from './traffic.js';

export function bucketFamilies(room: AdminRoom, reports: readonly NodeReport[]): Family[] {
  const usage = room.healing.usage();
  const names = new Set([...(usage.buckets.keys()), ...reports.flatMap(({ traffic }) => Object.keys(traffic?.buckets ?? {}))]);
  const sinceMs = usage.lastUpdateMs === undefined ? 0 : room.clock.now() - usage.lastUpdateMs;
  const server = room.nodes.self;
  return [
    single('gauge', 'minio_usage_last_activity_nano_seconds', 'Time since objects were last counted, in nanoseconds.', { server }, sinceMs * 1e6),
    ...[...names].sort().flatMap((bucket) => {
      const labels = { bucket, server };
      const held = usage.buckets.get(bucket);
      const gauge = (name: string, help: string, value: number): Family => single('gauge', `minio_bucket_${name}`, help, labels, value);
      return [
        gauge('usage_total_bytes', 'Bytes of all object versions.', held?.size ?? 0),
        gauge('usage_object_total', 'Objects.', held?.objects ?? 0),
        gauge('usage_version_total', 'Object versions.', held?.versions ?? 0),
        gauge('usage_deletemarker_total', 'Delete markers.', held?.deleteMarkers ?? 0),
        gauge('quota_total_bytes', 'Quota; 0 for none.', 0),
        histogramFamily('minio_bucket_objects_size_distribution', 'Object versions by size.', labels, SIZE_RANGES, held === undefined ? [] : [held.sizeHistogram]),
        histogramFamily('minio_bucket_objects_version_distribution', 'Objects by number of versions.', labels, VERSION_RANGES, held === undefined ? [] : [held.versionHistogram]),
        ...reports.flatMap((report) => trafficOf(report, bucket)),
      ];
    }),
  ];
}

function trafficOf({ endpoint, traffic }: NodeReport, bucket: string): Family[] {
  const operations = traffic?.buckets[bucket];
  if (operations === undefined) return [];
  const labels = { bucket, server: endpoint };
  const total = (of: (counts: OperationCounts) => number): number => Object.values(operations).reduce((sum, counts) => sum + of(counts), 0);
  return [
    ...operationFamilies('minio_bucket', operations, labels),
    single('counter', 'minio_bucket_traffic_received_bytes', 'Bytes of requests received.', labels, total(({ receivedBytes }) => receivedBytes)),
    single('counter', 'minio_bucket_traffic_sent_bytes', 'Bytes of answers sent.', labels, total(({ sentBytes }) => sentBytes)),
  ];
}
