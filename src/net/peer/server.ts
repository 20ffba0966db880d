/** The door of a node for its peers: proves who knocks, and hands each connection to the registered operations. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';

import { assert, type Clock, type Log } from '../../base/index.js';
import { AnsweringConnection } from './answering.js';
import {
  formatHello, Handshake, HELLO_HEADER, isSameProof, parseHello, PEER_PATH, PEER_PROTOCOL, PEER_VERSION, PROOF_BYTES, readExactly, VERDICT, type Hello,
} from './handshake.js';
import type { CallHandler, ClusterFacts, PeerService, StreamHandler } from './peer.js';
import { PEER_TIMEOUTS, type PeerTimeouts } from './timeouts.js';

/** Connections that have not proved themselves: each costs a socket until it does, or its time is up. */
const UNPROVED_MAX = 256;
/** Who was refused has this long to hear it. */
const SEND_OFF_MS = 2000;
/** The same difference with the same node is logged once in this time. */
const LOG_AGAIN_MS = 60_000;
const LOGGED_MAX = 1000;

/** What both sides of all connections of one node share. */
export interface NodeOptions {
  /** This node's `host:port`, as the endpoints of all nodes name it. */
  readonly node: string;
  /** New each time the process starts; letters, digits and dashes. */
  readonly processId: string;
  /** See `internodeKey`. */
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts?: Partial<PeerTimeouts>;
  readonly facts?: ClusterFacts;
}

/** Facts of nodes that have none. */
export const NO_FACTS: ClusterFacts = { own: () => null, check: () => undefined };

export class PeerServer implements PeerService {
  readonly #options: NodeOptions;
  readonly #timeouts: PeerTimeouts;
  readonly #calls = new Map<string, CallHandler>();
  readonly #streams = new Map<string, StreamHandler>();
  readonly #connections = new Set<AnsweringConnection>();
  readonly #unproved = new Set<Socket>();
  readonly #logged = new Map<string, number>();
  #isClosed = false;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#timeouts = { ...PEER_TIMEOUTS, ...options.timeouts };
  }

  handle(operation: string, handler: CallHandler): void {
    assert(!this.#calls.has(operation), `${operation} is registered once`);
    this.#calls.set(operation, handler);
  }

  handleStream(operation: string, handler: StreamHandler): void {
    assert(!this.#streams.has(operation), `${operation} is registered once`);
    this.#streams.set(operation, handler);
  }

  /** True for an upgrade request that is meant for us. */
  isForPeers(request: IncomingMessage): boolean {
    return request.url === PEER_PATH && request.headers.upgrade?.toLowerCase() === PEER_PROTOCOL;
  }

  /** Takes over the socket of an upgrade request, as node's http servers hand it out. */
  upgrade(request: IncomingMessage, socket: Duplex, early: Buffer): void {
    // Who breaks off while we talk is no failure of ours.
    socket.on('error', () => socket.destroy());
    if (!(socket instanceof Socket) || this.#isClosed || this.#unproved.size >= UNPROVED_MAX) {
      socket.destroy();
      return;
    }
    this.#unproved.add(socket);
    socket.setTimeout(0);
    if (early.length > 0) socket.unshift(early);
    this.#greet(request, socket)
      .catch(() => socket.destroy())
      .finally(() => this.#unproved.delete(socket));
  }

  /** Hangs up on everybody, and takes nobody any more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#unproved) socket.destroy();
    for (const connection of [...this.#connections]) connection.close('this node stops');
  }

  async #greet(request: IncomingMessage, socket: Socket): Promise<void> {
    const { node, processId, key, clock } = this.#options;
    const header = request.headers[HELLO_HEADER];
    const text = typeof header === 'string' ? header : '';
    const hello = parseHello(text);
    if (hello === undefined) return refuse(socket, '400 Bad Request');
    if (hello.version !== PEER_VERSION) {
      this.#warn(`node ${hello.node} speaks version ${hello.version} of the protocol between nodes, this node version ${PEER_VERSION}: run the same release on all nodes`);
      return refuse(socket, '426 Upgrade Required');
    }
    if (hello.to !== node) {
      this.#warn(`node ${hello.node} looked for ${hello.to} here, but this node is ${node}: the endpoints of all nodes must name the same hosts`);
      return refuse(socket, '421 Misdirected Request');
    }
    const own = formatHello({ version: PEER_VERSION, lane: hello.lane, node, to: hello.node, processId, timeMs: clock.now(), nonce: randomBytes(32).toString('hex') });
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PEER_PROTOCOL}\r\n${HELLO_HEADER}: ${own}\r\n\r\n`);
    const handshake = new Handshake(key, { dialing: text, answering: own }, socket);
    const proof = await readExactly(socket, PROOF_BYTES, AbortSignal.timeout(this.#timeouts.connectMs));
    const verdict = this.#judge(hello, isSameProof(proof, handshake.dialingProof), clock.now());
    if (verdict !== VERDICT.welcome) {
      // Who proved nothing is given nothing that could be worked on.
      return sendOff(socket, Buffer.concat([Buffer.of(verdict), verdict === VERDICT.credentials ? Buffer.alloc(PROOF_BYTES) : handshake.answeringProof(verdict)]));
    }
    socket.write(Buffer.concat([Buffer.of(verdict), handshake.answeringProof(verdict)]));
    this.#accept(hello, socket, handshake);
  }

  #judge(hello: Hello, isProved: boolean, nowMs: number): number {
    if (!isProved) {
      this.#warn(`node ${hello.node} was refused: it has other root credentials, or something between the nodes changes what they say`);
      return VERDICT.credentials;
    }
    const aheadMs = hello.timeMs - nowMs;
    if (Math.abs(aheadMs) <= this.#timeouts.clockRefuseMs) return VERDICT.welcome;
    this.#warn(`node ${hello.node} was refused: its clock is ${describeSkew(aheadMs)} this node's; set the clocks of both by NTP`);
    return VERDICT.clock;
  }

  #accept(hello: Hello, socket: Socket, handshake: Handshake): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const { clock, facts = NO_FACTS, log } = this.#options;
    const keys = handshake.sealKeys();
    const connection: AnsweringConnection = new AnsweringConnection(
      { node: hello.node, processId: hello.processId },
      { calls: this.#calls, streams: this.#streams },
      { socket, keys: { in: keys?.dialing, out: keys?.answering }, timeouts: this.#timeouts, clock, pings: false },
      {
        facts: (theirs) => {
          const why = facts.check(hello.node, theirs);
          if (why === undefined) return { own: facts.own() };
          this.#warn(`node ${hello.node} was refused: ${why}`);
          return { why };
        },
        refused: (why) => this.#warn(`node ${hello.node} refuses this one: ${why}`),
        failed: (operation, error) => log.error(`${operation} for node ${hello.node} failed`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
        closed: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
  }

  #warn(message: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - (this.#logged.get(message) ?? -Infinity) < LOG_AGAIN_MS) return;
    if (this.#logged.size >= LOGGED_MAX) this.#logged.clear();
    this.#logged.set(message, nowMs);
    this.#options.log.warn(message);
  }
}

/** `7.5 s ahead of` or `7.5 s behind`. */
export function describeSkew(aheadMs: number): string {
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  return aheadMs > 0 ? `${seconds} s ahead of` : `${seconds} s behind`;
}

function refuse(socket: Socket, status: string): void {
  sendOff(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\n${HELLO_HEADER}: ${PEER_VERSION}\r\nContent-Length: 0\r\n\r\n`);
}

/** The last word to somebody. What he still says is thrown away, and not for long: unread, it would keep the socket open for ever. */
function sendOff(socket: Socket, word: string | Uint8Array): void {
  const timer = setTimeout(() => socket.destroy(), SEND_OFF_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(word);
  socket.resume();
}
