/** Puts each drive where its record says that its shard belongs, for one version: the readers of the store then read as from any set. */
import type { ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import type { XlMeta } from '../../format/index.js';
import type { AgreedVersion } from '../quorum.js';
import type { FoundVersion } from '../read-version.js';
import type { SalvageSubject } from './judge.js';

/** `seats`: source by 1-based shard index. */
export function seat({ set, held }: SalvageSubject, agreed: AgreedVersion, seats: ReadonlyMap<number, number>): FoundVersion {
  const { version } = agreed;
  const distribution = version.kind === 'object' ? version.erasure.distribution : [];
  const drives = new Array<Drive | undefined>(distribution.length).fill(undefined);
  const metas = new Array<XlMeta | undefined>(distribution.length).fill(undefined);
  const slots: number[] = [];
  for (const [slot, shard] of distribution.entries()) {
    const index = seats.get(shard);
    if (index === undefined) continue;
    drives[slot] = set.sources[index]?.drive;
    const answer = held.answers[index];
    if (answer?.kind === 'meta') metas[slot] = answer.meta;
    if (agreed.slots.includes(index)) slots.push(slot);
  }
  return { ...agreed, slots, metas, isLatest: false, set: seatedSet(drives) };
}

function seatedSet(drives: readonly (Drive | undefined)[]): ErasureSet {
  return { poolIndex: 0, setIndex: 0, size: drives.length, defaultParity: 0, reducedParity: 0, drives, isHealing: () => false, setHealing: () => undefined };
}
