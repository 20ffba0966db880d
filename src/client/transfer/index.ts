/** What commands that move bytes load, when they run: plans, runs, and the readers of their arguments. */
export { parseChecksum } from './checksum.js';
export { planCopies, type CopyItem } from './copy-plan.js';
export { parseAttributes, parseTags } from './metadata.js';
export { parseSize } from './parts.js';
export { pipeToFile, pipeToObject } from './pipe.js';
export { baseName, isFolder, placeInside, placeName, sourceName } from './place.js';
export { parseRateLimit } from './rate-limit.js';
export { emptyBucket, removePlace, type RemovalOptions, type RemovalResult } from './removal.js';
export { emptyTotals, runTransfers, transferContext, type RunOptions, type TransferListener, type TransferTotals } from './run.js';
export type { TransferContext } from './send.js';
