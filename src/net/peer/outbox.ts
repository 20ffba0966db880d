/**
 * What waits to be sent on one connection: short messages, sealed together, and long ones or those whose order matters, one
 * after the other in pieces between them.
 */
import { BATCH_BYTES, FRAME_HEADER_BYTES, KIND, MESSAGE_LENGTHS_BYTES, PIECE_BYTES, type MessageKind } from './frames.js';

export interface OutgoingMessage {
  readonly kind: MessageKind;
  readonly id: number;
  readonly head: Uint8Array;
  readonly data?: readonly Uint8Array[] | undefined;
  /** In line with the long ones, however short it is. */
  readonly inOrder?: boolean | undefined;
  /** Called once, when the connection needs the memory no longer. */
  readonly release?: (() => void) | undefined;
}

interface Line {
  readonly message: OutgoingMessage;
  readonly parts: readonly Uint8Array[];
  readonly dataBytes: number;
  /** Not yet taken. */
  leftBytes: number;
  isBegun: boolean;
  part: number;
  offset: number;
}

/** What goes into one record, and whose memory is free once it is written. */
export interface Batch {
  readonly pieces: Uint8Array[];
  readonly bytes: number;
  readonly release: (() => void) | undefined;
}

export class Outbox {
  #short: Uint8Array[] = [];
  #shortBytes = 0;
  #line: Line[] = [];
  #lineBytes = 0;

  get bytes(): number {
    return this.#shortBytes + this.#lineBytes;
  }

  /** A frame that is no message. */
  addFrame(kind: number, id: number, body: Uint8Array): void {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
    writeHeader(frame, kind, id, body.length);
    frame.set(body, FRAME_HEADER_BYTES);
    this.#addShort(frame);
  }

  add(message: OutgoingMessage): void {
    const { kind, id, head, data = [] } = message;
    let dataBytes = 0;
    for (const part of data) dataBytes += part.length;
    if (message.inOrder === true || dataBytes > 0 || head.length > BATCH_BYTES) {
      this.#line.push({ message, parts: [head, ...data], dataBytes, leftBytes: head.length + dataBytes, isBegun: false, part: 0, offset: 0 });
      this.#lineBytes += head.length + dataBytes;
      return;
    }
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + MESSAGE_LENGTHS_BYTES + head.length);
    writeHeader(frame, kind, id, MESSAGE_LENGTHS_BYTES + head.length);
    writeLengths(frame, head.length, 0);
    frame.set(head, FRAME_HEADER_BYTES + MESSAGE_LENGTHS_BYTES);
    this.#addShort(frame);
    message.release?.();
  }

  /** Takes back what is left of messages with this id. */
  drop(id: number): void {
    this.#line = this.#line.filter((line) => {
      if (line.message.id !== id) return true;
      this.#lineBytes -= line.leftBytes;
      // What was taken already may still wait to be written: that memory is left to the collector.
      if (!line.isBegun) line.message.release?.();
      return false;
    });
  }

  /** What goes next into a record; undefined where nothing waits. */
  take(): Batch | undefined {
    if (this.#short.length === 0 && this.#line.length === 0) return undefined;
    const pieces: Uint8Array[] = [];
    let bytes = this.#takeShort(pieces);
    let release: (() => void) | undefined;
    // Short ones in the line travel together; a long one fills the rest of the record.
    const releases: (() => void)[] = [];
    for (let line = this.#line[0]; line !== undefined && bytes < BATCH_BYTES; line = this.#line[0]) {
      bytes += this.#takePiece(line, pieces);
      if (line.leftBytes > 0) break;
      this.#line.shift();
      if (line.message.release !== undefined) releases.push(line.message.release);
    }
    if (releases.length > 0) release = (): void => releases.forEach((one) => one());
    return { pieces, bytes, release };
  }

  /** Forgets everything. */
  clear(): void {
    for (const { message } of this.#line) message.release?.();
    this.#short = [];
    this.#line = [];
    this.#shortBytes = this.#lineBytes = 0;
  }

  #addShort(frame: Uint8Array): void {
    this.#short.push(frame);
    this.#shortBytes += frame.length;
  }

  #takeShort(pieces: Uint8Array[]): number {
    let bytes = 0;
    let count = 0;
    for (; count < this.#short.length && bytes < BATCH_BYTES; count++) bytes += this.#short[count]?.length ?? 0;
    if (count === 0) return 0;
    const taken = count === this.#short.length ? this.#short : this.#short.slice(0, count);
    this.#short = this.#short.slice(count);
    this.#shortBytes -= bytes;
    // One piece to seal and to write, not hundreds.
    pieces.push(taken.length === 1 ? (taken[0] ?? new Uint8Array(0)) : Buffer.concat(taken, bytes));
    return bytes;
  }

  /** The next frame of a message, as views of its memory. */
  #takePiece(line: Line, pieces: Uint8Array[]): number {
    const { kind, id, head } = line.message;
    const count = Math.min(line.leftBytes, PIECE_BYTES);
    const lengths = line.isBegun ? 0 : MESSAGE_LENGTHS_BYTES;
    const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES + lengths);
    writeHeader(header, line.isBegun ? KIND.more : kind, id, lengths + count);
    if (!line.isBegun) writeLengths(header, head.length, line.dataBytes);
    line.isBegun = true;
    pieces.push(header);
    for (let left = count; left > 0; ) {
      const part = line.parts[line.part] ?? new Uint8Array(0);
      const end = Math.min(part.length, line.offset + left);
      if (end > line.offset) pieces.push(part.subarray(line.offset, end));
      left -= end - line.offset;
      line.offset = end;
      if (end === part.length) {
        line.part++;
        line.offset = 0;
      }
    }
    line.leftBytes -= count;
    this.#lineBytes -= count;
    return header.length + count;
  }
}

function writeHeader(frame: Buffer, kind: number, id: number, length: number): void {
  frame[0] = kind;
  frame.writeUInt32BE(id, 1);
  frame.writeUInt32BE(length, 5);
}

function writeLengths(frame: Buffer, headBytes: number, dataBytes: number): void {
  frame.writeUInt32BE(headBytes, FRAME_HEADER_BYTES);
  frame.writeUInt32BE(dataBytes, FRAME_HEADER_BYTES + 4);
}
