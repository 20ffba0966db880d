/**
 * Streaming bitrot protection (HighwayHash-256, since 2019), of part files and inline data alike: a shard is cut into
 * pieces of `pieceSize` bytes (the shard size of a whole block; the last piece may be shorter), and each piece is kept as a
 * frame: 32 bytes of hash, then the piece. An empty shard has no frame.
 */
import { StorageError } from '../base/index.js';
import { HIGHWAY_HASH_SIZE, highwayHash256, highwayHash256Into } from '../hash/index.js';

/** Bytes of a shard with its hashes. */
export function framedSize(shardSize: number, pieceSize: number): number {
  return shardSize + HIGHWAY_HASH_SIZE * Math.ceil(shardSize / pieceSize);
}

/** Bytes of a shard whose framed size is known; undefined where no shard has that framed size. */
export function unframedSize(size: number, pieceSize: number): number | undefined {
  const rest = size % (pieceSize + HIGHWAY_HASH_SIZE);
  if (rest > 0 && rest <= HIGHWAY_HASH_SIZE) return undefined;
  return size - HIGHWAY_HASH_SIZE * Math.ceil(size / (pieceSize + HIGHWAY_HASH_SIZE));
}

/** A shard with its hashes, in memory of its own. */
export function frameShard(shard: Uint8Array, pieceSize: number): Uint8Array {
  const framed = new Uint8Array(framedSize(shard.length, pieceSize));
  for (let from = 0, to = 0; from < shard.length; from += pieceSize) {
    const piece = shard.subarray(from, from + pieceSize);
    highwayHash256Into(framed.subarray(to), piece);
    framed.set(piece, to + HIGHWAY_HASH_SIZE);
    to += HIGHWAY_HASH_SIZE + piece.length;
  }
  return framed;
}

/** The pieces of a framed shard, as views of it, each checked against its hash. Throws frame-corrupt, naming the frame. */
export function unframeShard(framed: Uint8Array, pieceSize: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < framed.length; at += HIGHWAY_HASH_SIZE + pieceSize) {
    const hash = framed.subarray(at, at + HIGHWAY_HASH_SIZE);
    const piece = framed.subarray(at + HIGHWAY_HASH_SIZE, at + HIGHWAY_HASH_SIZE + pieceSize);
    if (piece.length === 0 || Buffer.compare(hash, highwayHash256(piece)) !== 0) {
      throw new StorageError('frame-corrupt', `frame ${pieces.length + 1} of a shard does not match its bitrot hash`);
    }
    pieces.push(piece);
  }
  return pieces;
}
