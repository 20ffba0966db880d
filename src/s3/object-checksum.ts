/** The checksum kept with an object, between the record in its internal metadata and the words of the API. */
import { CHECKSUM_RECORD_KEY, decodeChecksumRecords, encodeChecksumRecord, findName, type ChecksumRecord } from '../format/index.js';
import { isStorageError } from '../base/index.js';
import type { ObjectInfo } from '../store/index.js';
import { ALGORITHMS, type ChecksumName, type ChecksumScope } from './checksums.js';

export interface ObjectChecksum {
  readonly name: ChecksumName;
  readonly raw: Uint8Array;
  readonly scope: ChecksumScope;
  /** Parts of a multipart object; 0 for a plain PUT. */
  readonly partCount: number;
  /** Raw checksums of the parts; empty where they were not kept. */
  readonly parts: readonly Uint8Array[];
}

/** The metadata entry that keeps a checksum. */
export function checksumMetadata(checksum: ObjectChecksum | undefined): Map<string, Uint8Array> {
  if (!checksum) return new Map();
  const isMultipart = checksum.partCount > 0;
  const record: ChecksumRecord = {
    algorithm: checksum.name,
    checksum: checksum.raw,
    isTrailing: false,
    // The flag tells kinds of multipart checksums apart; a plain one is of the whole object anyway.
    isFullObject: isMultipart && checksum.scope === 'FULL_OBJECT',
    ...(isMultipart ? { partCount: checksum.partCount } : {}),
    ...(checksum.parts.length > 0 ? { parts: checksum.parts } : {}),
  };
  return new Map([[CHECKSUM_RECORD_KEY, encodeChecksumRecord(record)]]);
}

/** The checksum that was kept with an object; undefined where there is none, or one that cannot be read (sealed by encryption). */
export function storedChecksum(info: ObjectInfo): ObjectChecksum | undefined {
  if (info.metaSys.size === 0) return undefined;
  const bytes = findName(info.metaSys, CHECKSUM_RECORD_KEY);
  if (bytes === undefined) return undefined;
  try {
    const [record] = decodeChecksumRecords(bytes);
    return record && fromRecord(record);
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

function fromRecord(record: ChecksumRecord): ObjectChecksum {
  const { algorithm: name, checksum: raw, partCount = 0, parts = [] } = record;
  const isWhole = partCount === 0 || record.isFullObject || name === 'CRC64NVME';
  return { name, raw, scope: isWhole ? 'FULL_OBJECT' : 'COMPOSITE', partCount, parts };
}

/** As headers and documents show it: base64, and for checksums of checksums the number of parts behind a dash. */
export function checksumText(checksum: ObjectChecksum): string {
  const base64 = Buffer.from(checksum.raw).toString('base64');
  return checksum.scope === 'COMPOSITE' ? `${base64}-${checksum.partCount}` : base64;
}

/** x-amz-checksum-* and x-amz-checksum-type. */
export function checksumHeaders(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [ALGORITHMS[checksum.name].header]: checksumText(checksum), 'x-amz-checksum-type': checksum.scope };
}
