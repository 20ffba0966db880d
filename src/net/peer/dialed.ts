/** The dialing side of a connection: the calls and streams under way on it, each of which ends. */
import { StorageError, type Clock } from '../../base/index.js';
import { Channel, type ChannelOptions } from './channel.js';
import { CALLS_MAX, KIND, ProtocolError, type MessageKind } from './frames.js';
import type { CallOptions, PeerStream } from './peer.js';
import { ChannelStream } from './stream.js';
import { decodeFailure, decodeValue, encodeValue } from './values.js';

interface PendingCall {
  readonly operation: string;
  readonly deadlineMs: number;
  readonly deadlineAtMs: number;
  readonly into: Uint8Array | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly unlisten: (() => void) | undefined;
}

export interface DialedEvents {
  /** The other side's facts came. */
  facts(facts: unknown): void;
  /** The other side hangs up, and says why. */
  refused(why: string): void;
  closed(why: string): void;
  clockSeen(aheadMs: number, roundTripMs: number): void;
}

export class DialedConnection {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #calls = new Map<number, PendingCall>();
  readonly #streams = new Map<number, ChannelStream>();
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  constructor(
    private readonly node: string,
    /** Among the connections of one peer. */
    readonly number: number,
    options: ChannelOptions,
    private readonly events: DialedEvents,
  ) {
    this.#clock = options.clock;
    this.#channel = new Channel(options, {
      message: (kind, id, head) => this.#message(kind, id, head),
      frame: (kind, id, body) => this.#frame(kind, id, body),
      memoryFor: (kind, id, bytes) => this.#memoryFor(kind, id, bytes),
      giveBack: () => {},
      closed: (why) => this.#closed(why),
      clockSeen: (aheadMs, roundTripMs) => events.clockSeen(aheadMs, roundTripMs),
    });
  }

  sendFacts(facts: unknown): void {
    this.#channel.send({ kind: KIND.facts, id: 0, head: encodeValue(facts) });
  }

  /** Hangs up after having said why. */
  refuse(why: string): void {
    this.#channel.send({ kind: KIND.refuse, id: 0, head: encodeValue(why) });
    this.#channel.finish(why);
  }

  close(why: string): void {
    this.#channel.close(why);
  }

  call(operation: string, payload: unknown, options: CallOptions & { readonly deadlineMs: number }): Promise<unknown> {
    const { deadlineMs, signal, data, inOrder, into } = options;
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    if (this.#calls.size >= CALLS_MAX) return Promise.reject(this.#overloaded());
    return new Promise((resolve, reject) => {
      const id = this.#nextId();
      const head = encodeValue([operation, payload]);
      if (!this.#channel.send({ kind: KIND.call, id, head, data, inOrder })) {
        reject(this.#overloaded());
        return;
      }
      const deadlineAtMs = this.#clock.monotonicMs() + deadlineMs;
      const unlisten = signal === undefined ? undefined : onAbort(signal, () => this.#giveUp(id, reasonOf(signal)));
      this.#calls.set(id, { operation, deadlineMs, deadlineAtMs, into, resolve, reject, unlisten });
      this.#watch(deadlineAtMs);
    });
  }

  open(operation: string, payload: unknown, signal: AbortSignal | undefined): PeerStream {
    const id = this.#nextId();
    let unlisten: (() => void) | undefined;
    const stream = new ChannelStream(this.#channel, id, this.node, () => {
      this.#streams.delete(id);
      unlisten?.();
    });
    this.#streams.set(id, stream);
    if (!this.#channel.send({ kind: KIND.open, id, head: encodeValue([operation, payload]), inOrder: true })) stream.fail(this.#overloaded());
    if (signal !== undefined) {
      const abort = (): void => {
        this.#abandon(id);
        stream.fail(reasonOf(signal));
      };
      if (signal.aborted) abort();
      else unlisten = onAbort(signal, abort);
    }
    return stream;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#lastId === 0 || this.#calls.has(this.#lastId) || this.#streams.has(this.#lastId));
    return this.#lastId;
  }

  #message(kind: MessageKind, id: number, head: Uint8Array): void {
    switch (kind) {
      case KIND.answer:
        return this.#settle(id, (call) => call.resolve(decodeValue(head) ?? undefined));
      case KIND.failure: {
        const error = decodeFailure(head, this.node);
        this.#streams.get(id)?.fail(error);
        return this.#settle(id, (call) => call.reject(error));
      }
      case KIND.item:
        return this.#streams.get(id)?.receive(head);
      case KIND.end:
        return this.#streams.get(id)?.ended(true);
      case KIND.facts:
        return this.events.facts(decodeValue(head));
      case KIND.refuse:
        return this.events.refused(String(decodeValue(head)));
      default:
        throw new ProtocolError('a call from the side that answers');
    }
  }

  #frame(kind: number, id: number, body: Buffer): void {
    if (kind === KIND.cancel) this.#streams.get(id)?.fail(new StorageError('drive-not-found', `node ${this.node} cancelled the stream`));
    else if (kind === KIND.credit && body.length === 4) this.#streams.get(id)?.credited(body.readUInt32BE());
    else throw new ProtocolError('a credit of a wrong length');
  }

  #memoryFor(kind: MessageKind, id: number, bytes: number): Uint8Array | undefined {
    const call = kind === KIND.answer ? this.#calls.get(id) : undefined;
    if (call === undefined) return undefined;
    if (call.into?.length !== bytes) throw new ProtocolError(`an answer to ${call.operation} with ${bytes} bytes of data, expected ${call.into?.length ?? 0}`);
    return call.into;
  }

  #settle(id: number, how: (call: PendingCall) => void): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    call.unlisten?.();
    how(call);
  }

  /** Ends a call here, and tells the other side. */
  #giveUp(id: number, error: Error): void {
    this.#abandon(id);
    this.#settle(id, (call) => call.reject(error));
  }

  #abandon(id: number): void {
    this.#channel.drop(id);
    this.#channel.sendFrame(KIND.cancel, id, new Uint8Array(0));
  }

  /** Sees to it that somebody looks when this deadline has passed. */
  #watch(deadlineAtMs: number): void {
    if (deadlineAtMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineAtMs;
    const waitMs = Math.max(0, deadlineAtMs - this.#clock.monotonicMs());
    // Answers that came while this process itself was held up go first.
    this.#timer = setTimeout(() => setImmediate(() => this.#expire()), waitMs + 1);
    this.#timer.unref();
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#timerAtMs = Infinity;
    let nextMs = Infinity;
    for (const [id, { operation, deadlineMs, deadlineAtMs }] of this.#calls) {
      if (deadlineAtMs <= nowMs) this.#giveUp(id, new StorageError('drive-timeout', `node ${this.node} did not answer ${operation} within ${deadlineMs} ms`));
      else nextMs = Math.min(nextMs, deadlineAtMs);
    }
    if (nextMs < Infinity) this.#watch(nextMs);
  }

  #closed(why: string): void {
    clearTimeout(this.#timer);
    const error = new StorageError('drive-not-found', `the connection to node ${this.node} broke: ${why}`);
    for (const id of [...this.#calls.keys()]) this.#settle(id, (call) => call.reject(error));
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    this.events.closed(why);
  }

  #overloaded(): StorageError {
    if (this.#channel.isClosed) return new StorageError('drive-not-found', `the connection to node ${this.node} broke`);
    return new StorageError('drive-timeout', `too much waits to be sent to node ${this.node}`);
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
