import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { choosePool, hashOrder, setChooser, type PoolSpace } from '../../src/cluster/placement.js';
import type { DriveInfo } from '../../src/drive/index.js';

const ID = '7d3f4c63-373a-4d1b-a89c-e7e930f93cfc';

describe('the set of a key', () => {
  it.each([
    ['docs.txt', 1, 2, 0, 0],
    ['edge-1m', 0, 1, 0, 0],
    ['one-byte', 0, 2, 0, 2],
    ['zero', 0, 0, 0, 2],
    ['a/b/c', 1, 1, 1, 3],
    ['unicode/文件-é.txt', 1, 2, 0, 0],
    ['v/three', 0, 2, 1, 3],
    ['config/config.json', 1, 0, 1, 1],
    ['dir__XLDIR__', 0, 2, 1, 1],
  ])('of %s is where real servers put it', (key, crc2, crc3, sip2, sip4) => {
    expect(setChooser('CRCMOD', ID, 2)(key)).toBe(crc2);
    expect(setChooser('CRCMOD', ID, 3)(key)).toBe(crc3);
    expect(setChooser('SIPMOD', ID, 2)(key)).toBe(sip2);
    expect(setChooser('SIPMOD+PARITY', ID, 4)(key)).toBe(sip4);
  });
});

describe('the order of shards', () => {
  it.each([
    ['bucket/object', 4, [4, 1, 2, 3]],
    ['bucket/object', 16, [8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7]],
    ['docs.txt', 4, [3, 4, 1, 2]],
    ['docs.txt', 6, [1, 2, 3, 4, 5, 6]],
    ['a', 5, [4, 5, 1, 2, 3]],
  ])('of %s over %i drives is that of real servers', (name, count, order) => expect(hashOrder(name, count)).toEqual(order));

  it('is a permutation', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 16 }), (name, count) => {
        expect(hashOrder(name, count).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      }),
    );
  });
});

describe('the pool of a new object', () => {
  const GiB = 1024 ** 3;
  const drive = (freeBytes: number, totalBytes = 100 * GiB, freeInodes = 1e6): DriveInfo => ({ totalBytes, freeBytes, usedBytes: totalBytes - freeBytes, totalInodes: 2e6, freeInodes, deviceId: 1, isRootDevice: false });
  const pool = (index: number, drives: (DriveInfo | undefined)[], more: Partial<PoolSpace> = {}): PoolSpace => ({ index, setCount: 1, drives, isSuspended: false, ...more });
  const four = (info: DriveInfo) => [info, info, info, info];

  it('is drawn by free space times sets', () => {
    const pools = [pool(0, four(drive(50 * GiB))), pool(1, four(drive(50 * GiB)), { setCount: 3 })];
    expect([0, 0.24, 0.26, 0.99].map((fraction) => choosePool(pools, 1, fraction))).toEqual([0, 0, 1, 1]);
  });
  it('is not one that is being emptied, nor one with a drive too full while another has room', () => {
    expect(choosePool([pool(0, four(drive(50 * GiB)), { isSuspended: true }), pool(1, four(drive(20 * GiB)))], 1, 0)).toBe(1);
    expect(choosePool([pool(0, [drive(10 * GiB), ...four(drive(90 * GiB))]), pool(1, four(drive(20 * GiB)))], 1, 0)).toBe(1);
    expect(choosePool([pool(0, four(drive(10 * GiB)))], 1, 0)).toBe(0);
  });
  it.each([
    ['the object does not fit', pool(0, four(drive(1 * GiB))), 4 * GiB],
    ['too few inodes are free', pool(0, four(drive(50 * GiB, 100 * GiB, 999))), 1],
    ['a drive would be more than 99 % full', pool(0, four(drive(1 * GiB))), GiB],
    ['fewer than half of the drives are known', pool(0, [drive(50 * GiB), undefined, undefined, undefined]), 1],
  ])('is none where %s', (_, candidate, size) => expect(choosePool([candidate], size, 0.5)).toBeUndefined());
  it('may lie on file systems without an inode table', () => {
    expect(choosePool([pool(0, four({ ...drive(50 * GiB), totalInodes: 0, freeInodes: 0 }))], undefined, 0)).toBe(0);
  });
});
