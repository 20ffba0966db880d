/** What the listener allows a client, each with its reason. */
export interface ListenerLimits {
  /** S3: request headers are at most 8 KiB in all. */
  readonly headersSize: number;
  /** The request line: a key of 1,024 bytes, percent-encoded, and the query of a presigned URL. */
  readonly requestLineSize: number;
  /** Request line and headers must have come after this long. */
  readonly headersTimeoutMs: number;
  /** An upload that brings no byte for this long, while we want some, is given up. Any progress counts: slow is not dead. */
  readonly uploadIdleMs: number;
  /** A download of which the client takes nothing for this long is given up. */
  readonly downloadIdleMs: number;
  /** Longer than the pools of common clients keep connections, so that they, not we, close idle ones. */
  readonly keepAliveMs: number;
}

export const LISTENER_LIMITS: ListenerLimits = {
  headersSize: 8 * 1024,
  requestLineSize: 16 * 1024,
  headersTimeoutMs: 20_000,
  uploadIdleMs: 60_000,
  downloadIdleMs: 300_000,
  keepAliveMs: 75_000,
};
