/**
 * A legacy version: the xl.json of an object of 2016 to 2020, carried into xl.meta as it was when a newer release added a
 * version beside it. It is carried over and kept, never made of anything else. Its parts lie in `<object>/legacy/` or in the object's folder.
 *
 * V1Obj: `Version`, `Format`, `Stat` {Size, ModTime, Name, Dir, Mode}, `Erasure` {Algorithm, DataBlocks, ParityBlocks,
 * BlockSize, Index, Distribution, Checksums}, `Minio` {Release}, `Meta`, `Parts`, `VersionID`, `DataDir`. Checksums: [{PartNumber,
 * Algorithm, Hash}] with the algorithm 1 sha256, 2 highwayhash256, 3 frames (no hash), 4 blake2b.
 */
import { FILE_HASH_SIZES, type FileHashAlgorithm } from '../../hash/index.js';
import { corrupt } from '../corrupt.js';
import { NULL_VERSION_ID, type ErasureLayout, type FileHash, type ObjectPart, type ObjectVersion } from '../model.js';
import { eachMember, MsgpackReader } from '../msgpack/reader.js';
import { MsgpackWriter } from '../msgpack/writer.js';
import { checkLayout } from './layout.js';
import { splitOldMetadata } from '../old-metadata.js';
import { ZERO_TIME_NS } from '../time.js';
import type { XlJson } from '../xl-json.js';
import { signatureOf } from './signature.js';

/** The name of a legacy version's data dir, which is no UUID. */
export const LEGACY_DATA_DIR = 'legacy';

/** By their numbers; undefined where the hashes are in frames. */
const HASH_ALGORITHMS: ReadonlyMap<number, FileHashAlgorithm | undefined> = new Map([
  [1, 'sha256'],
  [2, 'highwayhash256'],
  [3, undefined],
  [4, 'blake2b'],
]);
const FRAMED = 3;

/** Reads the V1Obj map that comes next. */
export function decodeLegacyObject(reader: MsgpackReader): ObjectVersion {
  let stat = { size: 0, modTimeNs: 0n };
  let coding: Coding | undefined;
  let parts: readonly ObjectPart[] = [];
  let meta = new Map<string, string>();
  eachMember(reader, (name) => {
    if (name === 'Stat') stat = decodeStat(reader);
    else if (name === 'Erasure') coding = decodeErasure(reader);
    else if (name === 'Parts') parts = decodeParts(reader);
    else if (name === 'Meta') meta = decodeMeta(reader);
    else return false;
    return true;
  });
  if (coding === undefined) throw corrupt('a legacy version has no erasure layout');
  const { erasure, hashes } = coding;
  const hashed = parts.map((part): ObjectPart => {
    const fileHash = hashes.get(part.number);
    return fileHash === undefined ? part : { ...part, fileHash };
  });
  const { size, modTimeNs } = stat;
  return { kind: 'object', versionId: NULL_VERSION_ID, modTimeNs, size, dataDir: LEGACY_DATA_DIR, erasure, parts: hashed, ...splitOldMetadata(meta) };
}

/** The record that a newer release makes of an xl.json. */
export function encodeLegacyRecord(object: XlJson, releaseSeconds: number): Uint8Array {
  const writer = new MsgpackWriter(1024);
  writer.mapLength(3);
  writer.text('Type');
  writer.uint(3);
  writer.text('V1Obj');
  writer.mapLength(9);
  writer.text('Version');
  writer.text(object.version);
  writer.text('Format');
  writer.text('xl');
  writer.text('Stat');
  writeStat(writer, object);
  writer.text('Erasure');
  writeErasure(writer, object);
  writer.text('Minio');
  writer.mapLength(1);
  writer.text('Release');
  writer.text(object.release);
  writer.text('Meta');
  writeMeta(writer, [...object.meta]);
  writer.text('Parts');
  writeParts(writer, object);
  writer.text('VersionID');
  writer.text(NULL_VERSION_ID);
  writer.text('DataDir');
  writer.text(LEGACY_DATA_DIR);
  writer.text('v');
  writer.uint(releaseSeconds);
  return writer.toBytes();
}

/** The same version as a drive keeps it that has another shard, and has it in frames. */
export function framedLegacyRecord(record: Uint8Array, shardIndex: number): Uint8Array {
  let numbers: readonly number[] = [];
  const decoder = new MsgpackReader(record);
  eachMember(decoder, (name) => {
    if (name !== 'V1Obj') return false;
    numbers = decodeLegacyObject(decoder).parts.map((part) => part.number);
    return true;
  });
  const reader = new MsgpackReader(record);
  const writer = new MsgpackWriter(record.length + 64);
  copyMap(reader, writer, (outer) => {
    if (outer !== 'V1Obj') return false;
    copyMap(reader, writer, (name) => {
      if (name !== 'Erasure') return false;
      copyMap(
        reader,
        writer,
        (inner) =>
          replace(reader, inner === 'Index', () => writer.int(shardIndex)) ||
          replace(reader, inner === 'Checksums', () => writeChecksums(writer, numbers.map((number) => ({ number, fileHash: undefined })))),
      );
      return true;
    });
    return true;
  });
  return writer.toBytes();
}

/** The same record with other metadata and another mod time. */
export function changedLegacyRecord(record: Uint8Array, { metaUser, metaSys, modTimeNs }: Pick<ObjectVersion, 'metaUser' | 'metaSys' | 'modTimeNs'>): Uint8Array {
  const meta = [...metaUser, ...[...metaSys].map(([name, value]) => [name, Buffer.from(value).toString()] as const)];
  const reader = new MsgpackReader(record);
  const writer = new MsgpackWriter(record.length + 512);
  copyMap(reader, writer, (outer) => {
    if (outer !== 'V1Obj') return false;
    copyMap(reader, writer, (name) => {
      if (name === 'Stat') copyMap(reader, writer, (inner) => replace(reader, inner === 'ModTime', () => writer.time(modTimeNs)));
      else return replace(reader, name === 'Meta', () => writeMeta(writer, meta));
      return true;
    });
    return true;
  });
  return writer.toBytes();
}

/** The 1-based index of the shard that the drive with this record holds. Throws metadata-corrupt. */
export function legacyShardIndex(record: Uint8Array): number {
  const reader = new MsgpackReader(record);
  let index = 0;
  eachMember(reader, (outer) => {
    if (outer !== 'V1Obj') return false;
    eachMember(reader, (name) => {
      if (name !== 'Erasure') return false;
      eachMember(reader, (inner) => {
        if (inner !== 'Index') return false;
        index = reader.size();
        return true;
      });
      return true;
    });
    return true;
  });
  return index;
}

/**
 * The signature of a legacy record: over the record with what differs between drives, and the metadata, blanked. All
 * members keep their encoding, so it is right for the drives of one writer.
 */
export function legacySignature(record: Uint8Array): Uint8Array {
  const reader = new MsgpackReader(record);
  const writer = new MsgpackWriter(record.length + 64);
  let meta: ReadonlyMap<string, string> = new Map();
  eachMember(reader, (outer) => {
    if (outer !== 'V1Obj') return false;
    copyMap(reader, writer, (name) => {
      if (name === 'Erasure') copyMap(reader, writer, (inner) => replace(reader, inner === 'Index', () => writer.int(0)));
      else if (name === 'Minio') copyMap(reader, writer, (inner) => replace(reader, inner === 'Release', () => writer.text('')));
      else if (name === 'Meta') {
        meta = decodeMeta(reader);
        writer.mapLength(0);
      } else return false;
      return true;
    });
    return true;
  });
  return signatureOf(writer.view(), meta, undefined);
}

/** Copies the map that comes next, save for members that `replaced` takes from the reader and writes itself. */
function copyMap(reader: MsgpackReader, writer: MsgpackWriter, replaced: (name: string) => boolean): void {
  const length = reader.mapLength();
  writer.mapLength(length);
  for (let left = length; left > 0; left--) {
    const name = reader.name();
    writer.text(name);
    if (!replaced(name)) writer.raw(reader.raw());
  }
}

function replace(reader: MsgpackReader, isWanted: boolean, write: () => void): boolean {
  if (!isWanted) return false;
  reader.skip();
  write();
  return true;
}

function decodeStat(reader: MsgpackReader): { size: number; modTimeNs: bigint } {
  const stat = { size: 0, modTimeNs: 0n };
  eachMember(reader, (name) => {
    if (name === 'Size') stat.size = reader.size();
    else if (name === 'ModTime') stat.modTimeNs = reader.time();
    else return false;
    return true;
  });
  return stat;
}

interface Coding {
  readonly erasure: ErasureLayout;
  /** By part number; parts in frames have none. */
  readonly hashes: ReadonlyMap<number, FileHash>;
}

function decodeErasure(reader: MsgpackReader): Coding {
  let dataShards = 0;
  let parityShards = 0;
  let blockSizeBytes = 0;
  let hashes: ReadonlyMap<number, FileHash> = new Map();
  const distribution: number[] = [];
  eachMember(reader, (name) => {
    if (name === 'DataBlocks') dataShards = reader.size();
    else if (name === 'ParityBlocks') parityShards = reader.size();
    else if (name === 'BlockSize') blockSizeBytes = reader.size();
    else if (name === 'Checksums') hashes = decodeChecksums(reader);
    else if (name === 'Distribution') {
      for (let left = reader.arrayLength(); left > 0; left--) distribution.push(reader.size());
    } else return false;
    return true;
  });
  return { erasure: checkLayout({ dataShards, parityShards, blockSizeBytes, distribution }), hashes };
}

function decodeChecksums(reader: MsgpackReader): Map<number, FileHash> {
  const hashes = new Map<number, FileHash>();
  if (reader.takeNil()) return hashes;
  for (let left = reader.arrayLength(); left > 0; left--) {
    let number = 0;
    let kind = 0;
    let hash = new Uint8Array();
    eachMember(reader, (name) => {
      if (name === 'PartNumber') number = reader.size();
      else if (name === 'Algorithm') kind = reader.size();
      else if (name === 'Hash') hash = reader.takeNil() ? hash : new Uint8Array(reader.bin());
      else return false;
      return true;
    });
    if (!HASH_ALGORITHMS.has(kind)) throw corrupt(`a legacy version names the unknown bitrot algorithm ${kind}`);
    const algorithm = HASH_ALGORITHMS.get(kind);
    if (algorithm === undefined) continue;
    if (hash.length !== FILE_HASH_SIZES[algorithm]) throw corrupt(`a legacy version has a ${algorithm} hash of ${hash.length} bytes`);
    hashes.set(number, { algorithm, hash });
  }
  return hashes;
}

function decodeParts(reader: MsgpackReader): ObjectPart[] {
  const parts: ObjectPart[] = [];
  if (reader.takeNil()) return parts;
  for (let left = reader.arrayLength(); left > 0; left--) {
    let number = 0;
    let size = 0;
    let actualSize = -1;
    let etag = '';
    eachMember(reader, (name) => {
      if (name === 'e') etag = reader.text();
      else if (name === 'n') number = reader.size();
      else if (name === 's') size = reader.size();
      else if (name === 'as') actualSize = reader.int();
      else return false;
      return true;
    });
    if (number < 1) throw corrupt('a legacy version has a part without a number');
    // Releases before 2018 did not note it, which reads as 0.
    parts.push({ number, size, actualSize: actualSize === 0 && size > 0 ? -1 : actualSize, ...(etag !== '' && { etag }) });
  }
  return parts;
}

function decodeMeta(reader: MsgpackReader): Map<string, string> {
  const meta = new Map<string, string>();
  if (reader.takeNil()) return meta;
  for (let left = reader.mapLength(); left > 0; left--) meta.set(reader.name(), reader.text());
  return meta;
}

function writeMeta(writer: MsgpackWriter, meta: readonly (readonly [name: string, value: string])[]): void {
  writer.mapLength(meta.length);
  for (const [name, value] of meta) {
    writer.text(name);
    writer.text(value);
  }
}

function writeStat(writer: MsgpackWriter, { size, modTimeNs }: XlJson): void {
  writer.mapLength(5);
  writer.text('Size');
  writer.int(size);
  writer.text('ModTime');
  writer.time(modTimeNs);
  writer.text('Name');
  writer.text('');
  writer.text('Dir');
  writer.bool(false);
  writer.text('Mode');
  writer.uint(0);
}

function writeErasure(writer: MsgpackWriter, { algorithm, erasure, shardIndex, parts }: XlJson): void {
  writer.mapLength(7);
  writer.text('Algorithm');
  writer.text(algorithm);
  writer.text('DataBlocks');
  writer.int(erasure.dataShards);
  writer.text('ParityBlocks');
  writer.int(erasure.parityShards);
  writer.text('BlockSize');
  writer.int(erasure.blockSizeBytes);
  writer.text('Index');
  writer.int(shardIndex);
  writer.text('Distribution');
  writer.arrayLength(erasure.distribution.length);
  for (const index of erasure.distribution) writer.int(index);
  writer.text('Checksums');
  writeChecksums(writer, parts);
}

function writeChecksums(writer: MsgpackWriter, parts: readonly { readonly number: number; readonly fileHash?: FileHash | undefined }[]): void {
  writer.arrayLength(parts.length);
  for (const { number, fileHash } of parts) {
    const kind = [...HASH_ALGORITHMS].find(([, algorithm]) => algorithm === fileHash?.algorithm)?.[0] ?? FRAMED;
    writer.mapLength(3);
    writer.text('PartNumber');
    writer.int(number);
    writer.text('Algorithm');
    writer.uint(kind);
    writer.text('Hash');
    writer.bin(fileHash?.hash ?? new Uint8Array());
  }
}

function writeParts(writer: MsgpackWriter, { parts }: XlJson): void {
  writer.arrayLength(parts.length);
  for (const { etag, number, size, actualSize } of parts) {
    writer.mapLength(5);
    writer.text('e');
    writer.text(etag);
    writer.text('n');
    writer.int(number);
    writer.text('s');
    writer.int(size);
    writer.text('as');
    writer.int(Math.max(0, actualSize));
    writer.text('mt');
    writer.time(ZERO_TIME_NS);
  }
}
