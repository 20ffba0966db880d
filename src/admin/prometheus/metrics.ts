/** The four metric endpoints of MinIO's version 2, from the reports of the nodes. */
import type { AdminRoom } from '../context.js';
import type { NodeReport } from '../node-report.js';
import { bucketFamilies } from './bucket.js';
import { clusterFamilies } from './cluster.js';
import { renderMetrics } from './exposition.js';
import { nodeFamilies } from './node.js';
import { resourceFamilies } from './resource.js';
import { trafficFamilies } from './traffic.js';

export const METRIC_KINDS = ['cluster', 'node', 'bucket', 'resource'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

export async function metricsText(room: AdminRoom, kind: MetricKind): Promise<string> {
  const reports = await room.nodes.reports();
  const own = reports.filter(({ endpoint }) => endpoint === room.nodes.self);
  const online = reports.filter(({ state }) => state === 'online');
  switch (kind) {
    case 'cluster':
      return renderMetrics([...(await clusterFamilies(room, reports)), ...online.flatMap((report) => [...trafficFamilies(report), ...nodeFamilies(room, report)])]);
    case 'node':
      return renderMetrics(own.flatMap((report) => nodeFamilies(room, report)));
    case 'bucket':
      return renderMetrics(bucketFamilies(room, online));
    case 'resource':
      return renderMetrics(own.flatMap((report: NodeReport) => resourceFamilies(report)));
  }
}
