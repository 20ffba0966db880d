/**
 * offline: work on drives without a server. It looks at the files of drives as they are, and never changes them.
 */
export { localCluster } from './local-cluster.js';
export { inspectFormats } from './format-report.js';
export { inspectObject } from './object-report.js';
