/**
 * hash: every digest and checksum that formats and doors need, one file each, and the threads that compute the slow ones.
 * It never reads a file or a socket, and knows nothing of what is hashed.
 */
export * from './crc.js';
export * from './digest.js';
export * from './highwayhash.js';
export * from './siphash.js';
export * from './xxhash.js';
