/** Writes format.json back onto drives whose own is gone or wrong. The only thing of rescue that writes to a drive. */
import { realpath } from 'node:fs/promises';
import { refuseIfChanged, refuseRunningServer, writeIdentity } from '../write-identity.js';
import { planFormats, type FormatPlan } from './format-plan.js';
import { openRescue } from './open.js';

/** Looks at the drives and decides. Writes nothing. Throws a UsageError where anything is not certain. */
export async function prepareFormats(places: readonly string[], knownId: string | undefined): Promise<FormatPlan> {
  const rescue = await openRescue(places);
  try {
    for (const { endpoint } of rescue.drives) await refuseRunningServer(await realpath(endpoint).catch(() => endpoint));
    return planFormats({ sets: rescue.sets, deploymentId: rescue.deploymentId, knownId });
  } finally {
    await rescue.close();
  }
}

/** Carries the plan out; gives the backups of what was replaced. */
export async function carryOutFormats(plan: FormatPlan, nowMs: number): Promise<readonly { readonly path: string; readonly backup: string | undefined }[]> {
  const unwritten = plan.drives.filter(({ isDone }) => !isDone);
  for (const drive of unwritten) await refuseIfChanged(drive);
  const done: { path: string; backup: string | undefined }[] = [];
  for (const drive of unwritten) done.push({ path: drive.path, backup: await writeIdentity(drive, nowMs) });
  return done;
}
