/** Frames as they come in, put together to messages. */
import {
  DATA_BYTES_MAX, FRAME_HEADER_BYTES, HEAD_BYTES_MAX, INCOMING_BYTES_MAX, KIND, MESSAGE_LENGTHS_BYTES, ProtocolError, type MessageKind,
} from './frames.js';

export interface InboxEvents {
  /** A whole message. The head is a view that stays as it is. */
  message(kind: MessageKind, id: number, head: Uint8Array, data: Uint8Array): void;
  /** Any other frame but `more`. */
  frame(kind: number, id: number, body: Buffer): void;
  /** Where to put the data of a message that begins; undefined where nobody wants it. */
  memoryFor(kind: MessageKind, id: number, dataBytes: number): Uint8Array | undefined;
  /** Memory of a message that will not become whole. */
  giveBack(kind: MessageKind, memory: Uint8Array): void;
}

interface Partial {
  readonly kind: MessageKind;
  readonly head: Uint8Array;
  readonly data: Uint8Array | undefined;
  readonly totalBytes: number;
  filled: number;
}

const NOTHING = new Uint8Array(0);

export class Inbox {
  readonly #partials = new Map<number, Partial>();
  #partialBytes = 0;

  constructor(private readonly events: InboxEvents) {}

  /** Takes the body of a record. Throws a ProtocolError where it is not made of frames. */
  take(body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      if (body.length - at < FRAME_HEADER_BYTES) throw new ProtocolError('a frame ends within its header');
      const kind = body[at] ?? 0;
      const id = body.readUInt32BE(at + 1);
      const from = at + FRAME_HEADER_BYTES;
      at = from + body.readUInt32BE(at + 5);
      if (at > body.length) throw new ProtocolError('a frame goes beyond its record');
      this.#frame(kind, id, body.subarray(from, at));
    }
  }

  /** Forgets what has come of a message of this id. */
  drop(id: number): void {
    const partial = this.#partials.get(id);
    if (partial === undefined) return;
    this.#partials.delete(id);
    this.#partialBytes -= partial.totalBytes;
    if (partial.data !== undefined) this.events.giveBack(partial.kind, partial.data);
  }

  clear(): void {
    for (const id of [...this.#partials.keys()]) this.drop(id);
  }

  #frame(kind: number, id: number, body: Buffer): void {
    if (kind === KIND.more) this.#continue(id, body);
    else if (kind >= KIND.call && kind < KIND.more) this.#begin(kind as MessageKind, id, body);
    else if (kind <= KIND.pong && kind > KIND.more) this.events.frame(kind, id, body);
    else throw new ProtocolError(`a frame of kind ${kind}`);
  }

  #begin(kind: MessageKind, id: number, body: Buffer): void {
    if (body.length < MESSAGE_LENGTHS_BYTES) throw new ProtocolError('a message without lengths');
    const headBytes = body.readUInt32BE(0);
    const dataBytes = body.readUInt32BE(4);
    const totalBytes = headBytes + dataBytes;
    const content = body.subarray(MESSAGE_LENGTHS_BYTES);
    if (headBytes > HEAD_BYTES_MAX || dataBytes > DATA_BYTES_MAX) throw new ProtocolError(`a message of ${headBytes} + ${dataBytes} bytes`);
    if (content.length > totalBytes) throw new ProtocolError('a message longer than it says');
    if (this.#partials.has(id)) throw new ProtocolError('a message within another of its id');
    if (this.#partialBytes + totalBytes > INCOMING_BYTES_MAX) throw new ProtocolError('too many unfinished messages');
    const data = dataBytes === 0 ? undefined : this.events.memoryFor(kind, id, dataBytes);
    if (content.length === totalBytes) {
      data?.set(content.subarray(headBytes));
      this.events.message(kind, id, content.subarray(0, headBytes), data ?? NOTHING);
      return;
    }
    const head = content.length >= headBytes ? content.subarray(0, headBytes) : new Uint8Array(headBytes);
    const partial = { kind, head, data, totalBytes, filled: 0 };
    this.#partials.set(id, partial);
    this.#partialBytes += totalBytes;
    if (content.length >= headBytes) partial.filled = headBytes;
    fill(partial, content.subarray(partial.filled));
  }

  #continue(id: number, body: Buffer): void {
    const partial = this.#partials.get(id);
    // The rest of what was given up here, while it was under way.
    if (partial === undefined) return;
    if (body.length > partial.totalBytes - partial.filled) throw new ProtocolError('a message longer than it says');
    fill(partial, body);
    if (partial.filled < partial.totalBytes) return;
    this.#partials.delete(id);
    this.#partialBytes -= partial.totalBytes;
    this.events.message(partial.kind, id, partial.head, partial.data ?? NOTHING);
  }
}

function fill(partial: Partial, bytes: Buffer): void {
  const { head, data } = partial;
  const ofHead = Math.max(0, Math.min(bytes.length, head.length - partial.filled));
  if (ofHead > 0) head.set(bytes.subarray(0, ofHead), partial.filled);
  if (ofHead < bytes.length) data?.set(bytes.subarray(ofHead), partial.filled + ofHead - head.length);
  partial.filled += bytes.length;
}
