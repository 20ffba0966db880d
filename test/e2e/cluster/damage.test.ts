/**
 * What becomes of objects when their files, or whole drives, are damaged, lost or mixed up: on four machines with three
 * drives each, a set of twelve drives of which any four may be away, with TLS between everybody.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, appendFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ACCESS_KEY, MTS, SECRET_KEY } from '../server-process.js';
import { TestCluster, timed, until, type TestNode } from './harness.js';
import { LARGE, get, head, keys, makeBucket, put, remove } from './s3.js';

const PARITY = 4;
const SMALL = Buffer.from('kept inside the metadata');
const ANSWER_MS = 10_000;
const HEALED_MS = 30_000;

let cluster: TestCluster;
let folders: (key: string) => string[];
const node = (machine: number): TestNode => cluster.node(machine);

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: 4, drivesPerNode: 3, isTls: true });
  folders = (key) => cluster.nodes.flatMap((one) => one.drives.map((drive) => join(drive, 'test1', key)));
  await makeBucket(node(1), 'test1');
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** What a folder holds, however deep: content by path. */
function contentOf(folder: string): Map<string, string> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => [join(entry.parentPath, entry.name).slice(folder.length), readFileSync(join(entry.parentPath, entry.name)).toString('latin1')]));
}

const partOf = (folder: string): string => {
  const dataDir = readdirSync(folder).find((name) => name !== 'xl.meta');
  return join(folder, dataDir!, 'part.1');
};
const metaOf = (folder: string): string => join(folder, 'xl.meta');

function flip(path: string, at = 0.5): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length * at)]! ^= 0x10;
  writeFileSync(path, bytes);
}

/** Takes something away, to be put back. */
function away(path: string): { readonly back: () => void } {
  const place = `${cluster.root}/away-${Math.random()}`;
  renameSync(path, place);
  return {
    back: () => {
      rmSync(path, { recursive: true, force: true });
      renameSync(place, path);
    },
  };
}

/** Every byte of every drive is looked at; gives what was said of it. */
async function deepHeal(): Promise<string> {
  const { url } = node(1);
  const env = { ...process.env, MC_HOST_local: url.replace('//', `//${ACCESS_KEY}:${SECRET_KEY}@`) };
  return new Promise((resolve) => {
    // Its exit code says that not all could be healed.
    execFile(process.execPath, [MTS, 'heal', '--insecure', '--recursive', '--scan', 'deep', '--json', 'local'], { env }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

const DAMAGES: Readonly<Record<string, { readonly body: Buffer; readonly mendedBy?: 'deep heal' | 'nobody'; readonly damage: (folder: string) => void }>> = {
  'a flipped bit in a part': { body: LARGE, damage: (folder) => flip(partOf(folder)) },
  'a part cut short': { body: LARGE, damage: (folder) => truncateSync(partOf(folder), 1000) },
  'an empty part': { body: LARGE, damage: (folder) => truncateSync(partOf(folder), 0) },
  'a part that is too long': { body: LARGE, mendedBy: 'deep heal', damage: (folder) => appendFileSync(partOf(folder), 'more') },
  'no part': { body: LARGE, damage: (folder) => rmSync(partOf(folder)) },
  'no data folder': { body: LARGE, damage: (folder) => rmSync(join(partOf(folder), '..'), { recursive: true }) },
  'a folder in place of a part': {
    body: LARGE,
    damage: (folder) => {
      const part = partOf(folder);
      rmSync(part);
      mkdirSync(part);
    },
  },
  'a flipped bit in the head of xl.meta': { body: LARGE, damage: (folder) => flip(metaOf(folder), 0.02) },
  'a flipped bit in a version': { body: LARGE, damage: (folder) => flip(metaOf(folder)) },
  'a flipped bit in inline data': { body: SMALL, damage: (folder) => flip(metaOf(folder), 0.99) },
  'xl.meta cut short': { body: SMALL, damage: (folder) => truncateSync(metaOf(folder), 100) },
  'an empty xl.meta': { body: SMALL, damage: (folder) => truncateSync(metaOf(folder), 0) },
  'no xl.meta': { body: LARGE, damage: (folder) => rmSync(metaOf(folder)) },
  'a folder in place of xl.meta': {
    body: SMALL,
    damage: (folder) => {
      rmSync(metaOf(folder));
      mkdirSync(metaOf(folder));
    },
  },
  'no folder': { body: LARGE, damage: (folder) => rmSync(folder, { recursive: true }) },
  // Nothing of ours: it is left alone, and said.
  'a file in place of the folder': {
    body: SMALL,
    mendedBy: 'nobody',
    damage: (folder) => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'not a folder');
    },
  },
  'a link in place of the folder': {
    body: SMALL,
    damage: (folder) => {
      rmSync(folder, { recursive: true });
      symlinkSync(mkdtempSync(join(cluster.root, 'elsewhere-')), folder);
    },
  },
};

describe('an object that is damaged on as many drives as the parity', () => {
  it('B1, B2: is given right by every node, listed, and mended by having been read', async () => {
    const names = Object.keys(DAMAGES).map((name, index) => ({ name, key: `damaged-${index}`, ...DAMAGES[name]! }));
    await Promise.all(names.map(({ key, body }, index) => put(node((index % 4) + 1), key, body)));
    const before = new Map(names.map(({ key }) => [key, folders(key).map(contentOf)]));
    for (const [index, { key, damage }] of names.entries()) {
      for (let i = 0; i < PARITY; i++) damage(folders(key)[(index + 3 * i) % 12]!);
    }
    for (const { name, key, body } of names) {
      for (const one of cluster.nodes) expect((await get(one, key)).equals(body), `${name}, through node ${one.machine}`).toBe(true);
    }
    expect(await keys(node(2))).toEqual(names.map(({ key }) => key).sort());
    const mended = (key: string): boolean[] => folders(key).map((folder, slot) => sameContent(contentOf(folder), before.get(key)![slot]!));
    const isMended = (key: string): boolean => !mended(key).includes(false);
    for (const { name, key, mendedBy } of names) {
      if (mendedBy === undefined) await until(`${name} is mended`, () => isMended(key), HEALED_MS, () => `${String(mended(key))}\n${cluster.output}`);
    }
    const said = await deepHeal();
    for (const { name, key, mendedBy } of names) {
      expect(isMended(key), `${name}: ${String(mended(key))}\n${said}`).toBe(mendedBy !== 'nobody');
      if (mendedBy === 'nobody') expect(said).toContain(`cannot stage a change of test1/${key}`);
    }
  });
});

describe('an object that is damaged on more drives than the parity', () => {
  it.each(['in its data', 'in its metadata'])('B1, B2: %s, is refused as one that cannot be read now, and nothing of it is removed', async (where) => {
    const key = `beyond-${where.length}`;
    await put(node(1), key, LARGE);
    const before = folders(key).map(contentOf);
    const damaged = folders(key).slice(0, PARITY + 1);
    for (const folder of damaged) flip(where === 'in its data' ? partOf(folder) : metaOf(folder));
    for (const one of cluster.nodes) {
      const read = await timed(get(one, key));
      // The first bytes may be on their way when the damage is met: the answer is then cut off.
      expect(read.value).toBeUndefined();
      expect(read.status ?? 503, read.code).toBe(503);
      expect(read.tookMs).toBeLessThan(ANSWER_MS);
      if (where === 'in its data') expect((await head(one, key)).ContentLength).toBe(LARGE.length);
      const listed = await timed(keys(one));
      if (listed.status === 200) expect(listed.value).toContain(key);
      else expect(listed.status).toBe(503);
    }
    folders(key).slice(PARITY + 1).forEach((folder, index) => expect(sameContent(contentOf(folder), before[PARITY + 1 + index]!)).toBe(true));
    for (const folder of damaged) expect(contentOf(folder).size).toBe(2);
    // One drive is mended by hand: now as many are damaged as the parity carries, and reads do the rest.
    const path = where === 'in its data' ? partOf(damaged[0]!) : metaOf(damaged[0]!);
    writeFileSync(path, Buffer.from(before[0]!.get(path.slice(damaged[0]!.length))!, 'latin1'));
    expect((await get(node(3), key)).equals(LARGE)).toBe(true);
    await until('it is mended everywhere', () => folders(key).every((folder, slot) => sameContent(contentOf(folder), before[slot]!)), HEALED_MS, () => cluster.output);
  });

  it('D1: is not deleted by reads where its folders were removed from most drives, and is there again when they are put back', async () => {
    await put(node(1), 'removed', LARGE);
    const taken = folders('removed').slice(0, 9).map(away);
    for (const one of cluster.nodes) for (const request of [get, head]) expect((await timed<unknown>(request(one, 'removed'))).status).not.toBe(200);
    await timed(keys(node(1)));
    for (const folder of folders('removed').slice(9)) expect(contentOf(folder).size).toBe(2);
    for (const { back } of taken.slice(0, 5)) back();
    expect((await get(node(2), 'removed')).equals(LARGE)).toBe(true);
    await until('it is mended everywhere', () => folders('removed').every((folder) => contentOf(folder).size === 2), HEALED_MS, () => cluster.output);
  });

  it('D2, D3: is refused, never called missing, while a machine is away that decides; what was deleted meanwhile stays deleted', async () => {
    await put(node(1), 'with-others', LARGE);
    await put(node(1), 'deleted', LARGE);
    const taken = folders('with-others').slice(0, 2).map(away);
    await node(4).kill();
    await remove(node(2), 'deleted');
    for (const machine of [1, 2, 3]) {
      const read = await timed(get(node(machine), 'with-others'));
      expect(read.status, read.code).toBe(503);
      expect(read.tookMs).toBeLessThan(ANSWER_MS);
    }
    for (const folder of folders('with-others').slice(2)) expect(contentOf(folder).size).toBe(2);
    await node(4).start();
    await until('it is read again', async () => (await timed(get(node(4), 'with-others'))).value?.equals(LARGE), ANSWER_MS, () => cluster.output);
    for (const one of cluster.nodes) {
      expect((await timed(get(one, 'deleted'))).status).toBe(404);
      expect(await keys(one)).not.toContain('deleted');
    }
    await until('the machine that was away has removed it', () => folders('deleted').every((folder) => !existsSync(folder)), HEALED_MS, () => cluster.output);
    await until('the lost folders are back', () => folders('with-others').every((folder) => contentOf(folder).size === 2), HEALED_MS, () => cluster.output);
    expect(taken).toHaveLength(2);
  });
});

interface FormatFile {
  id: string;
  readonly xl: { this: string; sets: string[][] };
}

/** As the drive in the same place of another deployment has it. */
function makeForeign(value: FormatFile): void {
  value.id = randomUUID();
  const ids = new Map(value.xl.sets.flat().map((id) => [id, randomUUID()]));
  value.xl.this = ids.get(value.xl.this)!;
  value.xl.sets = value.xl.sets.map((set) => set.map((id) => ids.get(id)!));
}

describe('a drive that is not what it should be', () => {
  const format = (machine: number, drive: number): string => join(node(machine).drive(drive), '.minio.sys', 'format.json');
  const edited = (machine: number, drive: number, change: (format: FormatFile) => void): string => {
    const value = JSON.parse(readFileSync(format(machine, drive), 'utf8')) as FormatFile;
    change(value);
    return JSON.stringify(value);
  };

  it('S2, S5: one with a damaged, an empty or a foreign format.json is never written to, the others go on, and it is back when that is put right', async () => {
    const drives = [1, 2, 3];
    const right = drives.map((drive) => readFileSync(format(2, drive)));
    const wrong = [right[0]!.toString('latin1').replace('"this"', '"thiq"'), '', edited(2, 3, makeForeign)];
    const lines = [node(2).output.length, node(3).output.length];
    drives.forEach((drive) => writeFileSync(format(2, drive), wrong[drive - 1]!));
    for (const drive of drives) {
      await until(`both sides say why they do without drive ${drive}`, () => [2, 3].every((machine, index) => new RegExp(`m2/e${drive} went offline: .*(damaged format.json|expected drive)`).test(node(machine).output.slice(lines[index]))), 20_000, () => cluster.output);
    }
    const before = drives.map((drive) => contentOf(node(2).drive(drive)));
    for (const one of cluster.nodes) await put(one, `format-${one.machine}`, LARGE);
    expect((await get(node(2), 'format-4')).equals(LARGE)).toBe(true);
    for (const drive of drives) {
      expect(readFileSync(format(2, drive), 'latin1')).toBe(wrong[drive - 1]);
      expect(sameContent(contentOf(node(2).drive(drive)), before[drive - 1]!)).toBe(true);
    }
    drives.forEach((drive) => writeFileSync(format(2, drive), right[drive - 1]!));
    await until('the drives have what they missed', () => drives.every((drive) => [1, 2, 3, 4].every((machine) => node(2).has(drive, `test1/format-${machine}/xl.meta`))), HEALED_MS, () => cluster.output);
  });

  it('S3, S4: drives of another deployment and of another size do not keep their machine from starting, and nothing is written to them', async () => {
    const right = [1, 2].map((drive) => readFileSync(format(1, drive)));
    await node(1).stop();
    writeFileSync(format(1, 1), edited(1, 1, makeForeign));
    writeFileSync(format(1, 2), edited(1, 2, (value) => {
      makeForeign(value);
      value.xl.sets = value.xl.sets.map((set) => set.slice(0, 4));
    }));
    const before = [1, 2].map((drive) => contentOf(node(1).drive(drive)));
    await node(1).start();
    for (const drive of [1, 2]) await node(1).says(new RegExp(`m1/e${drive} belongs to deployment .* nothing is written to it`));
    await put(node(1), 'started', LARGE);
    expect((await get(node(1), 'started')).equals(LARGE)).toBe(true);
    expect([1, 2].map((drive) => sameContent(contentOf(node(1).drive(drive)), before[drive - 1]!))).toEqual([true, true]);
    right.forEach((bytes, index) => writeFileSync(format(1, index + 1), bytes));
    await until('the drives have what they missed', () => [1, 2].every((drive) => node(1).has(drive, 'test1/started/xl.meta')), HEALED_MS, () => cluster.output);
  });

  it('S1: drives of two machines that are swapped while these run are served by their identity', async () => {
    const [one, other, spare] = [node(1).drive(1), node(4).drive(2), join(cluster.root, 'spare')];
    const swap = (): void => {
      renameSync(one, spare);
      renameSync(other, one);
      renameSync(spare, other);
    };
    const ids = [1, 4].map((machine) => readFileSync(format(machine, machine === 1 ? 1 : 2), 'utf8'));
    for (const round of ['swapped', 'back']) {
      swap();
      await until('every drive takes part', async () => {
        await put(node(2), round, LARGE);
        expect((await get(node(3), round)).equals(LARGE)).toBe(true);
        return folders(round).every((folder) => contentOf(folder).size === 2);
      }, HEALED_MS, () => cluster.output);
      // What was written before anybody looked again lies on the wrong drive, and is not taken for what it is not.
      for (const reader of cluster.nodes) expect((await get(reader, 'swapped')).equals(LARGE)).toBe(true);
      if (round === 'swapped') expect([readFileSync(format(4, 2), 'utf8'), readFileSync(format(1, 1), 'utf8')]).toEqual(ids);
    }
  });
});

function sameContent(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, content]) => b.get(name) === content);
}
