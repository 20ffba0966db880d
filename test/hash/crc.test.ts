import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrcs, crc, createCrc, type CrcName } from '../../src/hash/index.js';

const names: readonly CrcName[] = ['crc32', 'crc32c', 'crc64nvme'];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Bit by bit from the definition. */
function obviousCrc(name: CrcName, data: Uint8Array): string {
  const polynomial = { crc32: 0xedb88320n, crc32c: 0x82f63b78n, crc64nvme: 0x9a6c9329ac4bc9b5n }[name];
  const digits = name === 'crc64nvme' ? 16 : 8;
  const mask = (1n << BigInt(digits * 4)) - 1n;
  let value = mask;
  for (const byte of data) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  }
  return (value ^ mask).toString(16).padStart(digits, '0');
}

describe.each(names)('%s', (name) => {
  it('gives the published check value for "123456789"', () => {
    const check = { crc32: 'cbf43926', crc32c: 'e3069283', crc64nvme: 'ae8b14860a799888' }[name];
    expect(hex(crc(name, Buffer.from('123456789')))).toBe(check);
  });

  it('gives the value that a real server stored for "hello world"', () => {
    const stored = { crc32: '0d4a1185', crc32c: 'c99465aa', crc64nvme: '8d29d5c3f6ea8ebe' }[name];
    expect(hex(crc(name, Buffer.from('hello world')))).toBe(stored);
  });

  it('follows its definition for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (data) => void expect(hex(crc(name, data))).toBe(obviousCrc(name, data))));
  });

  it('is the same in pieces, also when two bodies are computed by turns', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
        const one = createCrc(name);
        const other = createCrc(name);
        for (const chunk of chunks) {
          one.update(chunk);
          other.update(chunk.map((byte) => byte ^ 0xff));
        }
        const whole = Buffer.concat(chunks);
        expect(hex(one.finish())).toBe(hex(crc(name, whole)));
        expect(hex(other.finish())).toBe(hex(crc(name, whole.map((byte) => byte ^ 0xff))));
      }),
    );
  });

  it('does not change with an empty piece', () => {
    const value = createCrc(name);
    value.update(Buffer.from('123456789'));
    value.update(new Uint8Array());
    value.update(new Uint8Array(new SharedArrayBuffer(0)));
    expect(hex(value.finish())).toBe(hex(crc(name, Buffer.from('123456789'))));
  });

  it('of joined parts follows from the CRCs of the parts', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000, size: 'max' }), { maxLength: 5 }), (parts) => {
        const joined = combineCrcs(
          name,
          parts.map((part) => ({ crc: crc(name, part), size: part.length })),
        );
        expect(hex(joined)).toBe(hex(crc(name, Buffer.concat(parts))));
      }),
      { numRuns: 60 },
    );
  });

  it('of many large parts is joined without their bytes', () => {
    const size = 5 * 1024 * 1024 + 3;
    const part = Buffer.alloc(size, 'part');
    const whole = createCrc(name);
    for (let i = 0; i < 4; i++) whole.update(part);
    expect(hex(combineCrcs(name, Array.from({ length: 4 }, () => ({ crc: crc(name, part), size }))))).toBe(hex(whole.finish()));
  });

  it('of parts beyond 4 GiB is joined associatively', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => ({ crc: crc(name, Buffer.from(text)), size: 5 * 2 ** 30 + 1 })) as [P, P, P];
    const left = { crc: combineCrcs(name, [a, b]), size: a.size + b.size };
    const right = { crc: combineCrcs(name, [b, c]), size: b.size + c.size };
    expect(hex(combineCrcs(name, [left, c]))).toBe(hex(combineCrcs(name, [a, right])));
  });

  it('refuses to join a value of another length', () => {
    expect(() => combineCrcs(name, [{ crc: new Uint8Array(3), size: 1 }])).toThrow('bytes');
  });
});

type P = { crc: Uint8Array; size: number };
