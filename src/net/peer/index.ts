/** peer: authenticated, multiplexed calls and streams between nodes. */
export {
  DataAnswer, type CallHandler, type Caller, type CallOptions, type ClusterFacts, type IncomingCall, type Lane, type Peer, type PeerService, type PeerState, type PeerStream,
  type StreamHandler,
} from './peer.js';
export { PEER_TIMEOUTS, type PeerTimeouts } from './timeouts.js';
