/**
 * s3: the S3 protocol on top of the store: signatures, router, documents, errors, one handler per operation. It turns HTTP
 * requests into calls of the store; it knows no drives, listens on no port and keeps no state but a cache of signing keys
 * and the counts of what it served. Doors beside it use its signature check and its table of errors.
 */
export { createAuthenticator, type SignedRequest } from './authenticator.js';
export { createS3Handler } from './door.js';
export { S3Error, toS3Error } from './errors.js';
export { decodeComponent, parseTarget, type Query } from './query.js';
export type { Identity } from './request.js';
export { FIRST_BYTE_BOUNDS_SECONDS, Traffic, type OperationCounts, type TrafficReport } from './traffic.js';
