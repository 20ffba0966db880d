import { Args } from '@oclif/core';
import { inspectFormats } from '../../src/offline/index.js';
import { EXIT, formatReportObject, formatReportText, MtsCommand } from '../../src/view/index.js';

export default class FormatInspect extends MtsCommand<typeof FormatInspect> {
  static override summary = 'Show which drives of which deployment some folders are.';
  static override description = `Reads format.json of each drive and compares: which deployment, pool, set and position it has, whether the drives agree, and which are absent, doubled, foreign or damaged. Changes nothing; no server is needed.
Exit status: 0 all drives agree and none is absent, 1 otherwise.`;
  static override args = { drive: Args.string({ description: 'folder of a drive; /data{1...4} stands for four', ignoreStdin: true }) };
  static override examples = [
    { description: 'Check the four drives of a server.', command: '<%= config.bin %> format inspect /mnt/drive{1...4}' },
    { description: 'See where one drive belongs.', command: '<%= config.bin %> format inspect --json /mnt/found' },
  ];

  async run(): Promise<void> {
    const report = await inspectFormats(await this.given(1));
    this.say(formatReportObject(report), this.flags.json ? undefined : await formatReportText(report, this.paint));
    if (!report.isWhole) this.exit(EXIT.failed);
  }
}
