/**
 * format: bytes <-> values of everything kept on a drive. It reads no file: drives hand it bytes. Decoders accept what
 * any MinIO release wrote and refuse, with a StorageError of code metadata-corrupt, what none did; encoders write what
 * RELEASE.2025-10-15 writes, byte for byte.
 */
export { unframeShard } from './bitrot.js';
export {
  decodeBucketMetadata,
  encodeBucketMetadata,
  isBucketDocumentName,
  type BucketDocument,
  type BucketDocumentName,
  type BucketMetadata,
} from './bucket-metadata.js';
export { CHECKSUM_RECORD_KEY, decodeChecksumRecords, encodeChecksumRecord, type ChecksumAlgorithm, type ChecksumRecord } from './checksum-record.js';
export {
  decodeFormatJson,
  encodeFormatJson,
  encodeXl1,
  generationName,
  OFFLINE_DRIVE_ID,
  withDriveId,
  type FormatAlgorithm,
  type FormatJson,
} from './format-json.js';
export { decodeFsJson, type FsJson } from './fs-json.js';
export { decodeHealingTracker, encodeHealingTracker, newHealingTracker, type HealingCounter, type HealingTracker } from './healing-tracker.js';
export {
  decodeObjectPath,
  decodeUploadId,
  encodeObjectPath,
  encodeUploadId,
  isUploadsFolderName,
  MULTIPART_FOLDER,
  oldUploadsFolder,
  uploadName,
  uploadUuid,
  uploadsFolder,
  uploadStartNs,
} from './object-path.js';
export { decodePartMeta, encodePartMeta, type PartMeta } from './part-meta.js';
export { decodePoolBin, encodePoolBin, isLeaving } from './pool-bin.js';
export { decodeUploadsJson, type OldUpload } from './uploads-json.js';
export { decodeUsageJson, encodeUsageJson, sizeRange, versionRange, type BucketUsage } from './usage-json.js';
export { isUuid, uuidBytes, uuidText, versionIdBytes, versionIdText } from './uuid.js';
export { msToNs, nsToMs, ZERO_TIME_NS } from './time.js';
export * from './model.js';
export { decodeXlJson, type XlJson } from './xl-json.js';
export { decodeVersion } from './xl-meta/decode-record.js';
export { encodeVersion, signatureOfVersion, withLegacyMetadata } from './xl-meta/encode-record.js';
export { parseXlMeta, parseXlMetaIndex, serializeXlMeta, versionHeadersOf, xlMetaFileVersion, xlMetaIndexLength } from './xl-meta/file.js';
export { compareHeaders } from './xl-meta/header.js';
export { findName, INLINE_DATA_KEY } from './xl-meta/meta-sys.js';
export { LEGACY_DATA_DIR } from './xl-meta/legacy-record.js';
export { entryDataDir, entryIdentity, entryShardIndex, withShardIndex } from './xl-meta/record-members.js';
export * from './xl-meta/types.js';
export { insertVersion, latestVersion, removeVersion } from './xl-meta/versions.js';
