import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/base/index.js';
import { writeQuorum } from '../../src/cluster/index.js';
import { encodeVersion, withShardIndex, type ObjectVersion, type XlVersionEntry } from '../../src/format/index.js';
import { decideVersion, requireWriteQuorum, type DriveSays, type Outcome } from '../../src/store/quorum.js';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function objectEntry(size: number, parity: number, { id = 'null', timeNs = 1000n, bytes = 10, tag = '' } = {}): XlVersionEntry {
  const version: ObjectVersion = {
    kind: 'object',
    versionId: id,
    modTimeNs: timeNs,
    size: bytes,
    dataDir: uuid(1),
    erasure: { dataShards: size - parity, parityShards: parity, blockSizeBytes: 1048576, distribution: Array.from({ length: size }, (_, i) => i + 1) },
    parts: [{ number: 1, size: bytes, actualSize: bytes }],
    metaUser: new Map([
      ['etag', 'e'],
      ['tag', tag],
    ]),
    metaSys: new Map(),
  };
  return encodeVersion(version, { shardIndex: 1 });
}
function markerEntry(id: string, timeNs: bigint): XlVersionEntry {
  return encodeVersion({ kind: 'delete-marker', versionId: id, modTimeNs: timeNs, metaSys: new Map(), isFree: false }, { shardIndex: 1 });
}
const ok: Outcome<void> = { ok: true, value: undefined };
const failed = (code: StorageError['code']): Outcome<void> => ({ ok: false, error: new StorageError(code, code) });

describe('the version that drives agree on', () => {
  const a = objectEntry(4, 2);
  const newer = objectEntry(4, 2, { timeNs: 2000n });
  const cases: readonly [string, DriveSays[], string | undefined, string][] = [
    ['all have it', [[a], [a], [a], [a]], undefined, 'found 1000 on 0,1,2,3'],
    ['half have it, which is k', [[a], [a], 'absent', 'absent'], undefined, 'found 1000 on 0,1'],
    ['half have it, half are away', ['unknown', [a], 'unknown', [a]], undefined, 'found 1000 on 1,3'],
    ['one has it, which was never acknowledged', [[a], 'absent', 'absent', 'absent'], undefined, 'absent'],
    ['one has it and two are away', [[a], 'absent', 'unknown', 'unknown'], undefined, 'unknown'],
    ['one has it, one lacks it, one is away: too few to have been acknowledged, too few to prove absence of', [[a], 'absent', 'unknown', [newer]], undefined, 'unknown'],
    ['a newer one on a quorum', [[newer], [newer], [newer], [a]], undefined, 'found 2000 on 0,1,2'],
    ['a newer one on half while it is being written', [[newer], [newer], [a], [a]], undefined, 'found 2000 on 0,1'],
    ['a newer one on one drive only', [[newer], [a], [a], [a]], undefined, 'found 1000 on 1,2,3'],
    ['two away, one has the newer: it may be acknowledged', [[newer], [a], 'unknown', 'unknown'], undefined, 'unknown'],
    ['nobody has anything', ['absent', 'absent', 'absent', 'absent'], undefined, 'absent'],
    ['half lack it, half are away', ['absent', 'absent', 'unknown', 'unknown'], undefined, 'absent'],
    ['one lacks it, the rest are away', ['absent', 'unknown', 'unknown', 'unknown'], undefined, 'unknown'],
    ['a marker on top', [[markerEntry(uuid(2), 3000n), a], [markerEntry(uuid(2), 3000n), a], [markerEntry(uuid(2), 3000n), a], [a]], undefined, 'found 3000 on 0,1,2'],
    ['another version is asked for', [[markerEntry(uuid(2), 3000n), a], [markerEntry(uuid(2), 3000n), a], [a], [a]], 'null', 'found 1000 on 0,1,2,3'],
    ['a version nobody has', [[a], [a], [a], [a]], uuid(9), 'absent'],
  ];
  it.each(cases)('%s', (_, says, versionId, expected) => {
    const decision = decideVersion(says, versionId);
    const text = decision.kind === 'found' ? `found ${decision.agreed.version.modTimeNs} on ${decision.agreed.slots.join()}` : decision.kind;
    expect(text).toBe(expected);
  });

  it('takes the metadata that most drives have, when a change of it missed one', () => {
    const before = objectEntry(4, 2, { tag: 'old' });
    const after = objectEntry(4, 2, { tag: 'new' });
    const decision = decideVersion([[before], [after], [after], [after]], undefined);
    expect(decision.kind === 'found' && decision.agreed.version.kind === 'object' && decision.agreed.version.metaUser.get('tag')).toBe('new');
  });

  it('needs as many drives as the object has data shards, whatever the default of the set', () => {
    const wide = objectEntry(16, 1);
    const says = (count: number): DriveSays[] => Array.from({ length: 16 }, (_, i) => (i < count ? [wide] : 'unknown'));
    expect(decideVersion(says(15), undefined).kind).toBe('found');
    expect(decideVersion(says(14), undefined).kind).toBe('unknown');
  });

  it('reads an empty object from half of the drives', () => {
    const empty = objectEntry(16, 4, { bytes: 0 });
    const says = Array.from({ length: 16 }, (_, i): DriveSays => (i < 8 ? [empty] : 'unknown'));
    expect(decideVersion(says, undefined).kind).toBe('found');
  });

  it('never loses an acknowledged write, nor calls it absent, while at most the drives that the parity allows are away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.infiniteStream(fc.nat()), (size, fraction, chances) => {
        const parity = Math.floor((size / 2) * fraction);
        const old = objectEntry(size, parity, { timeNs: 1n });
        const acknowledged = objectEntry(size, parity, { timeNs: 2n });
        const quorum = writeQuorum(size - parity, parity);
        const slots = Array.from({ length: size }, (_, i) => ({ i, chance: chances.next().value as number })).sort((x, y) => x.chance - y.chance);
        const holders = new Set(slots.slice(0, quorum).map(({ i }) => i));
        const away = new Set(slots.slice().reverse().slice(0, (chances.next().value as number) % (size - quorum + 1)).map(({ i }) => i));
        const more = slots.slice(quorum).filter(() => (chances.next().value as number) % 2 === 0);
        for (const { i } of more) holders.add(i);
        const says = slots.map((_, i): DriveSays => (away.has(i) ? 'unknown' : holders.has(i) ? [withShardIndex(acknowledged, i + 1)] : [withShardIndex(old, i + 1)]));
        const decision = decideVersion(says, undefined);
        expect(decision.kind === 'found' && decision.agreed.version.modTimeNs).toBe(2n);
      }),
      { numRuns: 300 },
    );
  });

  it('never gives an older version, nor absence, where the drives that answer cannot rule a newer acknowledged one out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.infiniteStream(fc.nat()), (size, chances) => {
        const parity = Math.floor(size / 2);
        const old = objectEntry(size, parity, { timeNs: 1n });
        const acknowledged = objectEntry(size, parity, { timeNs: 2n });
        const quorum = writeQuorum(size - parity, parity);
        const slots = Array.from({ length: size }, (_, i) => ({ i, chance: chances.next().value as number })).sort((x, y) => x.chance - y.chance);
        const holders = new Set(slots.slice(0, quorum).map(({ i }) => i));
        const says = slots.map((_, i): DriveSays => ((chances.next().value as number) % 3 === 0 ? 'unknown' : holders.has(i) ? [acknowledged] : [old]));
        const decision = decideVersion(says, undefined);
        if (decision.kind === 'found') {
          const seen = says.filter((say) => typeof say !== 'string' && say[0] === acknowledged).length;
          if (seen > 0) expect(decision.agreed.version.modTimeNs).toBe(2n);
        }
        expect(decision.kind).not.toBe('absent');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a write over drives', () => {
  const named = { bucket: 'b', key: 'k' };
  const cases: readonly [string, Outcome<void>[], number, string | undefined][] = [
    ['enough succeeded', [ok, ok, ok, failed('drive-faulty')], 3, undefined],
    ['too few succeeded', [ok, ok, failed('drive-faulty'), failed('drive-timeout')], 3, 'write-quorum'],
    ['too few have room', [ok, ok, failed('drive-full'), failed('drive-full')], 3, 'storage-full'],
    ['one is full, others broken', [ok, failed('drive-faulty'), failed('drive-faulty'), failed('drive-full')], 3, 'write-quorum'],
    ['the bucket is nowhere', [failed('volume-not-found'), failed('volume-not-found'), failed('volume-not-found'), failed('volume-not-found')], 3, 'bucket-not-found'],
    ['one drive lacks the bucket', [ok, ok, ok, failed('volume-not-found')], 3, undefined],
    ['the name does not fit', [failed('file-name-invalid'), failed('file-name-invalid'), failed('file-name-invalid'), failed('drive-faulty')], 3, 'object-name-invalid'],
  ];
  it.each(cases)('%s', (_, outcomes, quorum, code) => {
    const act = (): void => requireWriteQuorum(outcomes, quorum, 'Writing k', named);
    if (code === undefined) expect(act).not.toThrow();
    else expect(act).toThrow(expect.objectContaining({ code, bucket: 'b' }) as Error);
  });
});
