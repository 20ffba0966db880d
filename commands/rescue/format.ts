import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { loadRescue, type FormatPlan } from '../../src/offline/index.js';
import { renderTable, RescueCommand } from '../../src/view/index.js';

export default class RescueFormat extends RescueCommand<typeof RescueFormat> {
  static override summary = 'Write format.json back onto drives that lost it, from what their objects say.';
  static override description = `Finds the set and the place of each drive from the objects on it, shows the plan, asks, and writes .minio.sys/format.json so that a server starts.
Where a drive kept the table of its pool that is used; else the deployment gets a new table and, unless --deployment-id tells the old one, a new id.
What is replaced is kept beside it as format.json.mts-TIME. Give all drives that are left, and stop every server on them first.
This is the only command of rescue that writes to the drives: take copies of them first if you can (\`mts rescue cp\` saves objects without writing).
Exit status: 0 done, or nothing to do, 1 refused or failed (nothing is written where it was refused), 130 interrupted.`;
  static override args = { drive: Args.string({ description: 'folder of a drive; /data{1...4} stands for four', ignoreStdin: true }) };
  static override flags = {
    'deployment-id': Flags.string({ description: 'the id that the deployment had, where no drive remembers it: servers send it as x-minio-deployment-id' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'show the plan only' }),
  };
  static override examples = [
    { description: 'What would be written?', command: '<%= config.bin %> rescue format --dry-run /mnt/found{1...4}' },
    { description: 'Write it.', command: '<%= config.bin %> rescue format /mnt/found{1...4}' },
  ];

  async run(): Promise<void> {
    const { carryOutFormats, prepareFormats } = await loadRescue();
    const plan = await prepareFormats(await this.given(1), this.flags['deployment-id']);
    const unwritten = plan.drives.filter(({ isDone }) => !isDone);
    if (!this.flags.json) this.print(await this.#planText(plan));
    if (this.flags['dry-run'] || unwritten.length === 0) {
      return this.say(planObject(plan, [], false), unwritten.length === 0 ? 'Nothing to do.' : 'Nothing was written (--dry-run).');
    }
    if (!(await this.#isWanted(unwritten.length))) return this.say({}, 'Nothing was written.');
    const backups = await carryOutFormats(plan, Date.now());
    this.say(planObject(plan, backups, true), nextSteps(plan, backups));
  }

  async #planText({ drives, deploymentId, isNewDeployment, notes }: FormatPlan): Promise<string> {
    const rows = drives.map((drive) => [
      drive.path,
      `pool ${drive.pool + 1}, set ${drive.set + 1}, drive ${drive.slot + 1}`,
      drive.because,
      drive.isDone ? this.paint.good('nothing: it has this identity') : drive.replaces === undefined ? 'write format.json' : 'replace format.json, keep a backup',
    ]);
    const id = deploymentId === '' ? 'The deployment has no id, as before 2018-08.' : `Deployment ${deploymentId}${isNewDeployment ? ' (new table of drives)' : ''}.`;
    return [await renderTable(['Drive', 'Becomes', 'Known because', 'To do'], rows), id, ...notes].join('\n');
  }

  async #isWanted(count: number): Promise<boolean> {
    if (this.flags.yes) return true;
    if (!this.terminal.isTty || process.stdin.isTTY !== true || this.flags.json) throw new UsageError('nothing was written: there is nobody to ask', 'look at the plan with --dry-run, then give --yes');
    this.flushOutput();
    const { confirm } = await import('@inquirer/prompts');
    return confirm({ message: `Write ${count === 1 ? 'this identity' : `these ${count} identities`}?`, default: false });
  }
}

type Backups = readonly { readonly path: string; readonly backup: string | undefined }[];

function planObject({ deploymentId, isNewDeployment, pools, drives, notes }: FormatPlan, backups: Backups, isWritten: boolean): object {
  const shown = drives.map(({ path, pool, set, slot, driveId, because, isDone }) => ({ path, pool, set, slot, driveId, because, isDone, backup: backups.find((one) => one.path === path)?.backup }));
  return { status: 'success', isWritten, deploymentId, isNewDeployment, pools, drives: shown, notes };
}

function nextSteps({ pools }: FormatPlan, backups: Backups): string {
  const kept = backups.flatMap(({ backup }) => (backup === undefined ? [] : [`What was replaced is kept: ${backup}`]));
  const [only] = pools;
  const start =
    only !== undefined && pools.length === 1
      ? `Start the server with the drives in this order${only.sets.flat().includes(undefined) ? ' (put an empty folder where MISSING stands)' : ''}:\n  mts server ${only.sets.flat().map((path) => path ?? 'MISSING').join(' ')}`
      : `Each pool needs drives whose names are a range: mount them so, in the order shown, and start for instance\n  mts server ${pools.map(({ sets }, i) => `/mnt/pool${i + 1}/drive{1...${sets.flat().length}}`).join(' ')}`;
  return [`Written: ${backups.map(({ path }) => path).join(', ')}.`, ...kept, start, 'Then heal everything: mts admin heal --recursive --scan deep ALIAS'].join('\n');
}
