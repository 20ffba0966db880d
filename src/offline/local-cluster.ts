/** The state of a cluster from the folders of its drives, without a server: what `cluster status --local` shows. */
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { defaultParity } from '../cluster/index.js';
import { loadAdmin, type ClusterState, type DriveState, type DriveView } from '../client/index.js';
import { inspectFormats, type DriveCondition, type FormatReport } from './format-report.js';

/**
 * Looks at the folders (`/data{1...4}` stands for four); what else belongs to their deployment counts as offline. Parity is the
 * default one: what a server was configured with is not on the drives. Throws a UsageError for a malformed range only.
 */
export async function localCluster(paths: readonly string[]): Promise<ClusterState> {
  const { setView, summarize } = await loadAdmin();
  const report = await inspectFormats(paths);
  const drives = await Promise.all(report.drives.map(viewOf));
  const [first] = report.pools;
  const parity = defaultParity(first?.drivesPerSet ?? 1);
  const sets = report.pools.flatMap(({ setCount, drivesPerSet }, pool) =>
    Array.from({ length: setCount }, (_, set) =>
      setView({ pool, set, size: drivesPerSet, parity: Math.min(parity, Math.floor(drivesPerSet / 2)), drives: drives.filter((drive) => drive.pool === pool && drive.set === set) }),
    ),
  );
  const strays = drives.filter((drive) => !sets.some(({ pool, set }) => pool === drive.pool && set === drive.set));
  return summarize({ deploymentId: report.deploymentId, nodes: [], sets, strays, parity, buckets: undefined, objects: undefined, usedByObjectsBytes: undefined });
}

const STATES: Readonly<Record<DriveCondition, DriveState>> = {
  ok: 'online', different: 'foreign', foreign: 'foreign', doubled: 'doubled', nameless: 'unknown', unformatted: 'unformatted', missing: 'offline', unreadable: 'corrupt', offline: 'offline',
};

/** As MinIO: the last hundredth is not filled. */
const FULL_FRACTION = 0.99;

async function viewOf(drive: FormatReport['drives'][number]): Promise<DriveView> {
  const space = await statfs(drive.path).then(
    ({ bsize, blocks, bfree, bavail }) => ({ totalBytes: (blocks - bfree + bavail) * bsize, usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize }),
    () => undefined,
  );
  const isWritable = await access(drive.path, constants.W_OK).then(() => true, () => false);
  const isFull = space !== undefined && space.usedBytes / Math.max(1, space.usedBytes + space.freeBytes) >= FULL_FRACTION;
  const known = STATES[drive.condition];
  const state = known !== 'online' ? known : drive.isHealing ? 'healing' : !isWritable ? 'read-only' : isFull ? 'full' : 'online';
  return {
    endpoint: drive.path, node: '', path: drive.path, pool: drive.pool ?? -1, set: drive.set ?? -1, slot: drive.slot ?? -1, state,
    isWritable: state === 'online' || state === 'healing',
    isReadable: state === 'online' || state === 'full' || state === 'read-only',
    remark: drive.remark, missedChanges: 0, totalBytes: space?.totalBytes, usedBytes: space?.usedBytes, freeBytes: space?.freeBytes, latencyMs: undefined, healing: undefined,
  };
}
