/**
 * The checksum kept with an object (`x-minio-internal-crc` of its internal metadata) and with an upload in progress, between
 * MinIO's binary record and the words of the API. Layout: uvarint flags, raw checksum; with the multipart flag a uvarint
 * count of parts, and (where the flags say so) as many raw checksums. Several records may follow one another.
 */
import type { ObjectInfo } from '../store/index.js';
import { ALGORITHMS, CHECKSUM_NAMES, type ChecksumName, type ChecksumScope } from './checksums.js';

const RECORD_KEY = 'x-minio-internal-crc';

const FLAGS: Readonly<Record<ChecksumName, number>> = { SHA256: 2, SHA1: 4, CRC32: 8, CRC32C: 16, CRC64NVME: 256 };
const MULTIPART = 64;
const INCLUDES_PARTS = 128;
const FULL_OBJECT = 512;

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
  return new Map([[RECORD_KEY, encodeRecord(checksum)]]);
}

/** The checksum that was kept with an object; undefined where there is none, or one that cannot be read. */
export function storedChecksum(info: ObjectInfo): ObjectChecksum | undefined {
  for (const [name, value] of info.metaSys) if (name.toLowerCase() === RECORD_KEY) return decodeRecord(value);
  return undefined;
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

export function encodeRecord(checksum: ObjectChecksum): Uint8Array {
  let flags = FLAGS[checksum.name];
  if (checksum.partCount === 0) return Buffer.concat([uvarint(flags), checksum.raw]);
  flags |= MULTIPART;
  if (checksum.parts.length > 0) flags |= INCLUDES_PARTS;
  if (checksum.scope === 'FULL_OBJECT') flags |= FULL_OBJECT;
  return Buffer.concat([uvarint(flags), checksum.raw, uvarint(checksum.partCount), ...checksum.parts]);
}

/** Only the first record counts. Whatever is malformed reads as no checksum. */
export function decodeRecord(record: Uint8Array): ObjectChecksum | undefined {
  const flags = readUvarint(record, 0);
  if (!flags) return undefined;
  const name = CHECKSUM_NAMES.find((candidate) => (flags.value & FLAGS[candidate]) !== 0);
  if (!name) return undefined;
  const { length } = ALGORITHMS[name];
  const rawEnd = flags.end + length;
  if (record.length < rawEnd) return undefined;
  const raw = record.slice(flags.end, rawEnd);
  if ((flags.value & MULTIPART) === 0) return { name, raw, scope: 'FULL_OBJECT', partCount: 0, parts: [] };
  const count = readUvarint(record, rawEnd);
  if (!count) return undefined;
  const scope = (flags.value & FULL_OBJECT) !== 0 || name === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  const parts: Uint8Array[] = [];
  if ((flags.value & INCLUDES_PARTS) !== 0) {
    if (record.length < count.end + count.value * length) return undefined;
    for (let part = 0; part < count.value; part++) parts.push(record.slice(count.end + part * length, count.end + (part + 1) * length));
  }
  return { name, raw, scope, partCount: count.value, parts };
}

function uvarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Flags and counts fit in 21 bits. */
function readUvarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 3; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}
