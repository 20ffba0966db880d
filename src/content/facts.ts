/** What an object's metadata says about how its bytes are kept, and about the client's bytes, without any key. */
import { StorageError } from '../base/index.js';
import { findName, type ObjectVersion } from '../format/index.js';
import { openedSize } from './dare.js';
import { encryptionKind, type EncryptionKind } from './object-key.js';

export type StoredObject = Pick<ObjectVersion, 'metaSys' | 'metaUser' | 'parts' | 'size'>;

const ACTUAL_SIZE = 'x-minio-internal-actual-size';
/** Names of MinIO's own metadata that says that stored bytes are not the client's. */
const TRANSFORMED = /^x-minio-internal-(?:compression|server-side-encryption-)/i;
const S2 = 'klauspost/compress/s2';
const SNAPPY = 'golang/snappy/LZ77';

/** True where the stored bytes are not the client's. */
export function isTransformed({ metaSys }: Pick<StoredObject, 'metaSys'>): boolean {
  for (const name of metaSys.keys()) if (TRANSFORMED.test(name)) return true;
  return false;
}

/** Throws content-unknown for a compression that no release had. */
export function isCompressed({ metaSys }: Pick<StoredObject, 'metaSys'>): boolean {
  const value = findName(metaSys, 'x-minio-internal-compression');
  if (value === undefined) return false;
  const name = Buffer.from(value).toString('latin1');
  if (name !== S2 && name !== SNAPPY) throw new StorageError('content-unknown', `The object is compressed by "${name}", which is not known`);
  return true;
}

/** The client's bytes; the stored size where the metadata makes no sense. */
export function clientSize(stored: StoredObject): number {
  if (!isTransformed(stored)) return toldSize(stored) ?? stored.size;
  try {
    return clientParts(stored).reduce((sum, { size }) => sum + size, 0);
  } catch (error) {
    if (error instanceof StorageError) return toldSize(stored) ?? stored.size;
    throw error;
  }
}

export interface ClientPart {
  readonly number: number;
  /** Bytes of the client's. */
  readonly size: number;
  readonly storedSize: number;
  /** As it is kept; sealed where the object is encrypted. */
  readonly index: Uint8Array | undefined;
}

/** The parts of an object whose stored bytes are not the client's. Throws content-corrupt, content-unknown. */
export function clientParts(stored: StoredObject): ClientPart[] {
  const compressed = isCompressed(stored);
  const isEncrypted = encryptionKind(stored.metaSys) !== undefined;
  // Objects without content have no part in old generations.
  return stored.parts.map(({ number, size: storedSize, actualSize, index }) => {
    if (!compressed) return { number, storedSize, index, size: isEncrypted ? openedSize(storedSize) : storedSize };
    const size = actualSize >= 0 ? actualSize : stored.parts.length === 1 ? (toldSize(stored) ?? -1) : -1;
    if (size < 0) throw new StorageError('content-corrupt', `The size of part ${number} is not known`);
    return { number, storedSize, index, size };
  });
}

function toldSize({ metaSys }: Pick<StoredObject, 'metaSys'>): number | undefined {
  if (metaSys.size === 0) return undefined;
  const value = findName(metaSys, ACTUAL_SIZE);
  const text = value === undefined ? '' : Buffer.from(value).toString('latin1');
  const size = text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** How the bytes are kept: none for the client's own. Throws content-unknown. */
export function transformations(stored: Pick<StoredObject, 'metaSys'>): (EncryptionKind | 'compressed')[] {
  const kind = encryptionKind(stored.metaSys);
  return [...(kind === undefined ? [] : [kind]), ...(isCompressed(stored) ? (['compressed'] as const) : [])];
}
