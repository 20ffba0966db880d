/**
 * client: aliases and S3 calls of the command line. It knows servers only over the wire, as any other client does, and
 * prints nothing. What moves many bytes is loaded when it is asked for, because small commands must start fast.
 */
export { AliasConfig, checkAliasName, defaultConfigDir, parseEndpoint, type Alias } from './alias-config.js';
export { ConnectionError, isS3Error, S3Error } from './errors.js';
export { kindOf, list, type Listed, type ListingOptions } from './list.js';
export type { S3 } from './s3.js';
export type * from './s3-types.js';
export { Session, type SessionOptions } from './session.js';
export { parseAgeMs, parseDurationMs, parsePlainDurationMs, parseRewind } from './time-arguments.js';
export type { LocalPlace, Place, RemotePlace } from './transfer/place.js';
export type { ConnectionOptions } from './transport.js';
export type { CopyItem, RemovalOptions, RemovalResult, RunOptions, TransferContext, TransferListener, TransferTotals } from './transfer/index.js';
export type { MirrorListener, MirrorRunOptions } from './mirror/index.js';
export type { PerfEndpoint, PerfOp, PerfOptions, PerfResult, PerfRow } from './perf/index.js';
/** What moves many bytes. */
export const loadTransfers = () => import('./transfer/index.js');
export const loadMirror = () => import('./mirror/index.js');
export const loadPerf = () => import('./perf/index.js');
