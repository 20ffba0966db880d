/** Another node, over two connections that are made again whenever they break. */
import { pause, StorageError, type Random } from '../../base/index.js';
import { dial, RefusedError, type PeerAddress } from './dial.js';
import { DialedConnection } from './dialed.js';
import type { CallOptions, Lane, Peer, PeerState, PeerStream } from './peer.js';
import { describeSkew, NO_FACTS, type NodeOptions } from './server.js';
import { PEER_TIMEOUTS, type PeerTimeouts } from './timeouts.js';

export interface PeerOptions extends NodeOptions {
  readonly address: PeerAddress;
  readonly random: Random;
}

/** Begins to connect at once, and goes on until it is closed. */
export function connectPeer(options: PeerOptions): Peer {
  return new RemotePeer(options);
}

/** Pings that the clock's offset is chosen from: the one with the shortest way tells it best. */
const PINGS_KEPT = 8;

interface ClockSample {
  readonly aheadMs: number;
  readonly roundTripMs: number;
}

class RemotePeer implements Peer {
  readonly node: string;
  readonly #options: PeerOptions;
  readonly #timeouts: PeerTimeouts;
  readonly #lanes: Readonly<Record<Lane, LaneLink>>;
  readonly #listeners = new Set<(state: PeerState) => void>();
  readonly #samples: ClockSample[] = [];
  #state: PeerState = { kind: 'connecting', why: 'it is being connected to' };
  #isClosed = false;
  #isSkewed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.node = options.address.node;
    this.#timeouts = { ...PEER_TIMEOUTS, ...options.timeouts };
    const link = (lane: Lane): LaneLink =>
      new LaneLink(lane, options, this.#timeouts, { changed: () => this.#look(), clockSeen: (aheadMs, roundTripMs) => this.#clockSeen({ aheadMs, roundTripMs }) });
    this.#lanes = { control: link('control'), data: link('data') };
  }

  get state(): PeerState {
    return this.#state;
  }

  get processId(): string | undefined {
    return this.#lanes.control.processId;
  }

  get clockOffsetMs(): number | undefined {
    return this.#bestSample?.aheadMs;
  }

  get roundTripMs(): number | undefined {
    return this.#bestSample?.roundTripMs;
  }

  get connection(): number | undefined {
    return this.#lanes.data.connection?.number;
  }

  call(operation: string, payload: unknown, options: CallOptions = {}): Promise<unknown> {
    const { connection } = this.#lanes[options.lane ?? 'data'];
    if (connection === undefined || (options.connection !== undefined && options.connection !== connection.number)) return Promise.reject(this.#away(connection !== undefined));
    return connection.call(operation, payload, { ...options, deadlineMs: options.deadlineMs ?? this.#timeouts.callMs });
  }

  open(operation: string, payload: unknown, { signal, lane = 'data' }: Pick<CallOptions, 'signal' | 'lane'> = {}): PeerStream {
    const { connection } = this.#lanes[lane];
    return connection === undefined ? failedStream(this.#away(false)) : connection.open(operation, payload, signal);
  }

  onChange(listener: (state: PeerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#lanes.control.close(), this.#lanes.data.close()]);
    this.#look();
    this.#listeners.clear();
  }

  get #bestSample(): ClockSample | undefined {
    let best = this.#samples[0];
    for (const sample of this.#samples) if (best === undefined || sample.roundTripMs < best.roundTripMs) best = sample;
    return best;
  }

  #away(isNewer: boolean): StorageError {
    const why = isNewer ? 'the connection that this belongs to broke' : this.#state.why;
    return new StorageError('drive-not-found', `node ${this.node} cannot be reached: ${why}`);
  }

  /** Works out the state from those of the lanes, and tells. */
  #look(): void {
    const state = this.#isClosed ? { kind: 'closed' as const, why: 'this node stops' } : worse(this.#lanes.control.state, this.#lanes.data.state);
    const before = this.#state;
    if (state.kind === before.kind && state.why === before.why) return;
    this.#state = state;
    const { log } = this.#options;
    if (state.kind === 'connected') log.info(`node ${this.node} is connected`);
    else if (state.kind === 'refused' || state.kind === 'unreachable') log.warn(`node ${this.node} is ${state.kind}: ${state.why}`);
    for (const listener of [...this.#listeners]) listener(state);
  }

  #clockSeen(sample: ClockSample): void {
    if (this.#samples.push(sample) > PINGS_KEPT) this.#samples.shift();
    const aheadMs = this.#bestSample?.aheadMs ?? 0;
    const isSkewed = Math.abs(aheadMs) >= this.#timeouts.clockWarnMs;
    if (isSkewed && !this.#isSkewed) this.#options.log.warn(`the clock of node ${this.node} is ${describeSkew(aheadMs)} this node's; set the clocks of both by NTP`);
    this.#isSkewed = isSkewed;
  }
}

const RANK: Readonly<Record<PeerState['kind'], number>> = { closed: 4, refused: 3, unreachable: 2, connecting: 1, connected: 0 };

function worse(a: PeerState, b: PeerState): PeerState {
  return RANK[a.kind] >= RANK[b.kind] ? a : b;
}

interface LaneEvents {
  changed(): void;
  clockSeen(aheadMs: number, roundTripMs: number): void;
}

/** One lane: dials, holds the connection while it lasts, dials again. */
class LaneLink {
  state: PeerState = { kind: 'connecting', why: 'it is being connected to' };
  /** There while both sides agree. */
  connection: DialedConnection | undefined;
  processId: string | undefined;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #count = 0;

  constructor(
    private readonly lane: Lane,
    private readonly options: PeerOptions,
    private readonly timeouts: PeerTimeouts,
    private readonly events: LaneEvents,
  ) {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let waitMs = this.timeouts.retryMs;
    while (!signal.aborted) {
      const isServed = await this.#connectOnce(signal);
      if (signal.aborted) return;
      waitMs = isServed ? this.timeouts.retryMs : Math.min(waitMs * 2, this.timeouts.retryLongestMs);
      await pause(waitMs * (0.5 + this.options.random.fraction() / 2), signal);
    }
  }

  /** One connection from its dialing to its end. Gives whether it ever served. Never rejects. */
  async #connectOnce(signal: AbortSignal): Promise<boolean> {
    let isServed = false;
    try {
      const { socket, hello, keys } = await dial(this.options.address, this.lane, this.options, this.timeouts, signal);
      const why = await new Promise<Error>((resolve) => {
        const { clock, facts = NO_FACTS, address } = this.options;
        let refusal: Error | undefined;
        const channel = { socket, keys: { out: keys?.dialing, in: keys?.answering }, timeouts: this.timeouts, clock, pings: true };
        const connection = new DialedConnection(address.node, ++this.#count, channel, {
          facts: (theirs) => {
            const difference = facts.check(address.node, theirs);
            if (difference !== undefined) {
              refusal = new RefusedError(difference);
              connection.refuse(difference);
              return;
            }
            isServed = true;
            this.connection = connection;
            this.processId = hello.processId;
            this.#set({ kind: 'connected', why: '' });
          },
          refused: (reason) => {
            refusal = new RefusedError(reason);
            connection.close(reason);
          },
          closed: (reason) => {
            if (this.connection === connection) this.connection = undefined;
            signal.removeEventListener('abort', hangUp);
            resolve(refusal ?? new Error(reason));
          },
          clockSeen: (aheadMs, roundTripMs) => this.events.clockSeen(aheadMs, roundTripMs),
        });
        const hangUp = (): void => connection.close('this node stops');
        signal.addEventListener('abort', hangUp, { once: true });
        // Closed already where the socket broke meanwhile: `close` comes all the same.
        connection.sendFacts(facts.own());
      });
      throw why;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#set({ kind: error instanceof RefusedError ? 'refused' : 'unreachable', why });
    }
    return isServed;
  }

  #set(state: PeerState): void {
    this.state = state;
    this.events.changed();
  }
}

function failedStream(error: Error): PeerStream {
  return {
    send: () => Promise.reject(error),
    end: () => {},
    cancel: () => {},
    async *[Symbol.asyncIterator]() {
      await Promise.reject(error);
    },
  };
}
