/**
 * hash: every digest and checksum that formats and doors need, one file each, the threads that compute the slow ones, and
 * the sealing of secrets with keys derived from passwords.
 * It never reads a file or a socket, and knows nothing of what is hashed.
 */
export * from './crc.js';
export * from './digest.js';
export * from './file-hash.js';
export * from './highwayhash.js';
export { openChunks, sealChunks, sealPayload, UnsealError, unsealPayload, type SealKind } from './sealed-payload.js';
export * from './siphash.js';
export * from './xxhash.js';
export { readZip, writeZip, type ZipEntry } from './zip.js';
