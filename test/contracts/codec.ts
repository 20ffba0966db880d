/**
 * What every codec of the format room holds to: values come back from their bytes, and bytes that nobody vouches for are
 * read or refused with a StorageError, quickly, whatever they are.
 */
import { expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';

interface CodecContract<T> {
  readonly decode: (bytes: Uint8Array) => T;
  /** Absent where the format is read only. */
  readonly encode?: (value: T) => Uint8Array;
  /** Encoded examples, written by real servers where there are any. */
  readonly samples: readonly Uint8Array[];
  /** True where encoding a decoded sample gives the same bytes. */
  readonly isExact: boolean;
  /** Mutated inputs to decode. */
  readonly fuzzCount: number;
  /** What else to do with a value that was decoded from mutated bytes; may refuse as decoding does. */
  readonly use?: (value: T) => void;
}

export function describeCodec<T>(name: string, contract: CodecContract<T>): void {
  const { decode, encode, samples, isExact, fuzzCount, use } = contract;

  if (encode !== undefined) {
    it(`${name}: what is decoded and encoded again is the same${isExact ? ', byte for byte' : ''}`, () => {
      for (const sample of samples) {
        const value = decode(sample);
        const again = encode(value);
        if (isExact) expect(Buffer.from(again).toString('hex')).toBe(Buffer.from(sample).toString('hex'));
        expect(plain(decode(again))).toEqual(plain(value));
      }
    });
  }

  it(`${name}: a sample cut off anywhere is read or refused, never worse`, () => {
    for (const sample of samples.slice(0, 8)) {
      for (let length = 0; length < Math.min(sample.length, 2000); length++) attempt(decode, use, sample.slice(0, length));
    }
  });

  it(`${name}: ${fuzzCount} mutated inputs are read or refused, never worse`, { timeout: 120_000 }, () => {
    const mutator = new Mutator(samples, 0x5eed);
    let slowestMs = 0;
    for (let i = 0; i < fuzzCount; i++) {
      const input = mutator.next();
      const startedMs = performance.now();
      try {
        attempt(decode, use, input);
      } catch (error) {
        throw new Error(`input ${i}, seed ${0x5eed}: ${Buffer.from(input).toString('hex')}`, { cause: error });
      }
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    }
    // Generous, as a busy machine may take the processor away at any time: a length bomb would take far longer.
    expect(slowestMs).toBeLessThan(5000);
  });
}

function attempt<T>(decode: (bytes: Uint8Array) => T, use: ((value: T) => void) | undefined, input: Uint8Array): void {
  try {
    const value = decode(input);
    use?.(value);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/** Byte strings compare by their bytes, whichever class holds them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Map) return new Map([...(value as Map<unknown, unknown>)].map(([key, inner]) => [key, plain(inner)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}

/** Makes damaged inputs out of samples, the same ones for the same seed. */
class Mutator {
  readonly #samples: readonly Uint8Array[];
  #state: number;

  constructor(samples: readonly Uint8Array[], seed: number) {
    this.#samples = samples;
    this.#state = seed;
  }

  next(): Uint8Array {
    let bytes = new Uint8Array(this.#pick());
    for (let left = 1 + this.below(4); left > 0; left--) bytes = this.#mutate(bytes);
    return bytes;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * limit);
  }

  #pick(): Uint8Array {
    return this.#samples[this.below(this.#samples.length)] ?? new Uint8Array(0);
  }

  #mutate(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const at = this.below(bytes.length + 1);
    switch (this.below(7)) {
      case 0:
        return bytes.slice(0, at);
      case 1: {
        const other = this.#pick();
        return concat(bytes.subarray(0, at), other.subarray(this.below(other.length + 1)));
      }
      case 2: {
        // A length bomb: the largest count that a tag can announce.
        const tags = [0xdd, 0xdf, 0xc6, 0xdb, 0xc9];
        const bomb = Uint8Array.of(tags[this.below(tags.length)] ?? 0xdd, 0xff, 0xff, 0xff, 0xff);
        return concat(bytes.subarray(0, at), bomb, bytes.subarray(at + bomb.length));
      }
      case 3: {
        const length = this.below(16);
        return concat(bytes.subarray(0, at), bytes.subarray(at + length));
      }
      case 4: {
        // Nesting without end.
        const tag = [0x91, 0x81, 0x9f, 0x8f][this.below(4)] ?? 0x91;
        return concat(bytes.subarray(0, at), new Uint8Array(this.below(2000)).fill(tag), bytes.subarray(at));
      }
      case 5:
        if (at < bytes.length) bytes[at] = this.below(256);
        return bytes;
      default:
        if (at < bytes.length) bytes[at]! ^= 1 << this.below(8);
        return bytes;
    }
  }
}

function concat(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
