/** A drive without erasure coding (FS) among the arguments: served read only where it is the only one, refused among others. */
import { UsageError } from '../base/index.js';
import type { ClusterLayout, DriveStatus, ErasureSet, OpenedDeployment } from '../cluster/index.js';
import type { Drive } from '../drive/index.js';
import { generationName, type FormatJson } from '../format/index.js';
import { fsFormatOf } from '../store/index.js';

export interface FsDrive {
  readonly path: string;
  readonly format: FormatJson;
}

/** undefined where no drive of this machine is one. Throws a UsageError where one stands among others. */
export async function findFsDrive({ pools }: ClusterLayout): Promise<FsDrive | undefined> {
  const drives = pools.flatMap((pool) => pool.drives);
  for (const { path, node } of drives) {
    const format = node?.isThisNode === false ? undefined : await fsFormatOf(path);
    if (format === undefined) continue;
    if (drives.length === 1) return { path, format };
    throw new UsageError(
      `the drive ${path} has the ${generationName(format.generation)}, without erasure coding, and cannot be one of several`,
      `serve it alone, read only: mts server ${path}; or bring its objects to new drives: mts convert ${path} /mnt/new{1...4}`,
    );
  }
  return undefined;
}

/** What to do about it, at the end of a sentence. */
export function convertHint(path: string): string {
  return `to change anything, stop this server and bring the objects to new drives: mts convert ${path} /mnt/new{1...4}`;
}

/** For the banner. */
export function fsNotice({ path, format }: FsDrive): string {
  return `${path} has the ${generationName(format.generation)}, without erasure coding: it is served READ ONLY; ${convertHint(path)}`;
}

/** The drive as probes and operators see a deployment: one set of one. The store does not go this way. */
export function fsDeployment({ path, format }: FsDrive, drive: Drive): OpenedDeployment {
  const set: ErasureSet = { poolIndex: 0, setIndex: 0, size: 1, defaultParity: 0, reducedParity: 0, drives: [drive], isHealing: () => false, setHealing: () => undefined };
  const status = (): DriveStatus => {
    const place = { poolIndex: 0, setIndex: 0, slot: 0 };
    return { ...place, path, drive, isOnline: drive.state === 'online', isHealing: false, isMisplaced: false, condition: 'ok', remark: '' };
  };
  return {
    deployment: { id: format.deploymentId, pools: [{ index: 0, commandLine: path, sets: [set], setIndexOf: () => 0 }] },
    statuses: () => [status()],
    checkDrives: async () => void (await drive.info().catch(() => undefined)),
    close: () => drive.close(),
  };
}
