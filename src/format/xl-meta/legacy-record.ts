/**
 * A legacy version: the xl.json of an object of 2016 to 2020, carried into xl.meta as it was when a newer release added a
 * version beside it. It is read and kept, never written anew. Its parts lie in `<object>/legacy/` or in the object's folder.
 *
 * V1Obj: `Version`, `Format`, `Stat` {Size, ModTime, Name, Dir, Mode}, `Erasure` {Algorithm, DataBlocks, ParityBlocks,
 * BlockSize, Index, Distribution, Checksums}, `Minio` {Release}, `Meta`, `Parts`, `VersionID`, `DataDir`.
 */
import { corrupt } from '../corrupt.js';
import { NULL_VERSION_ID, type ErasureLayout, type ObjectPart, type ObjectVersion } from '../model.js';
import { eachMember, MsgpackReader } from '../msgpack/reader.js';
import { MsgpackWriter } from '../msgpack/writer.js';
import { checkLayout } from './layout.js';
import { isInternalName } from './meta-sys.js';
import { signatureOf } from './signature.js';

/** The name of a legacy version's data dir, which is no UUID. */
export const LEGACY_DATA_DIR = 'legacy';

/** Reads the V1Obj map that comes next. */
export function decodeLegacyObject(reader: MsgpackReader): ObjectVersion {
  let stat = { size: 0, modTimeNs: 0n };
  let erasure: ErasureLayout | undefined;
  let parts: readonly ObjectPart[] = [];
  let meta = new Map<string, string>();
  eachMember(reader, (name) => {
    if (name === 'Stat') stat = decodeStat(reader);
    else if (name === 'Erasure') erasure = decodeErasure(reader);
    else if (name === 'Parts') parts = decodeParts(reader);
    else if (name === 'Meta') meta = decodeMeta(reader);
    else return false;
    return true;
  });
  if (erasure === undefined) throw corrupt('a legacy version has no erasure layout');
  const metaUser = new Map<string, string>();
  const metaSys = new Map<string, Uint8Array>();
  for (const [name, value] of meta) {
    if (isInternalName(name)) metaSys.set(name, Buffer.from(value));
    else metaUser.set(name, value);
  }
  const { size, modTimeNs } = stat;
  return { kind: 'object', versionId: NULL_VERSION_ID, modTimeNs, size, dataDir: LEGACY_DATA_DIR, erasure, parts, metaUser, metaSys };
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

function decodeErasure(reader: MsgpackReader): ErasureLayout {
  let dataShards = 0;
  let parityShards = 0;
  let blockSizeBytes = 0;
  const distribution: number[] = [];
  eachMember(reader, (name) => {
    if (name === 'DataBlocks') dataShards = reader.size();
    else if (name === 'ParityBlocks') parityShards = reader.size();
    else if (name === 'BlockSize') blockSizeBytes = reader.size();
    else if (name === 'Distribution') {
      for (let left = reader.arrayLength(); left > 0; left--) distribution.push(reader.size());
    } else return false;
    return true;
  });
  return checkLayout({ dataShards, parityShards, blockSizeBytes, distribution });
}

function decodeParts(reader: MsgpackReader): ObjectPart[] {
  const parts: ObjectPart[] = [];
  if (reader.takeNil()) return parts;
  for (let left = reader.arrayLength(); left > 0; left--) {
    let number = 0;
    let size = 0;
    let actualSize = -1;
    eachMember(reader, (name) => {
      if (name === 'n') number = reader.size();
      else if (name === 's') size = reader.size();
      else if (name === 'as') actualSize = reader.int();
      else return false;
      return true;
    });
    if (number < 1) throw corrupt('a legacy version has a part without a number');
    // Releases before 2018 did not note it, which reads as 0.
    parts.push({ number, size, actualSize: actualSize === 0 && size > 0 ? -1 : actualSize });
  }
  return parts;
}

function decodeMeta(reader: MsgpackReader): Map<string, string> {
  const meta = new Map<string, string>();
  if (reader.takeNil()) return meta;
  for (let left = reader.mapLength(); left > 0; left--) meta.set(reader.name(), reader.text());
  return meta;
}
