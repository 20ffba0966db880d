import { Args } from '@oclif/core';
import { inspectMetadata, inspectObject } from '../src/offline/index.js';
import { EXIT, metadataReportObject, metadataReportText, MtsCommand, objectReportObject, objectReportText } from '../src/view/index.js';

export default class Inspect extends MtsCommand<typeof Inspect> {
  static override summary = 'Show what a drive holds of an object, or what is in any file of metadata.';
  static override description = `Decodes an xl.meta: every version with its place, parts, metadata and checksums. Inline data is checked against its bitrot hashes, part files for their size. Of a release before 2021, xl.json.
Other files of metadata, of every generation, are shown value by value: format.json, fs.json, uploads.json, part.N.meta, .healing.bin, .usage.json, and
what .metadata.bin, pool.bin and the files of users and policies hold. Those are objects on the drives: \`mts rescue cat DRIVE... .minio.sys/buckets/NAME/.metadata.bin\`
gives the file. Secrets are not shown. Changes nothing; no server is needed.
Exit status: 0 nothing wrong was found, 1 otherwise.`;
  static override args = { object: Args.string({ description: "a file of metadata, or an object's folder on a drive", ignoreStdin: true }) };
  static override examples = [
    { description: 'Look at an object on one drive.', command: '<%= config.bin %> inspect /mnt/drive1/photos/2026/cat.jpg' },
    { description: 'Read the ids of its versions.', command: '<%= config.bin %> inspect --json /mnt/drive1/photos/2026/cat.jpg/xl.meta | jq -r .versions[].versionId' },
    { description: 'How far is the heal of a drive?', command: '<%= config.bin %> inspect /mnt/drive1/.minio.sys/buckets/.healing.bin' },
  ];

  async run(): Promise<void> {
    let isSound = true;
    for (const path of await this.given(1)) {
      try {
        const metadata = await inspectMetadata(path);
        if (metadata !== undefined) {
          this.say(metadataReportObject(metadata), this.flags.json ? undefined : await metadataReportText(metadata, this.paint));
          continue;
        }
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
