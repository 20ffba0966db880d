/** Metadata of a version replaced in place: its data stays where it is, inline data is written again with the record. */
import { StorageError } from '../base/index.js';
import { writeQuorum } from '../cluster/index.js';
import { LEGACY_DATA_DIR, encodeVersion, withLegacyMetadata, withShardIndex, type ObjectVersion } from '../format/index.js';
import { lockName, objectRef, requireLocated, withLock, type StoreContext } from './context.js';
import { objectInfo } from './object-info.js';
import { runTransaction, type DriveChange } from './transaction.js';
import type { ObjectInfo, ObjectStore } from './types.js';

/** Throws as `stat` does, and write-quorum. */
export async function updateMetadata(
  context: StoreContext,
  bucket: string,
  key: string,
  options: { readonly versionId?: string },
  change: Parameters<ObjectStore['updateMetadata']>[3],
): Promise<ObjectInfo> {
  const ref = objectRef(bucket, key, options.versionId);
  return withLock(context, lockName(ref), async (lock) => {
    const found = await requireLocated(context, ref, { inline: true, askAll: true });
    const current = objectInfo(ref, found);
    const { metaUser, metaSys, modTimeNs } = change(current);
    const version: ObjectVersion = { ...current, metaUser, metaSys, modTimeNs: modTimeNs ?? current.modTimeNs };
    const { distribution, dataShards, parityShards } = current.erasure;
    const isLegacy = version.dataDir === LEGACY_DATA_DIR;
    const entry = isLegacy ? found.entry : encodeVersion(version, { shardIndex: 1 });
    const { isInline } = found.entry.header;
    const changes = found.set.drives.map((drive, slot): DriveChange => {
      const inline = found.metas[slot]?.inline.get(version.versionId);
      // A drive that missed the version has no data for it: to be healed, not to be given metadata alone.
      if (!found.slots.includes(slot) || (isInline && inline === undefined)) {
        return new StorageError('file-not-found', `The drive does not have this version of ${key}`, { drive: drive?.endpoint });
      }
      // A legacy record says how this very drive's part files are checked: each keeps its own.
      const own = found.metas[slot]?.versions.find(({ header }) => header.type === 'legacy' && header.modTimeNs === current.modTimeNs);
      if (isLegacy && own !== undefined) return { kind: 'put', entry: withLegacyMetadata(own, version) };
      return { kind: 'put', entry: withShardIndex(entry, distribution[slot] ?? 0), ...(inline && { inline }) };
    });
    await runTransaction(
      context.lanes,
      {
        ...ref,
        id: context.random.uuid(),
        drives: found.set.drives,
        volume: bucket,
        changes: () => changes,
        quorum: writeQuorum(dataShards, parityShards),
        lock,
        what: `Changing the metadata of ${key}`,
      },
      context.log,
    );
    return { ...current, ...version };
  });
}
