import { describe, expect, it } from 'vitest';
import {
  decodeVersion,
  encodeVersion,
  entryDataDir,
  entryShardIndex,
  parseXlMeta,
  parseXlMetaIndex,
  serializeXlMeta,
  signatureOfVersion,
  versionHeadersOf,
  withShardIndex,
  xlMetaIndexLength,
} from '../../src/format/index.js';
import { filesOf, FIXTURES_2025 } from './fixture-files.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.each(FIXTURES_2025)('xl.meta of %s', (fixture) => {
  const files = filesOf(fixture).filter((file) => file.path.endsWith('/xl.meta'));

  it('is read and written back to the same bytes', () => {
    expect(files.length).toBeGreaterThan(20);
    for (const { path, bytes } of files) expect(hex(serializeXlMeta(parseXlMeta(bytes))), path).toBe(hex(bytes));
  });

  it('decodes record by record, and encodes each to the same header and record', () => {
    for (const { path, bytes } of files) {
      for (const entry of parseXlMeta(bytes).versions) {
        const version = decodeVersion(entry);
        expect(hex(signatureOfVersion(version)), path).toBe(hex(entry.header.signature));
        const again = encodeVersion(version, { shardIndex: Math.max(1, entryShardIndex(entry)) });
        expect(hex(again.headerBytes), path).toBe(hex(entry.headerBytes));
        expect(hex(again.record), path).toBe(hex(entry.record));
        expect(again.header).toEqual(entry.header);
        if (version.kind === 'object') expect(entryDataDir(entry)).toBe(version.dataDir);
      }
    }
  });

  it('can be read without its inline data', () => {
    for (const { path, bytes } of files) {
      const length = xlMetaIndexLength(bytes.subarray(0, 16));
      expect(length, path).toBe(xlMetaIndexLength(bytes));
      const cut = bytes.slice(0, length);
      expect(parseXlMetaIndex(cut).versions, path).toEqual(parseXlMeta(bytes).versions);
      expect(parseXlMeta(cut).inline.size, path).toBe(0);
      expect(hex(versionHeadersOf(cut)), path).toBe(parseXlMeta(bytes).versions.map((entry) => hex(entry.headerBytes)).join(''));
    }
  });

  it('differs between the drives of a set by the shard index only', () => {
    for (const { bytes } of files) {
      for (const entry of parseXlMeta(bytes).versions) {
        const version = decodeVersion(entry);
        if (version.kind !== 'object') continue;
        for (const index of version.erasure.distribution) {
          const other = withShardIndex(entry, index);
          expect(entryShardIndex(other)).toBe(index);
          expect(hex(other.record)).toBe(hex(encodeVersion(version, { shardIndex: index }).record));
        }
      }
    }
  });
});
