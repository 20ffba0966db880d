/** Values and failures as bytes. */
import { decode, encode } from '@msgpack/msgpack';

import { STORAGE_ERROR_CODES, StorageError, type StorageErrorCode } from '../../base/index.js';
import { ProtocolError } from './frames.js';

/** 64-bit integers come back as bigints exactly where they went in as such. */
const OPTIONS = { useBigInt64: true, ignoreUndefined: true } as const;

export function encodeValue(value: unknown): Uint8Array {
  return encode(value, OPTIONS);
}

/** Byte strings in the result are views of `bytes`. Throws a ProtocolError. */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    // Not a Buffer: byte strings shall come out as plain as they went in.
    return decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), OPTIONS);
  } catch (error) {
    throw new ProtocolError(`a value that is no MessagePack: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An error as it crosses the wire; its cause and its stack stay where it happened. */
export function encodeFailure(error: unknown): Uint8Array {
  if (!(error instanceof StorageError)) return encodeValue({ message: error instanceof Error ? error.message : String(error) });
  const { code, message, bucket, key, versionId, uploadId, partNumber, modTimeNs, drive } = error;
  return encodeValue({ code, message, bucket, key, versionId, uploadId, partNumber, modTimeNs, drive });
}

/** The error again. A code that only a newer release knows becomes `drive-faulty`: never an absence. */
export function decodeFailure(bytes: Uint8Array, node: string): Error {
  const value = decodeValue(bytes);
  if (typeof value !== 'object' || value === null) throw new ProtocolError('a failure that is no object');
  const { code, message, ...names } = value as Record<string, unknown>;
  const text = typeof message === 'string' ? message : 'no reason given';
  if (code === undefined) return new Error(`node ${node}: ${text}`);
  return new StorageError(isCode(code) ? code : 'drive-faulty', text, names);
}

function isCode(code: unknown): code is StorageErrorCode {
  return (STORAGE_ERROR_CODES as readonly unknown[]).includes(code);
}
