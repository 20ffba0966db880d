/** Single members of a version's record, found without decoding the rest. */
import { assert, StorageError } from '../../base/index.js';
import { corrupt } from '../corrupt.js';
import { MsgpackReader } from '../msgpack/reader.js';
import { framedLegacyRecord, LEGACY_DATA_DIR, legacyShardIndex, legacySignature } from './legacy-record.js';
import type { XlVersionEntry } from './types.js';

/** What this file needs of an entry. */
type TypedRecord = Pick<XlVersionEntry, 'record'> & { readonly header: Pick<XlVersionEntry['header'], 'type'> };

/** The 1-based shard index that the drive holds of a version; 0 for what is not an object. Throws metadata-corrupt. */
export function entryShardIndex(entry: TypedRecord): number {
  if (entry.header.type === 'legacy') return legacyShardIndex(entry.record);
  const reader = seek(entry, 'EcIndex');
  return reader === undefined ? 0 : reader.size();
}

/** The name of the folder with the version's part files, `legacy` for a legacy version; undefined for a delete marker. Throws metadata-corrupt. */
export function entryDataDir(entry: TypedRecord): string | undefined {
  if (entry.header.type === 'legacy') return LEGACY_DATA_DIR;
  return seek(entry, 'DDir')?.uuid();
}

/**
 * The same version as the drive with another shard keeps it; a legacy version's shard is in frames then, as no hash of the whole
 * file is known. What is not an object is the same on all drives.
 */
export function withShardIndex(entry: XlVersionEntry, shardIndex: number): XlVersionEntry {
  assert(shardIndex >= 1 && shardIndex <= 127, 'a shard index takes one byte');
  if (entry.header.type === 'legacy') return { ...entry, record: framedLegacyRecord(entry.record, shardIndex) };
  const reader = seek(entry, 'EcIndex');
  if (reader === undefined) return entry;
  const at = reader.offset;
  reader.size();
  assert(reader.offset === at + 1, 'records that we wrote keep the shard index in one byte');
  const record = entry.record.slice();
  record[at] = shardIndex;
  return { ...entry, record };
}

/**
 * Four bytes that are equal on all drives for the same version: the signature, without what a legacy version's covers of its drive.
 * Of a legacy record that cannot be read it is the signature as it stands.
 */
export function entryIdentity(entry: XlVersionEntry): Uint8Array {
  if (entry.header.type !== 'legacy') return entry.header.signature;
  try {
    return legacySignature(framedLegacyRecord(entry.record, 1));
  } catch (error) {
    if (error instanceof StorageError) return entry.header.signature;
    throw error;
  }
}

/** A reader that stands before a member of the object; undefined for what is not an object. */
function seek(entry: TypedRecord, wanted: string): MsgpackReader | undefined {
  if (entry.header.type !== 'object') return undefined;
  const reader = new MsgpackReader(entry.record);
  if (!seekMember(reader, 'V2Obj') || !seekMember(reader, wanted)) throw corrupt(`an object version has no ${wanted}`);
  return reader;
}

function seekMember(reader: MsgpackReader, wanted: string): boolean {
  for (let left = reader.mapLength(); left > 0; left--) {
    if (reader.name() === wanted) return true;
    reader.skip();
  }
  return false;
}
