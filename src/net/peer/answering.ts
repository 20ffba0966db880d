/** The answering side of a connection: hands calls and streams to their handlers, and sends what those give. */
import { StorageError } from '../../base/index.js';
import { Channel, type ChannelOptions } from './channel.js';
import { CALLS_MAX, INCOMING_BYTES_MAX, KIND, ProtocolError, STREAMS_MAX, type MessageKind } from './frames.js';
import { DataAnswer, type Caller, type CallHandler, type IncomingCall, type StreamHandler } from './peer.js';
import { sharedMemory } from './shared-memory.js';
import { ChannelStream } from './stream.js';
import { decodeValue, encodeFailure, encodeValue } from './values.js';

export interface Handlers {
  readonly calls: ReadonlyMap<string, CallHandler>;
  readonly streams: ReadonlyMap<string, StreamHandler>;
}

export interface AnsweringEvents {
  /** The caller's facts; gives why it is turned away, or undefined and our own. */
  facts(facts: unknown): { readonly why: string } | { readonly own: unknown };
  /** The caller turned us down. */
  refused(why: string): void;
  /** A handler failed in a way it should not. */
  failed(operation: string, error: unknown): void;
  closed(why: string): void;
}

/** Its signal is made only when somebody asks for it: most calls are over before. */
class Incoming implements IncomingCall {
  #controller: AbortController | undefined;
  isAborted = false;
  stream: ChannelStream | undefined;

  constructor(
    readonly caller: Caller,
    readonly payload: unknown,
    readonly data: Uint8Array,
  ) {}

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.isAborted = true;
    this.#controller?.abort();
  }
}

export class AnsweringConnection {
  readonly #channel: Channel;
  readonly #caller: Caller;
  readonly #closed = new AbortController();
  readonly #incoming = new Map<number, Incoming>();
  #streamCount = 0;
  #heldBytes = 0;
  /** No call is taken before both sides' facts agree. */
  #isAgreed = false;

  constructor(
    caller: Omit<Caller, 'closed'>,
    private readonly handlers: Handlers,
    options: ChannelOptions,
    private readonly events: AnsweringEvents,
  ) {
    this.#caller = { ...caller, closed: this.#closed.signal };
    this.#channel = new Channel(options, {
      message: (kind, id, head, data) => this.#message(kind, id, head, data),
      frame: (kind, id, body) => this.#frame(kind, id, body),
      memoryFor: (kind, _id, bytes) => this.#memory(kind, bytes),
      giveBack: (_kind, memory) => this.#giveBack(memory),
      closed: (why) => this.#end(why),
      clockSeen: () => {},
    });
  }

  close(why: string): void {
    this.#channel.close(why);
  }

  #message(kind: MessageKind, id: number, head: Uint8Array, data: Uint8Array): void {
    if (kind === KIND.facts) return this.#agree(decodeValue(head));
    if (kind === KIND.refuse) return this.events.refused(String(decodeValue(head)));
    if (!this.#isAgreed) throw new ProtocolError('a call before the facts');
    if (kind === KIND.call) return this.#call(id, head, data);
    if (kind === KIND.open) return this.#open(id, head);
    const stream = this.#incoming.get(id)?.stream;
    if (kind === KIND.item) return stream?.receive(head);
    if (kind === KIND.end) return stream?.ended(false);
    throw new ProtocolError('an answer from the side that calls');
  }

  #frame(kind: number, id: number, body: Buffer): void {
    const incoming = this.#incoming.get(id);
    if (kind === KIND.credit) {
      if (body.length !== 4) throw new ProtocolError('a credit of a wrong length');
      incoming?.stream?.credited(body.readUInt32BE());
    } else if (kind === KIND.cancel) {
      this.#channel.drop(id);
      incoming?.abort();
      incoming?.stream?.fail(new StorageError('drive-not-found', `node ${this.#caller.node} gave the stream up`));
    }
  }

  #agree(facts: unknown): void {
    const verdict = this.events.facts(facts);
    if ('why' in verdict) {
      this.#channel.send({ kind: KIND.refuse, id: 0, head: encodeValue(verdict.why) });
      this.#channel.finish(verdict.why);
      return;
    }
    this.#isAgreed = true;
    this.#channel.send({ kind: KIND.facts, id: 0, head: encodeValue(verdict.own) });
  }

  #call(id: number, head: Uint8Array, data: Uint8Array): void {
    const { operation, payload } = this.#begin(id, head);
    const handler = this.handlers.calls.get(operation);
    if (handler === undefined || this.#incoming.size >= CALLS_MAX || this.#heldBytes > INCOMING_BYTES_MAX) {
      this.#giveBack(data);
      this.#fail(id, handler === undefined ? this.#unknown(operation) : new StorageError('drive-timeout', 'this node has too many calls waiting already'));
      return;
    }
    const incoming = new Incoming(this.#caller, payload, data);
    this.#incoming.set(id, incoming);
    // Not awaited in a row: handlers are called in the order in which their calls came.
    let result: unknown;
    try {
      result = handler(incoming);
    } catch (error) {
      result = Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    Promise.resolve(result).then(
      (value) => {
        this.#incoming.delete(id);
        this.#giveBack(data);
        if (!incoming.isAborted) this.#answer(id, value);
        else if (value instanceof DataAnswer) value.release();
      },
      (error: unknown) => {
        this.#incoming.delete(id);
        // Not given back for use: a hung write may still read it.
        this.#heldBytes -= data.length;
        if (!(error instanceof StorageError)) this.events.failed(operation, error);
        if (!incoming.isAborted) this.#fail(id, error);
      },
    );
  }

  #open(id: number, head: Uint8Array): void {
    const { operation, payload } = this.#begin(id, head);
    const handler = this.handlers.streams.get(operation);
    if (handler === undefined || this.#streamCount >= STREAMS_MAX) {
      this.#fail(id, handler === undefined ? this.#unknown(operation) : new StorageError('drive-timeout', 'this node has too many streams open already'));
      return;
    }
    const incoming = new Incoming(this.#caller, payload, new Uint8Array(0));
    const stream = new ChannelStream(this.#channel, id, this.#caller.node, () => {
      this.#incoming.delete(id);
      this.#streamCount--;
      incoming.abort();
    });
    incoming.stream = stream;
    this.#incoming.set(id, incoming);
    this.#streamCount++;
    this.#run(id, operation, () => handler(stream, incoming), stream);
  }

  #run(id: number, operation: string, handler: () => Promise<void>, stream: ChannelStream): void {
    handler().then(
      () => {
        if (!this.#incoming.has(id)) return;
        stream.end();
        stream.over();
      },
      (error: unknown) => {
        if (!this.#incoming.has(id)) return;
        if (!(error instanceof StorageError)) this.events.failed(operation, error);
        this.#channel.send({ kind: KIND.failure, id, head: encodeFailure(error), inOrder: true });
        stream.over();
      },
    );
  }

  #begin(id: number, head: Uint8Array): { readonly operation: string; readonly payload: unknown } {
    if (this.#incoming.has(id)) throw new ProtocolError('two calls of one id');
    const value = decodeValue(head);
    if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string') throw new ProtocolError('a call without an operation');
    return { operation: value[0], payload: value[1] as unknown };
  }

  #answer(id: number, value: unknown): void {
    let isSent: boolean;
    if (value instanceof DataAnswer) isSent = this.#channel.send({ kind: KIND.answer, id, head: encodeValue(value.value), data: [value.data], release: value.release });
    else isSent = this.#channel.send({ kind: KIND.answer, id, head: encodeValue(value) });
    if (isSent) return;
    if (value instanceof DataAnswer) value.release();
    // Nobody is left to hear it, or who asked takes nothing: the connection cannot be kept without the answer.
    this.#channel.close('it does not take its answers');
  }

  #fail(id: number, error: unknown): void {
    this.#channel.send({ kind: KIND.failure, id, head: encodeFailure(error) });
  }

  #unknown(operation: string): StorageError {
    return new StorageError('drive-not-found', `this node does not know ${operation}: it runs an older release`);
  }

  #memory(kind: MessageKind, bytes: number): Uint8Array {
    if (kind !== KIND.call) throw new ProtocolError('data with what is no call');
    this.#heldBytes += bytes;
    return sharedMemory.take(bytes);
  }

  #giveBack(memory: Uint8Array): void {
    if (memory.length === 0) return;
    this.#heldBytes -= memory.length;
    sharedMemory.give(memory);
  }

  #end(why: string): void {
    this.#closed.abort();
    for (const incoming of [...this.#incoming.values()]) {
      incoming.abort();
      incoming.stream?.fail(new StorageError('drive-not-found', `node ${this.#caller.node}: ${why}`));
    }
    this.events.closed(why);
  }
}
