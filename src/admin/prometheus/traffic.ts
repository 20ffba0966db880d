/** S3 requests of one node, and of one bucket: counts, errors, bytes, times to the first byte. */
import { FIRST_BYTE_BOUNDS_SECONDS, type OperationCounts, type TrafficReport } from '../../s3/index.js';
import type { NodeReport } from '../node-report.js';
import { single, type Family, type Labels } from './exposition.js';

/** `minio_s3_...` of a node. */
export function trafficFamilies({ endpoint, traffic }: NodeReport): Family[] {
  if (traffic === undefined) return [];
  const server = { server: endpoint };
  const { operations, rejected } = traffic;
  const all = Object.values(operations);
  return [
    ...operationFamilies('minio_s3', operations, server),
    perOperation('minio_s3_requests_errors_total', 'Requests answered with a status of 400 or above.', 'counter', operations, server, ({ errors4xx, errors5xx }) => errors4xx + errors5xx),
    perOperation('minio_s3_requests_canceled_total', 'Requests that the client gave up.', 'counter', operations, server, ({ canceled }) => canceled),
    single('gauge', 'minio_s3_requests_waiting_total', 'Requests that wait for a turn.', server, 0),
    single('gauge', 'minio_s3_requests_incoming_total', 'Requests under way.', server, sum(all.map(({ inflight }) => inflight))),
    ...(['auth', 'header', 'invalid', 'timestamp'] as const).map((reason) =>
      single('counter', `minio_s3_requests_rejected_${reason}_total`, `Requests refused before they were routed (${reason}).`, server, rejected[reason]),
    ),
    single('counter', 'minio_s3_traffic_received_bytes', 'Bytes of requests received.', server, sum(all.map(({ receivedBytes }) => receivedBytes))),
    single('counter', 'minio_s3_traffic_sent_bytes', 'Bytes of answers sent.', server, sum(all.map(({ sentBytes }) => sentBytes))),
  ];
}

/** What is counted by operation for a node as for a bucket. */
export function operationFamilies(prefix: string, operations: TrafficReport['operations'], labels: Labels): Family[] {
  return [
    perOperation(`${prefix}_requests_total`, 'Requests.', 'counter', operations, labels, ({ requests }) => requests),
    perOperation(`${prefix}_requests_inflight_total`, 'Requests under way.', 'gauge', operations, labels, ({ inflight }) => inflight),
    perOperation(`${prefix}_requests_4xx_errors_total`, 'Requests answered with a status of 400 to 499.', 'counter', operations, labels, ({ errors4xx }) => errors4xx),
    perOperation(`${prefix}_requests_5xx_errors_total`, 'Requests answered with a status of 500 or above.', 'counter', operations, labels, ({ errors5xx }) => errors5xx),
    {
      name: `${prefix}_requests_ttfb_seconds_distribution`,
      help: 'Requests by time to the first byte, cumulated.',
      type: 'gauge',
      samples: Object.entries(operations).flatMap(([name, { firstByte }]) => cumulated(firstByte).map(([le, count]) => [{ ...labels, api: name.toLowerCase(), le }, count] as const)),
    },
  ];
}

function perOperation(name: string, help: string, type: Family['type'], operations: TrafficReport['operations'], labels: Labels, of: (counts: OperationCounts) => number): Family {
  return { name, help, type, samples: Object.entries(operations).map(([operation, counts]) => [{ ...labels, api: operation.toLowerCase() }, of(counts)] as const) };
}

function cumulated(counts: readonly number[]): [le: string, count: number][] {
  let total = 0;
  return counts.map((count, index) => {
    total += count;
    const bound = FIRST_BYTE_BOUNDS_SECONDS[index];
    return [bound === undefined ? '+Inf' : String(bound), total];
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
