/** One stream of values on a channel, the same on both sides. */
import { StorageError } from '../../base/index.js';
import type { Channel } from './channel.js';
import { KIND, ProtocolError, STREAM_WINDOW_BYTES } from './frames.js';
import type { PeerStream } from './peer.js';
import { decodeValue, encodeValue } from './values.js';

/** Credit is given back in such portions. */
const CREDIT_BYTES = STREAM_WINDOW_BYTES / 4;

export class ChannelStream implements PeerStream {
  /** Values that came and were not taken. */
  #waiting: Uint8Array[] = [];
  /** Came, and not credited yet. */
  #heldBytes = 0;
  #takenBytes = 0;
  /** Sent, and not credited yet. */
  #sentBytes = 0;
  #isEnded = false;
  #isOver = false;
  #failure: Error | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeSenders: (() => void)[] = [];

  /** @param forget called once, when nothing can come any more */
  constructor(
    private readonly channel: Channel,
    private readonly id: number,
    private readonly node: string,
    private readonly forget: () => void,
  ) {}

  async send(value: unknown): Promise<void> {
    const head = encodeValue(value);
    while (this.#failure === undefined && this.#sentBytes >= STREAM_WINDOW_BYTES) await new Promise<void>((resolve) => this.#wakeSenders.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isOver) throw new StorageError('drive-not-found', `node ${this.node} has ended the stream`);
    this.#sentBytes += head.length;
    if (!this.channel.send({ kind: KIND.item, id: this.id, head, inOrder: true })) throw new StorageError('drive-timeout', `too much waits to be sent to node ${this.node}`);
  }

  end(): void {
    if (this.#failure === undefined) this.channel.send({ kind: KIND.end, id: this.id, head: new Uint8Array(0), inOrder: true });
  }

  cancel(): void {
    if (this.#isOver || this.#failure !== undefined) return;
    this.channel.drop(this.id);
    this.channel.sendFrame(KIND.cancel, this.id, new Uint8Array(0));
    this.fail(new StorageError('drive-not-found', `the stream with node ${this.node} was cancelled`));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    try {
      for (;;) {
        const bytes = this.#waiting.shift();
        if (bytes !== undefined) {
          this.#credit(bytes.length);
          yield decodeValue(bytes);
        } else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#isEnded) return;
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } finally {
      if (!this.#isEnded) this.cancel();
    }
  }

  /** A value came. */
  receive(bytes: Uint8Array): void {
    if (this.#heldBytes >= STREAM_WINDOW_BYTES) throw new ProtocolError('more values of a stream than were asked for');
    this.#heldBytes += bytes.length;
    this.#waiting.push(bytes);
    this.#wakeReader?.();
  }

  /** The other side took so many bytes. */
  credited(bytes: number): void {
    this.#sentBytes = Math.max(0, this.#sentBytes - bytes);
    this.#wake();
  }

  /** The other side sends no more values. With `isOver`, it takes none either. */
  ended(isOver: boolean): void {
    this.#isEnded = true;
    this.#wakeReader?.();
    if (!isOver) return;
    this.over();
  }

  /** Nothing can be sent any more. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    this.forget();
  }

  /** Ends both directions with an error, after the values that came. */
  fail(error: Error): void {
    if (this.#failure !== undefined || this.#isOver) return;
    this.#failure = error;
    this.#wakeReader?.();
    this.#wake();
    this.forget();
  }

  #wake(): void {
    const senders = this.#wakeSenders;
    this.#wakeSenders = [];
    for (const wake of senders) wake();
  }

  #credit(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes < CREDIT_BYTES || this.#isOver || this.#failure !== undefined) return;
    const body = Buffer.allocUnsafe(4);
    body.writeUInt32BE(this.#takenBytes);
    this.#heldBytes -= this.#takenBytes;
    this.#takenBytes = 0;
    this.channel.sendFrame(KIND.credit, this.id, body);
  }
}
