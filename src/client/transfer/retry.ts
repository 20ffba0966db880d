/**
 * Trying again: which failures are worth it, and how long to wait before the next attempt.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemRandom, type Random } from '../../base/index.js';

export interface RetryPolicy {
  /** Attempts after the first. */
  readonly retryCountMax: number;
  /** Wait before the first retry; it doubles with each, with up to half of it taken off by chance. */
  readonly delayMs: number;
  readonly delayMsMax: number;
}

/** On top of what the S3 client itself tries again: bodies that broke off, and servers that were away for a moment. */
export const RETRY_DEFAULT: RetryPolicy = { retryCountMax: 3, delayMs: 400, delayMsMax: 10_000 };

/** Status codes that say "not now" rather than "not ever". */
const TRANSIENT_STATUS = new Set([408, 429, 500, 502, 503, 504]);
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
  'RequestTimeout',
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ServerBusy',
  'InternalError',
  'ServiceUnavailable',
  'BadDigest',
  'IncompleteBody',
]);

/** A response body that ended before (or went on after) its declared length, or whose hash is not its ETag. */
export class ShortBody extends Error {
  override readonly name = 'ShortBody';
}

/** True when the same request may well succeed a little later. Looks through `cause` chains. */
export function isTransient(error: unknown): boolean {
  for (let level: unknown = error, depth = 0; level instanceof Error && depth < 5; level = level.cause, depth += 1) {
    if (level.name === 'AbortError') return false;
    const { code, status } = level as { code?: unknown; status?: unknown };
    if (typeof code === 'string' && TRANSIENT_CODES.has(code)) return true;
    if (typeof status === 'number' && TRANSIENT_STATUS.has(status)) return true;
    if (level instanceof ShortBody) return true;
  }
  return false;
}

/** The wait before retry number `attempt` (from 1), in milliseconds. */
export function retryDelayMs(attempt: number, policy: RetryPolicy, random: Random): number {
  const full = Math.min(policy.delayMs * 2 ** (attempt - 1), policy.delayMsMax);
  return full * (1 - random.fraction() / 2);
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the retries are used up; then the last error is thrown.
 * `onRetry` hears of each failure that is tried again.
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  policy: RetryPolicy = RETRY_DEFAULT,
  onRetry: (error: unknown) => void = () => {},
): Promise<T> {
  for (let retry = 1; ; retry += 1) {
    try {
      signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (retry > policy.retryCountMax || !isTransient(error)) throw error;
      onRetry(error);
      await sleep(retryDelayMs(retry, policy, systemRandom), undefined, { signal });
    }
  }
}
