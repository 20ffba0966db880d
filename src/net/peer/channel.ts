/**
 * A connection of two nodes that have proved themselves: messages in and out, pings, and its end. Messages of one turn of
 * the event loop leave together, because sealing and writing a record costs more than a small call.
 */
import type { Socket } from 'node:net';

import type { Clock } from '../../base/index.js';
import { KIND, OUTGOING_BYTES_MAX, ProtocolError } from './frames.js';
import { Inbox, type InboxEvents } from './inbox.js';
import { Outbox, type OutgoingMessage } from './outbox.js';
import { RecordReader, RecordWriter, type SealKey } from './records.js';
import type { PeerTimeouts } from './timeouts.js';

/** Handed to the kernel, or waiting for it: what a ping may have to wait behind, besides the kernel's own buffer. */
const WRITING_BYTES_MAX = 1024 * 1024;

export interface ChannelOptions {
  readonly socket: Socket;
  readonly keys: { readonly out: SealKey; readonly in: SealKey };
  readonly timeouts: PeerTimeouts;
  readonly clock: Clock;
  /** The dialing side pings; both hang up where nothing comes. */
  readonly pings: boolean;
}

export interface ChannelEvents extends Omit<InboxEvents, 'frame'> {
  frame(kind: number, id: number, body: Buffer): void;
  /** Once. `why` is a sentence's end: "it hung up". */
  closed(why: string): void;
  /** @param aheadMs how far the other clock is ahead of ours */
  clockSeen(aheadMs: number, roundTripMs: number): void;
}

export class Channel {
  readonly #outbox = new Outbox();
  readonly #inbox: Inbox;
  readonly #writer: RecordWriter;
  readonly #reader: RecordReader;
  readonly #timer: NodeJS.Timeout;
  #isPumping = false;
  #isClosed = false;
  #heardMs: number;

  constructor(
    private readonly options: ChannelOptions,
    private readonly events: ChannelEvents,
  ) {
    const { socket, keys, timeouts, clock } = options;
    this.#inbox = new Inbox({
      message: (kind, id, head, data) => {
        if (!this.#isClosed) events.message(kind, id, head, data);
        else events.giveBack(kind, data);
      },
      frame: (kind, id, body) => this.#frame(kind, id, body),
      memoryFor: (kind, id, bytes) => events.memoryFor(kind, id, bytes),
      giveBack: (kind, memory) => events.giveBack(kind, memory),
    });
    this.#writer = new RecordWriter(keys.out);
    this.#reader = new RecordReader(keys.in, (body) => this.#inbox.take(body));
    this.#heardMs = clock.monotonicMs();
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#pump());
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('it hung up'));
    socket.on('end', () => this.close('it hung up'));
    this.#timer = setInterval(() => this.#look(), timeouts.pingMs);
    this.#timer.unref();
    if (options.pings) this.#ping();
    // Broken before anybody listened.
    if (socket.destroyed) setImmediate(() => this.close('it hung up'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** False where too much waits already; nothing is sent then. */
  send(message: OutgoingMessage): boolean {
    if (this.#isClosed || this.#outbox.bytes > OUTGOING_BYTES_MAX) return false;
    this.#outbox.add(message);
    this.#schedule();
    return true;
  }

  sendFrame(kind: number, id: number, body: Uint8Array): void {
    if (this.#isClosed) return;
    this.#outbox.addFrame(kind, id, body);
    this.#schedule();
  }

  /** Sends no more of messages with this id, and takes no more of them. */
  drop(id: number): void {
    this.#outbox.drop(id);
    this.#inbox.drop(id);
  }

  /** Hangs up at once. */
  close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.options.socket.destroy();
    this.#outbox.clear();
    this.#inbox.clear();
    this.events.closed(why);
  }

  /** Hangs up once all that waits has been handed to the kernel. */
  finish(why: string): void {
    if (this.#isClosed) return;
    this.#pump();
    this.options.socket.end(() => this.close(why));
  }

  #schedule(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    // Not a microtask: what answers of this turn give rise to shall travel together.
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { socket } = this.options;
    while (!this.#isClosed && socket.writableLength < WRITING_BYTES_MAX) {
      const batch = this.#outbox.take();
      if (batch === undefined) return;
      const pieces = this.#writer.seal(batch.pieces);
      const last = pieces.length - 1;
      socket.cork();
      for (let index = 0; index < last; index++) socket.write(pieces[index] ?? '');
      // Called with an error too where the connection breaks.
      socket.write(pieces[last] ?? '', batch.release);
      socket.uncork();
    }
  }

  #receive(chunk: Buffer): void {
    this.#heardMs = this.options.clock.monotonicMs();
    if (this.#isClosed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(`it sent what no node sends: ${error.message}`);
    }
  }

  #look(): void {
    const { timeouts, pings } = this.options;
    if (pings) this.#ping();
    if (!this.#isSilent()) return;
    // What came while this process itself was held up (stopped, asleep) is read first.
    setTimeout(() => {
      setImmediate(() => {
        if (this.#isSilent()) this.close(`nothing came from it for ${timeouts.deadMs} ms`);
      });
    }, 1);
  }

  #isSilent(): boolean {
    return this.options.clock.monotonicMs() - this.#heardMs >= this.options.timeouts.deadMs;
  }

  #ping(): void {
    const body = Buffer.allocUnsafe(8);
    body.writeDoubleBE(this.options.clock.monotonicMs());
    this.sendFrame(KIND.ping, 0, body);
  }

  #frame(kind: number, id: number, body: Buffer): void {
    const { clock } = this.options;
    if (kind === KIND.ping) {
      if (body.length !== 8) throw new ProtocolError('a ping of a wrong length');
      const answer = Buffer.allocUnsafe(16);
      body.copy(answer);
      answer.writeDoubleBE(clock.now(), 8);
      this.sendFrame(KIND.pong, 0, answer);
    } else if (kind === KIND.pong) {
      if (body.length !== 16) throw new ProtocolError('a pong of a wrong length');
      const roundTripMs = clock.monotonicMs() - body.readDoubleBE(0);
      const theirsMs = body.readDoubleBE(8);
      // Half the way back has passed since the other side looked at its clock.
      if (roundTripMs >= 0 && Number.isFinite(theirsMs)) this.events.clockSeen(theirsMs + roundTripMs / 2 - clock.now(), roundTripMs);
    } else {
      this.events.frame(kind, id, body);
    }
  }
}
