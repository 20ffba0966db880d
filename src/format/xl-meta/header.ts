/**
 * The header of one version in xl.meta: what can be known of it without opening its record.
 *
 * | element | type   | meaning                                                            |
 * |---------|--------|--------------------------------------------------------------------|
 * | 0       | bin 16 | version id, zeros for the null version                             |
 * | 1       | int    | mod time, nanoseconds since 1970                                   |
 * | 2       | bin 4  | signature                                                          |
 * | 3       | uint   | type: 1 object, 2 delete marker, 3 legacy                          |
 * | 4       | uint   | flags: 1 free version, 2 uses a data dir, 4 inline data            |
 * | 5       | uint   | parity shards, 0 for what is not an object (header version 3 only) |
 * | 6       | uint   | data shards, likewise                                              |
 */
import { corrupt } from '../corrupt.js';
import { MsgpackReader } from '../msgpack/reader.js';
import { MsgpackWriter } from '../msgpack/writer.js';
import { versionIdBytes, versionIdText } from '../uuid.js';
import type { XlVersionHeader, XlVersionType } from './types.js';

const FLAG_FREE = 1;
const FLAG_USES_DATA_DIR = 2;
const FLAG_INLINE = 4;
const TYPE_NAMES: readonly (XlVersionType | undefined)[] = [undefined, 'object', 'delete-marker', 'legacy'];
/** Length of a header whose numbers are all small, as every release writes it. */
const USUAL_SIZE = 38;

const scratch = new DataView(new ArrayBuffer(8));
const writer = new MsgpackWriter(64);

/** The number that a type has on the drive. */
export function typeNumber(type: XlVersionType): number {
  return TYPE_NAMES.indexOf(type);
}

/** The type of a number found on a drive. Throws metadata-corrupt for an unknown one. */
export function typeOfNumber(value: number): XlVersionType {
  const type = TYPE_NAMES[value];
  if (type === undefined) throw corrupt(`there is a version of the unknown type ${value}`);
  return type;
}

/** Decodes a header of version 3 that lies in `bytes` from `start` to `end`. */
export function parseHeader(bytes: Buffer, start: number, end: number): XlVersionHeader {
  if (isUsual(bytes, start, end)) return parseUsual(bytes, start);
  const reader = new MsgpackReader(bytes, start, end);
  const length = reader.arrayLength();
  if (length !== 7) throw corrupt(`a version header has ${length} elements, 7 belong there`);
  const versionId = reader.versionId();
  const modTimeNs = reader.int64();
  const at = reader.fixedBin(4);
  return makeHeader(versionId, modTimeNs, signatureAt(bytes, at), reader.size(), reader.size(), reader.size(), reader.size());
}

/** Encodes a header as 2025 does. */
export function encodeHeader(header: XlVersionHeader): Uint8Array {
  writer.reset();
  writer.arrayLength(7);
  writer.bin(versionIdBytes(header.versionId));
  writer.int64(header.modTimeNs);
  writer.bin(header.signature);
  writer.uint(typeNumber(header.type));
  writer.uint((header.isFreeVersion ? FLAG_FREE : 0) | (header.usesDataDir ? FLAG_USES_DATA_DIR : 0) | (header.isInline ? FLAG_INLINE : 0));
  writer.uint(header.parityShards);
  writer.uint(header.dataShards);
  return writer.toBytes();
}

/** Order of versions in xl.meta: newest first, and the same on every drive where two are equally new. */
export function compareHeaders(a: XlVersionHeader, b: XlVersionHeader): number {
  if (a.modTimeNs !== b.modTimeNs) return a.modTimeNs > b.modTimeNs ? -1 : 1;
  const byType = typeNumber(a.type) - typeNumber(b.type);
  if (byType !== 0) return byType;
  return Buffer.compare(b.signature, a.signature) || Buffer.compare(versionIdBytes(b.versionId), versionIdBytes(a.versionId));
}

function isUsual(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start === USUAL_SIZE &&
    bytes[start] === 0x97 &&
    bytes[start + 1] === 0xc4 &&
    bytes[start + 2] === 16 &&
    bytes[start + 19] === 0xd3 &&
    bytes[start + 28] === 0xc4 &&
    bytes[start + 29] === 4 &&
    (byteAt(bytes, start + 34) | byteAt(bytes, start + 35) | byteAt(bytes, start + 36) | byteAt(bytes, start + 37)) <= 0x7f
  );
}

function parseUsual(bytes: Buffer, start: number): XlVersionHeader {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, byteAt(bytes, start + 20 + i));
  return makeHeader(
    versionIdText(bytes, start + 3),
    scratch.getBigInt64(0),
    signatureAt(bytes, start + 30),
    byteAt(bytes, start + 34),
    byteAt(bytes, start + 35),
    byteAt(bytes, start + 36),
    byteAt(bytes, start + 37),
  );
}

function makeHeader(
  versionId: string,
  modTimeNs: bigint,
  signature: Uint8Array,
  type: number,
  flags: number,
  parityShards: number,
  dataShards: number,
): XlVersionHeader {
  return {
    versionId,
    modTimeNs,
    type: typeOfNumber(type),
    isFreeVersion: (flags & FLAG_FREE) !== 0,
    usesDataDir: (flags & FLAG_USES_DATA_DIR) !== 0,
    isInline: (flags & FLAG_INLINE) !== 0,
    dataShards,
    parityShards,
    signature,
  };
}

function signatureAt(bytes: Buffer, at: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at, 4);
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}
