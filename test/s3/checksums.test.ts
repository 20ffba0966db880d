import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_RECORD_KEY } from '../../src/format/index.js';
import { checksumMetadata, checksumText, storedChecksum, type ObjectChecksum } from '../../src/s3/object-checksum.js';
import type { ObjectInfo } from '../../src/store/index.js';
import { ALGORITHMS, CHECKSUM_NAMES, computeChecksum, joinChecksums } from '../../src/s3/checksums.js';

const decodeRecord = (record: Uint8Array) => storedChecksum({ metaSys: new Map([[CHECKSUM_RECORD_KEY, record]]) } as unknown as ObjectInfo);
const encodeRecord = (checksum: ObjectChecksum) => checksumMetadata(checksum).get(CHECKSUM_RECORD_KEY)!;
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe('the checksum record', () => {
  it.each([
    ['11c99465aa', { name: 'CRC32C', scope: 'FULL_OBJECT', partCount: 0, text: 'yZRlqg==' }],
    ['81028d29d5c3f6ea8ebe', { name: 'CRC64NVME', scope: 'FULL_OBJECT', partCount: 0, text: 'jSnVw/bqjr4=' }],
    ['d001aabbccdd020102030405060708', { name: 'CRC32C', scope: 'COMPOSITE', partCount: 2, text: 'qrvM3Q==-2' }],
  ])('%s, as a real MinIO writes it, is understood', (record, { text, ...expected }) => {
    const checksum = decodeRecord(hex(record));
    expect(checksum).toMatchObject(expected);
    expect(checksum && checksumText(checksum)).toBe(text);
  });

  it('round-trips for every algorithm, scope and number of parts', () => {
    const record = fc.constantFrom(...CHECKSUM_NAMES).chain((name) => {
      const raw = fc.uint8Array({ minLength: ALGORITHMS[name].length, maxLength: ALGORITHMS[name].length });
      return fc.record({ name: fc.constant(name), raw, parts: fc.array(raw, { maxLength: 300 }), wantsFull: fc.boolean() });
    });
    fc.assert(
      fc.property(record, ({ name, raw, parts, wantsFull }) => {
        const scope = parts.length === 0 || name === 'CRC64NVME' || wantsFull ? 'FULL_OBJECT' : 'COMPOSITE';
        const checksum = { name, raw, parts, scope, partCount: parts.length } as const;
        const read = decodeRecord(encodeRecord(checksum));
        const plain = read && { ...read, raw: Uint8Array.from(read.raw), parts: read.parts.map((part) => Uint8Array.from(part)) };
        expect(plain).toEqual(checksum);
      }),
      { numRuns: 300 },
    );
  });

  it('that is cut short or garbage reads as none, and never throws', () => {
    const whole = Buffer.from(encodeRecord({ name: 'SHA256', raw: new Uint8Array(32), scope: 'COMPOSITE', partCount: 3, parts: [1, 2, 3].map(() => new Uint8Array(32)) }));
    for (let length = 1; length < whole.length; length++) expect(decodeRecord(whole.subarray(0, length))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeRecord(bytes)), { numRuns: 2000 });
  });
});

describe('joined checksums', () => {
  it('of whole objects equal those of the joined bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom('CRC32', 'CRC32C', 'CRC64NVME'), fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 6 }), (name, pieces) => {
        const parts = pieces.map((piece) => ({ raw: computeChecksum(name, piece), size: piece.length }));
        expect(Buffer.from(joinChecksums(name, 'FULL_OBJECT', parts)).toString('hex')).toBe(Buffer.from(computeChecksum(name, Buffer.concat(pieces))).toString('hex'));
      }),
      { numRuns: 200 },
    );
  });
});
