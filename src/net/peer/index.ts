/** peer: authenticated, multiplexed calls and streams between nodes. */
export {
  DataAnswer, type CallHandler, type Caller, type CallOptions, type ClusterFacts, type IncomingCall, type Lane, type Peer, type PeerService, type PeerState, type PeerStream,
  type StreamHandler,
} from './peer.js';
export { PEER_TIMEOUTS, type PeerTimeouts } from './timeouts.js';
export { connectPeer, type PeerOptions } from './remote-peer.js';
export { internodeKey } from './handshake.js';
export { PeerServer, type NodeOptions } from './server.js';
export type { PeerAddress } from './dial.js';
export { sharedMemory } from './shared-memory.js';
