/** What must be so when all faults are over and everything was healed: the disks are read as they are, without the server. */
import { parseXlMeta, decodeVersion, entryDataDir, entryShardIndex, withShardIndex, type XlMeta } from '../../src/format/index.js';
import { encodeInline } from '../../src/store/inline-shards.js';
/** A drive's files, as they are. */
export interface InspectedDisk {
  readonly path: string;
  /** All files, with their paths below the drive, which begin with `/`. */
  files(): Iterable<readonly [path: string, file: { readonly bytes: Uint8Array }]>;
}

export interface Inspected {
  readonly disks: readonly InspectedDisk[];
  /** Bytes by etag, of all that was ever sent. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly buckets: readonly { readonly name: string }[];
  readonly keys: readonly string[];
  /** The disk that may have lost data. */
  readonly victim: InspectedDisk;
}

/** What is wrong on the disks: differences between them, shards that are not those of the bytes that clients sent, leftovers. */
export function inspect(inspected: Inspected): string[] {
  const { disks, buckets, keys, victim } = inspected;
  const found: string[] = [];
  // An overwrite of damaged metadata cannot know which data it replaces.
  const isOrphan = (name: string, disk: InspectedDisk): boolean => disk === victim && name.includes('/part.');
  for (const { name } of buckets) {
    for (const key of keys) found.push(...inspectObject(inspected, isOrphan, `/${name}/${key}`, keys.filter((other) => other.startsWith(`${key}/`)).map((other) => other.slice(key.length))));
    for (const disk of disks) {
      for (const [path] of disk.files()) {
        if (!path.startsWith(`/${name}/`)) continue;
        if (!keys.some((key) => path.startsWith(`/${name}/${key}/`))) found.push(`${disk.path}${path} is of no object`);
      }
    }
  }
  for (const disk of disks) {
    for (const [path] of disk.files()) {
      if (path.startsWith('/.minio.sys/tmp/')) found.push(`${disk.path}${path} was left behind`);
      if (path.includes('/mts/missed/')) found.push(`${disk.path}${path} is still noted`);
    }
  }
  return found;
}

/** `below`: keys that begin with this one and a `/`, without it. */
function inspectObject({ disks, contents }: Inspected, isOrphan: (name: string, disk: InspectedDisk) => boolean, folder: string, below: readonly string[]): string[] {
  const found: string[] = [];
  const lists = new Map<string, string[]>();
  for (const disk of disks) {
    const files = filesIn(disk, folder, below);
    const bytes = files.get('xl.meta');
    if (bytes === undefined) {
      for (const name of files.keys()) if (!isOrphan(name, disk)) found.push(`${disk.path}${folder}/${name} is of no version`);
      lists.set('nothing', [...(lists.get('nothing') ?? []), disk.path]);
      continue;
    }
    let meta: XlMeta;
    try {
      meta = parseXlMeta(bytes);
    } catch (error) {
      found.push(`${disk.path}${folder}/xl.meta cannot be read: ${String(error)}`);
      continue;
    }
    const known = new Set(['xl.meta']);
    const summary: string[] = [];
    for (const entry of meta.versions) {
      const version = decodeVersion(entry);
      const { versionId } = entry.header;
      summary.push(`${Buffer.from(version.kind === 'object' ? withShardIndex(entry, 1).record : entry.record).toString('base64')} ${Buffer.from(entry.headerBytes).toString('base64')}`);
      if (version.kind !== 'object') continue;
      const etag = version.metaUser.get('etag') ?? '';
      const content = contents.get(etag);
      const where = `${disk.path}${folder} ${versionId} (${etag})`;
      if (content === undefined) {
        found.push(`${where}: nobody wrote that`);
        continue;
      }
      const shard = entryShardIndex(entry) ?? 0;
      const wanted = encodeInline(content, version.erasure)[shard - 1];
      const dataDir = entryDataDir(entry) ?? '';
      const part = `${dataDir}/part.1`;
      const held = meta.inline.get(versionId) ?? files.get(part) ?? new Uint8Array(0);
      known.add(part);
      // A completed upload whose server went away before it had tidied up; it goes with the object.
      known.add(`${part}.meta`);
      if (wanted === undefined || Buffer.compare(held, wanted) !== 0) found.push(`${where}: shard ${shard} has ${held.length} bytes that are not those of the object (${wanted?.length})`);
    }
    for (const name of files.keys()) if (!known.has(name) && !isOrphan(name, disk)) found.push(`${disk.path}${folder}/${name} is of no version`);
    const list = summary.join('\n');
    lists.set(list, [...(lists.get(list) ?? []), disk.path]);
  }
  if (lists.size > 1) found.push(`${folder}: drives hold different versions: ${[...lists].map(([list, disks]) => `${disks.join(' ')}: ${list === 'nothing' ? list : `${list.split('\n').length} versions`}`).join('; ')}`);
  return found;
}

function filesIn(disk: InspectedDisk, folder: string, below: readonly string[]): Map<string, Uint8Array> {
  const isOfOther = (path: string): boolean => below.some((other) => path.startsWith(`${folder}${other}/`));
  return new Map([...disk.files()].flatMap(([path, file]) => (path.startsWith(`${folder}/`) && !isOfOther(path) ? [[path.slice(folder.length + 1), file.bytes]] : [])));
}
