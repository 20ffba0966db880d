/** What drives offer to healing: bitrot checks, data moved aside, and notes of what others missed. */
import { describe, expect, it } from 'vitest';

import type { Drive } from '../../src/drive/index.js';
import { SYSTEM_VOLUME } from '../../src/format/index.js';
import { highwayHash256 } from '../../src/hash/index.js';
import { bytesOf, change, putOf, putWithParts, readPart, refusal } from './drive-samples.js';

export function describeRepairs(current: () => Drive): void {
  describe('bitrot checks', () => {
    const frame = (text: string): Uint8Array => Buffer.concat([highwayHash256(bytesOf(text)), bytesOf(text)]);
    /** Four frames: three pieces of four bytes, one of two. */
    const framed = Buffer.concat(['abcd', 'efgh', 'ijkl', 'mn'].map(frame));
    const whole = { fileSizeBytes: framed.length, pieceSizeBytes: 4, firstFrame: 0, frameCount: 4 };

    it('pass where all frames asked for match', async () => {
      const dataDir = await putWithParts(current(), 'bucket', 'key', framed, {});
      await current().verifyPart('bucket', 'key', dataDir, 1, whole);
      await current().verifyPart('bucket', 'key', dataDir, 1, { ...whole, firstFrame: 2, frameCount: 100 });
    });

    it('find a flipped bit, in the frames they are asked for', async () => {
      const damaged = Buffer.from(framed);
      damaged[40] = (damaged[40] ?? 0) ^ 1;
      const dataDir = await putWithParts(current(), 'bucket', 'key', damaged, {});
      await refusal(current().verifyPart('bucket', 'key', dataDir, 1, whole), 'frame-corrupt');
      await refusal(current().verifyPart('bucket', 'key', dataDir, 1, { ...whole, firstFrame: 1, frameCount: 1 }), 'frame-corrupt');
      await current().verifyPart('bucket', 'key', dataDir, 1, { ...whole, firstFrame: 2, frameCount: 2 });
    });

    it('find a file of another size, and one that is not there', async () => {
      const dataDir = await putWithParts(current(), 'bucket', 'key', framed.subarray(0, -1), {});
      await refusal(current().verifyPart('bucket', 'key', dataDir, 1, whole), 'frame-corrupt');
      await refusal(current().verifyPart('bucket', 'key', dataDir, 2, whole), 'file-not-found');
      await refusal(current().verifyPart('nowhere', 'key', dataDir, 1, whole), 'volume-not-found');
    });
  });

  it('moves a data dir aside, and takes it back by a transaction', async () => {
    const dataDir = await putWithParts(current(), 'bucket', 'key', 'hello', {});
    await current().moveData('bucket', 'key', dataDir, `mts/quarantine/q/${dataDir}`);
    expect(await current().listDir('bucket', 'key')).toEqual(['xl.meta']);
    expect(await current().listDir(SYSTEM_VOLUME, `mts/quarantine/q/${dataDir}`)).toEqual(['part.1']);
    await refusal(current().moveData('bucket', 'key', dataDir, 'mts/quarantine/again'), 'file-not-found');
    await change(current(), 'bucket', 'key', { ...putOf({ dataDir }), dataFrom: `mts/quarantine/q/${dataDir}` });
    expect(await readPart(current(), 'bucket', 'key', dataDir, 5)).toBe('hello');
    await current().remove(SYSTEM_VOLUME, 'mts/quarantine');
  });

  describe('notes of missed changes', () => {
    const key = { volume: 'bucket', path: 'a/b__XLDIR__' };
    const bucket = { volume: 'bucket', path: '' };

    it('are kept once for each slot and name, until they are forgotten', async () => {
      expect(await current().listMissed(10)).toEqual([]);
      await current().noteMissed([0, 3], key);
      await current().noteMissed([3], key);
      await current().noteMissed([3], bucket);
      const [first, second] = await current().listMissed(10);
      expect(first).toEqual({ slot: 0, isAll: false, count: 1, changes: [key] });
      expect(second).toMatchObject({ slot: 3, isAll: false, count: 2 });
      expect(second?.changes).toEqual(expect.arrayContaining([key, bucket]));
      expect((await current().listMissed(1))[1]).toMatchObject({ count: 2, changes: [expect.anything()] });
      await current().forgetMissed(3, [key, { volume: 'bucket', path: 'never' }]);
      await current().forgetMissed(0, 'all');
      expect(await current().listMissed(10)).toEqual([{ slot: 3, isAll: false, count: 1, changes: [bucket] }]);
      await current().forgetMissed(3, 'all');
      expect(await current().listMissed(10)).toEqual([]);
    });

    it('are refused for names that are none', async () => {
      await refusal(current().noteMissed([1], { volume: 'bucket', path: '../x' }), 'file-name-invalid');
      await refusal(current().noteMissed([1], { volume: 'a/b', path: '' }), 'file-name-invalid');
    });
  });
}
