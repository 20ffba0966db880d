import { Args } from '@oclif/core';
import { inspectFormats } from '../../src/offline/index.js';
import { EXIT, FormatCommand, formatFlags, formatReportObject, formatReportText } from '../../src/view/index.js';

export default class FormatInspect extends FormatCommand<typeof FormatInspect> {
  static override summary = 'Show which drives of which deployment some places are.';
  static override description = `Reads format.json of each drive and compares: which deployment, pool, set and position it has, whether the drives agree, and which are absent, doubled, foreign or damaged. Changes nothing; for folders no server is needed.
A drive is a folder of this machine, user@host:/folder or ssh://user@host:22/folder of another, or a running server (ALIAS, http://host:9000), which tells of all its drives.
Keys of a server that is no alias come from MINIO_ROOT_USER and MINIO_ROOT_PASSWORD; an SSH password from MTS_SSH_PASSWORD.
Exit status: 0 all drives agree and none is absent, 1 otherwise.`;
  static override args = { drive: Args.string({ description: 'folder, user@host:/folder, ALIAS or URL; /data{1...4} stands for four', ignoreStdin: true }) };
  static override flags = formatFlags;
  static override examples = [
    { description: 'Check the four drives of a server.', command: '<%= config.bin %> format inspect /mnt/drive{1...4}' },
    { description: 'See where one drive belongs.', command: '<%= config.bin %> format inspect --json /mnt/found' },
    { description: 'Compare a drive with those of a running server.', command: '<%= config.bin %> format inspect /mnt/found myminio' },
    { description: 'Compare drives of three machines over SSH.', command: '<%= config.bin %> format inspect root@192.168.2.{151...153}:/minio-export1' },
  ];

  async run(): Promise<void> {
    const report = await inspectFormats(await this.given(1), this.access(this.flags));
    this.say(formatReportObject(report), this.flags.json ? undefined : await formatReportText(report, this.paint));
    if (!report.isWhole) this.exit(EXIT.failed);
  }
}
