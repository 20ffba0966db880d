import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { StorageError } from '../../src/base/index.js';
import { decodeUsageJson, encodeUsageJson, sizeRange, versionRange } from '../../src/format/index.js';

describe('.usage.json', () => {
  it('has the members that real servers read, totals included', () => {
    const histogram = { sizeHistogram: new Map([['BETWEEN_64_KB_AND_256_KB', 2], ['LESS_THAN_1024_B', 1]]), versionHistogram: new Map([['SINGLE_VERSION', 3]]) };
    const buckets = new Map([['a', { size: 10, objects: 2, versions: 3, deleteMarkers: 1, ...histogram }], ['b', { size: 5, objects: 1, versions: 1, deleteMarkers: 0, ...histogram }]]);
    const bytes = encodeUsageJson({ lastUpdateMs: 1_700_000_000_000, buckets });
    const document = JSON.parse(Buffer.from(bytes).toString()) as { bucketsUsageInfo: Record<string, { objectsSizesHistogram: Record<string, number> }> };
    expect(document).toMatchObject({ lastUpdate: '2023-11-14T22:13:20.000Z', objectsCount: 3, versionsCount: 4, deleteMarkersCount: 1, objectsTotalSize: 15, bucketsCount: 2, bucketsSizes: { a: 10, b: 5 } });
    expect(document.bucketsUsageInfo['a']?.objectsSizesHistogram).toMatchObject({ LESS_THAN_1024_B: 1, BETWEEN_64_KB_AND_256_KB: 2, BETWEEN_1024B_AND_1_MB: 2 });
    const decoded = decodeUsageJson(bytes);
    expect(decoded.lastUpdateMs).toBe(1_700_000_000_000);
    expect(decoded.buckets.get('a')).toMatchObject({ size: 10, objects: 2, versions: 3, deleteMarkers: 1 });
    expect(decoded.buckets.get('a')?.sizeHistogram.get('BETWEEN_64_KB_AND_256_KB')).toBe(2);
  });

  it('puts sizes and counts into their ranges', () => {
    expect([0, 1023, 1024, 1024 * 1024 - 1, 1024 * 1024, 2 ** 40].map(sizeRange)).toEqual([
      'LESS_THAN_1024_B', 'LESS_THAN_1024_B', 'BETWEEN_1024_B_AND_64_KB', 'BETWEEN_512_KB_AND_1_MB', 'BETWEEN_1_MB_AND_10_MB', 'GREATER_THAN_512_MB',
    ]);
    expect([1, 2, 10, 100_000].map(versionRange)).toEqual(['SINGLE_VERSION', 'BETWEEN_2_AND_10', 'BETWEEN_10_AND_100', 'GREATER_THAN_10000']);
  });

  it('refuses what is none, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map((text) => Buffer.from(text))), (bytes) => {
        try {
          decodeUsageJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError);
        }
      }),
    );
  });
});
