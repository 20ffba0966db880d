/** Bytes that nobody vouches for, into every codec of the room: they may be refused, never more than that. */
import { describe } from 'vitest';
import {
  decodeBucketMetadata,
  decodeChecksumRecords,
  decodeFormatJson,
  decodeFsJson,
  decodeHealingTracker,
  decodePartMeta,
  decodePoolBin,
  decodeUploadsJson,
  decodeVersion,
  encodeBucketMetadata,
  encodeChecksumRecord,
  encodeFormatJson,
  encodeHealingTracker,
  encodePartMeta,
  encodePoolBin,
  encodeVersion,
  entryDataDir,
  entryShardIndex,
  insertVersion,
  LEGACY_DATA_DIR,
  parseXlMeta,
  serializeXlMeta,
  signatureOfVersion,
  versionHeadersOf,
  withShardIndex,
  xlMetaIndexLength,
  type XlMeta,
} from '../../src/format/index.js';
import { MsgpackReader } from '../../src/format/msgpack/reader.js';
import { MsgpackWriter } from '../../src/format/msgpack/writer.js';
import { parseHeader } from '../../src/format/xl-meta/header.js';
import { xxh64Low32 } from '../../src/hash/index.js';
import { describeCodec } from '../contracts/codec.js';
import { filesOf, FIXTURES_2025, singleFile } from './fixture-files.js';
import { systemObjects } from './system-objects.js';

const SMALL_BYTES = 3000;
const fixtures = ['2025-xl4', '2025-xl16', '2025-sets', '2021-xl4'];
const files = fixtures.flatMap((fixture) => filesOf(fixture)).filter((file) => file.bytes.length < SMALL_BYTES);
const xlMetas = [
  ...files.filter((file) => file.path.endsWith('/xl.meta')).map((file) => file.bytes),
  singleFile('legacy-slot-1.xl.meta'),
  singleFile('legacy-slot-2.xl.meta'),
];
const entries = xlMetas.flatMap((bytes) => parseXlMeta(bytes).versions);
const systemBytes = (wanted: RegExp): Uint8Array[] => FIXTURES_2025.flatMap((fixture) => systemObjects(fixture, wanted)).map(({ bytes }) => bytes);

/** Makes the checksum of a mutated xl.meta fit, so that the damage gets past it. */
function withFittingChecksum(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 18 || bytes[6] !== 3 || bytes[8] !== 0xc6) return bytes;
  const fixed = Buffer.from(bytes);
  const end = 13 + fixed.readUInt32BE(9);
  if (end + 5 > fixed.length) return bytes;
  fixed[end] = 0xce;
  fixed.writeUInt32BE(xxh64Low32(fixed.subarray(13, end)), end + 1);
  return new Uint8Array(fixed);
}

/** Everything that is done with an xl.meta read from a drive. */
function useAll(meta: XlMeta): void {
  for (const entry of meta.versions) {
    entryDataDir(entry);
    entryShardIndex(entry);
    const version = decodeVersion(entry);
    if (version.kind === 'object' && version.dataDir === LEGACY_DATA_DIR) {
      withShardIndex(entry, 1);
      continue;
    }
    signatureOfVersion(version);
    insertVersion(meta, encodeVersion(version, { shardIndex: 1 }), new Uint8Array(3));
  }
  parseXlMeta(serializeXlMeta(meta));
}

describe('hostile bytes', () => {
  describeCodec('xl.meta', { decode: parseXlMeta, samples: xlMetas, isExact: false, fuzzCount: 40_000, use: useAll });

  describeCodec('xl.meta with a fitting checksum', {
    decode: (bytes) => parseXlMeta(withFittingChecksum(bytes)),
    samples: xlMetas,
    isExact: false,
    fuzzCount: 60_000,
    use: useAll,
  });

  describeCodec('the first piece of an xl.meta', {
    decode: (bytes) => [xlMetaIndexLength(bytes), versionHeadersOf(bytes)],
    samples: xlMetas,
    isExact: false,
    fuzzCount: 20_000,
  });

  describeCodec('a version record', {
    decode: (record) => decodeVersion({ record }),
    samples: entries.map((entry) => entry.record),
    isExact: false,
    fuzzCount: 40_000,
  });

  describeCodec('a version header', {
    decode: (bytes) => parseHeader(Buffer.from(bytes), 0, bytes.length),
    samples: entries.map((entry) => entry.headerBytes),
    isExact: false,
    fuzzCount: 20_000,
  });

  const nested = new MsgpackWriter();
  nested.arrayLength(3);
  nested.mapLength(2);
  nested.text('a');
  nested.time(5n);
  nested.text('b');
  nested.bin(new Uint8Array(300));
  nested.int64(-(2n ** 60n));
  nested.text('x'.repeat(70_000));
  describeCodec('msgpack', {
    decode: (bytes) => {
      const reader = new MsgpackReader(bytes);
      while (!reader.isAtEnd) reader.skip();
    },
    samples: [nested.toBytes(), ...entries.map((entry) => entry.record)],
    isExact: false,
    fuzzCount: 40_000,
  });

  describeCodec('format.json', {
    decode: decodeFormatJson,
    encode: encodeFormatJson,
    samples: FIXTURES_2025.flatMap((fixture) => filesOf(fixture).filter((file) => file.path.endsWith('.minio.sys/format.json'))).map((file) => file.bytes),
    isExact: true,
    fuzzCount: 100_000,
  });

  describeCodec('xl.json', {
    decode: parseXlMeta,
    samples: ['2017-xl4', '2018-xl4', '2020-xl4'].flatMap((fixture) => filesOf(fixture).filter((file) => file.path.endsWith('/xl.json'))).map((file) => file.bytes),
    isExact: false,
    fuzzCount: 40_000,
    use: useAll,
  });

  describeCodec('fs.json', {
    decode: decodeFsJson,
    samples: ['2017-fs', '2020-fs'].flatMap((fixture) => filesOf(fixture).filter((file) => file.path.endsWith('/fs.json'))).map((file) => file.bytes),
    isExact: false,
    fuzzCount: 20_000,
  });

  describeCodec('uploads.json', {
    decode: decodeUploadsJson,
    samples: filesOf('2017-xl4').filter((file) => file.path.endsWith('/uploads.json')).map((file) => file.bytes),
    isExact: false,
    fuzzCount: 20_000,
  });

  describeCodec('.metadata.bin', {
    decode: decodeBucketMetadata,
    encode: encodeBucketMetadata,
    samples: systemBytes(/\.metadata\.bin$/),
    isExact: true,
    fuzzCount: 40_000,
  });

  describeCodec('part.N.meta', {
    decode: decodePartMeta,
    encode: encodePartMeta,
    samples: [
      ...FIXTURES_2025.flatMap((fixture) => filesOf(fixture).filter((file) => /part\.\d+\.meta$/.test(file.path))).map((file) => file.bytes),
      encodePartMeta({ etag: 'e', number: 1, size: 2, actualSize: 3, modTimeNs: 4n, index: new Uint8Array(9), checksums: new Map([['CRC32C', 'yZRlqg==']]) }),
    ],
    isExact: true,
    fuzzCount: 40_000,
  });

  describeCodec('.healing.bin', { decode: decodeHealingTracker, encode: encodeHealingTracker, samples: [singleFile('healing.bin')], isExact: true, fuzzCount: 20_000 });

  describeCodec('pool.bin', { decode: decodePoolBin, encode: encodePoolBin, samples: systemBytes(/\/pool\.bin$/), isExact: true, fuzzCount: 20_000 });

  describeCodec('checksum records', {
    decode: decodeChecksumRecords,
    encode: (records) => Buffer.concat(records.map(encodeChecksumRecord)),
    samples: ['11c99465aa', '81028d29d5c3f6ea8ebe', 'd00106273b8902c99465aac99465aa', '11c99465aa81028d29d5c3f6ea8ebe'].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
    isExact: true,
    fuzzCount: 20_000,
  });
});
