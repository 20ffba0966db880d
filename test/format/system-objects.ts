/** Whole small system objects of a fixture, put together from the inline data of its drives. */
import { decodeVersion, entryShardIndex, parseXlMeta, unframeShard } from '../../src/format/index.js';
import { filesOf } from './fixture-files.js';

interface SystemObject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Objects below `.minio.sys` whose path fits; the newest version where drives hold it inline. */
export function systemObjects(fixture: string, wanted: RegExp): SystemObject[] {
  const shards = new Map<string, { pieces: Map<number, Uint8Array>; dataShards: number; size: number }>();
  for (const { path, bytes } of filesOf(fixture)) {
    const match = /^(.*?\/drives\/)(d\d+)\/(\.minio\.sys\/.*)\/xl\.meta$/.exec(path);
    const name = match?.[3];
    if (name === undefined || !wanted.test(name)) continue;
    const meta = parseXlMeta(bytes);
    const [entry] = meta.versions;
    const version = entry && decodeVersion(entry);
    const data = entry && meta.inline.get(entry.header.versionId);
    if (entry === undefined || version?.kind !== 'object' || data === undefined) continue;
    const { dataShards, blockSizeBytes } = version.erasure;
    // The same name may live in several pools: tell their copies apart.
    const key = `${fixture}/${name} ${version.modTimeNs} ${version.dataDir}`;
    const object = shards.get(key) ?? { pieces: new Map<number, Uint8Array>(), dataShards, size: version.size };
    object.pieces.set(entryShardIndex(entry), Buffer.concat(unframeShard(data, Math.ceil(blockSizeBytes / dataShards))));
    shards.set(key, object);
  }
  return [...shards].map(([key, { pieces, dataShards, size }]) => {
    const data = Array.from({ length: dataShards }, (_, i) => pieces.get(i + 1) ?? new Uint8Array(0));
    return { name: key.slice(0, key.indexOf(' ')), bytes: new Uint8Array(Buffer.concat(data).subarray(0, size)) };
  });
}
