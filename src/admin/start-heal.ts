/** Starts a heal where no node of the cluster runs one that overlaps it. */
import type { Locker } from '../cluster/index.js';
import type { HealTarget } from '../store/index.js';
import { overlapRefusal, type HealSequences, type RunningSequence, type SequenceOptions, type SequenceStart } from './heal-sequences.js';
import type { Nodes } from './node-report.js';

/** Held while the other nodes are asked and the heal is started: of two starts at once one sees the other. */
const START_LOCK = '.minio.sys/mts/heal-start';
const LOCK_WAIT_MS = 10_000;

export interface HealStarter {
  readonly sequences: HealSequences;
  readonly nodes: Pick<Nodes, 'askHeal'>;
  readonly locker: Locker;
}

/**
 * A heal of the same path that runs on any node is given instead, unless `isForced` ends it first.
 * @throws AdminError XMinioHealOverlappingPaths; StorageError where the cluster has no quorum for locks
 */
export async function startHeal({ sequences, nodes, locker }: HealStarter, target: HealTarget, options: SequenceOptions, settings: unknown, isForced: boolean): Promise<SequenceStart> {
  const lock = await locker.acquire([START_LOCK], 'write', { timeoutMs: LOCK_WAIT_MS });
  try {
    const other = (await nodes.askHeal({ kind: 'overlap', target, token: '' })) as RunningSequence | undefined;
    if (other !== undefined) {
      if (!other.isSamePath) throw overlapRefusal(other, target);
      if (!isForced) return other;
      await nodes.askHeal({ kind: 'stop', target, token: '' });
    }
    return await sequences.start(target, options, settings, isForced);
  } finally {
    lock.release();
  }
}
