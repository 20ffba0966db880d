/**
 * Streaming bitrot protection (HighwayHash-256, since 2019), of part files and inline data alike: a shard is cut into
 * pieces of `pieceSize` bytes (the shard size of a whole block; the last piece may be shorter), and each piece is kept as a
 * frame: 32 bytes of hash, then the piece. An empty shard has no frame.
 */
import { StorageError } from '../base/index.js';
import { HIGHWAY_HASH_SIZE, highwayHash256 } from '../hash/index.js';

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
