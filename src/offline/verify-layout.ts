/** Whether a server would start with these arguments, and why not, in its own words. Changes nothing. */
import { readdir, stat } from 'node:fs/promises';
import { UsageError } from '../base/index.js';
import { formatAnswerOf, parseDriveArguments, planPool, type FormatAnswer, type PoolLayout, type PoolPlan } from '../cluster/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import { parseListenAddress, systemHosts } from '../net/index.js';
import { lookAt, placeKey, type Sighting } from './sighting.js';

export interface VerifyOptions {
  readonly args: readonly string[];
  /** As for `mts server`. */
  readonly address: string;
  /** What was seen of drives of other nodes. */
  readonly seen: readonly Sighting[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface VerifiedPool {
  readonly commandLine: string;
  readonly setCount: number;
  readonly drivesPerSet: number;
  /** New drives, that the start would format. */
  readonly isNew: boolean;
  readonly deploymentId: string;
  readonly drives: readonly { readonly path: string; readonly condition: string; readonly remark: string }[];
}

export interface VerifyReport {
  readonly wouldStart: boolean;
  readonly pools: readonly VerifiedPool[];
  /** Why it would not; empty where it would. */
  readonly reason: string;
  readonly hint: string;
}

/** Never throws what the server would refuse: that is the answer. */
export async function verifyLayout(options: VerifyOptions): Promise<VerifyReport> {
  const pools: VerifiedPool[] = [];
  try {
    const { environment } = options;
    const layout = await parseDriveArguments(options.args, { setDriveCount: environment['MINIO_ERASURE_SET_DRIVE_COUNT'], listen: parseListenAddress(options.address), hosts: systemHosts });
    for (const pool of layout.pools) pools.push(await verifyPool(pool, options));
    refuseMixture(pools);
    return { wouldStart: true, pools, reason: '', hint: '' };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { wouldStart: false, pools, reason: error.message, hint: error.hint ?? '' };
  }
}

async function verifyPool(pool: PoolLayout, { seen, environment }: VerifyOptions): Promise<VerifiedPool> {
  const answers = await Promise.all(
    pool.drives.map(async ({ name, path, node }): Promise<FormatAnswer> => {
      if (node === undefined || node.isThisNode) return localAnswer(path);
      const sighting = seen.find((one) => placeKey(one.path) === placeKey(name));
      return sighting === undefined ? { kind: 'offline', reason: `it is a drive of ${node.name}, which was not asked` } : answerOf(sighting, { isRootDevice: false, isEmpty: false });
    }),
  );
  const named = { ...pool, drives: pool.drives.map(({ name }) => name) };
  const allowRootDrive = ['on', 'true', '1'].includes((environment['MINIO_CI_CD'] ?? '').toLowerCase());
  const plan = planPool(named, answers, { allowRootDrive });
  return { commandLine: pool.commandLine, drivesPerSet: pool.setSize, setCount: pool.drives.length / pool.setSize, isNew: plan.kind === 'format-new', deploymentId: plan.kind === 'start' ? plan.format.deploymentId : '', drives: drivesOf(plan, named.drives) };
}

function drivesOf(plan: PoolPlan, names: readonly string[]): VerifiedPool['drives'] {
  if (plan.kind === 'format-new') return names.map((path) => ({ path, condition: 'new', remark: 'would be formatted' }));
  return plan.drives.map(({ path, condition, remark }) => ({ path, condition, remark }));
}

async function localAnswer(path: string): Promise<FormatAnswer> {
  const sighting = await lookAt(path);
  const [own, root] = await Promise.all([stat(path).catch(() => undefined), stat('/')]);
  return answerOf(sighting, { isRootDevice: own?.dev === root.dev, isEmpty: await isWithoutData(path) });
}

function answerOf(sighting: Sighting, facts: { readonly isRootDevice: boolean; readonly isEmpty: boolean }): FormatAnswer {
  const { bytes, failure } = sighting;
  if (bytes !== undefined) {
    const answer = formatAnswerOf(bytes, facts.isRootDevice);
    return answer.kind === 'formatted' ? { ...answer, isEmpty: facts.isEmpty } : answer;
  }
  switch (failure?.condition) {
    case 'unformatted':
      return { kind: 'unformatted', isRootDevice: facts.isRootDevice };
    case 'missing':
      return { kind: 'missing' };
    default:
      return { kind: 'offline', reason: failure?.remark ?? 'it was not seen' };
  }
}

function refuseMixture(pools: readonly VerifiedPool[]): void {
  const known = pools.filter(({ isNew }) => !isNew);
  const [first] = known;
  const other = known.find(({ deploymentId }) => deploymentId !== first?.deploymentId);
  if (first === undefined || other === undefined) return;
  throw new UsageError(
    `"${first.commandLine}" is deployment ${first.deploymentId} and "${other.commandLine}" is deployment ${other.deploymentId}; the pools of one server belong to one deployment`,
    'give the pools of one deployment only, and start another server for the other',
  );
}

/** True where there is nothing on the drive but what the server keeps for itself. */
async function isWithoutData(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.every((name) => name === SYSTEM_VOLUME || name === 'lost+found');
}
