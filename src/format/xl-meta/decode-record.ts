/**
 * The record of one version in xl.meta, decoded.
 *
 * | member  | type | meaning                                                                          |
 * |---------|------|----------------------------------------------------------------------------------|
 * | `Type`  | uint | 1 object, 2 delete marker, 3 legacy                                              |
 * | `V1Obj` | map  | of a legacy version: an xl.json of 2016 to 2020, carried over (legacy-record.ts) |
 * | `V2Obj` | map  | of an object: members in the table of encode-record.ts                           |
 * | `DelObj`| map  | of a delete marker or free version: `ID`, `MTime`, `MetaSys`                     |
 * | `v`     | uint | Unix seconds of the release that wrote it; since 2022                            |
 */
import { corrupt } from '../corrupt.js';
import type { DeleteMarker, ObjectPart, ObjectVersion, Version } from '../model.js';
import { MsgpackReader } from '../msgpack/reader.js';
import { typeOfNumber } from './header.js';
import { decodeLegacyObject } from './legacy-record.js';
import { checkLayout } from './layout.js';
import { isFreeVersion } from './meta-sys.js';
import type { XlVersionEntry } from './types.js';

const NO_DATA_DIR = '00000000-0000-0000-0000-000000000000';

/** All that a version's record says. Throws metadata-corrupt. */
export function decodeVersion(entry: Pick<XlVersionEntry, 'record'>): Version {
  return decodeRecord(entry.record);
}

/** As decodeVersion, from the record's bytes. */
export function decodeRecord(record: Uint8Array): Version {
  const reader = new MsgpackReader(record);
  let type = 0;
  let version: Version | undefined;
  let writtenBy: number | undefined;
  for (let left = reader.mapLength(); left > 0; left--) {
    switch (reader.name()) {
      case 'Type':
        type = reader.size();
        break;
      case 'V2Obj':
        version = reader.takeNil() ? undefined : decodeObject(reader);
        break;
      case 'DelObj':
        version = reader.takeNil() ? undefined : decodeDeleteMarker(reader);
        break;
      case 'V1Obj':
        version = reader.takeNil() ? undefined : decodeLegacyObject(reader);
        break;
      case 'v':
        writtenBy = reader.size();
        break;
      default:
        reader.skip();
    }
  }
  const kind = typeOfNumber(type);
  if (version?.kind !== (kind === 'legacy' ? 'object' : kind)) throw corrupt(`the record of a version of type ${kind} holds none`);
  return writtenBy === undefined ? version : { ...version, writtenBy };
}

/** What V2Obj's arrays say of the parts, before they are put together. */
interface PartColumns {
  numbers: readonly number[];
  sizes: readonly number[];
  actualSizes: readonly number[] | undefined;
  etags: readonly string[] | undefined;
  indexes: readonly Uint8Array[] | undefined;
}

function decodeObject(reader: MsgpackReader): ObjectVersion {
  let versionId = '';
  let dataDir = NO_DATA_DIR;
  let algorithm = 0;
  let checksumAlgorithm = 0;
  let dataShards = 0;
  let parityShards = 0;
  let blockSizeBytes = 0;
  let distribution: readonly number[] = [];
  let size = 0;
  let modTimeNs = 0n;
  let metaSys: ReadonlyMap<string, Uint8Array> = new Map();
  let metaUser: ReadonlyMap<string, string> = new Map();
  const parts: PartColumns = { numbers: [], sizes: [], actualSizes: undefined, etags: undefined, indexes: undefined };
  for (let left = reader.mapLength(); left > 0; left--) {
    const name = reader.name();
    if (readPartColumn(reader, name, parts)) continue;
    switch (name) {
      case 'ID':
        versionId = reader.versionId();
        break;
      case 'DDir':
        dataDir = reader.uuid();
        break;
      case 'EcAlgo':
        algorithm = reader.size();
        break;
      case 'EcM':
        dataShards = reader.size();
        break;
      case 'EcN':
        parityShards = reader.size();
        break;
      case 'EcBSize':
        blockSizeBytes = reader.size();
        break;
      case 'EcDist':
        distribution = readNumbers(reader);
        break;
      case 'CSumAlgo':
        checksumAlgorithm = reader.size();
        break;
      case 'Size':
        size = reader.size();
        break;
      case 'MTime':
        modTimeNs = reader.int64();
        break;
      case 'MetaSys':
        metaSys = readMetaSys(reader);
        break;
      case 'MetaUsr':
        metaUser = readMetaUser(reader);
        break;
      default:
        reader.skip();
    }
  }
  if (versionId === '') throw corrupt('an object version has no id');
  if (algorithm !== 1) throw corrupt(`an object version names the unknown erasure algorithm ${algorithm}`);
  if (checksumAlgorithm !== 1) throw corrupt(`an object version names the unknown bitrot algorithm ${checksumAlgorithm}`);
  if (modTimeNs <= 0n) throw corrupt('an object version has no mod time');
  const erasure = checkLayout({ dataShards, parityShards, blockSizeBytes, distribution });
  return { kind: 'object', versionId, modTimeNs, size, dataDir, erasure, parts: joinParts(parts), metaUser, metaSys };
}

function readPartColumn(reader: MsgpackReader, name: string, parts: PartColumns): boolean {
  switch (name) {
    case 'PartNums':
      parts.numbers = readNumbers(reader);
      return true;
    case 'PartSizes':
      parts.sizes = readNumbers(reader);
      return true;
    case 'PartASizes':
      if (!reader.takeNil()) parts.actualSizes = readNumbers(reader);
      return true;
    case 'PartETags':
      if (!reader.takeNil()) parts.etags = readArray(reader, () => reader.text());
      return true;
    case 'PartIdx':
      if (!reader.takeNil()) parts.indexes = readArray(reader, () => reader.bin());
      return true;
    default:
      return false;
  }
}

function joinParts({ numbers, sizes, actualSizes, etags, indexes }: PartColumns): ObjectPart[] {
  const check = (what: string, column: readonly unknown[] | undefined): void => {
    if (column !== undefined && column.length > 0 && column.length !== numbers.length) {
      throw corrupt(`an object version has ${numbers.length} parts and ${column.length} ${what}`);
    }
  };
  if (sizes.length !== numbers.length) throw corrupt(`an object version has ${numbers.length} parts and ${sizes.length} sizes`);
  check('client sizes', actualSizes);
  check('etags', etags);
  check('indexes', indexes);
  return numbers.map((number, i) => {
    const size = sizes[i] ?? 0;
    if (number < 1 || size < 0) throw corrupt(`an object version has a part ${number} of ${size} bytes`);
    const etag = etags?.[i] ?? '';
    const index = indexes?.[i];
    const part: ObjectPart = { number, size, actualSize: actualSizes?.[i] ?? -1 };
    if (etag === '' && (index === undefined || index.length === 0)) return part;
    return { ...part, ...(etag !== '' && { etag }), ...(index !== undefined && index.length > 0 && { index }) };
  });
}

function decodeDeleteMarker(reader: MsgpackReader): DeleteMarker {
  let versionId = '';
  let modTimeNs = 0n;
  let metaSys: ReadonlyMap<string, Uint8Array> = new Map();
  for (let left = reader.mapLength(); left > 0; left--) {
    switch (reader.name()) {
      case 'ID':
        versionId = reader.versionId();
        break;
      case 'MTime':
        modTimeNs = reader.int64();
        break;
      case 'MetaSys':
        metaSys = readMetaSys(reader);
        break;
      default:
        reader.skip();
    }
  }
  if (versionId === '') throw corrupt('a delete marker has no id');
  return { kind: 'delete-marker', versionId, modTimeNs, metaSys, isFree: isFreeVersion(metaSys) };
}

function readNumbers(reader: MsgpackReader): number[] {
  if (reader.takeNil()) return [];
  const numbers: number[] = [];
  for (let left = reader.arrayLength(); left > 0; left--) numbers.push(reader.int());
  return numbers;
}

function readArray<T>(reader: MsgpackReader, element: () => T): T[] {
  const values: T[] = [];
  for (let left = reader.arrayLength(); left > 0; left--) values.push(element());
  return values;
}

function readMetaSys(reader: MsgpackReader): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  if (reader.takeNil()) return map;
  for (let left = reader.mapLength(); left > 0; left--) map.set(reader.name(), reader.takeNil() ? new Uint8Array(0) : reader.bin());
  return map;
}

function readMetaUser(reader: MsgpackReader): Map<string, string> {
  const map = new Map<string, string>();
  if (reader.takeNil()) return map;
  for (let left = reader.mapLength(); left > 0; left--) map.set(reader.name(), reader.text());
  return map;
}
