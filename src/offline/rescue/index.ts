/** Objects off drives that no server starts with any more. Nothing here writes to a drive but `carryOutFormats`. */
export { clientRead, readChecked, obstacleOf } from './content.js';
export { clientSize } from '../../content/index.js';
export type { ObjectVersion } from '../../format/index.js';
export { contentKeys, contentKeysFrom } from './content-keys.js';
export { copyBucket, type CopyResult, type CopySink } from './copy.js';
export { folderSink } from './folder-sink.js';
export { carryOutFormats, prepareFormats } from './format.js';
export type { FormatPlan } from './format-plan.js';
export { bucketsOf, latestOf, rescuedKeys, type RescuedKey } from './keys.js';
export { findObject } from './one-object.js';
export { openRescue, type Rescue } from './open.js';
export { scanDrives, whyOf, type ScanProblem, type ScanReport } from './scan.js';
export { serverSink } from './server-sink.js';
export { verifyDrives, type VerifySummary, type Wrong } from './verify.js';
