/**
 * All that one drive holds of an object: its xl.meta decoded, its inline data checked against the bitrot hashes, the sizes
 * of its part files against what they must be. What `mts inspect` shows.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '../base/index.js';
import { clientSize, isTransformed, transformations } from '../content/index.js';
import { framedFileSize, shardFileSize, shardSize } from '../erasure/index.js';
import {
  CHECKSUM_RECORD_KEY,
  decodeChecksumRecords,
  decodeVersion,
  decodeXlJson,
  entryShardIndex,
  findName,
  LEGACY_DATA_DIR,
  nsToMs,
  parseXlMeta,
  unframeShard,
  xlMetaFileVersion,
  xlMetaIndexLength,
  type ChecksumRecord,
  type ObjectVersion,
  type XlMeta,
  type XlVersionEntry,
} from '../format/index.js';
import { isErrno, readIfThere } from './read-file.js';

const XL_META = 'xl.meta';
/** An xl.meta with 10,000 versions of 128 KiB inline data each would be larger; nobody looks at that one by hand. */
const XL_META_SIZE_MAX = 1024 * 1024 * 1024;

interface PartReport {
  readonly number: number;
  readonly size: number;
  readonly actualSize: number;
  /** Bytes that this drive's part file must have; undefined where the data is not in part files. */
  readonly fileSize?: number;
  /** Bytes that it has; -1 where there is none. */
  readonly foundSize?: number;
}

interface VersionReport {
  readonly versionId: string;
  readonly kind: 'object' | 'delete-marker' | 'free-version' | 'legacy';
  readonly isLatest: boolean;
  readonly modTime: Date;
  readonly modTimeNs: bigint;
  readonly signature: string;
  /** Why the rest is missing: the record could not be decoded. */
  readonly fault?: string;
  /** Release that wrote the record. */
  readonly writtenBy?: Date | undefined;
  readonly object?: ObjectFacts;
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
}

interface ObjectFacts {
  readonly size: number;
  /** Where the bytes that are kept are not the client's: how, and how many the client's are. */
  readonly kept?: { readonly as: readonly string[]; readonly clientSize: number };
  readonly dataDir: string;
  readonly dataShards: number;
  readonly parityShards: number;
  readonly blockSizeBytes: number;
  readonly shardIndex: number;
  readonly distribution: readonly number[];
  readonly parts: readonly PartReport[];
  readonly metaUser: ReadonlyMap<string, string>;
  readonly checksums: readonly ChecksumRecord[];
  /** Where the shard is: in xl.meta, in part files, or (tiered) on another server. */
  readonly place: 'inline' | 'files' | 'remote';
  readonly inline?: { readonly size: number; readonly frames: number };
  /** What is wrong with the data on this drive; empty where nothing is. */
  readonly faults: readonly string[];
}

interface ObjectReport {
  /** Of the xl.meta. */
  readonly path: string;
  readonly fileVersion: string;
  readonly size: number;
  /** Bytes before the inline data. */
  readonly indexSize: number;
  /** Newest first. */
  readonly versions: readonly VersionReport[];
  /** Entries of the object's folder that no version accounts for: data of unfinished writes, or other objects below it. */
  readonly others: readonly string[];
  /** True where nothing wrong was found. */
  readonly isSound: boolean;
}

/**
 * Looks at an xl.meta, given its path or that of the object's folder on a drive. Throws metadata-corrupt where it cannot be
 * decoded at all, file-not-found where there is none.
 */
export async function inspectObject(path: string): Promise<ObjectReport> {
  const file = (await isFolder(path)) ? await metaFileIn(path) : path;
  const bytes = await readIfThere(file, XL_META_SIZE_MAX);
  if (bytes === undefined) throw notThere(path, file);
  const meta = parseXlMeta(bytes);
  const inspected = await Promise.all(meta.versions.map((entry) => inspectVersion(entry, meta, dirname(file))));
  const fileVersion = xlMetaFileVersion(bytes);
  // What an xl.json is read as names the release that it would be written by today.
  const versions = fileVersion.startsWith('xl.json') ? inspected.map((version) => ({ ...version, writtenBy: releaseDate(decodeXlJson(bytes).release) })) : inspected;
  const others = basename(file) === XL_META ? await strangers(dirname(file), versions) : [];
  const isSound = versions.every(({ fault, object }) => fault === undefined && (object === undefined || object.faults.length === 0));
  const indexSize = Math.min(bytes.length, xlMetaIndexLength(bytes));
  return { path: file, fileVersion, size: bytes.length, indexSize, versions, others, isSound };
}

/** Of `RELEASE.2018-06-22T23-48-46Z`; undefined for builds that have no date. */
function releaseDate(release: string): Date | undefined {
  const [, day = '', time = ''] = /^RELEASE\.(\d{4}-\d\d-\d\d)T(\d\d-\d\d-\d\d)Z/.exec(release) ?? [];
  const date = new Date(`${day}T${time.replaceAll('-', ':')}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

async function inspectVersion(entry: XlVersionEntry, meta: XlMeta, folder: string): Promise<VersionReport> {
  const { header } = entry;
  const latest = meta.versions.find((other) => !other.header.isFreeVersion);
  const known = {
    versionId: header.versionId,
    kind: header.isFreeVersion ? ('free-version' as const) : header.type,
    isLatest: entry === latest,
    modTime: new Date(nsToMs(header.modTimeNs)),
    modTimeNs: header.modTimeNs,
    signature: Buffer.from(header.signature).toString('hex'),
  };
  try {
    const version = decodeVersion(entry);
    const { metaSys, writtenBy } = version;
    const object = version.kind === 'object' ? await inspectData(version, entry, meta.inline.get(header.versionId), folder) : undefined;
    return { ...known, metaSys, ...(writtenBy !== undefined && writtenBy > 0 && { writtenBy: new Date(writtenBy * 1000) }), ...(object && { object }) };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { ...known, metaSys: new Map(), fault: error.message };
  }
}

async function inspectData(version: ObjectVersion, entry: XlVersionEntry, inline: Uint8Array | undefined, folder: string): Promise<ObjectFacts> {
  const { erasure, size, dataDir, metaUser, metaSys } = version;
  const faults: string[] = [];
  const shardIndex = entryShardIndex(entry);
  if (entry.header.type === 'object' && (shardIndex < 1 || shardIndex > erasure.distribution.length)) faults.push(`there is no shard ${shardIndex} of ${erasure.distribution.length}`);
  const { isInline, usesDataDir, type } = entry.header;
  const place = isInline || (inline !== undefined && inline.length > 0) ? 'inline' : usesDataDir || type === 'legacy' ? 'files' : 'remote';
  const parts = place === 'files' && size > 0 ? await inspectParts(version, folder, faults) : [...version.parts];
  const frames = place === 'inline' ? checkInline(version, inline, faults) : undefined;
  return {
    ...erasure,
    size,
    ...keptAs(version, faults),
    dataDir,
    shardIndex,
    parts,
    metaUser,
    checksums: checksumsOf(metaSys),
    place,
    ...(frames !== undefined && { inline: { size: inline?.length ?? 0, frames } }),
    faults,
  };
}

function keptAs(version: ObjectVersion, faults: string[]): Pick<ObjectFacts, 'kept'> {
  if (!isTransformed(version)) return {};
  try {
    return { kept: { as: transformations(version), clientSize: clientSize(version) } };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    faults.push(error.message);
    return {};
  }
}

/** Bytes that each part's file has and must have. Files of a legacy version lie in `legacy/` or in the object's folder; their hash is not in them. */
async function inspectParts(version: ObjectVersion, folder: string, faults: string[]): Promise<PartReport[]> {
  const { dataDir, erasure, parts } = version;
  const isLegacy = dataDir === LEGACY_DATA_DIR;
  return Promise.all(
    parts.map(async (part) => {
      const name = `part.${part.number}`;
      const inDataDir = await sizeOf(join(folder, dataDir, name));
      const foundSize = inDataDir === -1 && isLegacy ? await sizeOf(join(folder, name)) : inDataDir;
      const sizes = isLegacy ? [shardFileSize(part.size, erasure), framedFileSize(part.size, erasure)] : [framedFileSize(part.size, erasure)];
      const fileSize = sizes.find((size) => size === foundSize) ?? sizes[0] ?? 0;
      if (foundSize === -1) faults.push(`${name} is missing`);
      else if (foundSize !== fileSize) faults.push(`${name} has ${foundSize} bytes, ${fileSize} belong there`);
      return { number: part.number, size: part.size, actualSize: part.actualSize, fileSize, foundSize };
    }),
  );
}

/** Checks the inline shard; gives the number of its frames. */
function checkInline({ size, erasure }: ObjectVersion, inline: Uint8Array | undefined, faults: string[]): number {
  if (inline === undefined) {
    faults.push('its inline data is missing');
    return 0;
  }
  const wanted = framedFileSize(size, erasure);
  if (inline.length !== wanted) faults.push(`its inline data has ${inline.length} bytes, ${wanted} belong there`);
  try {
    return unframeShard(inline, shardSize(erasure.blockSizeBytes, erasure.dataShards)).length;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    faults.push(`its inline data is damaged: ${error.message}`);
    return 0;
  }
}

/** The checksums kept with an object; none where they are sealed (encrypted objects) or damaged. */
function checksumsOf(metaSys: ReadonlyMap<string, Uint8Array>): readonly ChecksumRecord[] {
  const record = findName(metaSys, CHECKSUM_RECORD_KEY);
  if (record === undefined) return [];
  try {
    return decodeChecksumRecords(record);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return [];
  }
}

async function strangers(folder: string, versions: readonly VersionReport[]): Promise<string[]> {
  const known = new Set([XL_META, ...versions.map(({ object }) => object?.dataDir ?? '')]);
  const isLegacy = versions.some(({ kind }) => kind === 'legacy');
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter(({ name }) => !known.has(name) && !(isLegacy && /^part\.\d+$/.test(name)))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}

/** xl.meta, or where there is none the xl.json of a release before 2021. */
async function metaFileIn(folder: string): Promise<string> {
  const [today, old] = [join(folder, XL_META), join(folder, 'xl.json')];
  return (await sizeOf(today)) === -1 && (await sizeOf(old)) !== -1 ? old : today;
}

function notThere(path: string, file: string): StorageError {
  const hint = file === path ? 'give the path of a file of metadata, or of the folder of an object on a drive' : 'give the folder of one object, <drive>/<bucket>/<key>; the objects below a prefix have folders of their own';
  return new StorageError('file-not-found', `there is no ${file}; ${hint}`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Bytes of a file; -1 where there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return -1;
    throw error;
  }
}
