/** Makes one connection to another node: the upgrade, and the proofs of both sides. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

import { formatHello, Handshake, HELLO_HEADER, isSameProof, parseHello, PEER_PATH, PEER_PROTOCOL, PEER_VERSION, readExactly, VERDICT, VERDICT_BYTES, type Hello } from './handshake.js';
import type { Lane } from './peer.js';
import { describeSkew, type NodeOptions } from './server.js';
import type { PeerTimeouts } from './timeouts.js';

/** Where another node is. */
export interface PeerAddress {
  /** `host:port` as the endpoints name it. */
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
}

/** The other side, or this one, turned the connection down: not a matter of the network. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export interface Dialed {
  readonly socket: Socket;
  readonly hello: Hello;
  readonly keys: ReturnType<Handshake['sealKeys']>;
}

/** Rejects with a RefusedError, or with whatever the network says, once `signal` aborts or `timeouts.connectMs` are over. */
export async function dial(address: PeerAddress, lane: Lane, options: NodeOptions, timeouts: PeerTimeouts, signal: AbortSignal): Promise<Dialed> {
  const { node, processId, key, clock } = options;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeouts.connectMs)]);
  const own = formatHello({ version: PEER_VERSION, lane, node, to: address.node, processId, timeMs: clock.now(), nonce: randomBytes(32).toString('hex') });
  const startedMs = clock.now();
  const { response, socket } = await upgrade(address, own, limit);
  try {
    const midpointMs = (startedMs + clock.now()) / 2;
    const text = String(response.headers[HELLO_HEADER]);
    const hello = parseHello(text);
    if (hello?.version !== PEER_VERSION || hello.node !== address.node || hello.to !== node || hello.lane !== lane) throw new RefusedError('what answers there is no node of this cluster');
    const handshake = new Handshake(key, { dialing: own, answering: text }, socket);
    socket.write(handshake.dialingProof);
    const answer = await readExactly(socket, VERDICT_BYTES, limit);
    const verdict = answer[0] ?? 0;
    if (verdict === VERDICT.credentials || !isSameProof(answer.subarray(1), handshake.answeringProof(verdict))) {
      throw new RefusedError('it has other root credentials than this node, or something between the nodes changes what they say');
    }
    const aheadMs = hello.timeMs - midpointMs;
    if (verdict === VERDICT.clock || Math.abs(aheadMs) > timeouts.clockRefuseMs) throw new RefusedError(`its clock is ${describeSkew(aheadMs)} this node's; set the clocks of both by NTP`);
    if (verdict !== VERDICT.welcome) throw new RefusedError('it refuses this node for a reason that this release does not know');
    return { socket, hello, keys: handshake.sealKeys() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function upgrade(address: PeerAddress, hello: string, signal: AbortSignal): Promise<{ readonly response: IncomingMessage; readonly socket: Socket }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: address.host, port: address.port, path: PEER_PATH, agent: false, signal,
      headers: { Host: address.node, Connection: 'Upgrade', Upgrade: PEER_PROTOCOL, [HELLO_HEADER]: hello },
    };
    // The proofs are bound to the TLS channel, so whose name is on the certificate does not matter.
    const request = address.scheme === 'https' ? httpsRequest({ ...options, rejectUnauthorized: false, minVersion: 'TLSv1.3' }) : httpRequest(options);
    request.on('upgrade', (response, socket: Socket, early: Buffer) => {
      socket.on('error', () => socket.destroy());
      if (early.length > 0) socket.unshift(early);
      resolve({ response, socket });
    });
    request.on('response', (response) => {
      response.resume();
      request.destroy();
      reject(refusalOf(response));
    });
    request.on('error', (error) => reject(signal.aborted ? new Error('it did not answer in time') : error));
    request.end();
  });
}

function refusalOf({ statusCode, headers }: IncomingMessage): Error {
  if (statusCode === 426) return new RefusedError(`it speaks version ${String(headers[HELLO_HEADER])} of the protocol between nodes, this node version ${PEER_VERSION}: run the same release on all nodes`);
  if (statusCode === 421) return new RefusedError('it is another node than the endpoints say: all nodes must name the same hosts');
  return new Error(`what answers there takes no nodes (status ${statusCode ?? 0})`);
}
