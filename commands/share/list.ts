import { Args } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { ShareLinks, timeLeftMs } from '../../src/client/index.js';
import { EXIT_HELP, MtsCommand, shareBlock, shareObject } from '../../src/view/index.js';

export default class ShareList extends MtsCommand<typeof ShareList> {
  static override summary = 'List links that still work.';
  static override description = `Only those that were made with this configuration folder. ${EXIT_HELP}`;
  static override hiddenAliases = ['share:ls'];
  static override args = { kind: Args.string({ description: 'download or upload', ignoreStdin: true }) };
  static override examples = [{ description: 'List links for downloading.', command: '<%= config.bin %> share list download' }];

  async run(): Promise<void> {
    const [kind = ''] = await this.given(1, 1);
    if (kind !== 'download' && kind !== 'upload') throw new UsageError(`\`${kind}\` is no kind of link.`, 'Write download or upload.');
    for (const link of new ShareLinks(this.session.aliases.dir, kind).list(Date.now())) {
      const leftMs = timeLeftMs(link, Date.now());
      this.say(shareObject(link, leftMs), shareBlock(link, leftMs));
    }
  }
}
