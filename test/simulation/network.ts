/**
 * Peers over a simulated network: what production's nodes say to each other through `Peer` and `PeerService`, with the values and
 * errors of the real wire, over connections that are slow, cut, or at whose other end a process died.
 */
import type { Caller, CallHandler, CallOptions, Peer, PeerService, PeerState, PeerStream, StreamHandler } from '../../src/net/index.js';
import { DataAnswer, PEER_TIMEOUTS } from '../../src/net/index.js';
import { StorageError } from '../../src/base/index.js';
import { decodeFailure, decodeValue, encodeFailure, encodeValue } from '../../src/net/peer/values.js';
import type { Life, World } from './world.js';

/** What one process of a node answers. */
export class SimulatedService implements PeerService {
  readonly calls = new Map<string, CallHandler>();
  readonly streams = new Map<string, StreamHandler>();

  constructor(
    readonly life: Life,
    readonly processId: string,
  ) {}

  handle(operation: string, handler: CallHandler): void {
    this.calls.set(operation, handler);
  }

  handleStream(operation: string, handler: StreamHandler): void {
    this.streams.set(operation, handler);
  }
}

export class Network {
  /** The process that listens at each node. */
  readonly services = new Map<string, SimulatedService>();
  /** `from to`: what is sent that way does not arrive. */
  readonly cuts = new Set<string>();
  /** What waits in front of a cut, in order. */
  readonly #parked: { readonly way: string; readonly arrive: () => void }[] = [];
  readonly connections = new Set<Connection>();
  /** Added to every message. */
  slowMs = 0;

  constructor(readonly world: World) {}

  isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from} ${to}`);
  }

  park(from: string, to: string, arrive: () => void): void {
    this.#parked.push({ way: `${from} ${to}`, arrive });
  }

  /** Takes all cuts away; what waited arrives in its order. */
  heal(): void {
    this.cuts.clear();
    for (const { arrive } of this.#parked.splice(0)) arrive();
  }

  /** A process ended: the machine says so to who is connected, unless it went with its power. */
  ended(life: Life, isSilent: boolean): void {
    for (const connection of [...this.connections]) connection.ended(life, isSilent);
  }

  latencyMs(): number {
    const { chance } = this.world;
    return (chance.is(0.02) ? chance.between(1, 60) : chance.between(0.05, 1.5)) + this.slowMs;
  }
}

/** A message's way: those of one lane keep their order. */
class Way {
  #lastMs = 0;

  constructor(
    private readonly network: Network,
    private readonly from: string,
    private readonly to: string,
    private readonly life: Life,
  ) {}

  send(label: string, arrive: () => void): void {
    const { world } = this.network;
    const atMs = Math.max(world.nowMs + this.network.latencyMs(), this.#lastMs);
    this.#lastMs = atMs;
    const plan = (delayMs: number): void => void world.schedule(delayMs, `${this.from} to ${this.to}: ${label}`, knock, this.life);
    const knock = (): void => {
      if (this.network.isCut(this.from, this.to)) this.network.park(this.from, this.to, () => plan(0));
      else arrive();
    };
    plan(atMs - world.nowMs);
  }
}

interface Pending {
  readonly settle: (outcome: { readonly value: unknown; readonly data?: Uint8Array } | { readonly error: unknown }) => void;
}

/** A connection with both its lanes. Each side has its own view of whether it is open. */
class Connection {
  readonly caller: Caller;
  readonly #closed = new AbortController();
  readonly ways: Readonly<Record<'control' | 'data', { readonly there: Way; readonly back: Way }>>;
  isDialerOpen = true;
  isAnswererOpen = true;
  readonly calls = new Map<number, Pending>();
  readonly streams = new Map<number, { readonly dialer: SimulatedStream; answerer?: SimulatedStream }>();
  readonly handling = new Map<number, AbortController>();
  #dialerHeardMs: number;
  #answererHeardMs: number;
  #lastId = 0;

  constructor(
    readonly network: Network,
    readonly peer: SimulatedPeer,
    readonly service: SimulatedService,
    readonly number: number,
  ) {
    const { world } = network;
    const lane = (): { there: Way; back: Way } => ({
      there: new Way(network, peer.self, peer.node, service.life),
      back: new Way(network, peer.node, peer.self, peer.life),
    });
    this.ways = { control: lane(), data: lane() };
    this.caller = { node: peer.self, processId: peer.processOfSelf, closed: this.#closed.signal };
    this.#dialerHeardMs = this.#answererHeardMs = world.nowMs;
    network.connections.add(this);
    this.#ping();
    this.#watchDialer();
  }

  nextId(): number {
    return ++this.#lastId;
  }

  toAnswerer(lane: 'control' | 'data', label: string, arrive: () => void): void {
    this.ways[lane].there.send(label, () => {
      if (!this.isAnswererOpen) return;
      this.#answererHeardMs = this.network.world.nowMs;
      arrive();
    });
  }

  toDialer(lane: 'control' | 'data', label: string, arrive: () => void): void {
    this.ways[lane].back.send(label, () => {
      if (!this.isDialerOpen) return;
      this.#dialerHeardMs = this.network.world.nowMs;
      arrive();
    });
  }

  /** The dialer's side ends; the other side hears of it if it can. */
  closeDialer(why: string): void {
    if (!this.isDialerOpen) return;
    this.isDialerOpen = false;
    this.toAnswerer('data', 'goodbye', () => this.closeAnswerer());
    const error = (): StorageError => new StorageError('drive-not-found', `node ${this.peer.node}: ${why}`);
    for (const pending of this.calls.values()) pending.settle({ error: error() });
    this.calls.clear();
    for (const { dialer } of this.streams.values()) dialer.fail(error());
    this.peer.disconnected(this, why);
    this.#forget();
  }

  closeAnswerer(): void {
    if (!this.isAnswererOpen) return;
    this.isAnswererOpen = false;
    this.toDialer('data', 'goodbye', () => this.closeDialer('the other side hung up'));
    this.#closed.abort();
    for (const controller of this.handling.values()) controller.abort();
    for (const { answerer } of this.streams.values()) answerer?.fail(new StorageError('drive-not-found', `node ${this.peer.self}: the connection broke`));
    this.#forget();
  }

  ended(life: Life, isSilent: boolean): void {
    const { world } = this.network;
    if (life === this.service.life) {
      this.isAnswererOpen = false;
      if (!isSilent) this.ways.data.back.send('reset', () => this.closeDialer('the connection was reset'));
    } else if (life === this.peer.life) {
      this.isDialerOpen = false;
      if (!isSilent) this.ways.data.there.send('reset', () => this.closeAnswerer());
      else world.schedule(PEER_TIMEOUTS.deadMs, 'silence', () => this.closeAnswerer(), this.service.life);
    }
    this.#forget();
  }

  /** The dialer asks for a sign of life from time to time. */
  #ping(): void {
    const { world } = this.network;
    world.schedule(PEER_TIMEOUTS.pingMs, 'ping', () => {
      if (!this.isDialerOpen) return;
      if (world.nowMs - this.#dialerHeardMs >= PEER_TIMEOUTS.deadMs) {
        this.closeDialer(`nothing came for ${PEER_TIMEOUTS.deadMs} ms`);
        return;
      }
      this.toAnswerer('control', 'ping', () => this.toDialer('control', 'pong', () => {}));
      this.#ping();
    }, this.peer.life);
  }

  #watchDialer(): void {
    const { world } = this.network;
    world.schedule(PEER_TIMEOUTS.pingMs, 'look for silence', () => {
      if (!this.isAnswererOpen) return;
      if (world.nowMs - this.#answererHeardMs >= PEER_TIMEOUTS.deadMs) this.closeAnswerer();
      else this.#watchDialer();
    }, this.service.life);
  }

  #forget(): void {
    if (!this.isDialerOpen && !this.isAnswererOpen) this.network.connections.delete(this);
  }
}

/** Another node, as one process sees it. */
export class SimulatedPeer implements Peer {
  readonly clockOffsetMs = 0;
  readonly roundTripMs = 1;
  readonly #listeners = new Set<(state: PeerState) => void>();
  #state: PeerState = { kind: 'connecting', why: 'it is being connected to' };
  #open: Connection | undefined;
  #count = 0;
  #isClosed = false;

  constructor(
    readonly network: Network,
    readonly life: Life,
    readonly self: string,
    readonly processOfSelf: string,
    readonly node: string,
  ) {
    this.#dial(0);
  }

  get state(): PeerState {
    return this.#state;
  }
  get processId(): string | undefined {
    return this.#open?.service.processId;
  }
  get connection(): number | undefined {
    return this.#open?.number;
  }

  onChange(listener: (state: PeerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#open?.closeDialer('this node stops');
    this.#set({ kind: 'closed', why: 'this node stops' });
    return Promise.resolve();
  }

  call(operation: string, payload: unknown, options: CallOptions = {}): Promise<unknown> {
    const connection = this.#open;
    if (connection === undefined || (options.connection !== undefined && options.connection !== connection.number)) return Promise.reject(this.#away());
    const { signal, lane = 'data', deadlineMs = PEER_TIMEOUTS.callMs, into } = options;
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const id = connection.nextId();
    const head = encodeValue(payload);
    const sent = joined(options.data ?? []);
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        connection.calls.delete(id);
      };
      const giveUp = (error: Error): void => {
        finish();
        connection.toAnswerer(lane, 'cancel', () => connection.handling.get(id)?.abort());
        reject(error);
      };
      const onAbort = (): void => giveUp(signal?.reason as Error);
      const timer = setTimeout(() => giveUp(new StorageError('drive-timeout', `node ${this.node} did not answer ${operation} within ${deadlineMs} ms`)), deadlineMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      connection.calls.set(id, {
        settle: (outcome) => {
          finish();
          if ('error' in outcome) reject(asError(outcome.error));
          else {
            if (into !== undefined && outcome.data !== undefined) into.set(outcome.data);
            resolve(outcome.value);
          }
        },
      });
      connection.toAnswerer(lane, operation, () => this.#handle(connection, lane, id, operation, head, sent));
    });
  }

  open(operation: string, payload: unknown, { signal, lane = 'data' }: Pick<CallOptions, 'signal' | 'lane'> = {}): PeerStream {
    const connection = this.#open;
    if (connection === undefined) {
      const failed = new SimulatedStream(() => {}, () => {});
      failed.fail(this.#away());
      return failed;
    }
    const id = connection.nextId();
    const head = encodeValue(payload);
    const entry: { readonly dialer: SimulatedStream; answerer?: SimulatedStream } = {
      dialer: new SimulatedStream(
        (kind, value) => connection.toAnswerer(lane, kind, () => entry.answerer?.receive(kind, value)),
        () => {
          connection.streams.delete(id);
          signal?.removeEventListener('abort', onAbort);
        },
      ),
    };
    const onAbort = (): void => {
      entry.dialer.cancel();
      entry.dialer.fail(signal?.reason as Error);
    };
    connection.streams.set(id, entry);
    signal?.addEventListener('abort', onAbort, { once: true });
    connection.toAnswerer(lane, operation, () => {
      const controller = new AbortController();
      const answerer = new SimulatedStream(
        (kind, value) => connection.toDialer(lane, kind, () => entry.dialer.receive(kind, value)),
        () => controller.abort(),
      );
      entry.answerer = answerer;
      const handler = connection.service.streams.get(operation);
      const run = handler === undefined ? Promise.reject(new StorageError('drive-not-found', `this node does not know ${operation}`)) : handler(answerer, { caller: connection.caller, payload: decodeValue(head), signal: controller.signal });
      run.then(
        () => answerer.end(),
        (error: unknown) => connection.toDialer(lane, 'failure', () => entry.dialer.fail(decodeFailure(encodeFailure(error), this.node))),
      );
    });
    return entry.dialer;
  }

  /** The connection is over, as this side sees it. */
  disconnected(connection: Connection, why: string): void {
    if (this.#open !== connection) return;
    this.#open = undefined;
    this.#set({ kind: 'unreachable', why });
    if (!this.#isClosed) this.#dial(this.network.world.chance.between(50, 100));
  }

  /** At the other end. */
  #handle(connection: Connection, lane: 'control' | 'data', id: number, operation: string, head: Uint8Array, data: Uint8Array): void {
    const handler = connection.service.calls.get(operation);
    const controller = new AbortController();
    connection.handling.set(id, controller);
    let result: unknown;
    try {
      if (handler === undefined) throw new StorageError('drive-not-found', `this node does not know ${operation}`);
      result = handler({ caller: connection.caller, payload: decodeValue(head), data, signal: controller.signal });
    } catch (error) {
      result = Promise.reject(asError(error));
    }
    const answer = (settle: (pending: Pending) => void): void => {
      connection.handling.delete(id);
      connection.toDialer(lane, `answer to ${operation}`, () => {
        const pending = connection.calls.get(id);
        if (pending !== undefined) settle(pending);
      });
    };
    Promise.resolve(result).then(
      (value) => {
        const isData = value instanceof DataAnswer;
        const bytes = encodeValue(isData ? value.value : value);
        const copy = isData ? value.data.slice() : undefined;
        if (isData) value.release();
        answer(({ settle }) => settle({ value: decodeValue(bytes) ?? undefined, ...(copy && { data: copy }) }));
      },
      (error: unknown) => {
        if (!(error instanceof StorageError)) this.network.world.note(`${operation} failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
        const bytes = encodeFailure(error);
        answer(({ settle }) => settle({ error: decodeFailure(bytes, this.node) }));
      },
    );
  }

  #dial(delayMs: number): void {
    const { world } = this.network;
    world.schedule(delayMs, `${this.self} dials ${this.node}`, () => {
      if (this.#isClosed) return;
      const service = this.network.services.get(this.node);
      const isSilent = this.network.isCut(this.self, this.node) || this.network.isCut(this.node, this.self) || service?.life.isPaused === true;
      if (isSilent) {
        world.schedule(PEER_TIMEOUTS.connectMs, 'no answer to dialing', () => {
          this.#set({ kind: 'unreachable', why: 'no answer' });
          this.#dial(world.chance.between(100, 2000));
        });
      } else if (service === undefined || service.life.isDead) {
        this.#set({ kind: 'unreachable', why: 'connection refused' });
        this.#dial(world.chance.between(100, 2000));
      } else {
        world.schedule(2 * this.network.latencyMs(), 'connected', () => {
          if (service.life.isDead || this.#isClosed) return this.#dial(100);
          this.#open = new Connection(this.network, this, service, ++this.#count);
          this.#set({ kind: 'connected', why: '' });
        });
      }
    }, this.life);
  }

  #set(state: PeerState): void {
    if (state.kind === this.#state.kind && state.why === this.#state.why) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #away(): StorageError {
    return new StorageError('drive-not-found', `node ${this.node} cannot be reached: ${this.#state.why}`);
  }
}

type StreamMessage = 'item' | 'end' | 'cancel';

class SimulatedStream implements PeerStream {
  readonly #waiting: unknown[] = [];
  #isEnded = false;
  #isOver = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(
    private readonly post: (kind: StreamMessage, value?: Uint8Array) => void,
    private readonly forget: () => void,
  ) {}

  send(value: unknown): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.post('item', encodeValue(value));
    return Promise.resolve();
  }

  end(): void {
    if (this.#failure === undefined) this.post('end');
    this.#over();
  }

  cancel(): void {
    if (this.#isOver || this.#failure !== undefined) return;
    this.post('cancel');
    this.fail(new StorageError('drive-not-found', 'the stream was cancelled'));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    try {
      for (;;) {
        if (this.#waiting.length > 0) yield this.#waiting.shift();
        else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#isEnded) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.#isEnded) this.cancel();
    }
  }

  receive(kind: StreamMessage, value: Uint8Array | undefined): void {
    if (kind === 'item') this.#waiting.push(decodeValue(value!));
    else if (kind === 'end') {
      this.#isEnded = true;
      this.#over();
    } else this.fail(new StorageError('drive-not-found', 'the other side gave the stream up'));
    this.#wake?.();
  }

  fail(error: Error): void {
    if (this.#failure !== undefined || this.#isOver) return;
    this.#failure = error;
    this.#wake?.();
    this.forget();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.forget();
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
