/**
 * hash: every digest and checksum that formats and doors need, one file each, and the threads that compute the slow ones.
 */
/** Digests over an object's bytes. */
export type DigestName = 'md5' | 'sha256' | 'sha1' | 'crc32' | 'crc32c' | 'crc64nvme';
