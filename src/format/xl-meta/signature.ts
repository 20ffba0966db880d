/**
 * The signature of a version: four bytes that are equal on all drives for the same version, although records differ in
 * their shard index and in the order of their metadata. It is compared, never checked against what it signs.
 */
import { xxh3, xxh64 } from '../../hash/index.js';

const TEXT_MAP_SEED = 0xc2b40bbac11a7295n;
const BYTES_MAP_SEED = 0x1bbc7e1dde654743n;
const KEY_MASK = 0x4ee3bbaf7ab2506bn;
const VALUE_MASK = 0x8da4c8da66194257n;

/** The hashes of metadata names seen before: there are only a few, and hashing them is most of the work. */
const knownNames = new Map<string, bigint>();
const KNOWN_NAMES_MAX = 256;

/** Of a record encoded without its metadata and shard index, and of the metadata maps left out. */
export function signatureOf(
  encoding: Uint8Array,
  metaUser: ReadonlyMap<string, string> | undefined,
  metaSys: ReadonlyMap<string, Uint8Array> | undefined,
): Uint8Array {
  let sum = xxh64(encoding);
  if (metaUser !== undefined) sum ^= mapHash(metaUser, TEXT_MAP_SEED);
  if (metaSys !== undefined) sum ^= mapHash(metaSys, BYTES_MAP_SEED);
  const folded = Number(BigInt.asUintN(32, sum ^ (sum >> 32n)));
  return Uint8Array.of(folded, folded >>> 8, folded >>> 16, folded >>> 24);
}

function mapHash(map: ReadonlyMap<string, string | Uint8Array>, seed: bigint): bigint {
  let hash = seed;
  for (const [name, value] of map) {
    const valueHash = xxh3(typeof value === 'string' ? Buffer.from(value) : value);
    hash ^= BigInt.asUintN(64, (nameHash(name) ^ KEY_MASK) + (valueHash ^ VALUE_MASK));
  }
  return hash;
}

function nameHash(name: string): bigint {
  let hash = knownNames.get(name);
  if (hash === undefined) {
    hash = xxh3(Buffer.from(name));
    if (knownNames.size >= KNOWN_NAMES_MAX) knownNames.clear();
    knownNames.set(name, hash);
  }
  return hash;
}
