/** The limits that more than one room must agree on, each with its reason. */

/** S3: an object key is at most 1,024 bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
/** File systems: one path component is at most 255 bytes. */
export const NAME_BYTES_MAX = 255;
/** S3: part numbers run from 1 to 10,000. */
export const PART_NUMBER_MAX = 10_000;
/** S3: every part but the last is at least 5 MiB. */
export const PART_SIZE_MIN = 5 * 1024 * 1024;
/** S3: one PUT or one part carries at most 5 GiB. */
export const PUT_SIZE_MAX = 5 * 1024 * 1024 * 1024;
/** S3: one listing or bulk delete carries at most 1,000 keys. */
export const LIST_KEYS_MAX = 1000;
/** MinIO's erasure sets hold 2 to 16 drives (one in single-drive mode). */
export const SET_DRIVES_MAX = 16;
/** Bytes of an object that are coded together by every server since 2021. */
export const BLOCK_SIZE_BYTES = 1024 * 1024;
