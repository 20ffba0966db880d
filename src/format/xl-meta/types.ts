/**
 * xl.meta between bytes and versions: an entry keeps header and record encoded, so that a drive can insert, compare and
 * remove versions without decoding what is in them.
 */

/** Header type numbers of xl.meta. */
export type XlVersionType = 'object' | 'delete-marker' | 'legacy';

export interface XlVersionHeader {
  /** UUID in lower case, or NULL_VERSION_ID. */
  readonly versionId: string;
  readonly modTimeNs: bigint;
  readonly type: XlVersionType;
  readonly isFreeVersion: boolean;
  readonly usesDataDir: boolean;
  readonly isInline: boolean;
  /** 0 for what is not an object. */
  readonly dataShards: number;
  readonly parityShards: number;
  /** Four bytes, equal on all drives for the same version (not for a legacy version: it covers hashes of that drive's part files). */
  readonly signature: Uint8Array;
}

export interface XlVersionEntry {
  readonly header: XlVersionHeader;
  /** The encoded header (msgpack array): equal on all drives for the same version (see signature), so comparing bytes compares versions. */
  readonly headerBytes: Uint8Array;
  /** The encoded record (msgpack map). Differs between drives in EcIndex only (and in the order of its metadata maps). */
  readonly record: Uint8Array;
}

export interface XlMeta {
  /** Newest first, as xl.meta sorts them. */
  readonly versions: readonly XlVersionEntry[];
  /** Version id -> shard stream (bitrot frames included). */
  readonly inline: ReadonlyMap<string, Uint8Array>;
}
