/**
 * XXH64 and XXH3-64, both with seed 0: the checksum and the signatures inside xl.meta, over some hundred bytes each.
 * hash-wasm's hashers are synchronous once they exist, so they are made when the module loads.
 */
import bundle3 from 'hash-wasm/dist/xxhash3.umd.min.js';
import bundle64 from 'hash-wasm/dist/xxhash64.umd.min.js';

const xxh64Hasher = await bundle64.createXXHash64();
const xxh3Hasher = await bundle3.createXXHash3();

/** XXH64, seed 0. */
export function xxh64(data: Uint8Array): bigint {
  return readBigEndian(xxh64Hasher.init().update(data).digest('binary'));
}

/** The low 32 bits of XXH64, unsigned, without a BigInt on the way: xl.meta's checksum. */
export function xxh64Low32(data: Uint8Array): number {
  const bytes = xxh64Hasher.init().update(data).digest('binary');
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
}

/** XXH3 with 64 bits, seed 0. */
export function xxh3(data: Uint8Array): bigint {
  return readBigEndian(xxh3Hasher.init().update(data).digest('binary'));
}

function readBigEndian(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}
