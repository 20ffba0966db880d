import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readZip, writeZip } from '../../src/hash/index.js';

const entries = [{ name: 'drive1/.minio.sys/format.json', bytes: Buffer.from('{"version":"1"}') }, { name: 'empty', bytes: Buffer.alloc(0) }, { name: 'ä/ü', bytes: Buffer.from([0, 1, 2]) }];

describe('a zip archive', () => {
  it('gives back the files it was made of', () => {
    expect(readZip(writeZip(entries))).toEqual(entries);
  });

  it('may hold deflated entries, as other servers write them', () => {
    const plain = Buffer.from('x'.repeat(1000));
    const archive = writeZip([{ name: 'a', bytes: plain }]);
    const packed = deflateRawSync(plain);
    const start = 30 + 1;
    const central = archive.subarray(start + plain.length);
    const deflated = Buffer.concat([archive.subarray(0, start), packed, central]);
    for (const at of [8, start + packed.length + 10]) deflated.writeUInt16LE(8, at);
    for (const at of [18, start + packed.length + 20]) deflated.writeUInt32LE(packed.length, at);
    deflated.writeUInt32LE(start + packed.length, deflated.length - 22 + 16);
    expect(readZip(deflated)).toEqual([{ name: 'a', bytes: plain }]);
  });

  it('is refused where it is damaged or none', () => {
    const archive = writeZip(entries);
    const flipped = Buffer.from(archive);
    flipped[65]! ^= 1;
    expect(() => readZip(flipped)).toThrow('drive1/.minio.sys/format.json is damaged');
    expect(() => readZip(Buffer.from('no zip'))).toThrow('not a zip archive');
    expect(() => readZip(archive.subarray(archive.length - 22))).toThrow('damaged');
  });
});
