/**
 * The data section at the end of xl.meta: byte 01, then a map from version id to the shard stream (bitrot frames
 * included). It is absent where no version is inline.
 */
import { isStorageError } from '../../base/index.js';
import { MsgpackReader } from '../msgpack/reader.js';
import type { MsgpackWriter } from '../msgpack/writer.js';

const SECTION_VERSION = 1;

/** Decodes the section that begins at `offset`. What is damaged is left out with all that follows it: the versions stay readable. */
export function parseInlineData(bytes: Uint8Array, offset: number): Map<string, Uint8Array> {
  const inline = new Map<string, Uint8Array>();
  if (offset >= bytes.length || bytes[offset] !== SECTION_VERSION) return inline;
  try {
    const reader = new MsgpackReader(bytes, offset + 1);
    for (let left = reader.mapLength(); left > 0; left--) {
      const versionId = reader.text();
      inline.set(versionId, reader.takeNil() ? new Uint8Array(0) : reader.bin());
    }
  } catch (error) {
    if (!isStorageError(error, 'metadata-corrupt')) throw error;
  }
  return inline;
}

/** Bytes that the section takes at most. */
export function inlineDataSizeMax(inline: ReadonlyMap<string, Uint8Array>): number {
  let size = 6;
  for (const [versionId, data] of inline) size += versionId.length * 3 + data.length + 10;
  return size;
}

export function writeInlineData(writer: MsgpackWriter, inline: ReadonlyMap<string, Uint8Array>): void {
  if (inline.size === 0) return;
  writer.uint(SECTION_VERSION);
  writer.mapLength(inline.size);
  for (const [versionId, data] of inline) {
    writer.text(versionId);
    writer.bin(data);
  }
}
