import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { loadRescue, type ScanProblem } from '../../src/offline/index.js';
import { EXIT, loadRescueView, RescueCommand, type ShownScan } from '../../src/view/index.js';

/** Of the problems that the page shows. */
const PAGE_PROBLEMS_MAX = 1000;

export default class RescueScan extends RescueCommand<typeof RescueScan> {
  static override summary = 'Tell what the drives of a dead server still hold.';
  static override description = `Reads every object on the drives: which drive of which set each folder is (its objects say so, whatever became of format.json), and which
versions are whole, degraded (readable, not on all drives), lost, or leftovers of writes that nobody misses. Give all folders that are left, in any order.
Nothing is written to a drive; no server is needed, and none may run on them.
Without --deep part files are checked for their size only. Exit status: 0 all can be read, 1 something is lost or a folder is unknown, 130 interrupted.`;
  static override args = { drive: Args.string({ description: 'folder of a drive; /data{1...4} stands for four', ignoreStdin: true }) };
  static override flags = {
    deep: Flags.boolean({ description: 'check every byte against its bitrot hash' }),
    all: Flags.boolean({ char: 'a', description: 'list degraded versions and leftovers too, not only what is lost' }),
    html: Flags.string({ description: 'write the report, with a picture of drives and objects, into this file', helpValue: 'FILE' }),
  };
  static override examples = [
    { description: 'What is left?', command: '<%= config.bin %> rescue scan /mnt/found{1...4}' },
    { description: 'Every byte, with a page to show around.', command: '<%= config.bin %> rescue scan --deep --html report.html /mnt/a /mnt/b /mnt/c' },
    { description: 'The names of all lost objects.', command: "<%= config.bin %> rescue scan --json /mnt/found{1...4} | jq -r 'select(.verdict == \"lost\") | .bucket + \"/\" + .key'" },
  ];

  async run(): Promise<void> {
    const { openRescue, scanDrives } = await loadRescue();
    const view = await loadRescueView();
    const { flags } = this;
    const rescue = await openRescue(await this.given(1));
    try {
      const problems: ScanProblem[] = [];
      let problemCount = 0;
      const report = await scanDrives(rescue, {
        scan: flags.deep ? 'deep' : 'normal',
        signal: this.signal,
        onProblem: async (problem) => {
          if (problem.verdict !== 'leftover' && ++problemCount <= PAGE_PROBLEMS_MAX) problems.push(problem);
          if (flags.json) this.say({ status: 'success', type: 'version', ...problem }, undefined);
          else if (flags.all || problem.verdict === 'lost') this.print(view.rescueProblemLine(problem, this.paint));
          await this.outputReady();
        },
        onFailure: (path, error) => this.itemFailed(`A folder on \`${path}\` cannot be listed any further; its objects are asked for by the names that other drives show.`, error),
      });
      const { sets, strays, deploymentId } = rescue;
      const shown: ShownScan = { sets, strays, deploymentId, report };
      this.say(view.rescueScanObject(shown), flags.json ? undefined : await view.rescueScanText(shown, this.paint));
      if (flags.html !== undefined) {
        await writeFile(flags.html, view.rescuePage({ ...shown, columns: report.picture.columns, problems, problemCount, madeAt: new Date() }));
      }
      if (report.objects.lost + report.system.lost + report.unreadableKeys + strays.length > 0) process.exitCode = EXIT.failed;
    } finally {
      await rescue.close();
    }
  }
}
