import { Args, Flags } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure, infoText } from '../../src/view/index.js';

export default class AdminInfo extends AdminCommand<typeof AdminInfo> {
  static override summary = 'Show the servers of a cluster, their drives and what they hold.';
  static override description = `For what the drives still bear, and an exit status that says it, see \`cluster status\`. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override flags = { offline: Flags.boolean({ description: 'only nodes and drives that are not online' }) };
  static override examples = [
    { description: 'Look at a cluster.', command: '<%= config.bin %> admin info local' },
    { description: 'What is missing?', command: '<%= config.bin %> admin info --offline local' },
  ];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin } = await this.target(text);
    const info = await admin.info(this.signal).catch((error: unknown) => {
      throw new Failure('Unable to get service info.', error);
    });
    this.say({ status: 'success', info }, this.flags.json ? undefined : await infoText(info, { onlyOffline: this.flags.offline, paint: this.paint }));
  }
}
