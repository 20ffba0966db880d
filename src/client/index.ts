/**
 * client: aliases and S3 calls of the command line. It knows servers only over the wire, as any other client does, and
 * prints nothing. What moves many bytes is loaded when it is asked for, because small commands must start fast.
 */
export { AliasConfig, checkAliasName, defaultConfigDir, parseEndpoint, type Alias } from './alias-config.js';
export { emptyBucket } from './empty-bucket.js';
export { ConnectionError, isS3Error, S3Error } from './errors.js';
export { FirstLines } from './first-lines.js';
export { kindOf, list, type Listed, type ListingOptions } from './list.js';
export { chooseVersion, openObject, type ReadChoice } from './open-object.js';
export type { S3 } from './s3.js';
export type * from './s3-types.js';
export { Session, type SessionOptions } from './session.js';
export { parseAgeMs, parseDurationMs, parsePlainDurationMs, parseRewind } from './time-arguments.js';
export type { LocalPlace, Place, RemotePlace } from './transfer/place.js';
export type { ConnectionOptions } from './transport.js';
export type { CopyItem, RemovalOptions, RemovalResult, RunOptions, TransferContext, TransferListener, TransferTotals } from './transfer/index.js';
export type { MirrorListener, MirrorRunOptions } from './mirror/index.js';
export { PERF_OPS, runPerf, type PerfEndpoint, type PerfOp, type PerfOptions, type PerfResult, type PerfRow } from './perf/start.js';
/** What moves many bytes. */
export const loadTransfers = () => import('./transfer/index.js');
export const loadMirror = () => import('./mirror/index.js');
/** What only one command needs. */
export const loadCompare = () => import('./compare.js');
export const loadDiskUsage = () => import('./disk-usage.js');
export type { Usage } from './disk-usage.js';
export const loadProbe = () => import('./probe.js');
export const loadFind = () => import('./find.js');
export type { Found } from './find.js';
export { parseSize } from './transfer/parts.js';
export const loadShare = () => import('./share.js');
export { ShareLinks, timeLeftMs, type ShareLink } from './share-links.js';
export const loadStat = () => import('./stat.js');
export type { ObjectStat } from './stat.js';
/** Loads the AWS SDK. */
export const loadBucketFacts = () => import('./bucket-facts.js');
export type { BucketFacts } from './bucket-facts.js';
/** The admin API: servers, heals, traces, metrics, and the values of `cluster status` and the dashboard. */
export const loadAdmin = () => import('./admin/index.js');
export type * from './admin/index.js';
/** Files of other machines, over SSH. */
export const loadSsh = () => import('./ssh/index.js');
export type * from './ssh/index.js';
