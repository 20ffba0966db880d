import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFormatJson, decodeHealingTracker, encodeFormatJson, type FormatJson } from '../../src/format/index.js';
import { carryOutRebuild, inspectFormats } from '../../src/offline/index.js';
import { planRebuild } from '../../src/offline/rebuild-plan.js';
import type { Sighting } from '../../src/offline/sighting.js';
import { emptyDrive, unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { formatFile, prepare, treeOf } from './rebuild-harness.js';

const NOW_MS = Date.UTC(2026, 10, 27, 3);

let root: string;
let count = 0;
let whole: Fixture | undefined;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-rebuild-'));
});
afterAll(() => rmSync(root, { recursive: true }));
const unpack = (name: string): Fixture => unpackFixture(name, join(root, `fixture-${(count += 1)}`));

const FIXTURES = ['2017-xl4', '2017-xl6', '2017-xl16', '2018-xl4', '2018-xl8-sets', '2020-xl4', '2020-sets', '2021-xl4', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'];

describe('format rebuild from folders, of real drives', () => {
  it.each(FIXTURES)('%s: each drive that lost its format.json gets the same one again, byte for byte', async (name) => {
    const { drives } = unpack(name);
    for (const drive of drives) {
      const before = readFileSync(formatFile(drive));
      rmSync(formatFile(drive));
      const plan = await prepare({ drives: [drive], from: drives });
      await carryOutRebuild(plan, NOW_MS);
      expect(readFileSync(formatFile(drive)).toString()).toBe(before.toString());
      const { generation, deploymentId } = decodeFormatJson(before);
      const tracker = join(drive, '.minio.sys/buckets/.healing.bin');
      const isMarked = generation === 'xl 3' && deploymentId !== '';
      expect(existsSync(tracker)).toBe(isMarked);
      if (isMarked) expect(decodeHealingTracker(readFileSync(tracker))).toMatchObject({ driveId: decodeFormatJson(before).driveId, isFinished: false });
    }
    expect((await inspectFormats(drives)).isWhole).toBe(true);
  });

  it.each(FIXTURES)('%s: two emptied drives are told apart by the layout', async (name) => {
    const { drives } = unpack(name);
    const lost = [drives.at(-1)!, drives[1]!];
    const before = lost.map((drive) => readFileSync(formatFile(drive)).toString());
    lost.forEach(emptyDrive);
    // Fixtures of two pools have four drives in each.
    const layout = name === '2025-pools' ? [drives[0]!.replace(/1$/, '{1...4}'), drives[0]!.replace(/1$/, '{5...8}')] : drives;
    await carryOutRebuild(await prepare({ drives: lost, from: drives, layout }), NOW_MS);
    expect(lost.map((drive) => readFileSync(formatFile(drive)).toString())).toEqual(before);
  });

  it('2025-pools: a drive of pool 2 is marked as of pool 2 where only peers of pool 2 answer', async () => {
    const { drives } = unpack('2025-pools');
    const lost = drives.at(-1)!;
    const layout = [drives[0]!.replace(/1$/, '{1...4}'), drives[0]!.replace(/1$/, '{5...8}')];
    emptyDrive(lost);
    const plan = await prepare({ drives: [lost], from: drives.slice(4), layout });
    expect(plan.drives[0]).toMatchObject({ pool: 1, set: 0, slot: 3 });
    await carryOutRebuild(plan, NOW_MS);
    expect(decodeHealingTracker(readFileSync(join(lost, '.minio.sys/buckets/.healing.bin')))).toMatchObject({ poolIndex: 1, setIndex: 0 });
  });

  it('2017-spoilt-by-2025: each drive gets the format of 2017 back, with the slot that its objects tell', async () => {
    const { drives } = unpack('2017-spoilt-by-2025');
    const spoilt = drives.map((drive) => readFileSync(formatFile(drive)));
    const [ids] = decodeFormatJson(spoilt[0]!).sets;
    for (const drive of drives) await carryOutRebuild(await prepare({ drives: [drive], from: drives }), NOW_MS);
    const formats = drives.map((drive) => decodeFormatJson(readFileSync(formatFile(drive))));
    expect(formats.map(({ driveId }) => driveId)).toEqual(ids);
    expect(formats.every(({ generation }) => generation === 'xl 1')).toBe(true);
    expect((await inspectFormats(drives)).isWhole).toBe(true);
    const backup = readdirSync(join(drives[0]!, '.minio.sys')).find((file) => file.startsWith('format.json.mts-'));
    expect(backup).toBe('format.json.mts-20261127T030000Z');
    expect(readFileSync(join(drives[0]!, '.minio.sys', backup!))).toEqual(spoilt[0]);
  });

  it('a damaged format.json is replaced and kept, an intact one is left as it is', async () => {
    const { drives } = unpack('2025-xl4');
    const [drive] = drives;
    const before = readFileSync(formatFile(drive!)).toString();
    writeFileSync(formatFile(drive!), before.slice(0, 40));
    const backups = await carryOutRebuild(await prepare({ drives: [drive!], from: drives }), NOW_MS);
    expect(readFileSync(formatFile(drive!)).toString()).toBe(before);
    expect(readFileSync(backups[0]!.backup!).toString()).toBe(before.slice(0, 40));
    const tree = treeOf(drive!);
    const again = await prepare({ drives: [drive!], from: drives });
    expect(again.drives[0]!.isDone).toBe(true);
    expect(await carryOutRebuild(again, NOW_MS)).toEqual([]);
    expect(treeOf(drive!)).toBe(tree);
  });
});

/** The four drives of 2025-xl4 with nothing but their format.json. */
function identities(): Fixture {
  whole ??= unpack('2025-xl4');
  const folder = join(root, `identities-${(count += 1)}`);
  const drives = whole.drives.map((drive, index) => {
    const path = join(folder, `d${index + 1}`);
    cpSync(formatFile(drive), formatFile(path));
    return path;
  });
  return { ...whole, drives };
}

describe('format rebuild refuses, and writes nothing', () => {
  it.each<[string, (fixture: Fixture) => Promise<Parameters<typeof prepare>[0]> | Parameters<typeof prepare>[0], RegExp]>([
    ['a folder that is not there', ({ drives }) => ({ drives: [join(root, 'nowhere')], from: drives.slice(1) }), /no such folder/],
    ['two lost drives that nothing tells apart, naming the candidates', ({ drives }) => (drives.slice(0, 2).forEach(emptyDrive), { drives: drives.slice(0, 2), from: drives.slice(2) }), /any of 2 drives that no peer has: 1\/1\/1 \(.*1\/1\/2/],
    ['a slot that a living drive has', ({ drives }) => (emptyDrive(drives[0]!), { drives: [drives[0]!], from: drives, slots: ['1/1/2'] }), /slot 1\/1\/2 .* is taken: .*d2 carries its identity/],
    ['a slot that does not exist', ({ drives }) => (emptyDrive(drives[0]!), { drives: [drives[0]!], from: drives, slots: ['1/2/1'] }), /no slot 1\/2\/1/],
    ['a drive where none is lost', ({ drives }) => (mkdirSync(join(drives[0]!, '../new')), { drives: [join(drives[0]!, '../new')], from: drives }), /no slot is free/],
    ['the only free slot where a peer tells nothing', ({ drives }) => {
      renameSync(drives[2]!, `${drives[2]!}-away`);
      mkdirSync(join(drives[0]!, '../new'));
      return { drives: [join(drives[0]!, '../new')], from: drives };
    }, /d3 told nothing .*the only slot that looks free may be its own/],
    ['one slot for two drives', ({ drives }) => (drives.slice(0, 2).forEach(emptyDrive), { drives: drives.slice(0, 2), from: drives, slots: ['1/1/1', '1/1/1'] }), /would both be the drive 1\/1\/1/],
    ['an objection of the objects on the drive', ({ drives }) => (rmSync(formatFile(drives[0]!)), rmSync(formatFile(drives[1]!)), { drives: [drives[0]!], from: drives, slots: ['1/1/2'] }), /does not agree: the object .* slot 1\/1\/1; you named it, slot 1\/1\/2/],
    ['two peers with one identity', ({ drives }) => (emptyDrive(drives[0]!), cpSync(formatFile(drives[1]!), formatFile(drives[2]!)), { drives: [drives[0]!], from: drives }), /carry the same identity/],
    ['peers with different tables', ({ drives }) => {
      emptyDrive(drives[0]!);
      const format = decodeFormatJson(readFileSync(formatFile(drives[2]!)));
      writeFileSync(formatFile(drives[2]!), encodeFormatJson({ ...format, sets: [[...format.sets[0]!].reverse()] }));
      return { drives: [drives[0]!], from: drives };
    }, /the peers disagree/],
    ['peers of different deployments', ({ drives }) => (emptyDrive(drives[0]!), { drives: [drives[0]!], from: [...drives, ...unpack('2025-sets').drives] }), /different deployments/],
    ['a lost drive of another deployment', ({ drives }) => ({ drives: [unpack('2025-sets').drives[0]!], from: drives }), /belongs to another deployment/],
    ['peers that say nothing', ({ drives }) => ({ drives: [drives[0]!], from: [join(root, 'nowhere')] }), /no peer could be read/],
    ['an FS or single drive as peer', ({ drives }) => (emptyDrive(drives[0]!), { drives: [drives[0]!], from: unpack('2025-xl1').drives }), /is a drive alone/],
    ['a layout of several pools that has no peer', ({ drives }) => (emptyDrive(drives[0]!), { drives: [drives[0]!], from: drives, layout: ['/nowhere/a{1...4}', '/nowhere/b{1...4}'] }), /the layout has 2 pools, and nothing tells which of them/],
    ['a folder given twice', ({ drives }) => ({ drives: [drives[0]!, `${drives[0]!}/`], from: drives }), /given twice/],
  ])('%s', async (_, arrange, message) => {
    const fixture = _.includes('objects') ? unpack('2025-xl4') : identities();
    const wish = await arrange(fixture);
    const before = treeOf(join(fixture.drives[0]!, '..'));
    await expect(prepare(wish)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(message) as string });
    expect(treeOf(join(fixture.drives[0]!, '..'))).toBe(before);
  });

  it('a drive that changed after it was looked at', async () => {
    const { drives } = identities();
    const saved = readFileSync(formatFile(drives[0]!));
    emptyDrive(drives[0]!);
    const plan = await prepare({ drives: [drives[0]!], from: drives });
    mkdirSync(join(drives[0]!, '.minio.sys'));
    writeFileSync(formatFile(drives[0]!), saved);
    const before = treeOf(drives[0]!);
    await expect(carryOutRebuild(plan, NOW_MS)).rejects.toThrow(/has changed since/);
    expect(treeOf(drives[0]!)).toBe(before);
  });
});

describe('who a lost drive was', () => {
  const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const deployment = fc.record({ setCount: fc.integer({ min: 1, max: 4 }), setSize: fc.integer({ min: 2, max: 8 }) });

  function sightings(setCount: number, setSize: number): { readonly seen: Sighting[]; readonly names: string[] } {
    const ids = Array.from({ length: setCount * setSize }, (_, index) => uuid(index + 1));
    const sets = Array.from({ length: setCount }, (_, set) => ids.slice(set * setSize, (set + 1) * setSize));
    const names = ids.map((_, index) => `http://h${(index % 3) + 1}:9000/e${index}`);
    const seen = ids.map((driveId, index): Sighting => {
      const bytes = encodeFormatJson({ isSingle: false, deploymentId: uuid(9999), driveId, sets, algorithm: 'SIPMOD+PARITY' });
      return { path: names[index] ?? '', format: decodeFormatJson(bytes), bytes, isHealing: false };
    });
    return { seen, names };
  }
  const emptied = (path: string): Sighting => ({ path, failure: { condition: 'unformatted', remark: '' }, isHealing: false });

  it('is found for any drives lost, as long as one peer is left and the layout is known', () => {
    fc.assert(
      fc.property(deployment, fc.infiniteStream(fc.boolean()), ({ setCount, setSize }, coins) => {
        const { seen, names } = sightings(setCount, setSize);
        const isLost = seen.map((_, index) => index > 0 && coins.next().value === true);
        const lost = seen.filter((_, index) => isLost[index]).reverse();
        fc.pre(lost.length > 0);
        const plan = planRebuild({ lost: lost.map(({ path }) => ({ sighting: emptied(`/mnt${path}`), layoutName: path })), peers: seen.filter((_, index) => !isLost[index]), layout: [names] });
        expect(plan.drives.map(({ bytes }) => bytes)).toEqual(lost.map(({ bytes }) => bytes));
      }),
    );
  });

  it('is never told without a layout where more than one slot is free', () => {
    fc.assert(
      fc.property(deployment, fc.nat(), fc.nat(), ({ setCount, setSize }, one, other) => {
        const { seen } = sightings(setCount, setSize);
        const gone = new Set([one % seen.length, other % seen.length]);
        fc.pre(seen.length > gone.size);
        const plan = (): unknown => planRebuild({ lost: [{ sighting: emptied('/mnt/lost') }], peers: seen.filter((_, index) => !gone.has(index)), layout: [] });
        if (gone.size > 1) expect(plan).toThrow(/any of 2 drives/);
        else expect(plan()).toMatchObject({ drives: [{ driveId: (seen[one % seen.length]?.format as FormatJson).driveId }] });
      }),
    );
  });

  it('is not taken from a layout that the peers contradict', () => {
    const { seen, names } = sightings(1, 4);
    const plan = (): unknown => planRebuild({ lost: [{ sighting: emptied('/a'), layoutName: names[0] }], peers: seen.slice(2), layout: [[names[0]!, names[1]!, names[3]!, names[2]!]] });
    expect(plan).toThrow(/any of 2 drives/);
  });
});
