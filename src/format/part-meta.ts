/**
 * `part.N.meta` beside each part file of an unfinished upload. Msgpack map:
 *
 * | member | type           | meaning                                                       |
 * |--------|----------------|---------------------------------------------------------------|
 * | `e`    | str            | etag of the part (sealed where the upload is encrypted)       |
 * | `n`    | int            | part number                                                   |
 * | `s`    | int            | stored size                                                   |
 * | `as`   | int            | the client's size, -1 where unknown                           |
 * | `mt`   | time           | when it was uploaded                                          |
 * | `i`    | bin            | compression index; absent where there is none                 |
 * | `crc`  | map str to str | checksums, e.g. `CRC32C` -> base64; absent where there is none |
 */
import { corrupt } from './corrupt.js';
import { eachMember, MsgpackReader } from './msgpack/reader.js';
import { MsgpackWriter } from './msgpack/writer.js';

export interface PartMeta {
  readonly etag: string;
  readonly number: number;
  readonly size: number;
  readonly actualSize: number;
  readonly modTimeNs: bigint;
  readonly index?: Uint8Array;
  /** Name (`CRC32C`) -> base64. */
  readonly checksums: ReadonlyMap<string, string>;
}

/** Throws metadata-corrupt. */
export function decodePartMeta(bytes: Uint8Array): PartMeta {
  const reader = new MsgpackReader(bytes);
  const part = { etag: '', number: 0, size: 0, actualSize: -1, modTimeNs: 0n };
  const checksums = new Map<string, string>();
  let index: Uint8Array | undefined;
  eachMember(reader, (name) => {
    if (name === 'e') part.etag = reader.text();
    else if (name === 'n') part.number = reader.size();
    else if (name === 's') part.size = reader.size();
    else if (name === 'as') part.actualSize = reader.int();
    else if (name === 'mt') part.modTimeNs = reader.time();
    else if (name === 'i') index = reader.takeNil() ? undefined : reader.bin();
    else if (name === 'crc') {
      if (reader.takeNil()) return true;
      for (let left = reader.mapLength(); left > 0; left--) checksums.set(reader.name(), reader.text());
    } else return false;
    return true;
  });
  if (part.number < 1) throw corrupt('a part.N.meta has no part number');
  return { ...part, checksums, ...(index !== undefined && index.length > 0 && { index }) };
}

/** As RELEASE.2025-10-15 writes it. */
export function encodePartMeta(part: PartMeta): Uint8Array {
  const writer = new MsgpackWriter(128);
  writer.mapLength(5 + (part.index === undefined ? 0 : 1) + (part.checksums.size === 0 ? 0 : 1));
  writer.text('e');
  writer.text(part.etag);
  writer.text('n');
  writer.int(part.number);
  writer.text('s');
  writer.int(part.size);
  writer.text('as');
  writer.int(part.actualSize);
  writer.text('mt');
  writer.time(part.modTimeNs);
  if (part.index !== undefined) {
    writer.text('i');
    writer.bin(part.index);
  }
  if (part.checksums.size > 0) {
    writer.text('crc');
    writer.mapLength(part.checksums.size);
    for (const [name, value] of part.checksums) {
      writer.text(name);
      writer.text(value);
    }
  }
  return writer.view();
}
