import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import type { XlVersionEntry } from '../../src/format/index.js';
import { mergeVersions } from '../../src/store/merge-versions.js';
import type { DriveSays } from '../../src/store/quorum.js';

function entry(versionId: string, modTime: number, dataShards = 2, parityShards = 2): XlVersionEntry {
  return {
    header: {
      versionId,
      modTimeNs: BigInt(modTime),
      type: 'object',
      isFreeVersion: false,
      usesDataDir: true,
      isInline: false,
      dataShards,
      parityShards,
      signature: new Uint8Array(4),
    },
    headerBytes: new Uint8Array(),
    record: new Uint8Array(),
  };
}

const ids = (entries: readonly XlVersionEntry[]): string[] => entries.map(({ header }) => `${header.versionId}@${header.modTimeNs}`);

describe('merging what drives say of a key', () => {
  it('takes what half of the drives hold, newest first', () => {
    const [old, young] = [entry('a', 1), entry('b', 2)];
    expect(ids(mergeVersions([[young, old], [young, old], [old], 'absent']))).toEqual(['b@2', 'a@1']);
  });

  it('passes over a leftover that too few drives hold to have been acknowledged', () => {
    expect(mergeVersions([[entry('a', 1)], 'absent', 'absent', 'absent'])).toEqual([]);
  });

  it('cannot know when the drives that do not answer could make the difference', () => {
    expect(() => mergeVersions([[entry('a', 1)], 'absent', 'unknown', 'unknown'])).toThrow(StorageError);
  });

  it('cannot know when enough drives for an acknowledged version do not answer, though no other has one', () => {
    expect(() => mergeVersions(['unknown', 'unknown', 'unknown', 'unknown'])).toThrow(StorageError);
    expect(() => mergeVersions(['absent', 'unknown', 'unknown', 'unknown'])).toThrow(StorageError);
    expect(mergeVersions(['absent', 'absent', 'unknown', 'unknown'])).toEqual([]);
  });

  it('shows the newer of two null versions', () => {
    const [old, young] = [entry('null', 1), entry('null', 2)];
    expect(ids(mergeVersions([[young], [young], [old], [old]]))).toEqual(['null@2']);
  });

  it('shows what was acknowledged and nothing of what was acknowledged as removed, whichever minority of drives missed it', () => {
    const history = fc.record({
      size: fc.integer({ min: 2, max: 16 }),
      changes: fc.array(
        fc.record({ versionId: fc.constantFrom('a', 'b', 'c'), isRemoval: fc.boolean(), missedSeed: fc.array(fc.nat(15), { maxLength: 8 }) }),
        { maxLength: 8 },
      ),
    });
    fc.assert(
      fc.property(history, ({ size, changes }) => {
        const drives = Array.from({ length: size }, () => new Map<string, XlVersionEntry>());
        const truth = new Map<string, number>();
        changes.forEach(({ versionId, isRemoval, missedSeed }, i) => {
          const missed = new Set(missedSeed.slice(0, Math.ceil(size / 2) - 1).map((seed) => seed % size));
          drives.forEach((drive, slot) => {
            if (missed.has(slot)) return;
            if (isRemoval) drive.delete(versionId);
            else drive.set(versionId, entry(versionId, i + 1));
          });
          if (isRemoval) truth.delete(versionId);
          else truth.set(versionId, i + 1);
        });
        const says = drives.map((drive): DriveSays => {
          const list = [...drive.values()].sort((a, b) => Number(b.header.modTimeNs - a.header.modTimeNs));
          return list.length === 0 ? 'absent' : list;
        });
        const expected = [...truth].sort((a, b) => b[1] - a[1]).map(([id, modTime]) => `${id}@${modTime}`);
        expect(ids(mergeVersions(says))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
