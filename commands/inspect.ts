import { Args } from '@oclif/core';
import { inspectObject } from '../src/offline/index.js';
import { EXIT, MtsCommand, objectReportObject, objectReportText } from '../src/view/index.js';

export default class Inspect extends MtsCommand<typeof Inspect> {
  static override summary = 'Show what a drive holds of an object.';
  static override description = `Decodes an xl.meta: every version with its place, parts, metadata and checksums. Inline data is checked against its bitrot hashes, part files for their size. Changes nothing; no server is needed.
Exit status: 0 nothing wrong was found, 1 otherwise.`;
  static override args = { object: Args.string({ description: "an xl.meta, or an object's folder on a drive", ignoreStdin: true }) };
  static override examples = [
    { description: 'Look at an object on one drive.', command: '<%= config.bin %> inspect /mnt/drive1/photos/2026/cat.jpg' },
    { description: 'Read the ids of its versions.', command: '<%= config.bin %> inspect --json /mnt/drive1/photos/2026/cat.jpg/xl.meta | jq -r .versions[].versionId' },
  ];

  async run(): Promise<void> {
    let isSound = true;
    for (const path of await this.given(1)) {
      try {
        const report = await inspectObject(path);
        isSound &&= report.isSound;
        this.say(objectReportObject(report), this.flags.json ? undefined : await objectReportText(report, this.paint));
      } catch (error) {
        this.itemFailed(`Unable to inspect \`${path}\`.`, error);
      }
    }
    if (!isSound) this.exit(EXIT.failed);
  }
}
