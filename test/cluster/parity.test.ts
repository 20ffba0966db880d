import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { defaultParity, deleteQuorum, readQuorum, storageClasses, systemParity, writeQuorum, writeShape } from '../../src/cluster/parity.js';

describe('parity', () => {
  it('is by default what servers since 2021 use', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 16].map(defaultParity)).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 4]);
  });
  it('of system objects is half of the set', () => expect([1, 4, 5, 16].map(systemParity)).toEqual([0, 2, 2, 8]));

  it('is that of the first pool for all pools', () => {
    expect(storageClasses({ setSizes: [4, 16] })).toEqual({ standard: 2, reduced: 1 });
    expect(() => storageClasses({ setSizes: [16, 4] })).toThrow('at most 2');
  });
  it('of a single drive is none', () => expect(storageClasses({ setSizes: [1] })).toEqual({ standard: 0, reduced: 0 }));
  it('follows the storage classes that are set', () => {
    expect(storageClasses({ setSizes: [8], standard: 'EC:3', reduced: 'EC:2' })).toEqual({ standard: 3, reduced: 2 });
    expect(storageClasses({ setSizes: [8], standard: 'EC:0' })).toEqual({ standard: 0, reduced: 0 });
  });
  it.each([
    ['EC:3', undefined, 'at most 2'],
    ['EC:1', 'EC:2', 'above parity 1'],
    ['3', undefined, 'not a parity'],
    ['EC:', undefined, 'not a parity'],
    [undefined, 'EC:x', 'not a parity'],
  ])('STANDARD %s with RRS %s is refused for sets of 4', (standard, reduced, words) => {
    expect(() => storageClasses({ setSizes: [4], standard, reduced })).toThrow(words);
  });
});

describe('the shape of a write', () => {
  it('is that of the class while all drives are there', () => expect(writeShape(12, 4, 0)).toEqual({ dataShards: 8, parityShards: 4 }));
  it('has a parity shard more for each drive offline, and says so', () => {
    expect(writeShape(12, 4, 1)).toEqual({ dataShards: 7, parityShards: 5, upgradedFrom: 4 });
    expect(writeShape(12, 4, 5)).toEqual({ dataShards: 6, parityShards: 6, upgradedFrom: 4 });
    expect(writeShape(8, 4, 2)).toEqual({ dataShards: 4, parityShards: 4 });
  });
  it('is none where half of the drives are gone', () => {
    expect(writeShape(4, 2, 3)).toBeUndefined();
    expect(writeShape(3, 1, 2)).toBeUndefined();
    expect(writeShape(1, 0, 1)).toBeUndefined();
  });

  it('always lets reads and writes meet in a drive', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(16), (size, offline) => {
        const shape = writeShape(size, defaultParity(size), offline);
        if (shape === undefined) return;
        const { dataShards, parityShards } = shape;
        expect(dataShards + parityShards).toBe(size);
        expect(dataShards).toBeGreaterThanOrEqual(parityShards);
        expect(writeQuorum(dataShards, parityShards) + Math.ceil(size / 2)).toBeGreaterThan(size);
      }),
    );
  });
});

describe('quorums', () => {
  it.each([
    [4, 2, 3, 2, 3],
    [6, 3, 4, 3, 4],
    [8, 4, 5, 4, 5],
    [16, 4, 12, 12, 9],
    [2, 1, 2, 1, 2],
    [3, 1, 2, 2, 2],
    [1, 0, 1, 1, 1],
  ])('of %i drives with parity %i are %i to write, %i to read, %i to delete', (size, parity, write, read, remove) => {
    expect([writeQuorum(size - parity, parity), readQuorum(size - parity), deleteQuorum(size)]).toEqual([write, read, remove]);
  });
});
