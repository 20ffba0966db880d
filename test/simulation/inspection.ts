/** What must be so when all faults are over and everything was healed: the disks are read as they are, without the server. */
import { parseXlMeta, decodeVersion, entryDataDir, entryShardIndex, withShardIndex } from '../../src/format/index.js';
import { encodeInline } from '../../src/store/inline-shards.js';
import type { BucketUnderTest, Clients } from './clients.js';
import type { Cluster } from './cluster.js';
import type { Disk } from './disk.js';

/** What is wrong on the disks: differences between them, shards that are not those of the bytes that clients sent, leftovers. */
export function inspect(cluster: Cluster, clients: Clients, buckets: readonly BucketUnderTest[], keys: readonly string[], victim: Disk): string[] {
  const found: string[] = [];
  // An overwrite of damaged metadata cannot know which data it replaces.
  const isOrphan = (name: string, disk: Disk): boolean => disk === victim && name.includes('/part.');
  for (const { name } of buckets) {
    for (const key of keys) found.push(...inspectObject(cluster, clients, isOrphan, `/${name}/${key}`, keys.filter((other) => other.startsWith(`${key}/`)).map((other) => other.slice(key.length))));
    for (const disk of cluster.disks) {
      for (const [path] of disk.files()) {
        if (!path.startsWith(`/${name}/`)) continue;
        if (!keys.some((key) => path.startsWith(`/${name}/${key}/`))) found.push(`${disk.path}${path} is of no object`);
      }
    }
  }
  for (const disk of cluster.disks) {
    for (const [path] of disk.files()) {
      if (path.startsWith('/.minio.sys/tmp/')) found.push(`${disk.path}${path} was left behind`);
      if (path.includes('/mts/missed/')) found.push(`${disk.path}${path} is still noted`);
    }
  }
  return found;
}

/** `below`: keys that begin with this one and a `/`, without it. */
function inspectObject(cluster: Cluster, clients: Clients, isOrphan: (name: string, disk: Disk) => boolean, folder: string, below: readonly string[]): string[] {
  const found: string[] = [];
  const lists = new Map<string, string[]>();
  for (const disk of cluster.disks) {
    const files = filesIn(disk, folder, below);
    const bytes = files.get('xl.meta');
    if (bytes === undefined) {
      for (const name of files.keys()) if (!isOrphan(name, disk)) found.push(`${disk.path}${folder}/${name} is of no version`);
      lists.set('nothing', [...(lists.get('nothing') ?? []), disk.path]);
      continue;
    }
    const meta = parseXlMeta(bytes);
    const known = new Set(['xl.meta']);
    const summary: string[] = [];
    for (const entry of meta.versions) {
      const version = decodeVersion(entry);
      const { versionId } = entry.header;
      summary.push(`${Buffer.from(version.kind === 'object' ? withShardIndex(entry, 1).record : entry.record).toString('base64')} ${Buffer.from(entry.headerBytes).toString('base64')}`);
      if (version.kind !== 'object') continue;
      const etag = version.metaUser.get('etag') ?? '';
      const content = clients.contents.get(etag);
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

function filesIn(disk: Disk, folder: string, below: readonly string[]): Map<string, Uint8Array> {
  const isOfOther = (path: string): boolean => below.some((other) => path.startsWith(`${folder}${other}/`));
  return new Map([...disk.files()].flatMap(([path, file]) => (path.startsWith(`${folder}/`) && !isOfOther(path) ? [[path.slice(folder.length + 1), file.bytes]] : [])));
}
