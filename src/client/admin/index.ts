/** Admin calls and what commands and the dashboard make of them; loaded only by those. */
export { Admin, TRACE_TYPES, type MetricKind, type TraceType } from './admin.js';
export { clusterState, setView, summarize, type ClusterState, type DriveHealing, type DriveState, type DriveView, type NodeView, type SetHealth, type SetView } from './cluster-state.js';
export { DashboardFeed, seenRequest, type BucketSize, type DashboardValue, type FeedOptions, type SeenRequest } from './dashboard-feed.js';
export { runHeal, type HealEnd, type HealRun } from './heal-run.js';
export { parseMetrics, type MetricFamily, type TrafficRates } from './prometheus.js';
export { isWanted, type TraceFilter } from './trace-filter.js';
export type * from './types.js';
