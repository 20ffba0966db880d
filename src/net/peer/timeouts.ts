/** Every wait and limit between nodes. Tests and simulations shrink the waits. */
export interface PeerTimeouts {
  /** A call without a deadline of its own ends within this. */
  readonly callMs: number;
  /** From the dialing to the proof of both sides. */
  readonly connectMs: number;
  /** Pause between two pings of a connection. */
  readonly pingMs: number;
  /** A connection over which nothing came for this long is dead: three pings. Writers wait this long for a black hole, once. */
  readonly deadMs: number;
  /** First pause before dialing again; it doubles up to the longest one, each drawn between its half and its whole. */
  readonly retryMs: number;
  readonly retryLongestMs: number;
  /** Clocks further apart are logged. */
  readonly clockWarnMs: number;
  /** Clocks further apart are refused, as MinIO does. */
  readonly clockRefuseMs: number;
}

export const PEER_TIMEOUTS: PeerTimeouts = {
  callMs: 30_000,
  connectMs: 3000,
  pingMs: 2000,
  deadMs: 6000,
  retryMs: 100,
  retryLongestMs: 2000,
  clockWarnMs: 1000,
  clockRefuseMs: 300_000,
};
