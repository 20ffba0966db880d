/** UUIDs as the formats keep them (16 bytes) and as people and paths write them (36 characters, lower case). */
import { corrupt } from './corrupt.js';
import { NULL_VERSION_ID } from './model.js';

const TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for the usual text form of a UUID, in either case. */
export function isUuid(text: string): boolean {
  return text.length === 36 && TEXT.test(text);
}

/** 16 bytes from the text form. Throws metadata-corrupt for anything else. */
export function uuidBytes(text: string): Uint8Array {
  if (!isUuid(text)) throw corrupt(`"${text.slice(0, 50)}" is not a UUID`);
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** Lower-case text form of the 16 bytes at `offset`. */
export function uuidText(bytes: Uint8Array, offset = 0): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hex = buffer.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A version id from its 16 bytes: all zero is the null version. */
export function versionIdText(bytes: Uint8Array, offset = 0): string {
  for (let i = offset; i < offset + 16; i++) if (bytes[i] !== 0) return uuidText(bytes, offset);
  return NULL_VERSION_ID;
}

/** The 16 bytes of a version id; zeros for the null version. */
export function versionIdBytes(versionId: string): Uint8Array {
  return versionId === NULL_VERSION_ID ? new Uint8Array(16) : uuidBytes(versionId);
}
