import { decode, encode, ExtensionCodec } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import { MsgpackReader } from '../../src/format/msgpack/reader.js';
import { MsgpackWriter } from '../../src/format/msgpack/writer.js';
import { ZERO_TIME_NS } from '../../src/format/time.js';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const written = (write: (writer: MsgpackWriter) => void): string => {
  const writer = new MsgpackWriter(1);
  write(writer);
  return Buffer.from(writer.view()).toString('hex');
};
const oracle = (write: (writer: MsgpackWriter) => void): unknown => decode(Buffer.from(written(write), 'hex'), { useBigInt64: true });

/** Any value that both sides know, written with our writer. */
type Value = null | boolean | number | string | Uint8Array | Value[] | Map<string, Value>;
const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(fc.tuple(fc.string({ maxLength: 20 }).map((name) => `k${name}`), tie('value')), { maxLength: 20 }).map((pairs) => new Map(pairs)),
  ),
}));

function write(writer: MsgpackWriter, value: Value): void {
  if (value === null) writer.nil();
  else if (typeof value === 'boolean') writer.bool(value);
  else if (typeof value === 'number') writer.int(value);
  else if (typeof value === 'string') writer.text(value);
  else if (value instanceof Uint8Array) writer.bin(value);
  else if (Array.isArray(value)) {
    writer.arrayLength(value.length);
    for (const element of value) write(writer, element);
  } else {
    writer.mapLength(value.size);
    for (const [name, inner] of value) {
      writer.text(name);
      write(writer, inner);
    }
  }
}

/** Reads what is known to have the shape of `like`. */
function readLike(reader: MsgpackReader, like: Value): Value {
  if (like === null) return reader.takeNil() ? null : 'not nil';
  if (typeof like === 'boolean') return reader.bool();
  if (typeof like === 'number') return reader.int();
  if (typeof like === 'string') return reader.text();
  if (like instanceof Uint8Array) return reader.bin();
  if (Array.isArray(like)) {
    expect(reader.arrayLength()).toBe(like.length);
    return like.map((element) => readLike(reader, element));
  }
  expect(reader.mapLength()).toBe(like.size);
  return new Map([...like.values()].map((inner) => [reader.name(), readLike(reader, inner)]));
}

const asMaps = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asMaps);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Map) return new Map([...(value as Map<string, unknown>)].map(([name, inner]) => [name, asMaps(inner)]));
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([name, inner]) => [name, asMaps(inner)]));
  // Minus zero is no integer.
  return value === 0 ? 0 : value;
};

describe('the writer', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, 'd10080'],
    [32767, 'd17fff'],
    [32768, 'd200008000'],
    [2 ** 31 - 1, 'd27fffffff'],
    [2 ** 31, 'd30000000080000000'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
  ])('encodes the signed integer %d as Go does', (value, hex) => {
    expect(written((writer) => writer.int(value))).toBe(hex);
    expect(written((writer) => writer.int64(BigInt(value)))).toBe(hex);
    expect(new MsgpackReader(fromHex(hex)).int()).toBe(value);
    expect(new MsgpackReader(fromHex(hex)).int64()).toBe(BigInt(value));
  });

  it.each([
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65536, 'ce00010000'],
    [2 ** 32, 'cf0000000100000000'],
  ])('encodes the unsigned integer %d as Go does', (value, hex) => {
    expect(written((writer) => writer.uint(value))).toBe(hex);
    expect(new MsgpackReader(fromHex(hex)).int()).toBe(value);
  });

  it('encodes times as MinIO does, the zero time included', () => {
    const ns = 1_795_373_102_221_643_314n;
    const hex = written((writer) => writer.time(ns));
    expect(hex).toMatch(/^c70c05/);
    expect(new MsgpackReader(fromHex(hex)).time()).toBe(ns);
    expect(written((writer) => writer.time(ZERO_TIME_NS))).toBe('c70c05fffffff1886e090000000000');
    expect(new MsgpackReader(fromHex('c70c05fffffff1886e090000000000')).time()).toBe(ZERO_TIME_NS);
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), (time) => {
        expect(new MsgpackReader(fromHex(written((writer) => writer.time(time)))).time()).toBe(time);
      }),
    );
  });

  it('is understood by another implementation, whatever the value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(asMaps(oracle((writer) => write(writer, value)))).toEqual(asMaps(value));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the reader', () => {
  it('understands another implementation, whatever the value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(toEncodable(value));
        const reader = new MsgpackReader(bytes);
        expect(asMaps(readLike(reader, value))).toEqual(asMaps(value));
        expect(reader.isAtEnd).toBe(true);
        const passing = new MsgpackReader(bytes);
        passing.skip();
        expect(passing.offset).toBe(bytes.length);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts every width of a number, text, byte string, array and map', () => {
    for (const hex of ['05', 'cc05', 'cd0005', 'ce00000005', 'cf0000000000000005', 'd005', 'd10005', 'd200000005', 'd30000000000000005']) {
      expect(new MsgpackReader(fromHex(hex)).int()).toBe(5);
      expect(new MsgpackReader(fromHex(hex)).int64()).toBe(5n);
    }
    for (const hex of ['a161', 'd90161', 'da000161', 'db0000000161']) expect(new MsgpackReader(fromHex(hex)).text()).toBe('a');
    for (const hex of ['c40161', 'c5000161', 'c60000000161', 'a161']) expect([...new MsgpackReader(fromHex(hex)).bin()]).toEqual([0x61]);
    for (const hex of ['91c0', 'dc0001c0', 'dd00000001c0']) expect(new MsgpackReader(fromHex(hex)).arrayLength()).toBe(1);
    for (const hex of ['81c0c0', 'de0001c0c0', 'df00000001c0c0']) expect(new MsgpackReader(fromHex(hex)).mapLength()).toBe(1);
  });

  it('passes over extensions and floats', () => {
    const codec = new ExtensionCodec();
    for (const size of [1, 2, 3, 4, 8, 16, 17, 300, 70000]) {
      codec.register({ type: 7, encode: (input) => (input instanceof Date ? new Uint8Array(size) : null), decode: () => null });
      const bytes = encode([new Date(), 1.5, Math.fround(0.1)], { extensionCodec: codec });
      const reader = new MsgpackReader(bytes);
      reader.skip();
      expect(reader.isAtEnd).toBe(true);
    }
  });

  it.each([
    ['an array that claims 4 billion elements', 'ddffffffff', 'arrayLength'],
    ['a map that claims 4 billion members', 'dfffffffff', 'mapLength'],
    ['a byte string that claims 4 GB', 'c6ffffffff00', 'bin'],
    ['a text that claims 4 GB', 'dbffffffff00', 'text'],
    ['a member name that claims 64 KiB', 'daffff00', 'name'],
    ['a number cut off', 'd30000', 'int'],
    ['a number beyond 2^53', 'd3ffdfffffffffffff', 'int'],
    ['a text where a number belongs', 'a161', 'int'],
    ['a number where a text belongs', '01', 'text'],
    ['a negative size', 'ff', 'size'],
    ['nothing at all', '', 'int'],
    ['a reserved tag', 'c1', 'skip'],
    ['an extension cut off', 'c7ff05', 'skip'],
    ['arrays in arrays in arrays', '9f'.repeat(100_000), 'skip'],
    ['another extension than the time', 'c70c07' + '00'.repeat(12), 'time'],
  ] as const)('refuses %s', (_, hex, method) => {
    const reader = new MsgpackReader(fromHex(hex));
    expect(() => reader[method]()).toThrow(StorageError);
  });

  it('gives a repeated member name as one string, and never mixes two up', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 }), { minLength: 1, maxLength: 50 }), (names) => {
        const writer = new MsgpackWriter();
        for (const name of names) writer.text(name);
        const reader = new MsgpackReader(writer.view());
        expect(names.map(() => reader.name())).toEqual(names);
      }),
    );
  });
});

function toEncodable(value: Value): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, inner]) => [name, toEncodable(inner)]));
  if (Array.isArray(value)) return value.map(toEncodable);
  return value;
}
