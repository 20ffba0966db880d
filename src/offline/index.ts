/**
 * offline: work on drives without a server. It looks at the files of drives as they are; only `format rebuild` and `rescue format`
 * write, the identity of a drive that lost it.
 */
export { convertDrives } from './convert/index.js';
export type { ConvertListener } from './convert/run.js';
export { localCluster } from './local-cluster.js';
export { inspectFormats, type FormatReport } from './format-report.js';
export { inspectMetadata } from './metadata-report.js';
export { inspectObject } from './object-report.js';
export { seePlaces, type SourceAccess } from './format-sources.js';
export { carryOutRebuild, layoutPools, prepareRebuild } from './rebuild-format.js';
export { candidateText, slotText, type DriveSlot, type RebuildPlan, type SlotCandidate } from './rebuild-plan.js';
export { verifyLayout, type VerifyReport } from './verify-layout.js';
/** Loads the store: what only the commands of `rescue` and `verify` need. */
export const loadRescue = () => import('./rescue/index.js');
export type * from './rescue/index.js';
