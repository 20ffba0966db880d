/**
 * What one node sees of another: calls with an answer, and streams of values, over connections that both sides have
 * proved themselves on. Nothing here knows drives or locks; they register operations by name.
 *
 * Values: whatever MessagePack carries: null, booleans, numbers, bigints, strings, byte strings, arrays, plain objects.
 * `undefined` in an object is left out, elsewhere it arrives as null; an answer of null arrives as undefined.
 *
 * Errors: what a handler throws as a StorageError arrives with its code, message and names. A connection that is not there
 * or breaks is `drive-not-found`, a deadline is `drive-timeout`, an aborted signal rejects with its reason; a bug of the
 * handler arrives as a plain Error. Nothing is ever repeated by this layer: a call that failed may have been carried out.
 */

/** Each lane is a connection of its own, so that locks and pings never wait behind data. */
export type Lane = 'control' | 'data';

/**
 * `connected`: both lanes are there. `refused`: one side turned the other down (credentials, versions, clocks, cluster
 * facts); it is tried again, and `why` names the difference. `unreachable`: no answer, or none any more.
 */
export interface PeerState {
  readonly kind: 'connected' | 'connecting' | 'unreachable' | 'refused' | 'closed';
  /** A sentence for people; empty while connected. */
  readonly why: string;
}

export interface CallOptions {
  /** The call ends within this. Default `PEER_TIMEOUTS.callMs`. */
  readonly deadlineMs?: number;
  /** Aborting tells the handler too, and leaves the outcome open. */
  readonly signal?: AbortSignal | undefined;
  /** Default `data`. */
  readonly lane?: Lane;
  /** Sent after the payload as it is, without a copy; not changed before the call ends. Such calls are handed over in the order they were made. */
  readonly data?: readonly Uint8Array[];
  /** Keeps its place among the calls with data, though it has none. */
  readonly inOrder?: boolean;
  /** Filled with the data of the answer, which must have exactly this length. */
  readonly into?: Uint8Array;
  /** The call is made on this connection or not at all: for what the other side forgets with the connection. */
  readonly connection?: number | undefined;
}

/** Values both ways. Iterating takes what the other side sends; leaving the loop early cancels the stream. */
export interface PeerStream extends AsyncIterable<unknown> {
  /** Resolves when there is room for more. Rejects once the stream has failed. */
  send(value: unknown): Promise<void>;
  /** No more from this side. */
  end(): void;
  /** Gives up both directions; the other side's signal aborts. Harmless after the end. */
  cancel(): void;
}

/** Another node. */
export interface Peer {
  /** `host:port` as the cluster's endpoints name it. */
  readonly node: string;
  readonly state: PeerState;
  /** Of the process at the other end, new each time it starts; undefined before the first connection. */
  readonly processId: string | undefined;
  /** How far the other clock is ahead of ours, by the midpoint of the best recent ping; undefined before the first. */
  readonly clockOffsetMs: number | undefined;
  readonly roundTripMs: number | undefined;
  /** Number of the present data connection, for `CallOptions.connection`; undefined where there is none. */
  readonly connection: number | undefined;
  call(operation: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  /** Fails through the stream, never by throwing. There is no deadline but the connection's. */
  open(operation: string, payload: unknown, options?: Pick<CallOptions, 'signal' | 'lane'>): PeerStream;
  /** Tells of every change of `state.kind` or `state.why`, until the result is called. */
  onChange(listener: (state: PeerState) => void): () => void;
  /** Ends all calls with `drive-not-found` and connects no more. */
  close(): Promise<void>;
}

/** Who asks. */
export interface Caller {
  /** `host:port` by which it names itself. */
  readonly node: string;
  readonly processId: string;
  /** Lives as long as the connection: what belongs to it can be kept in a WeakMap, and ends when `closed` aborts. */
  readonly closed: AbortSignal;
}

export interface IncomingCall {
  readonly caller: Caller;
  readonly payload: unknown;
  /** What followed the payload, in shared memory; the handler's until it settles, and not longer. */
  readonly data: Uint8Array;
  /** Aborts when the caller gives up, runs out of time or its connection breaks. */
  readonly signal: AbortSignal;
}

/** An answer with data behind the value; `release` is called when the memory is no longer needed. */
export class DataAnswer {
  constructor(
    readonly value: unknown,
    readonly data: Uint8Array,
    readonly release: () => void = () => {},
  ) {}
}

export type CallHandler = (call: IncomingCall) => unknown;
/** The stream ends when the handler settles; a rejection is what the other side's iteration throws. */
export type StreamHandler = (stream: PeerStream, opened: Omit<IncomingCall, 'data'>) => Promise<void>;

/** The operations that this node answers. Registering a name twice is a bug. */
export interface PeerService {
  handle(operation: string, handler: CallHandler): void;
  handleStream(operation: string, handler: StreamHandler): void;
}

/** What every node of the cluster must see alike, told at each connection and checked by both sides. */
export interface ClusterFacts {
  /** This node's facts at the moment. */
  own(): unknown;
  /** Why a node with such facts must not be talked to, as a sentence for the logs of both; undefined where it may. */
  check(node: string, facts: unknown): string | undefined;
}
