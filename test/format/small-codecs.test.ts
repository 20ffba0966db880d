import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import {
  CHECKSUM_RECORD_KEY,
  decodeBucketMetadata,
  decodeChecksumRecords,
  decodeHealingTracker,
  decodeObjectPath,
  decodePartMeta,
  decodePoolBin,
  decodeUploadId,
  decodeVersion,
  encodeBucketMetadata,
  encodeChecksumRecord,
  encodeHealingTracker,
  encodeObjectPath,
  encodePartMeta,
  encodePoolBin,
  encodeUploadId,
  findName,
  isLeaving,
  isUuid,
  msToNs,
  newHealingTracker,
  nsToMs,
  parseXlMeta,
  unframeShard,
  uploadName,
  uploadsFolder,
  uploadStartNs,
  uuidBytes,
  uuidText,
  versionIdBytes,
  versionIdText,
  ZERO_TIME_NS,
  type ChecksumAlgorithm,
} from '../../src/format/index.js';
import { MsgpackWriter } from '../../src/format/msgpack/writer.js';
import { highwayHash256 } from '../../src/hash/index.js';
import { filesOf, FIXTURES_2025, singleFile } from './fixture-files.js';
import { systemObjects } from './system-objects.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('.metadata.bin', () => {
  const files = FIXTURES_2025.flatMap((fixture) => systemObjects(fixture, /buckets\/[^/]+\/\.metadata\.bin$/));

  it('of every 2025 bucket is read and written back to the same bytes', () => {
    expect(files.length).toBeGreaterThan(8);
    for (const { name, bytes } of files) {
      const metadata = decodeBucketMetadata(bytes);
      expect(name).toContain(`/${metadata.name}/`);
      expect(hex(encodeBucketMetadata(metadata)), name).toBe(hex(bytes));
      expect(metadata.documents.size).toBe(11);
    }
  });

  it('says what a bucket is set to', () => {
    const documents = files.map(({ bytes }) => decodeBucketMetadata(bytes).documents.get('VersioningConfigXML')!);
    expect(documents.some(({ bytes }) => Buffer.from(bytes).includes('<Status>Enabled</Status>'))).toBe(true);
    expect(documents.some(({ bytes }) => bytes.length === 0)).toBe(true);
  });

  it('of 2021, with 14 members, is read', () => {
    const old = systemObjects('2021-xl4', /\.metadata\.bin$/);
    expect(old.length).toBeGreaterThan(1);
    for (const { bytes } of old) {
      const metadata = decodeBucketMetadata(bytes);
      expect(metadata.createdNs).toBeGreaterThan(0n);
      expect(decodeBucketMetadata(encodeBucketMetadata(metadata)).name).toBe(metadata.name);
    }
  });

  it('made of a name only has 25 members, and keeps members of the future', () => {
    const bytes = encodeBucketMetadata({ name: 'b', createdNs: 5n, isLockEnabled: false, documents: new Map() });
    expect(hex(bytes.subarray(0, 7))).toBe('01000100de0019');
    const later = { ...decodeBucketMetadata(bytes), unknown: new Map([['CorsConfigXML', fromHex('c40161')]]) };
    expect(decodeBucketMetadata(encodeBucketMetadata(later))).toEqual(later);
  });

  it('that is another file, or empty, is refused', () => {
    for (const bytes of [new Uint8Array(0), fromHex('0100010080').subarray(0, 4), fromHex('0200010080'), fromHex('0100020080')]) {
      expect(() => decodeBucketMetadata(bytes)).toThrow(StorageError);
    }
    expect(decodeBucketMetadata(fromHex('0100010080'))).toEqual({ name: '', createdNs: ZERO_TIME_NS, isLockEnabled: false, documents: new Map() });
  });
});

describe('part.N.meta', () => {
  it('of unfinished uploads is read and written back to the same bytes', () => {
    const files = FIXTURES_2025.flatMap((fixture) => filesOf(fixture)).filter((file) => /part\.\d+\.meta$/.test(file.path));
    expect(files.length).toBeGreaterThan(3);
    for (const { path, bytes } of files) {
      const part = decodePartMeta(bytes);
      expect(path).toContain(`part.${part.number}.meta`);
      expect(part.size).toBe(part.actualSize);
      expect(hex(encodePartMeta(part))).toBe(hex(bytes));
    }
  });

  it('keeps checksums and the compression index', () => {
    const part = { etag: 'e', number: 7, size: 5, actualSize: -1, modTimeNs: 1n, index: fromHex('0102'), checksums: new Map([['CRC32C', 'yZRlqg==']]) };
    expect(decodePartMeta(encodePartMeta(part))).toEqual(part);
  });

  it('without a part number is refused', () => {
    expect(() => decodePartMeta(fromHex('80'))).toThrow(StorageError);
  });
});

describe('.healing.bin', () => {
  it('of a drive that was healed is read and written back to the same bytes', () => {
    const bytes = singleFile('healing.bin');
    const tracker = decodeHealingTracker(bytes);
    expect(tracker).toMatchObject({ driveId: 'e5ae46a9-93bc-4ceb-8797-84f0d5c9210f', poolIndex: 0, setIndex: 0, slot: 2, isFinished: true, queuedBuckets: [] });
    expect(tracker.counters.get('ItemsHealed')).toBe(25);
    expect(tracker.healedBuckets).toHaveLength(7);
    expect(hex(encodeHealingTracker(tracker))).toBe(hex(bytes));
  });

  it('can be made to ask for a heal', () => {
    const place = { driveId: 'x', poolIndex: 1, setIndex: 2, slot: 3, path: '/d', endpoint: '/d', startedNs: 99n };
    expect(decodeHealingTracker(encodeHealingTracker(newHealingTracker(place)))).toMatchObject({ ...place, lastUpdateNs: 99n, isFinished: false });
  });
});

describe('pool.bin', () => {
  it('of every 2025 deployment is read and written back to the same bytes', () => {
    const files = FIXTURES_2025.flatMap((fixture) => systemObjects(fixture, /\/pool\.bin$/));
    expect(files.length).toBeGreaterThan(3);
    for (const { name, bytes } of files) {
      const pools = decodePoolBin(bytes);
      expect(pools.map((pool) => pool.index), name).toEqual(pools.map((_, i) => i));
      expect(pools).toHaveLength(name.startsWith('2025-pools') ? 2 : 1);
      expect(pools.some(isLeaving)).toBe(false);
      expect(hex(encodePoolBin(pools)), name).toBe(hex(bytes));
    }
  });

  it('tells which pools are being emptied', () => {
    const decommission = (member: string | undefined): Uint8Array => {
      const writer = new MsgpackWriter();
      writer.mapLength(member === undefined ? 2 : 3);
      writer.text('st');
      writer.time(5n);
      writer.text('bkts');
      writer.arrayLength(0);
      if (member !== undefined) {
        writer.text(member);
        writer.bool(true);
      }
      return writer.toBytes();
    };
    const state = { startedNs: 0n, isComplete: false, isFailed: false, isCanceled: false };
    const leaving = [undefined, 'cmp', 'cnl', 'fl'].map((member) => {
      const bytes = encodePoolBin([{ index: 0, commandLine: '/d', lastUpdateNs: 1n, decommission: { ...state, encoded: decommission(member) } }]);
      const [pool] = decodePoolBin(bytes);
      expect(hex(encodePoolBin([pool!]))).toBe(hex(bytes));
      expect(pool!.decommission!.startedNs).toBe(5n);
      return isLeaving(pool!);
    });
    expect(leaving).toEqual([true, true, false, false]);
  });

  it('of an unknown version is refused', () => {
    expect(() => decodePoolBin(fromHex('0100010081a17602'))).toThrow('version 2');
    expect(() => decodePoolBin(fromHex('0200010081a17601'))).toThrow(StorageError);
  });
});

describe('checksum records', () => {
  it.each([
    ['11c99465aa', { algorithm: 'CRC32C', isTrailing: true, isFullObject: false }],
    ['03b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9', { algorithm: 'SHA256', isTrailing: true, isFullObject: false }],
    ['81028d29d5c3f6ea8ebe', { algorithm: 'CRC64NVME', isTrailing: true, isFullObject: false }],
    ['d00106273b8902c99465aac99465aa', { algorithm: 'CRC32C', isTrailing: false, partCount: 2, isFullObject: false }],
  ] as const)('%s is understood', (record, expected) => {
    const [decoded, ...more] = decodeChecksumRecords(fromHex(record));
    expect(more).toEqual([]);
    expect(decoded).toMatchObject(expected);
    expect(decoded!.parts?.length).toBe('partCount' in expected ? 2 : undefined);
    expect(hex(encodeChecksumRecord(decoded!))).toBe(record);
  });

  it('of an object that mc uploaded to 2025 comes back as it was', () => {
    const [entry] = parseXlMeta(singleFile('legacy-slot-1.xl.meta')).versions;
    const record = findName(decodeVersion(entry!).metaSys, CHECKSUM_RECORD_KEY)!;
    const [decoded] = decodeChecksumRecords(record);
    expect(decoded).toMatchObject({ algorithm: 'CRC32C', partCount: 1, isFullObject: false });
    expect(hex(encodeChecksumRecord(decoded!))).toBe(hex(record));
  });

  it('come back whatever they hold, several in a row too', () => {
    const sizes: Record<ChecksumAlgorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };
    const anyRecord = fc.constantFrom(...(Object.keys(sizes) as ChecksumAlgorithm[])).chain((algorithm) => {
      const digest = fc.uint8Array({ minLength: sizes[algorithm], maxLength: sizes[algorithm] }).map((bytes) => new Uint8Array(bytes));
      const flags = { algorithm: fc.constant(algorithm), checksum: digest, isTrailing: fc.boolean(), isFullObject: fc.boolean() };
      const parts = fc.array(digest, { maxLength: 200 });
      return fc.oneof(
        fc.record(flags),
        fc.record({ ...flags, partCount: fc.nat(10_000) }),
        fc.record({ ...flags, parts }).map((record) => ({ ...record, partCount: record.parts.length })),
      );
    });
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 3 }), (records) => {
        expect(decodeChecksumRecords(new Uint8Array(Buffer.concat(records.map(encodeChecksumRecord))))).toEqual(records);
      }),
    );
  });

  it('that are cut off, unknown, or claim a million parts are refused', () => {
    for (const record of ['11c994', '20', '00', 'd00106273b89c0843d', 'd00106273b8902c99465aa', 'ffffffffff01', '80']) {
      expect(() => decodeChecksumRecords(fromHex(record)), record).toThrow(StorageError);
    }
  });
});

describe('names on a drive', () => {
  it('keep a trailing slash', () => {
    expect(encodeObjectPath('a/dir/')).toBe('a/dir__XLDIR__');
    expect(encodeObjectPath('a/dir')).toBe('a/dir');
    expect(decodeObjectPath('a/dir__XLDIR__')).toBe('a/dir/');
    expect(decodeObjectPath('a/dir')).toBe('a/dir');
  });

  it('of uploads are those of the 2025 servers', () => {
    for (const fixture of FIXTURES_2025) {
      const folders = new Set(filesOf(fixture).flatMap((file) => /multipart\/[0-9a-f]{64}\/([^/]+)\/xl\.meta$/.exec(file.path)?.[1] ?? []));
      for (const folder of folders) {
        const startNs = uploadStartNs(folder)!;
        expect(uploadName(folder.slice(0, 36), startNs)).toBe(folder);
        const id = encodeUploadId('34985dc1-0b5b-41f9-9ce6-59a6b67f56ac', folder);
        expect(decodeUploadId(id)).toEqual({ deploymentId: '34985dc1-0b5b-41f9-9ce6-59a6b67f56ac', name: folder });
        expect(decodeUploadId(folder)).toEqual({ name: folder });
      }
    }
    expect(uploadsFolder('bucket', 'object')).toBe('multipart/1bbf7f43b41ab6c4d332693ed1321452e0a44e709b41ccdd105297f7f417c13b');
  });

  it('never come out of an upload id that is none', () => {
    const tricks = ['', '.', '..', '../x', 'a/b', Buffer.from('x.../../etc').toString('base64url'), Buffer.from('x.').toString('base64url'), 'A'.repeat(5000), 'null'];
    for (const id of tricks) expect(decodeUploadId(id), id).toBeUndefined();
  });
});

describe('identities and times', () => {
  it('come back from their bytes', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(uuidText(uuidBytes(uuid))).toBe(uuid);
        expect(uuidText(new Uint8Array(uuidBytes(uuid.toUpperCase())))).toBe(uuid);
        expect(versionIdText(versionIdBytes(uuid))).toBe(uuid);
      }),
    );
    expect(versionIdText(versionIdBytes('null'))).toBe('null');
    expect(isUuid('34985dc1-0b5b-41f9-9ce6-59a6b67f56a')).toBe(false);
    expect(isUuid('34985dc1x0b5b-41f9-9ce6-59a6b67f56ac')).toBe(false);
    expect(() => uuidBytes('../34985dc1-0b5b-41f9-9ce6-59a6b67f5')).toThrow(StorageError);
  });

  it('turn between milliseconds and nanoseconds', () => {
    expect(nsToMs(1_795_373_102_221_643_314n)).toBe(1_795_373_102_221);
    expect(nsToMs(-1n)).toBe(-1);
    expect(nsToMs(ZERO_TIME_NS)).toBe(-62_135_596_800_000);
    expect(msToNs(nsToMs(ZERO_TIME_NS))).toBe(ZERO_TIME_NS);
    expect(msToNs(1.5)).toBe(1_500_000n);
  });
});

describe('bitrot frames', () => {
  const frames = (shard: Uint8Array, pieceSize: number): Uint8Array => {
    const pieces = Array.from({ length: Math.ceil(shard.length / pieceSize) }, (_, i) => shard.subarray(i * pieceSize, (i + 1) * pieceSize));
    return new Uint8Array(Buffer.concat(pieces.flatMap((piece) => [highwayHash256(piece), piece])));
  };

  it('hold a shard of any size, and give it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (shard, pieceSize) => {
        const pieces = unframeShard(frames(shard, pieceSize), pieceSize);
        expect(hex(Buffer.concat(pieces))).toBe(hex(shard));
        expect(pieces.slice(0, -1).every((piece) => piece.length === pieceSize)).toBe(true);
      }),
    );
  });

  it('notice every flipped bit and every cut', () => {
    const framed = frames(Uint8Array.from({ length: 50 }, (_, i) => i), 20);
    for (let bit = 0; bit < framed.length * 8; bit++) {
      const bad = framed.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unframeShard(bad, 20)).toThrow('does not match');
    }
    for (let length = 1; length < framed.length; length++) {
      if (length % 52 === 0) continue;
      expect(() => unframeShard(framed.slice(0, length), 20), `cut at ${length}`).toThrow(StorageError);
    }
  });
});
