import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import { framedFileSize, shardFileSize } from '../../src/erasure/index.js';
import {
  compareHeaders,
  decodeFsJson,
  decodeUploadsJson,
  decodeVersion,
  decodeXlJson,
  entryShardIndex,
  parseXlMeta,
  parseXlMetaIndex,
  serializeXlMeta,
  versionHeadersOf,
  withShardIndex,
  xlMetaFileVersion,
  xlMetaIndexLength,
  type ObjectVersion,
} from '../../src/format/index.js';
import { createFileHash } from '../../src/hash/index.js';
import { filesOf, singleFile } from './fixture-files.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const FIXTURES = ['2017-xl4', '2017-xl6', '2017-xl16', '2018-xl4', '2018-xl8-sets', '2020-xl4', '2020-sets', 'life-xl4', 'life-xl6'];

/** The legacy version that an xl.json is read as. */
function versionOf(bytes: Uint8Array): ObjectVersion {
  const [entry, ...others] = parseXlMeta(bytes).versions;
  expect(others).toEqual([]);
  const version = decodeVersion(entry!);
  expect(version.kind).toBe('object');
  return version as ObjectVersion;
}

/** Without what belongs to one drive. */
function shared(version: ObjectVersion): unknown {
  return { ...version, parts: version.parts.map((part) => ({ ...part, fileHash: undefined })) };
}

describe.each(FIXTURES)('xl.json of %s', (fixture) => {
  const all = filesOf(fixture);
  const sizes = new Map(all.map(({ path, bytes }) => [path, bytes]));
  const files = all.filter((file) => file.path.endsWith('/xl.json'));
  const isObject = (path: string): boolean => !path.includes('/multipart/');

  it('says of every part file how large it is and what it hashes to', () => {
    expect(files.length).toBeGreaterThan(20);
    for (const { path, bytes } of files) {
      const version = versionOf(bytes);
      expect(version.parts.length, path).toBeGreaterThan(0);
      for (const part of version.parts) {
        const file = sizes.get(path.replace(/xl\.json$/, `part.${part.number}`))!;
        const isFramed = part.fileHash === undefined;
        expect(file.length, path).toBe(isFramed ? framedFileSize(part.size, version.erasure) : shardFileSize(part.size, version.erasure));
        if (part.fileHash === undefined) continue;
        const hasher = createFileHash(part.fileHash.algorithm);
        hasher.update(file);
        expect(hex(hasher.digest()), path).toBe(hex(part.fileHash.hash));
      }
    }
  });

  it('is the same version with the same header on all drives of the object, but for the shard', () => {
    const byObject = new Map<string, Uint8Array[]>();
    for (const { path, bytes } of files) {
      const object = path.replace(/drives\/d\d+\//, '');
      byObject.set(object, [...(byObject.get(object) ?? []), bytes]);
    }
    for (const [object, copies] of byObject) {
      const [first, ...others] = copies;
      const indexes = new Set(copies.map((bytes) => entryShardIndex(parseXlMeta(bytes).versions[0]!)));
      expect(indexes.size, object).toBe(copies.length);
      if (!isObject(object)) continue;
      for (const other of others) {
        expect(shared(versionOf(other)), object).toEqual(shared(versionOf(first!)));
        expect(hex(versionHeadersOf(other)), object).toBe(hex(versionHeadersOf(first!)));
      }
    }
  });

  it('keeps all it says when it becomes an xl.meta', () => {
    for (const { path, bytes } of files) {
      const meta = parseXlMeta(bytes);
      const again = parseXlMeta(serializeXlMeta(meta));
      expect(again.versions, path).toEqual(meta.versions);
      expect(parseXlMetaIndex(bytes).versions, path).toEqual(meta.versions);
      expect(xlMetaIndexLength(bytes)).toBe(Infinity);
      expect(xlMetaFileVersion(bytes)).toBe('xl.json 1.0.1');
    }
  });

  it('gives a drive with another shard the same version in frames', () => {
    for (const { path, bytes } of files.slice(0, 40)) {
      const [entry] = parseXlMeta(bytes).versions;
      const other = withShardIndex(entry!, 2);
      expect(entryShardIndex(other), path).toBe(2);
      expect(compareHeaders(other.header, entry!.header)).toBe(0);
      const version = decodeVersion(other) as ObjectVersion;
      expect(version.parts.every((part) => part.fileHash === undefined)).toBe(true);
      expect(shared(version), path).toEqual(shared(versionOf(bytes)));
    }
  });
});

describe('xl.json', () => {
  const valid = {
    version: '1.0.1',
    format: 'xl',
    stat: { size: 3, modTime: '2017-01-02T03:04:05.000000006+02:00' },
    erasure: {
      algorithm: 'klauspost/reedsolomon/vandermonde',
      data: 1,
      parity: 1,
      blockSize: 10_485_760,
      index: 2,
      distribution: [2, 1],
      checksum: [{ name: 'part.3', algorithm: 'sha256', hash: '00'.repeat(32) }],
    },
    minio: { release: 'R' },
    meta: { etag: 'new', md5Sum: 'old', 'X-Minio-Internal-actual-size': '9' },
    parts: [{ number: 3, name: 'part.3', etag: 'e', size: 3 }],
  };
  const bytesOf = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));

  it('gives times to the nanosecond, the etag under its old name, and internal metadata apart', () => {
    const version = versionOf(bytesOf(valid));
    expect(version).toMatchObject({ versionId: 'null', size: 3, modTimeNs: BigInt(Date.UTC(2017, 0, 2, 1, 4, 5)) * 1_000_000n + 6n });
    expect(version.metaUser).toEqual(new Map([['etag', 'old']]));
    expect(Buffer.from(version.metaSys.get('X-Minio-Internal-actual-size')!).toString()).toBe('9');
    expect(version.parts).toEqual([{ number: 3, size: 3, actualSize: -1, etag: 'e', fileHash: { algorithm: 'sha256', hash: new Uint8Array(32) } }]);
    expect(decodeXlJson(bytesOf({ ...valid, version: '1.0.0', later: 1 })).version).toBe('1.0.0');
  });

  it.each([
    ['another version', { ...valid, version: '2.0.0' }],
    ['another format', { ...valid, format: 'fs' }],
    ['no time', { ...valid, stat: { size: 3, modTime: 'yesterday' } }],
    ['a negative size', { ...valid, stat: { ...valid.stat, size: -1 } }],
    ['a layout no set has', { ...valid, erasure: { ...valid.erasure, distribution: [2, 2] } }],
    ['a shard that is not in the layout', { ...valid, erasure: { ...valid.erasure, index: 3 } }],
    ['an unknown hash', { ...valid, erasure: { ...valid.erasure, checksum: [{ name: 'part.3', algorithm: 'md5', hash: '' }] } }],
    ['a short hash', { ...valid, erasure: { ...valid.erasure, checksum: [{ name: 'part.3', algorithm: 'blake2b', hash: '00' }] } }],
    ['a part 0', { ...valid, parts: [{ number: 0, size: 3 }] }],
    ['metadata that is no text', { ...valid, meta: { etag: 1 } }],
    ['no object', [valid]],
  ])('with %s is refused', (_, value) => {
    expect(() => parseXlMeta(bytesOf(value))).toThrow(StorageError);
  });

  it('becomes the record that 2025 makes of it, byte for byte', () => {
    const [, legacy] = parseXlMeta(singleFile('legacy-slot-1.xl.meta')).versions;
    const { parts, erasure, metaUser } = decodeVersion(legacy!) as ObjectVersion;
    const written = {
      ...valid,
      stat: { size: 3, modTime: '2026-11-22T18:45:09.680919233Z' },
      erasure: {
        ...valid.erasure,
        data: 2,
        parity: 2,
        index: 1,
        distribution: erasure.distribution,
        checksum: parts.map(({ fileHash }) => ({ name: 'part.1', algorithm: fileHash!.algorithm, hash: hex(fileHash!.hash) })),
      },
      minio: { release: 'DEVELOPMENT.GOGET' },
      meta: Object.fromEntries(metaUser),
      parts: [{ number: 1, name: 'part.1', etag: '', size: 3 }],
    };
    const seconds = new Date(Number(legacy!.header.modTimeNs / 1_000_000n)).toISOString().slice(0, 19);
    written.stat.modTime = `${seconds}.${String(legacy!.header.modTimeNs % 1_000_000_000n).padStart(9, '0')}Z`;
    const [entry] = parseXlMeta(bytesOf(written)).versions;
    expect(hex(entry!.record)).toBe(hex(legacy!.record));
  });
});

describe.each(['2017-fs', '2020-fs', 'life-fs'])('fs.json of %s', (fixture) => {
  const files = filesOf(fixture).filter((file) => file.path.endsWith('/fs.json'));

  it('gives the metadata and, of a multipart object since 2018, the parts', () => {
    expect(files.length).toBeGreaterThan(10);
    const decoded = files.map((file) => ({ path: file.path, json: decodeFsJson(file.bytes) }));
    for (const { path, json } of decoded) {
      if (!path.includes('/multipart/')) expect(json.metaUser.get('etag'), path).toMatch(/^[0-9a-f]{32}(-\d+)?$/);
    }
    const multipart = decoded.filter(({ json }) => (json.metaUser.get('etag') ?? '').includes('-'));
    expect(multipart.length).toBeGreaterThan(0);
    for (const { path, json } of multipart) {
      const count = json.version === '1.0.2' ? Number(json.metaUser.get('etag')!.split('-')[1]) : 0;
      expect(json.parts.length, path).toBe(count);
    }
  });

  it('is refused where a crash left none or half of it', () => {
    expect(() => decodeFsJson(new Uint8Array())).toThrow('fs.json is empty');
    expect(() => decodeFsJson(files[0]!.bytes.subarray(0, 20))).toThrow('fs.json is not JSON');
  });
});

describe('uploads.json', () => {
  it('lists the uploads of an object that are not deleted', () => {
    const [file] = filesOf('2017-xl4').filter(({ path }) => path.endsWith('/uploads.json'));
    const uploads = decodeUploadsJson(file!.bytes);
    expect(uploads).toHaveLength(1);
    expect(file!.path).toContain('/multipart/');
    expect(uploads[0]!.initiatedNs).toBeGreaterThan(1_700_000_000_000_000_000n);
    const deleted = Buffer.from(file!.bytes).toString().replace('"deleted":false', '"deleted":true');
    expect(decodeUploadsJson(new Uint8Array(Buffer.from(deleted)))).toEqual([]);
  });
});
