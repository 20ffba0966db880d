/** Which slot a drive without an identity has, from its objects: their records name the drive's shard and how shards lie over the slots. */
import { isStorageError } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import { decodeVersion, encodeObjectPath, entryShardIndex, parseXlMetaIndex, type FormatJson } from '../format/index.js';
import type { SlotPlace } from './format-plan.js';
import { setChooser } from './placement.js';

/** Objects looked at until one must have told. */
const OBJECTS_MAX = 1000;

export interface SlotEvidence extends SlotPlace {
  /** `bucket/key` of the object that tells. */
  readonly object: string;
}

/** The slot that the first object of the pool's shape tells; undefined where there is none. Throws what the drive throws. */
export async function slotEvidence(drive: Drive, { sets, algorithm, deploymentId }: Pick<FormatJson, 'sets' | 'algorithm' | 'deploymentId'>): Promise<SlotEvidence | undefined> {
  const setIndexOf = setChooser(algorithm, deploymentId, sets.length);
  const size = sets[0]?.length ?? 0;
  let seen = 0;
  for (const { name } of await drive.listVolumes()) {
    for await (const batch of drive.walk(name, { prefix: '', from: '', recursive: true, detail: 'records' })) {
      for (const { key, meta } of batch) {
        const slot = meta === undefined ? undefined : slotOf(meta, size);
        if (slot !== undefined) return { setIndex: setIndexOf(encodeObjectPath(key)), slot, object: `${name}/${key}` };
        if (++seen >= OBJECTS_MAX) return undefined;
      }
    }
  }
  return undefined;
}

function slotOf(meta: Uint8Array, size: number): number | undefined {
  try {
    for (const entry of parseXlMetaIndex(meta).versions) {
      const version = decodeVersion(entry);
      if (version.kind !== 'object' || version.erasure.distribution.length !== size) continue;
      const slot = version.erasure.distribution.indexOf(entryShardIndex(entry));
      if (slot >= 0) return slot;
    }
  } catch (error) {
    // One damaged object says nothing; the next may.
    if (!isStorageError(error)) throw error;
  }
  return undefined;
}
