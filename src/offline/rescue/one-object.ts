/** One object by its name: what `rescue cat` reads. */
import { StorageError } from '../../base/index.js';
import { salvagedKey, type SalvageRead } from '../../store/index.js';
import { whyOf } from './scan.js';
import type { Rescue } from './open.js';

/** The version to read; without an id the newest that can be read. Throws object-not-found, version-not-found, delete-marker, read-quorum. */
export async function findObject({ sets }: Rescue, bucket: string, key: string, versionId: string | undefined): Promise<SalvageRead> {
  const found = await Promise.all(sets.map(async (set) => ({ set, ...(await salvagedKey(set.salvage, bucket, key, 'normal')) })));
  const all = found.flatMap(({ set, path, versions }) => versions.map((salvaged) => ({ set, path, salvaged })));
  all.sort((a, b) => Number(b.salvaged.entry.header.modTimeNs - a.salvaged.entry.header.modTimeNs));
  const wanted = all.filter(({ salvaged }) => (versionId === undefined ? salvaged.verdict !== 'leftover' : salvaged.version.versionId === versionId));
  const chosen = wanted.find(({ salvaged: { good, needed } }) => good >= needed) ?? wanted[0];
  const name = `${bucket}/${key}`;
  if (chosen === undefined) {
    const code = versionId === undefined ? 'object-not-found' : 'version-not-found';
    throw new StorageError(code, `no drive holds ${versionId === undefined ? '' : `version ${versionId} of `}${name}`, { bucket, key, versionId });
  }
  const { set, path, salvaged } = chosen;
  const { version, good, needed } = salvaged;
  if (version.kind === 'delete-marker') throw new StorageError('delete-marker', `${name} was deleted; its versions: mts rescue ls --versions`, { bucket, key, versionId: version.versionId });
  if (good < needed) throw new StorageError('read-quorum', `${name} is lost: ${whyOf(set, salvaged)}; the ranges that are left: mts rescue cp --partial`, { bucket, key });
  return { found: salvaged.seated(), version, volume: bucket, path };
}
