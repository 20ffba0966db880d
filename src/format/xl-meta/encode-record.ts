/**
 * The record of one version in xl.meta, encoded as RELEASE.2025-10-15 does. Members of an object, in this order:
 *
 * | member       | type                | meaning                                                                |
 * |--------------|---------------------|------------------------------------------------------------------------|
 * | `ID`         | bin 16              | version id, zeros for the null version                                 |
 * | `DDir`       | bin 16              | data dir; set for inline data too                                      |
 * | `EcAlgo`     | uint                | 1: Reed-Solomon with MinIO's Vandermonde matrix                        |
 * | `EcM` `EcN`  | int                 | data shards, parity shards                                             |
 * | `EcBSize`    | int                 | block size, bytes                                                      |
 * | `EcIndex`    | int                 | this drive's shard index from 1: all that differs between drives       |
 * | `EcDist`     | array of uint       | shard index by slot                                                    |
 * | `CSumAlgo`   | uint                | 1: HighwayHash-256 in frames                                           |
 * | `PartNums`   | array of int        | part numbers, ascending                                                |
 * | `PartETags`  | nil, array of str   | unfinished uploads of 2021 only                                        |
 * | `PartSizes`  | array of int        | stored size of each part                                               |
 * | `PartASizes` | array of int        | client's size of each part, -1 where unknown                           |
 * | `PartIdx`    | array of bin        | compression indexes; absent where no part has one                      |
 * | `Size`       | int                 | sum of PartSizes                                                       |
 * | `MTime`      | int                 | nanoseconds since 1970                                                 |
 * | `MetaSys`    | map of str to bin   | internal metadata                                                      |
 * | `MetaUsr`    | map of str to str   | the client's metadata                                                  |
 */
import { assert } from '../../base/index.js';
import { NULL_VERSION_ID, type DeleteMarker, type ObjectVersion, type Version } from '../model.js';
import { MsgpackWriter } from '../msgpack/writer.js';
import { uuidBytes, versionIdBytes } from '../uuid.js';
import { decodeRecord } from './decode-record.js';
import { encodeHeader, typeNumber } from './header.js';
import type { XlJson } from '../xl-json.js';
import { changedLegacyRecord, encodeLegacyRecord, LEGACY_DATA_DIR, legacySignature } from './legacy-record.js';
import { isInlineData, usesDataDir } from './meta-sys.js';
import { entryShardIndex } from './record-members.js';
import { signatureOf } from './signature.js';
import type { XlVersionEntry, XlVersionHeader } from './types.js';

/** RELEASE.2025-10-15T17-29-55Z, the release that we write like, in Unix seconds. */
const RELEASE_SECONDS = 1_760_549_395;

const FAULTY_INDEX_BYTES_MAX = 8 * 1024 * 1024;
const INDEX_MEMBER = 'PartIdx';

const writer = new MsgpackWriter(4096);

/**
 * Encodes a version for the drive that keeps shard `shardIndex` (from 1; of no meaning for a delete marker). For the
 * other drives of the set, withShardIndex makes their entries from this one. Legacy versions are never encoded anew.
 */
export function encodeVersion(version: Version, options: { readonly shardIndex: number }): XlVersionEntry {
  assert(version.kind !== 'object' || version.dataDir !== LEGACY_DATA_DIR, 'a legacy version is kept as it is, never encoded anew');
  const header = headerOf(version, signatureOfVersion(version));
  writer.reset();
  writer.mapLength(3);
  writer.text('Type');
  writer.uint(typeNumber(header.type));
  if (version.kind === 'object') {
    writer.text('V2Obj');
    writeObject(version, options.shardIndex, true);
  } else {
    writer.text('DelObj');
    writeDeleteMarker(version, true);
  }
  writer.text('v');
  writer.uint(version.writtenBy ?? RELEASE_SECONDS);
  return { header, headerBytes: encodeHeader(header), record: writer.toBytes() };
}

/** The entry of a record whose file has no header for it (xl.meta before minor 3) or one of an older kind. */
export function entryOfRecord(record: Uint8Array): XlVersionEntry {
  const version = decodeRecord(record);
  const isLegacy = version.kind === 'object' && version.dataDir === LEGACY_DATA_DIR;
  const header = isLegacy ? legacyHeader(version, record) : headerOf(version, signatureOfVersion(version));
  return { header, headerBytes: encodeHeader(header), record };
}

/**
 * The entry that an xl.json becomes in an xl.meta. Releases of 2021 to 2025 sign the hashes of the drive's part files too, which no
 * two drives share; here the signature leaves them out, so that drives can be compared by their headers.
 */
export function entryOfXlJson(object: XlJson): XlVersionEntry {
  const record = encodeLegacyRecord(object, RELEASE_SECONDS);
  const isFramed = object.parts.every((part) => part.fileHash === undefined);
  const signed = isFramed ? record : encodeLegacyRecord({ ...object, parts: object.parts.map((part) => ({ ...part, fileHash: undefined })) }, RELEASE_SECONDS);
  const header = legacyHeader({ versionId: NULL_VERSION_ID, modTimeNs: object.modTimeNs }, signed);
  return { header, headerBytes: encodeHeader(header), record };
}

/** A legacy version with other metadata, as the drive that holds this entry keeps it. */
export function withLegacyMetadata(entry: XlVersionEntry, changed: Pick<ObjectVersion, 'metaUser' | 'metaSys' | 'modTimeNs'>): XlVersionEntry {
  return entryOfRecord(changedLegacyRecord(entry.record, changed));
}

/**
 * A record of metadata version 1 or 2 as version 3 has it: releases of 2023-12 to 2024-10 wrote a wrong compression index
 * for parts of up to 8 MiB, and version 3 promises that there is none. Reading works without an index.
 */
export function withoutFaultyIndexes(record: Uint8Array): Uint8Array {
  if (!Buffer.from(record.buffer, record.byteOffset, record.byteLength).includes(INDEX_MEMBER)) return record;
  const version = decodeRecord(record);
  if (version.kind !== 'object' || version.dataDir === LEGACY_DATA_DIR) return record;
  const parts = version.parts.map(({ index, ...part }) => (index === undefined || part.actualSize <= FAULTY_INDEX_BYTES_MAX ? part : { ...part, index }));
  const shardIndex = entryShardIndex({ header: { type: 'object' }, record });
  return encodeVersion({ ...version, parts }, { shardIndex }).record;
}

function headerOf(version: Version, signature: Uint8Array): XlVersionHeader {
  const { versionId, modTimeNs } = version;
  if (version.kind === 'delete-marker') {
    const none = { usesDataDir: false, isInline: false, dataShards: 0, parityShards: 0 };
    return { versionId, modTimeNs, type: 'delete-marker', isFreeVersion: version.isFree, ...none, signature };
  }
  const { erasure, metaSys, metaUser } = version;
  return {
    versionId,
    modTimeNs,
    type: 'object',
    isFreeVersion: false,
    usesDataDir: usesDataDir(metaUser, metaSys),
    isInline: isInlineData(metaSys),
    dataShards: erasure.dataShards,
    parityShards: erasure.parityShards,
    signature,
  };
}

function legacyHeader({ versionId, modTimeNs }: Pick<ObjectVersion, 'versionId' | 'modTimeNs'>, record: Uint8Array): XlVersionHeader {
  const none = { isFreeVersion: false, usesDataDir: false, isInline: false, dataShards: 0, parityShards: 0 };
  return { versionId, modTimeNs, type: 'legacy', ...none, signature: legacySignature(record) };
}

/** The four bytes that a version's header carries: the same on all drives of the set. */
export function signatureOfVersion(version: Version): Uint8Array {
  writer.reset();
  if (version.kind === 'object') {
    writeObject(version, 0, false);
    return signatureOf(writer.view(), version.metaUser, version.metaSys);
  }
  writeDeleteMarker(version, false);
  return signatureOf(writer.view(), undefined, version.metaSys);
}

/** Writes the V2Obj map; for the signature without metadata. */
function writeObject(version: ObjectVersion, shardIndex: number, withMetadata: boolean): void {
  const { erasure, parts } = version;
  const hasIndex = parts.some((part) => part.index !== undefined);
  writer.mapLength(hasIndex ? 18 : 17);
  writer.text('ID');
  writer.bin(versionIdBytes(version.versionId));
  writer.text('DDir');
  writer.bin(uuidBytes(version.dataDir));
  writer.text('EcAlgo');
  writer.uint(1);
  writer.text('EcM');
  writer.int(erasure.dataShards);
  writer.text('EcN');
  writer.int(erasure.parityShards);
  writer.text('EcBSize');
  writer.int(erasure.blockSizeBytes);
  writer.text('EcIndex');
  writer.int(shardIndex);
  writer.text('EcDist');
  writer.arrayLength(erasure.distribution.length);
  for (const index of erasure.distribution) writer.uint(index);
  writer.text('CSumAlgo');
  writer.uint(1);
  writeParts(version, withMetadata, hasIndex);
  writer.text('Size');
  writer.int(version.size);
  writer.text('MTime');
  writer.int64(version.modTimeNs);
  writer.text('MetaSys');
  if (withMetadata) writeMetaSys(version.metaSys);
  else writer.nil();
  writer.text('MetaUsr');
  if (withMetadata) writeMetaUser(version.metaUser);
  else writer.nil();
}

function writeParts({ parts }: ObjectVersion, withMetadata: boolean, hasIndex: boolean): void {
  writer.text('PartNums');
  writer.arrayLength(parts.length);
  for (const part of parts) writer.int(part.number);
  writer.text('PartETags');
  if (parts.some((part) => part.etag !== undefined)) {
    writer.arrayLength(parts.length);
    for (const part of parts) writer.text(part.etag ?? '');
  } else writer.nil();
  writer.text('PartSizes');
  writer.arrayLength(parts.length);
  for (const part of parts) writer.int(part.size);
  writer.text('PartASizes');
  if (parts.length === 0 && !withMetadata) writer.nil();
  else {
    writer.arrayLength(parts.length);
    for (const part of parts) writer.int(part.actualSize);
  }
  if (!hasIndex) return;
  writer.text('PartIdx');
  writer.arrayLength(parts.length);
  for (const part of parts) writer.bin(part.index ?? new Uint8Array(0));
}

function writeDeleteMarker(version: DeleteMarker, withMetadata: boolean): void {
  writer.mapLength(withMetadata ? 3 : 2);
  writer.text('ID');
  writer.bin(versionIdBytes(version.versionId));
  writer.text('MTime');
  writer.int64(version.modTimeNs);
  if (!withMetadata) return;
  writer.text('MetaSys');
  writeMetaSys(version.metaSys);
}

function writeMetaSys(map: ReadonlyMap<string, Uint8Array>): void {
  writer.mapLength(map.size);
  for (const [name, value] of map) {
    writer.text(name);
    writer.bin(value);
  }
}

function writeMetaUser(map: ReadonlyMap<string, string>): void {
  writer.mapLength(map.size);
  for (const [name, value] of map) {
    writer.text(name);
    writer.text(value);
  }
}
