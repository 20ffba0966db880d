/**
 * The framed stream of S2 and Snappy: chunks of a type, a u24 LE length and a body.
 *
 * | type  | body                                                                                       |
 * |-------|--------------------------------------------------------------------------------------------|
 * | ff    | `S2sTwO` or `sNaPpY`: a stream begins                                                          |
 * | 00    | u32 LE masked CRC-32C of the bytes, then a block of them                                       |
 * | 01    | the same CRC, then the bytes themselves                                                        |
 * | 80-fe | passed over: padding (fe), index (99)                                                      |
 *
 * The mask: the CRC rotated right by 15 bits, plus a282ead8.
 */
import { StorageError } from '../../base/index.js';
import { crc } from '../../hash/index.js';
import type { ByteFeed } from '../byte-feed.js';
import { decodeBlock } from './block.js';

/** Writers make chunks of 1 MiB; none may be larger than this. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const CRC_BYTES = 4;
const STREAM_NAMES = ['S2sTwO', 'sNaPpY'];

/** The bytes of a stream, a chunk at a time; nothing of a chunk is given before its CRC was found right. Throws content-corrupt. */
export async function* decodeFrames(feed: ByteFeed): AsyncGenerator<Uint8Array, void> {
  const header = new Uint8Array(4);
  // The index of a stream that is entered in its middle points behind the beginning that names it.
  for (;;) {
    const got = await feed.fill(header);
    if (got === 0) return;
    if (got < header.length) throw damaged('it ends within a chunk');
    const type = header[0] ?? 0;
    const size = (header[1] ?? 0) | ((header[2] ?? 0) << 8) | ((header[3] ?? 0) << 16);
    if (type >= 0x80 && type < 0xff) {
      if ((await feed.skip(size)) < size) throw damaged('it ends within a chunk');
      continue;
    }
    if (type > 1 && type < 0x80) throw damaged(`a chunk is of type ${type}, which is not known`);
    if (size > CHUNK_BYTES_MAX + CRC_BYTES) throw damaged('a chunk is larger than any may be');
    const body = new Uint8Array(size);
    if ((await feed.fill(body)) < size) throw damaged('it ends within a chunk');
    if (type === 0xff) {
      if (!STREAM_NAMES.includes(Buffer.from(body).toString('latin1'))) throw damaged('it is neither S2 nor Snappy');
      continue;
    }
    if (size < CRC_BYTES) throw damaged('a chunk has no checksum');
    const bytes = type === 0 ? decodeBlock(body.subarray(CRC_BYTES), CHUNK_BYTES_MAX) : body.subarray(CRC_BYTES);
    if (maskedCrc(bytes) !== Buffer.from(body.buffer, 0, CRC_BYTES).readUInt32LE(0)) throw damaged('a chunk does not match its checksum');
    if (bytes.length > 0) yield bytes;
  }
}

/** The CRC-32C as chunks carry it. */
export function maskedCrc(bytes: Uint8Array): number {
  const value = Buffer.from(crc('crc32c', bytes)).readUInt32BE(0);
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

function damaged(why: string): StorageError {
  return new StorageError('content-corrupt', `The compressed content is damaged: ${why}`);
}
