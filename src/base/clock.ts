/**
 * Time and chance, handed in to everything that needs them so that tests can replay a whole life from a seed.
 */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Wall clock in nanoseconds since 1970, strictly increasing within this clock: the mod times of versions. */
  nextModTimeNs(): bigint;
  /** Milliseconds that only ever go forward; for durations. */
  monotonicMs(): number;
}

export interface Random {
  /** A random version-4 UUID, lower case. */
  uuid(): string;
  bytes(count: number): Uint8Array;
  /** An unbiased fraction in [0, 1). */
  fraction(): number;
}

export class SystemClock implements Clock {
  #lastModTimeNs = 0n;

  now(): number {
    return Date.now();
  }

  nextModTimeNs(): bigint {
    const wall = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
    // performance.now() does not follow a wall clock that was set meanwhile, Date.now() does: trust it when they part.
    const coarse = BigInt(Date.now()) * 1_000_000n;
    const apart = wall > coarse ? wall - coarse : coarse - wall;
    const nowNs = apart > 1_000_000_000n ? coarse : wall;
    this.#lastModTimeNs = nowNs > this.#lastModTimeNs ? nowNs : this.#lastModTimeNs + 1n;
    return this.#lastModTimeNs;
  }

  monotonicMs(): number {
    return performance.now();
  }
}

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
  fraction: () => Math.random(),
};
