/**
 * What travels between two nodes once they have proved themselves.
 *
 * A *record* is what is sealed: a length (4 bytes, big endian, of the body and the tag), a body of whole frames, and on plain TCP a
 * tag of 16 bytes (see records.ts). A *frame* within it:
 *
 *   offset  length  meaning
 *   0       1       kind
 *   1       4       id of the call or stream, 0 where it is about the connection
 *   5       4       length of what follows
 *
 * A *message* (kinds below `more`) is a head in MessagePack and data as it is. Its first frame begins with their two lengths
 * (4 bytes each); what does not fit follows in frames of kind `more`. A message with data, or a long one, goes out in such
 * pieces behind others of its sort; short ones pass between the pieces.
 */
export const KIND = {
  /** Head: [operation, payload]. */
  call: 1,
  /** Head: the value. */
  answer: 2,
  /** Head: a failure. Ends a stream too. */
  failure: 3,
  /** Head: [operation, payload]. */
  open: 4,
  /** Head: one value of a stream. */
  item: 5,
  /** No more values from this side. */
  end: 6,
  /** Head: the facts of the side that sends it. */
  facts: 7,
  /** Head: why this side hangs up. */
  refuse: 8,
  more: 9,
  /** The caller gives up. */
  cancel: 10,
  /** 4 bytes: so many bytes of a stream's values were taken. */
  credit: 11,
  /** 8 bytes that come back in the pong. */
  ping: 12,
  /** Those 8 bytes, and the other side's clock: a float of milliseconds since 1970. */
  pong: 13,
} as const;
export type MessageKind = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export const FRAME_HEADER_BYTES = 9;
export const MESSAGE_LENGTHS_BYTES = 8;
/** Body of a record, at most: what must have come whole before any of it is looked at. */
export const RECORD_BYTES_MAX = 1024 * 1024;
/** Short messages that are sealed together. */
export const BATCH_BYTES = 64 * 1024;
/** Piece of a long message: 256 KiB is where sealing and writing reach their full speed. */
export const PIECE_BYTES = 256 * 1024;
/** Longest head: an xl.meta with thousands of versions has a few MiB. */
export const HEAD_BYTES_MAX = 64 * 1024 * 1024;
/** Most data of one message: drives are asked for 16 MiB at most. */
export const DATA_BYTES_MAX = 64 * 1024 * 1024;
/** Messages of which only a part has come, and data that handlers hold, in bytes: a bound on memory per connection. */
export const INCOMING_BYTES_MAX = 256 * 1024 * 1024;
/** Waiting to be sent on one connection: enough for every drive of a node to have some pieces of data under way. */
export const OUTGOING_BYTES_MAX = 256 * 1024 * 1024;
/** Calls under way on one connection, far more than a server's requests need. */
export const CALLS_MAX = 16_384;
/** Streams open on one connection: a walk per listing and drive. */
export const STREAMS_MAX = 4096;
/** Values of a stream that may be under way before the other side takes one. One value may go beyond. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;

/** What came is not what a node sends: the connection is given up. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
