/**
 * admin: what operators ask a server beside S3: the admin calls of MinIO's API that mts answers, metrics, traces, heals on
 * demand. A door beside s3: it checks signatures with s3's code, asks the store and the nodes, and never touches a drive
 * but to read what it is asked to show.
 */
export { createAdminHandler, isAdminPath } from './door.js';
export { HealSequences } from './heal-sequences.js';
export { KeptLog } from './kept-log.js';
export { driveReport, localReport, type LocalNodeFacts } from './local-report.js';
export { peerNodes, serveAdmin } from './peer-nodes.js';
export { silentNode, soleNode, type DriveReport, type NodeReport, type Nodes, type ServiceAction } from './node-report.js';
export type { ServiceControl } from './context.js';
