import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStorageError, StorageError } from '../../src/base/index.js';
import {
  compareHeaders,
  decodeVersion,
  encodeVersion,
  entryDataDir,
  entryShardIndex,
  insertVersion,
  latestVersion,
  LEGACY_DATA_DIR,
  parseXlMeta,
  parseXlMetaIndex,
  removeVersion,
  serializeXlMeta,
  signatureOfVersion,
  unframeShard,
  versionHeadersOf,
  withShardIndex,
  xlMetaIndexLength,
  type DeleteMarker,
  type ObjectVersion,
  type XlMeta,
} from '../../src/format/index.js';
import { MsgpackReader } from '../../src/format/msgpack/reader.js';
import { MsgpackWriter } from '../../src/format/msgpack/writer.js';
import { legacySignature } from '../../src/format/xl-meta/legacy-record.js';
import { xxh64Low32 } from '../../src/hash/index.js';
import { filesOf, singleFile } from './fixture-files.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

/** A one-byte object, as a 2025 server wrote it on the drive with shard 1 of 2+2. */
const ONE_BYTE = new Uint8Array(
  Buffer.from(
    [
      '584c322001000300c600000167030301c42697c41000000000000000000000000000000000d318ea7252fd364e32c404',
      '6efd130101060202c5013983a45479706501a556324f626ade0011a24944c41000000000000000000000000000000000',
      'a444446972c410930253f88c0140b388eb8ef43f2edfa7a64563416c676f01a345634d02a345634e02a7456342536',
      '97a65d200100000a74563496e64657801a64563446973749401020304a84353756d416c676f01a8506172744e756d',
      '739101a9506172744554616773c0a95061727453697a65739101aa506172744153697a65739101a453697a6501a54d',
      '54696d65d318ea7252fd364e32a74d65746153797381bc782d6d696e696f2d696e7465726e616c2d696e6c696e652d',
      '64617461c40474727565a74d65746155737282ac636f6e74656e742d74797065aa746578742f706c61696ea465746167',
      'd9203833333334346435653134333264613832656630326531333031343737636538a176ce68efda13ce370321530181',
      'a46e756c6cc421234364acc5b89fbb04f714fa2ac51b0080c4986b6a9994ebacf46a74a087974960',
    ].join(''),
    'hex',
  ),
);

const OBJECT: ObjectVersion = {
  kind: 'object',
  versionId: 'null',
  modTimeNs: 1_795_373_102_221_643_314n,
  size: 1,
  dataDir: '930253f8-8c01-40b3-88eb-8ef43f2edfa7',
  erasure: { dataShards: 2, parityShards: 2, blockSizeBytes: 1_048_576, distribution: [1, 2, 3, 4] },
  parts: [{ number: 1, size: 1, actualSize: 1 }],
  metaSys: new Map([['x-minio-internal-inline-data', text('true')]]),
  metaUser: new Map([
    ['content-type', 'text/plain'],
    ['etag', '833344d5e1432da82ef02e1301477ce8'],
  ]),
};
const MARKER: DeleteMarker = {
  kind: 'delete-marker',
  versionId: '5bca9fed-55db-4dbf-bf6c-bf80881ed095',
  modTimeNs: 1_795_373_102_644_934_773n,
  metaSys: new Map(),
  isFree: false,
};
const EMPTY: XlMeta = { versions: [], inline: new Map() };

/** A whole file of another minor version, made around records. */
function fileOfMinor(minor: number, records: readonly Uint8Array[], inline = new Uint8Array(0)): Uint8Array {
  const index = new MsgpackWriter();
  index.mapLength(1);
  index.text('Versions');
  index.arrayLength(records.length);
  for (const record of records) index.raw(record);
  const file = new MsgpackWriter();
  file.raw(Uint8Array.of(0x58, 0x4c, 0x32, 0x20, 1, 0, minor, 0));
  if (minor === 0) file.raw(index.view());
  else file.bin(index.view());
  if (minor === 2) file.uint(xxh64Low32(index.view()));
  file.raw(inline);
  return file.toBytes();
}

/** The file with its index changed and the checksum made to fit. */
function withIndex(change: (index: Uint8Array) => Uint8Array): Uint8Array {
  const index = change(ONE_BYTE.slice(13, 13 + 359));
  const file = new MsgpackWriter();
  file.raw(ONE_BYTE.subarray(0, 8));
  file.bin32Length(index.length);
  file.raw(index);
  file.uint32(xxh64Low32(index));
  file.raw(ONE_BYTE.subarray(377));
  return file.toBytes();
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a known xl.meta', () => {
  it('decodes to what its server was told', () => {
    const { versions, inline } = parseXlMeta(ONE_BYTE);
    expect(versions).toHaveLength(1);
    const [entry] = versions;
    expect(entry!.header).toMatchObject({ versionId: 'null', type: 'object', usesDataDir: true, isInline: true, isFreeVersion: false, dataShards: 2, parityShards: 2 });
    expect(decodeVersion(entry!)).toEqual({ ...OBJECT, metaSys: new Map([['x-minio-internal-inline-data', text('true')]]), writtenBy: 1_760_549_395 });
    expect(entryShardIndex(entry!)).toBe(1);
    expect(entryDataDir(entry!)).toBe(OBJECT.dataDir);
    expect(unframeShard(inline.get('null')!, 524_288).map(hex)).toEqual(['60']);
  });

  it('is what encoding those facts gives, byte for byte', () => {
    const entry = encodeVersion(OBJECT, { shardIndex: 1 });
    expect(hex(entry.header.signature)).toBe('6efd1301');
    const inline = parseXlMeta(ONE_BYTE).inline.get('null');
    expect(hex(serializeXlMeta(insertVersion(EMPTY, entry, inline)))).toBe(hex(ONE_BYTE));
  });

  it('has the known signature for a delete marker too', () => {
    expect(hex(signatureOfVersion(MARKER))).toBe('86f2f7f5');
  });
});

describe('encoding a version', () => {
  const anyObject: fc.Arbitrary<ObjectVersion> = fc
    .record({
      versionId: fc.oneof(fc.constant('null'), fc.uuid()),
      modTimeNs: fc.bigInt(1n, 2n ** 62n),
      dataDir: fc.uuid(),
      shards: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 })).filter(([k, m]) => m <= k),
      parts: fc.array(
        fc.record({ number: fc.integer({ min: 1, max: 10_000 }), size: fc.nat(2 ** 50), actualSize: fc.integer({ min: -1, max: 2 ** 50 }), index: fc.option(fc.uint8Array({ minLength: 1, maxLength: 20 }), { nil: undefined }) }),
        { maxLength: 40 },
      ),
      metaUser: fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 300 })), { maxLength: 20 }),
      metaSys: fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.uint8Array({ maxLength: 300 })), { maxLength: 20 }),
      writtenBy: fc.nat(),
    })
    .map(({ shards: [dataShards, parityShards], parts, metaUser, metaSys, ...rest }) => ({
      kind: 'object',
      ...rest,
      size: parts.reduce((sum, part) => sum + part.size, 0) % 2 ** 52,
      erasure: { dataShards, parityShards, blockSizeBytes: 1_048_576, distribution: Array.from({ length: dataShards + parityShards }, (_, i) => i + 1) },
      parts: parts.map(({ index, ...part }) => (index === undefined ? part : { ...part, index: new Uint8Array(index) })),
      metaUser: new Map(metaUser),
      metaSys: new Map(metaSys.map(([name, value]) => [name, new Uint8Array(value)])),
    }));

  it('loses nothing of any object', () => {
    fc.assert(
      fc.property(anyObject, fc.integer({ min: 1, max: 16 }), (version, shardIndex) => {
        const entry = encodeVersion(version, { shardIndex });
        const [parsed] = parseXlMeta(serializeXlMeta(insertVersion(EMPTY, entry))).versions;
        expect(parsed!.header).toEqual(entry.header);
        expect(decodeVersion(parsed!)).toEqual(version);
        expect(entryShardIndex(parsed!)).toBe(shardIndex);
        expect(entryDataDir(parsed!)).toBe(version.dataDir);
      }),
      { numRuns: 200 },
    );
  });

  it('signs alike whatever the drive and the order of the metadata', () => {
    fc.assert(
      fc.property(anyObject, (version) => {
        const turned: ObjectVersion = { ...version, metaUser: new Map([...version.metaUser].reverse()), metaSys: new Map([...version.metaSys].reverse()) };
        expect(encodeVersion(turned, { shardIndex: 2 }).headerBytes).toEqual(encodeVersion(version, { shardIndex: 1 }).headerBytes);
      }),
      { numRuns: 100 },
    );
  });

  it('gives what a drive with another shard keeps, from one encoding', () => {
    const entry = encodeVersion(OBJECT, { shardIndex: 1 });
    const before = hex(entry.record);
    for (const index of [1, 2, 3, 4]) {
      const other = withShardIndex(entry, index);
      expect(hex(other.record)).toBe(hex(encodeVersion(OBJECT, { shardIndex: index }).record));
      expect(other.headerBytes).toBe(entry.headerBytes);
    }
    expect(hex(entry.record)).toBe(before);
    const marker = encodeVersion(MARKER, { shardIndex: 1 });
    expect(withShardIndex(marker, 3)).toBe(marker);
    expect(entryShardIndex(marker)).toBe(0);
    expect(entryDataDir(marker)).toBeUndefined();
  });

  it('flags a tiered object whose data is not here, a restored one whose data is, and a free version', () => {
    const tiered = { ...OBJECT, metaSys: new Map([['X-Minio-Internal-transition-status', text('complete')]]) };
    expect(encodeVersion(tiered, { shardIndex: 1 }).header).toMatchObject({ usesDataDir: false, isInline: false });
    const restored = { ...tiered, metaUser: new Map([['X-Amz-Restore', 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"']]) };
    expect(encodeVersion(restored, { shardIndex: 1 }).header.usesDataDir).toBe(true);
    const ongoing = { ...tiered, metaUser: new Map([['X-Amz-Restore', 'ongoing-request="true"']]) };
    expect(encodeVersion(ongoing, { shardIndex: 1 }).header.usesDataDir).toBe(false);
    const free: DeleteMarker = { ...MARKER, metaSys: new Map([['x-minio-internal-free-version', text('')]]), isFree: true };
    const entry = encodeVersion(free, { shardIndex: 1 });
    expect(entry.header.isFreeVersion).toBe(true);
    expect(decodeVersion(entry)).toMatchObject({ isFree: true });
  });

  it('refuses to write a legacy version anew', () => {
    expect(() => encodeVersion({ ...OBJECT, dataDir: LEGACY_DATA_DIR }, { shardIndex: 1 })).toThrow('legacy');
  });
});

describe('versions of an object', () => {
  const versionAt = (modTimeNs: bigint, versionId: string): ObjectVersion => ({ ...OBJECT, modTimeNs, versionId });
  const anyVersions = fc.array(fc.tuple(fc.uuid(), fc.bigInt(1n, 5n)), { maxLength: 12 });

  it('are sorted newest first in whatever order they come, and the same way on every drive', () => {
    fc.assert(
      fc.property(anyVersions, fc.nat(), (pairs, turn) => {
        const unique = [...new Map(pairs)];
        const insertAll = (list: readonly [string, bigint][]): XlMeta =>
          list.reduce((meta, [id, time]) => insertVersion(meta, encodeVersion(versionAt(time, id), { shardIndex: 1 })), EMPTY);
        const meta = insertAll(unique);
        const turned = insertAll([...unique.slice(turn % (unique.length + 1)), ...unique.slice(0, turn % (unique.length + 1))]);
        expect(hex(versionHeadersOf(serializeXlMeta(meta)))).toBe(hex(versionHeadersOf(serializeXlMeta(turned))));
        for (let i = 1; i < meta.versions.length; i++) {
          expect(compareHeaders(meta.versions[i - 1]!.header, meta.versions[i]!.header)).toBeLessThan(0);
        }
      }),
    );
  });

  it('replace the one with the same id, with its inline data', () => {
    const first = insertVersion(EMPTY, encodeVersion(versionAt(10n, 'null'), { shardIndex: 1 }), text('old'));
    const other = insertVersion(first, encodeVersion(versionAt(20n, MARKER.versionId), { shardIndex: 1 }), text('other'));
    const replaced = insertVersion(other, encodeVersion(versionAt(30n, 'null'), { shardIndex: 1 }), text('new'));
    expect(replaced.versions.map((entry) => entry.header.modTimeNs)).toEqual([30n, 20n]);
    expect(replaced.inline).toEqual(new Map([['null', text('new')], [MARKER.versionId, text('other')]]));
    const inFiles = insertVersion(replaced, encodeVersion(versionAt(40n, 'null'), { shardIndex: 1 }));
    expect([...inFiles.inline.keys()]).toEqual([MARKER.versionId]);
    expect(other.versions.map((entry) => entry.header.modTimeNs)).toEqual([20n, 10n]);
  });

  it('go with their inline data; removing what is not there changes nothing', () => {
    const meta = insertVersion(insertVersion(EMPTY, encodeVersion(OBJECT, { shardIndex: 1 }), text('x')), encodeVersion(MARKER, { shardIndex: 1 }));
    const left = removeVersion(meta, 'null');
    expect(left.versions.map((entry) => entry.header.versionId)).toEqual([MARKER.versionId]);
    expect(left.inline.size).toBe(0);
    expect(hex(serializeXlMeta(removeVersion(meta, '00000000-0000-4000-8000-000000000001')))).toBe(hex(serializeXlMeta(meta)));
    expect(parseXlMeta(serializeXlMeta(removeVersion(left, MARKER.versionId)))).toEqual(EMPTY);
  });

  it('are led by the newest that is not a free version', () => {
    const free: DeleteMarker = { ...MARKER, metaSys: new Map([['x-minio-internal-free-version', text('')]]), isFree: true };
    const meta = insertVersion(insertVersion(EMPTY, encodeVersion(OBJECT, { shardIndex: 1 })), encodeVersion(free, { shardIndex: 1 }));
    expect(meta.versions[0]!.header.isFreeVersion).toBe(true);
    expect(latestVersion(meta)!.header.versionId).toBe('null');
    expect(latestVersion(EMPTY)).toBeUndefined();
  });

  it('keep an empty inline entry, which is how an empty object is stored', () => {
    const meta = insertVersion(EMPTY, encodeVersion(OBJECT, { shardIndex: 1 }), new Uint8Array(0));
    expect(parseXlMeta(serializeXlMeta(meta)).inline).toEqual(new Map([['null', new Uint8Array(0)]]));
  });

  it('count 10,000 and more', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`);
    const versions = ids.map((id, i) => encodeVersion(versionAt(BigInt(20_000 - i), id), { shardIndex: 1 }));
    const parsed = parseXlMeta(serializeXlMeta({ versions, inline: new Map(ids.map((id) => [id, text(id)])) }));
    expect(parsed.versions.map((entry) => entry.header.versionId)).toEqual(ids);
    expect(parsed.inline.size).toBe(10_000);
  });
});

describe('xl.meta of earlier releases', () => {
  const files = filesOf('2021-xl4').filter((file) => file.path.endsWith('/xl.meta'));

  it('of 2021 (minor 2) reads with headers computed and versions sorted, and can be kept in the newest form', () => {
    expect(files.length).toBeGreaterThan(50);
    let sorted = 0;
    for (const { path, bytes } of files) {
      expect(bytes[6], path).toBe(2);
      const meta = parseXlMeta(bytes);
      const again = parseXlMeta(serializeXlMeta(meta));
      expect(hex(versionHeadersOf(serializeXlMeta(again))), path).toBe(hex(versionHeadersOf(bytes)));
      expect([...again.inline.keys()], path).toEqual([...meta.inline.keys()]);
      for (const entry of meta.versions) {
        const version = decodeVersion(entry);
        expect(entry.header.modTimeNs).toBe(version.modTimeNs);
        expect(hex(entry.header.signature)).toBe(hex(signatureOfVersion(version)));
        if (version.kind === 'object') expect(version.erasure.dataShards).toBe(entry.header.dataShards);
      }
      if (meta.versions.length > 1) sorted++;
      for (let i = 1; i < meta.versions.length; i++) expect(meta.versions[i - 1]!.header.modTimeNs > meta.versions[i]!.header.modTimeNs).toBe(true);
      expect(parseXlMetaIndex(bytes.slice(0, xlMetaIndexLength(bytes.subarray(0, 16)))).versions, path).toEqual(meta.versions);
    }
    expect(sorted).toBeGreaterThan(3);
  });

  it('of 2021 has the same headers on all drives of a set', () => {
    const byObject = new Map<string, Set<string>>();
    for (const { path, bytes } of files) {
      if (path.includes('/multipart/') || path.includes('.usage')) continue;
      const object = path.replace(/drives\/d\d\//, '');
      byObject.set(object, (byObject.get(object) ?? new Set()).add(hex(versionHeadersOf(bytes))));
    }
    for (const [object, headers] of byObject) expect(headers.size, object).toBe(1);
  });

  it('of minor 0 and 1 reads too', () => {
    const records = [encodeVersion(OBJECT, { shardIndex: 1 }).record, encodeVersion(MARKER, { shardIndex: 1 }).record];
    for (const minor of [0, 1, 2]) {
      const meta = parseXlMeta(fileOfMinor(minor, records));
      expect(meta.versions.map((entry) => entry.header.versionId)).toEqual([MARKER.versionId, 'null']);
      expect(meta.versions[1]).toEqual(encodeVersion(OBJECT, { shardIndex: 1 }));
    }
    const asText = fileOfMinor(0, records);
    asText.set(text('1   '), 4);
    expect(parseXlMeta(asText).versions).toHaveLength(2);
    expect(xlMetaIndexLength(asText)).toBe(Infinity);
  });

  it('of early 2021 may keep inline data under the name of the data dir', () => {
    const section = new MsgpackWriter();
    section.uint(1);
    section.mapLength(1);
    section.text(OBJECT.dataDir);
    section.bin(text('framed'));
    const meta = parseXlMeta(fileOfMinor(1, [encodeVersion(OBJECT, { shardIndex: 1 }).record], section.toBytes()));
    expect(meta.inline).toEqual(new Map([['null', text('framed')]]));
  });

  it('with headers of version 2 (five elements) gets today’s headers', () => {
    const { record, headerBytes } = parseXlMeta(ONE_BYTE).versions[0]!;
    const file = withIndex(() => {
      const index = new MsgpackWriter();
      index.uint(2);
      index.uint(2);
      index.int(1);
      index.bin(Buffer.concat([Uint8Array.of(0x95), headerBytes.subarray(1, headerBytes.length - 2)]));
      index.bin(record);
      return index.toBytes();
    });
    expect(parseXlMeta(file).versions).toEqual(parseXlMeta(ONE_BYTE).versions);
  });

  it('loses the compression indexes of small parts that releases of 2024 got wrong, and no others', () => {
    const parts = [
      { number: 1, size: 5, actualSize: 8 * 1024 * 1024, index: text('wrong') },
      { number: 2, size: 6, actualSize: 8 * 1024 * 1024 + 1, index: text('right') },
    ];
    const { record } = encodeVersion({ ...OBJECT, parts }, { shardIndex: 3 });
    const [entry] = parseXlMeta(fileOfMinor(2, [record])).versions;
    const version = decodeVersion(entry!);
    expect(version.kind === 'object' && version.parts).toEqual([{ number: 1, size: 5, actualSize: 8 * 1024 * 1024 }, parts[1]]);
    expect(entryShardIndex(entry!)).toBe(3);
  });

  it('with a legacy version keeps it, decodes it and signs it as 2025 does', () => {
    const metas = ['legacy-slot-1.xl.meta', 'legacy-slot-2.xl.meta'].map((name) => ({ bytes: singleFile(name), meta: parseXlMeta(singleFile(name)) }));
    // It covers the hashes of the whole part files, which differ from drive to drive: only the new version has equal headers.
    const [one, two] = metas.map(({ meta }) => meta.versions.map((entry) => hex(entry.headerBytes)));
    expect(one![0]).toBe(two![0]);
    expect(one![1]).not.toBe(two![1]);
    for (const { bytes, meta } of metas) {
      expect(hex(serializeXlMeta(meta))).toBe(hex(bytes));
      const legacy = meta.versions.find((entry) => entry.header.type === 'legacy')!;
      expect(hex(legacySignature(legacy.record))).toBe(hex(legacy.header.signature));
      expect(entryDataDir(legacy)).toBe('legacy');
      expect(entryShardIndex(withShardIndex(legacy, 2))).toBe(2);
      const version = decodeVersion(legacy);
      expect(version).toMatchObject({
        kind: 'object',
        versionId: 'null',
        size: 3,
        dataDir: 'legacy',
        erasure: { dataShards: 2, parityShards: 2, blockSizeBytes: 10_485_760 },
        parts: [{ number: 1, size: 3, actualSize: -1, fileHash: { algorithm: 'blake2b' } }],
      });
      expect(version.kind === 'object' && version.metaUser.get('etag')).toBe('829ad445d72fad29671dc25c83aea626');
      // The same record in a file without headers gets the same header.
      expect(parseXlMeta(fileOfMinor(2, [legacy.record])).versions[0]).toEqual(legacy);
    }
  });
});

describe('damage', () => {
  it('anywhere in the index is noticed', () => {
    for (let at = 13; at < 377; at++) {
      const bytes = ONE_BYTE.slice();
      bytes[at]! ^= 0x10;
      expect(() => parseXlMeta(bytes), `byte ${at}`).toThrow(StorageError);
    }
  });

  it.each([
    ['nothing', new Uint8Array(0), 'empty'],
    ['seven bytes', ONE_BYTE.slice(0, 7), 'does not begin'],
    ['another file', text('%PDF-1.7 and so on'), 'begin with "XL2 " but with "%PDF"'],
    ['an xl.json under this name', text('{"version":"1.0.1","format":"xl"}'), 'xl.json'],
    ['a future minor version', Uint8Array.of(...ONE_BYTE.slice(0, 6), 4, 0, ...ONE_BYTE.slice(8)), 'version 1.4'],
    ['a future major version', Uint8Array.of(...ONE_BYTE.slice(0, 4), 2, 0, ...ONE_BYTE.slice(6)), 'version 2.3'],
    ['an index cut off', ONE_BYTE.slice(0, 300), 'cut off'],
    ['a checksum cut off', ONE_BYTE.slice(0, 375), 'cut off'],
    ['a checksum of another kind', Uint8Array.of(...ONE_BYTE.slice(0, 372), 0xa1, 0x20), 'no checksum'],
    ['headers of a future version', withIndex((index) => Uint8Array.of(4, ...index.slice(1))), 'headers of version 4'],
    ['records of a future version', withIndex((index) => Uint8Array.of(3, 9, ...index.slice(2))), 'records of version 9'],
    ['more versions than there are', withIndex((index) => Uint8Array.of(3, 3, 2, ...index.slice(3))), 'in the middle of a value'],
    ['an unknown type of version', withIndex((index) => index.map((byte, at) => (at === 39 ? 7 : byte))), 'unknown type 7'],
  ])('%s is refused with a sentence that says so', (_, bytes, sentence) => {
    expect(refusal(() => parseXlMeta(bytes))).toContain(sentence);
  });

  it('of the inline data loses that and what follows, and keeps the versions', () => {
    const other = { ...OBJECT, versionId: MARKER.versionId, modTimeNs: 5n };
    const whole = insertVersion(parseXlMeta(ONE_BYTE), encodeVersion(other, { shardIndex: 1 }), text('second'));
    const bytes = serializeXlMeta(whole);
    const cut = parseXlMeta(bytes.slice(0, bytes.length - 3));
    expect(cut.versions).toHaveLength(2);
    expect([...cut.inline.keys()]).toEqual(['null']);
    const start = xlMetaIndexLength(bytes);
    const unknownSection = bytes.slice();
    unknownSection[start] = 9;
    expect(parseXlMeta(unknownSection).inline.size).toBe(0);
  });

  it.each<[string, Partial<ObjectVersion>, string]>([
    ['more parity than data', { erasure: { ...OBJECT.erasure, dataShards: 1, parityShards: 3 } }, '1 data and 3 parity'],
    ['no data shards', { erasure: { ...OBJECT.erasure, dataShards: 0, parityShards: 0, distribution: [] } }, '0 data'],
    ['17 shards', { erasure: { ...OBJECT.erasure, dataShards: 13, parityShards: 4, distribution: [] } }, '13 data'],
    ['blocks of 1 GiB', { erasure: { ...OBJECT.erasure, blockSizeBytes: 2 ** 30 } }, 'blocks of 1073741824'],
    ['blocks of nothing', { erasure: { ...OBJECT.erasure, blockSizeBytes: 0 } }, 'blocks of 0'],
    ['a shard twice', { erasure: { ...OBJECT.erasure, distribution: [1, 2, 2, 4] } }, '[1,2,2,4]'],
    ['a shard too many', { erasure: { ...OBJECT.erasure, distribution: [1, 2, 3, 4, 1] } }, '[1,2,3,4,1]'],
    ['a shard beyond the last', { erasure: { ...OBJECT.erasure, distribution: [1, 2, 3, 33] } }, '[1,2,3,33]'],
    ['no mod time', { modTimeNs: 0n }, 'mod time'],
    ['a part 0', { parts: [{ number: 0, size: 1, actualSize: 1 }] }, 'part 0'],
    ['a part of negative size', { parts: [{ number: 1, size: -1, actualSize: 1 }] }, 'of -1 bytes'],
    ['a negative size', { size: -5 }, '-5'],
  ])('of a record, %s, is refused', (_, change, sentence) => {
    expect(refusal(() => decodeVersion(encodeVersion({ ...OBJECT, ...change }, { shardIndex: 1 })))).toContain(sentence);
  });

  it('of a record by unknown members is none: they are passed over and kept', () => {
    const entry = encodeVersion(OBJECT, { shardIndex: 1 });
    const writer = new MsgpackWriter();
    const reader = new MsgpackReader(entry.record);
    writer.mapLength(reader.mapLength() + 1);
    writer.raw(entry.record.subarray(1));
    writer.text('Future');
    writer.arrayLength(1);
    writer.text('thing');
    const strange = { ...entry, record: writer.toBytes() };
    expect(decodeVersion(strange)).toMatchObject({ versionId: 'null', size: 1 });
    const kept = parseXlMeta(serializeXlMeta(insertVersion(EMPTY, withShardIndex(strange, 2)))).versions[0]!;
    expect(hex(kept.record)).toContain(hex(text('Future')));
    expect(entryShardIndex(kept)).toBe(2);
  });
});
