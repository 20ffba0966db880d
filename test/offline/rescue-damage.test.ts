/**
 * Random damage against an oracle that knows every original byte: it counts, for each stretch of each version, the different
 * shards that are left on any drive whose record of them can be read.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, FRAME_HASH_SIZE } from '../../src/erasure/index.js';
import { decodeVersion, encodeObjectPath, encodeVersion, entryShardIndex, insertVersion, LEGACY_DATA_DIR, parseXlMeta, removeVersion, serializeXlMeta, type ObjectVersion, type XlMeta } from '../../src/format/index.js';
import { unpackFixture, type Fixture, type FixtureVersion } from '../fixtures/fixture.js';
import { randomOf, saveAll, sha256Of } from './rescue-harness.js';

type Random = (below: number) => number;

interface Subject {
  readonly bucket: string;
  readonly path: string;
  readonly expected: FixtureVersion;
  readonly version: ObjectVersion;
  /** Framed shards by 1-based index and part number (0: inline). */
  readonly shards: ReadonlyMap<string, Uint8Array>;
  /** The drives of its set. */
  readonly set: readonly number[];
}

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'mts-test-damage-'))));
afterAll(() => rmSync(root, { recursive: true }));

/** xl.meta, or the xl.json of a release before 2021. */
function metaFile(folder: string): string {
  const today = join(folder, 'xl.meta');
  return existsSync(today) ? today : join(folder, 'xl.json');
}

function metaAt(folder: string): XlMeta | undefined {
  try {
    return parseXlMeta(readFileSync(metaFile(folder)));
  } catch {
    return undefined;
  }
}

/** Part files of an object of before 2021 lie beside its metadata until it is changed. */
function partFile(folder: string, dataDir: string, number: number): string {
  const file = join(folder, dataDir, `part.${number}`);
  return dataDir === LEGACY_DATA_DIR && !existsSync(file) ? join(folder, `part.${number}`) : file;
}

/** Every object version, with the original bytes of all its shards. */
function subjectsOf({ manifest, drives }: Fixture): Subject[] {
  return Object.entries(manifest.buckets).flatMap(([bucket, { objects, versioning }]) =>
    Object.entries(objects).flatMap(([key, all]) => {
      const path = encodeObjectPath(key);
      const set = drives.flatMap((drive, i) => (existsSync(metaFile(join(drive, bucket, path))) ? [i] : []));
      return (versioning === undefined ? all.slice(-1) : all)
        .filter(({ deleteMarker }) => deleteMarker !== true)
        .map((expected): Subject => {
          const shards = new Map<string, Uint8Array>();
          let version: ObjectVersion | undefined;
          for (const i of set) {
            const folder = join(drives[i]!, bucket, path);
            const meta = metaAt(folder)!;
            const entry = meta.versions.find(({ header }) => header.versionId === (expected.versionId ?? 'null'))!;
            const decoded = decodeVersion(entry);
            if (decoded.kind !== 'object') throw new Error('an object was expected');
            version ??= decoded;
            const inline = meta.inline.get(decoded.versionId);
            if (inline !== undefined) shards.set(`${entryShardIndex(entry)} 0`, Uint8Array.from(inline));
            else for (const { number } of decoded.parts) if (decoded.size > 0) shards.set(`${entryShardIndex(entry)} ${number}`, readFileSync(partFile(folder, decoded.dataDir, number)));
          }
          return { bucket, path, expected, version: version!, shards, set };
        });
    }),
  );
}

/** Whether enough is left of a version on the damaged drives. */
function isLeft({ bucket, path, version, shards, set }: Subject, drives: readonly string[]): boolean {
  const { dataShards, distribution } = version.erasure;
  const holders = set.map((i, slot) => {
    const folder = join(drives[i]!, bucket, path);
    const meta = metaAt(folder);
    const entry = meta?.versions.find(({ header }) => header.versionId === version.versionId && header.modTimeNs === version.modTimeNs);
    return { folder, entry, inline: entry === undefined ? undefined : meta?.inline.get(version.versionId), shard: entry === undefined ? distribution[slot]! : entryShardIndex(entry) };
  });
  if (!holders.some(({ entry }) => entry !== undefined)) return false;
  if (version.size === 0) return true;
  const isInline = shards.has(`1 0`);
  return version.parts.every(({ number, size }) => {
    const found = holders.map(({ folder, entry, inline, shard }) => {
      const file = partFile(folder, version.dataDir, number);
      // How the file of an old object is to be checked only its own record says.
      if (version.dataDir === LEGACY_DATA_DIR && entry === undefined) return { bytes: undefined, shard, original: undefined, whole: false };
      const bytes = isInline ? (entry === undefined ? undefined : inline) : existsSync(file) ? readFileSync(file) : undefined;
      const original = shards.get(`${shard} ${isInline ? 0 : number}`);
      return { bytes, shard, original, whole: bytes !== undefined && original !== undefined && isSameFile(bytes, original) };
    });
    // A file with one hash is good as a whole or not at all.
    if (hasFileHash(version, number)) return new Set(found.filter(({ whole }) => whole).map(({ shard }) => shard)).size >= dataShards;
    return [...blocksOf(size, 0, size, version.erasure)].every(({ frameOffset, shardSize }) => {
      const end = frameOffset + FRAME_HASH_SIZE + shardSize;
      const good = found.filter(({ bytes, original }) => bytes !== undefined && bytes.length >= end && Buffer.compare(bytes.subarray(frameOffset, end), original!.subarray(frameOffset, end)) === 0);
      return new Set(good.map(({ shard }) => shard)).size >= dataShards;
    });
  });
}

function hasFileHash({ parts }: ObjectVersion, number: number): boolean {
  return parts.some((part) => part.number === number && part.fileHash !== undefined);
}

function isSameFile(bytes: Uint8Array, original: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, original.length), original) === 0;
}

/** Harms an object on the drives of its set; most of the time as many of them as the parity bears, give or take one. */
function damage({ bucket, path, version, set }: Subject, drives: readonly string[], random: Random): void {
  const { parityShards } = version.erasure;
  const folders = set.map((i) => join(drives[i]!, bucket, path));
  const chosen = [...folders].sort(() => random(3) - 1).slice(0, Math.max(0, parityShards - 1 + random(3)));
  const kinds: ((folder: string) => void)[] = [
    (folder) => rmSync(folder, { recursive: true, force: true }),
    (folder) => rmSync(metaFile(folder), { force: true }),
    (folder) => eachFile(folder, (file) => truncateSync(file, random(readFileSync(file).length + 1))),
    (folder) => eachFile(folder, (file) => flip(file, random)),
    (folder) => version.parts.forEach(({ number }) => rmSync(partFile(folder, version.dataDir, number), { force: true })),
    // A state of before this version, or before this content of it.
    (folder) => makeStale(folder, version, random),
  ];
  for (const folder of chosen) if (existsSync(folder)) kinds[random(kinds.length)]!(folder);
  // Somebody copied folders back to the wrong drives.
  if (random(4) === 0) swap(folders[random(folders.length)]!, folders[random(folders.length)]!);
}

function eachFile(folder: string, act: (file: string) => void): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) if (entry.isFile()) act(join(entry.parentPath, entry.name));
}

function flip(file: string, random: Random): void {
  const bytes = readFileSync(file);
  if (bytes.length === 0) return;
  const bit = random(bytes.length * 8);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
}

function makeStale(folder: string, version: ObjectVersion, random: Random): void {
  const meta = metaAt(folder);
  const entry = meta?.versions.find(({ header }) => header.versionId === version.versionId);
  if (meta === undefined || entry === undefined || entry.header.type === 'legacy') return;
  const before = removeVersion(meta, version.versionId);
  if (random(2) === 0) return writeFileSync(join(folder, 'xl.meta'), serializeXlMeta(before));
  const older = encodeVersion({ ...version, modTimeNs: version.modTimeNs - 1_000_000_000n, dataDir: 'aaaaaaaa-0000-4000-8000-00000000000a' }, { shardIndex: entryShardIndex(entry) });
  writeFileSync(join(folder, 'xl.meta'), serializeXlMeta(insertVersion(before, older, meta.inline.get(version.versionId))));
}

function swap(one: string, other: string): void {
  if (one === other || !existsSync(one) || !existsSync(other)) return;
  renameSync(one, `${one}.aside`);
  renameSync(other, one);
  renameSync(`${one}.aside`, other);
}

/** Damages a copy of the drives and compares what rescue gives with what the oracle says. */
async function attempt(fixture: Fixture, subjects: readonly Subject[], seed: number): Promise<{ readonly left: number; readonly lost: number }> {
  const random = randomOf(seed);
  const into = join(root, `seed-${seed}`);
  const drives = fixture.drives.map((drive, i) => {
    cpSync(drive, join(into, `d${i}`), { recursive: true, preserveTimestamps: true });
    return join(into, `d${i}`);
  });
  for (const subject of subjects) if (random(5) > 0) damage(subject, drives, random);
  const results = await saveAll(drives, join(into, 'saved'), { allVersions: true, isPartial: random(2) === 0 });
  let left = 0;
  for (const subject of subjects) {
    const { bucket, path, expected, version } = subject;
    const where = `seed ${seed}: ${bucket}/${path} ${version.versionId}`;
    const own = results.filter((result) => result.bucket === bucket && encodeObjectPath(result.key) === path && result.versionId === version.versionId && result.outcome === 'copied' && result.size === version.size && result.modTime.getTime() === Number(version.modTimeNs / 1_000_000n));
    for (const { target } of own) expect(sha256Of(target), `${where}: wrong bytes`).toBe(expected.sha256);
    const isSaved = own.length > 0;
    const isThere = isLeft(subject, drives);
    if (isThere) left++;
    expect(isSaved, `${where}: ${isThere ? 'enough shards are left' : 'too few shards are left'}; ${JSON.stringify(results.filter((result) => result.bucket === bucket && result.key === path), (_, value: unknown) => (value instanceof Map ? undefined : value))}`).toBe(isThere);
  }
  // A copied version that is none of the originals would be made up.
  expect(results.filter(({ outcome }) => outcome === 'copied').every(({ bucket, key, target }) => subjects.some(({ bucket: b, path, expected }) => b === bucket && path === encodeObjectPath(key) && expected.sha256 === sha256Of(target)))).toBe(true);
  rmSync(into, { recursive: true });
  return { left, lost: subjects.length - left };
}

describe('after random damage', () => {
  it.each([
    ['2025-sets', 1, Number(process.env['DAMAGE_SEEDS'] ?? 8)],
    ['2025-xl16', 1001, Number(process.env['DAMAGE_SEEDS'] ?? 3)],
    ['2021-xl4', 2001, Number(process.env['DAMAGE_SEEDS'] ?? 2)],
    ['2020-sets', 3001, Number(process.env['DAMAGE_SEEDS'] ?? 4)],
    ['2018-xl4', 4001, Number(process.env['DAMAGE_SEEDS'] ?? 2)],
    ['2017-xl6', 5001, Number(process.env['DAMAGE_SEEDS'] ?? 2)],
    ['life-xl6', 6001, Number(process.env['DAMAGE_SEEDS'] ?? 3)],
  ])('%s gives every version that has enough shards, and never wrong bytes', async (name, firstSeed, count) => {
    const fixture = unpackFixture(name, join(root, name));
    const subjects = subjectsOf(fixture);
    const sums = { left: 0, lost: 0 };
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const { left, lost } = await attempt(fixture, subjects, seed);
      sums.left += left;
      sums.lost += lost;
    }
    // Damage that loses nothing, or all, would prove nothing.
    expect(sums.left).toBeGreaterThan(subjects.length);
    expect(sums.lost).toBeGreaterThan(0);
  });
});
