/**
 * s3: the S3 protocol on top of the store: signatures, router, documents, errors, one handler per operation. It turns HTTP
 * requests into calls of the store; it knows no drives, listens on no port and keeps no state but a cache of signing keys.
 */
export { createS3Handler } from './door.js';
