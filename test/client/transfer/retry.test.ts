import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../src/client/errors.js';
import { isTransient, retryDelayMs, ShortBody, withRetry, type RetryPolicy } from '../../../src/client/transfer/retry.js';

const quick: RetryPolicy = { retryCountMax: 3, delayMs: 1, delayMsMax: 2 };
const reset = new ConnectionError('reset', 'ECONNRESET', undefined);
const never = new AbortController().signal;

describe('trying again', () => {
  it('repeats what may pass, until it does', async () => {
    let calls = 0;
    const value = await withRetry(() => ((calls += 1) < 3 ? Promise.reject(reset) : Promise.resolve('fine')), never, quick);
    expect([value, calls]).toEqual(['fine', 3]);
  });

  it('gives up after the last retry with the last error', async () => {
    let calls = 0;
    await expect(withRetry(() => ((calls += 1), Promise.reject(reset)), never, quick)).rejects.toBe(reset);
    expect(calls).toBe(4);
  });

  it('does not repeat what will never pass', async () => {
    let calls = 0;
    const refused = Object.assign(new Error('denied'), { code: 'AccessDenied', status: 403 });
    await expect(withRetry(() => ((calls += 1), Promise.reject(refused)), never, quick)).rejects.toBe(refused);
    expect(calls).toBe(1);
  });

  it('stops at once when the signal fires', async () => {
    const stop = new AbortController();
    const waiting = withRetry(() => Promise.reject(reset), stop.signal, { retryCountMax: 9, delayMs: 60_000, delayMsMax: 60_000 });
    stop.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow();
  });

  it('knows which errors are worth it, also as causes', () => {
    expect(isTransient(Object.assign(new Error(''), { status: 503 }))).toBe(true);
    expect(isTransient(new ConnectionError('', 'EUNKNOWN', new ShortBody('short')))).toBe(true);
    expect(isTransient(Object.assign(new Error(''), { code: 'ENOSPC' }))).toBe(false);
    expect(isTransient('text')).toBe(false);
  });

  it('doubles the wait up to a limit, and never waits less than half of it', () => {
    const policy = { retryCountMax: 9, delayMs: 100, delayMsMax: 1000 };
    const random = (fraction: number) => ({ uuid: () => '', bytes: () => new Uint8Array(), fraction: () => fraction });
    expect([1, 2, 3, 9].map((attempt) => retryDelayMs(attempt, policy, random(0)))).toEqual([100, 200, 400, 1000]);
    expect(retryDelayMs(1, policy, random(0.999))).toBeGreaterThanOrEqual(50);
  });
});
