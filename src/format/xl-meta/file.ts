/**
 * The file xl.meta.
 *
 * | offset | bytes         | meaning                                                                      |
 * |--------|---------------|------------------------------------------------------------------------------|
 * | 0      | `XL2 `        | magic                                                                        |
 * | 4      | u16 LE        | major version, 1 (the text `1   ` at 4..7 is version 1.0)                    |
 * | 6      | u16 LE        | minor version, 0 to 3                                                        |
 * | 8      | bin           | the index; in minor 0 not in a bin, and to the end of the file               |
 * | ...    | uint          | CRC: low 32 bits of XXH64 of the index (without the bin's head); since 2     |
 * | ...    | section       | inline data, to the end of the file (inline-data.ts); since minor 1          |
 *
 * Index of minor 3 (late 2021 onwards): header version uint, metadata version uint, number of versions int, then for each
 * version bin(header), bin(record), newest first. Index of minor 0 to 2: map {`Versions`: array of records}, not sorted.
 *
 * An object of 2016 to 2020 has an xl.json instead (xl-json.ts), and releases of 2020 and later may have renamed it to xl.meta: it is
 * read here as the file that a newer release would make of it, with one legacy version.
 */
import { xxh64Low32 } from '../../hash/index.js';
import { corrupt } from '../corrupt.js';
import { decodeXlJson } from '../xl-json.js';
import { eachMember, MsgpackReader } from '../msgpack/reader.js';
import { MsgpackWriter } from '../msgpack/writer.js';
import { entryOfRecord, entryOfXlJson, withoutFaultyIndexes } from './encode-record.js';
import { compareHeaders, parseHeader } from './header.js';
import { inlineDataSizeMax, parseInlineData, writeInlineData } from './inline-data.js';
import { entryDataDir } from './record-members.js';
import type { XlMeta, XlVersionEntry } from './types.js';

const MAGIC = 0x584c_3220;
const MAJOR_1_0_AS_TEXT = 0x3120_2020;
const MINOR = 3;
const HEADER_VERSION = 3;
const METADATA_VERSION = 3;
/** Magic, versions and the head of the bin, as we write them. */
const HEAD_SIZE = 13;
const CRC_SIZE = 5;
const NO_INLINE: ReadonlyMap<string, Uint8Array> = new Map();

/** Where the parts of a file lie. */
interface Sections {
  readonly bytes: Buffer;
  readonly minor: number;
  readonly indexStart: number;
  readonly indexEnd: number;
  readonly inlineStart: number;
}

/**
 * Versions and inline data of an xl.meta of any minor version; records stay encoded. All byte strings are views of `bytes`.
 * Damaged inline data is left out, anything else that is wrong throws metadata-corrupt.
 */
export function parseXlMeta(bytes: Uint8Array): XlMeta {
  if (isXlJson(bytes)) return ofXlJson(bytes);
  const sections = checkedSections(bytes);
  const versions = parseVersions(sections);
  if (sections.inlineStart >= bytes.length) return { versions, inline: NO_INLINE };
  const inline = parseInlineData(sections.bytes, sections.inlineStart);
  if (sections.minor < MINOR) renameByDataDir(inline, versions);
  return { versions, inline };
}

/** As parseXlMeta without the inline data, which may have been cut off. */
export function parseXlMetaIndex(bytes: Uint8Array): XlMeta {
  if (isXlJson(bytes)) return ofXlJson(bytes);
  return { versions: parseVersions(checkedSections(bytes)), inline: NO_INLINE };
}

/**
 * Bytes of the file up to the inline data: all that parseXlMetaIndex needs. `bytes` may be a first piece of the file; of
 * 16 bytes or more the answer is final, unless it is Infinity: an xl.json, and the first xl.meta files, are one index to their end.
 */
export function xlMetaIndexLength(bytes: Uint8Array): number {
  if (isXlJson(bytes)) return Infinity;
  return findSections(bytes).inlineStart;
}

/** The version of the file's layout, `1.0` to `1.3`, or `xl.json 1.0.1`. Throws metadata-corrupt. */
export function xlMetaFileVersion(bytes: Uint8Array): string {
  if (isXlJson(bytes)) return `xl.json ${decodeXlJson(bytes).version}`;
  return `1.${findSections(bytes).minor}`;
}

/** The encoded headers of all versions, one after the other: equal where two drives hold the same versions. Throws metadata-corrupt. */
export function versionHeadersOf(bytes: Uint8Array): Uint8Array {
  const { versions } = parseXlMetaIndex(bytes);
  const first = versions[0];
  if (versions.length === 1 && first !== undefined) return first.headerBytes;
  return Buffer.concat(versions.map((entry) => entry.headerBytes));
}

/** Encodes as RELEASE.2025-10-15 does: parsing and serializing its files gives the same bytes. */
export function serializeXlMeta(meta: XlMeta): Uint8Array {
  let size = HEAD_SIZE + CRC_SIZE + 16 + inlineDataSizeMax(meta.inline);
  for (const { headerBytes, record } of meta.versions) size += headerBytes.length + record.length + 10;
  const writer = new MsgpackWriter(size);
  writer.raw(Uint8Array.of(0x58, 0x4c, 0x32, 0x20, 1, 0, MINOR, 0));
  writer.bin32Length(0);
  writer.uint(HEADER_VERSION);
  writer.uint(METADATA_VERSION);
  writer.int(meta.versions.length);
  for (const { headerBytes, record } of meta.versions) {
    writer.bin(headerBytes);
    writer.bin(record);
  }
  const index = writer.view().subarray(HEAD_SIZE);
  writer.patchU32(HEAD_SIZE - 4, index.length);
  writer.uint32(xxh64Low32(index));
  writeInlineData(writer, meta.inline);
  return writer.view();
}

/** True for a JSON document: no xl.meta begins so. */
function isXlJson(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b;
}

function ofXlJson(bytes: Uint8Array): XlMeta {
  return { versions: [entryOfXlJson(decodeXlJson(bytes))], inline: NO_INLINE };
}

function findSections(source: Uint8Array): Sections {
  const bytes = Buffer.isBuffer(source) ? source : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== MAGIC) throw notXlMeta(bytes);
  const isTextual = bytes.readUInt32BE(4) === MAJOR_1_0_AS_TEXT;
  const major = isTextual ? 1 : bytes.readUInt16LE(4);
  const minor = isTextual ? 0 : bytes.readUInt16LE(6);
  if (major !== 1 || minor > MINOR) throw corrupt(`xl.meta is of version ${major}.${minor}; 1.0 to 1.${MINOR} are known`);
  if (minor === 0) return { bytes, minor, indexStart: 8, indexEnd: bytes.length, inlineStart: Infinity };
  const { start, length } = binHead(bytes);
  const indexEnd = start + length;
  const inlineStart = minor === 1 ? indexEnd : indexEnd + uintSize(bytes[indexEnd] ?? 0xce);
  return { bytes, minor, indexStart: start, indexEnd, inlineStart };
}

/** The head of the bin at byte 8, whose content need not be there. */
function binHead(bytes: Buffer): { readonly start: number; readonly length: number } {
  const tag = bytes[8];
  if (tag === 0xc4 && bytes.length >= 10) return { start: 10, length: bytes.readUInt8(9) };
  if (tag === 0xc5 && bytes.length >= 11) return { start: 11, length: bytes.readUInt16BE(9) };
  if (tag === 0xc6 && bytes.length >= 13) return { start: 13, length: bytes.readUInt32BE(9) };
  throw corrupt('xl.meta has no index after its first 8 bytes');
}

/** Bytes that an unsigned integer takes, by its tag. */
function uintSize(tag: number): number {
  if (tag <= 0x7f) return 1;
  const size = [2, 3, 5, 9][tag - 0xcc];
  if (size === undefined) throw corrupt('xl.meta has no checksum after its index');
  return size;
}

function checkedSections(source: Uint8Array): Sections {
  const sections = findSections(source);
  const { bytes, minor, indexStart, indexEnd } = sections;
  if (indexEnd > bytes.length || (minor >= 2 && sections.inlineStart > bytes.length)) {
    throw corrupt(`xl.meta is cut off: ${bytes.length} bytes are there, its index alone takes ${sections.inlineStart}`);
  }
  if (minor >= 2) {
    const stored = new MsgpackReader(bytes, indexEnd).int();
    if (stored !== xxh64Low32(bytes.subarray(indexStart, indexEnd))) throw corrupt('the checksum of xl.meta does not match its contents');
  }
  return sections;
}

function notXlMeta(bytes: Buffer): Error {
  return corrupt(bytes.length === 0 ? 'xl.meta is empty' : `xl.meta does not begin with "XL2 " but with "${bytes.toString('latin1', 0, 4).replace(/[^ -~]/g, '.')}"`);
}

function parseVersions({ bytes, minor, indexStart, indexEnd }: Sections): XlVersionEntry[] {
  const reader = new MsgpackReader(bytes, indexStart, indexEnd);
  return minor === MINOR ? parseIndexed(reader) : parseUnindexed(reader);
}

function parseIndexed(reader: MsgpackReader): XlVersionEntry[] {
  const headerVersion = reader.size();
  const metadataVersion = reader.size();
  if (headerVersion < 1 || headerVersion > HEADER_VERSION) throw corrupt(`xl.meta has headers of version ${headerVersion}; 1 to ${HEADER_VERSION} are known`);
  if (metadataVersion < 1 || metadataVersion > METADATA_VERSION) {
    throw corrupt(`xl.meta has records of version ${metadataVersion}; 1 to ${METADATA_VERSION} are known`);
  }
  const versions: XlVersionEntry[] = [];
  for (let left = reader.size(); left > 0; left--) {
    const headerBytes = reader.bin();
    const headerEnd = reader.offset;
    const record = reader.bin();
    if (headerVersion === HEADER_VERSION && metadataVersion === METADATA_VERSION) {
      versions.push({ header: parseHeader(reader.bytes, headerEnd - headerBytes.length, headerEnd), headerBytes, record });
    } else versions.push(entryOfRecord(withoutFaultyIndexes(record)));
  }
  return versions;
}

function parseUnindexed(reader: MsgpackReader): XlVersionEntry[] {
  const versions: XlVersionEntry[] = [];
  eachMember(reader, (name) => {
    if (name !== 'Versions') return false;
    if (reader.takeNil()) return true;
    for (let left = reader.arrayLength(); left > 0; left--) versions.push(entryOfRecord(withoutFaultyIndexes(reader.raw())));
    return true;
  });
  return versions.sort((a, b) => compareHeaders(a.header, b.header));
}

/** Builds of early 2021 kept inline data under the data dir's name. */
function renameByDataDir(inline: Map<string, Uint8Array>, versions: readonly XlVersionEntry[]): void {
  for (const entry of versions) {
    const { versionId } = entry.header;
    const dataDir = entry.header.isInline && !inline.has(versionId) ? entryDataDir(entry) : undefined;
    const data = dataDir === undefined ? undefined : inline.get(dataDir);
    if (dataDir === undefined || data === undefined) continue;
    inline.delete(dataDir);
    inline.set(versionId, data);
  }
}
