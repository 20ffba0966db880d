/**
 * Zip archives of a few small files, stored as they are: what admin calls send files in. Reading takes stored and deflated
 * entries of archives below 4 GiB, as other servers write them.
 */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
/** 1980-01-01: the files' times say nothing. */
const DOS_DATE = 0x21;

export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([uint32(LOCAL), common, nameBytes, bytes]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(uint32(CENTRAL), Buffer.from([20, 3]), common, place, nameBytes);
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}

/** The entries of an archive; folders are left out. Throws an Error where it is none, or damaged. */
export function readZip(archive: Uint8Array): ZipEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = bytes.lastIndexOf(uint32(END));
  if (end < 0 || end + 22 > bytes.length) throw new Error('not a zip archive: its end is missing');
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) throw new Error('the directory of the zip archive is damaged');
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    if (!name.endsWith('/')) entries.push({ name, bytes: entryBytes(bytes, at, name) });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

/** An entry of such an archive is a small file; more is an attack. */
const ENTRY_SIZE_MAX = 256 * 1024 * 1024;

function entryBytes(archive: Buffer, central: number, name: string): Uint8Array {
  const local = archive.readUInt32LE(central + 42);
  if (local + 30 > archive.length || archive.readUInt32LE(local) !== LOCAL) throw new Error(`the zip entry ${name} is damaged`);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const stored = archive.subarray(start, start + archive.readUInt32LE(central + 20));
  const plain = archive.readUInt16LE(central + 10) === DEFLATED ? inflateRawSync(stored, { maxOutputLength: ENTRY_SIZE_MAX }) : stored;
  if (crc32(plain) !== archive.readUInt32LE(central + 16)) throw new Error(`the zip entry ${name} is damaged`);
  return plain;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
