import { Args } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure } from '../../../src/view/index.js';

export default class AdminServiceStop extends AdminCommand<typeof AdminServiceStop> {
  static override summary = 'Stop all servers of a cluster.';
  static override description = `Requests in flight are finished first. They can be started again only where they run. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override examples = [{ description: 'Stop a server.', command: '<%= config.bin %> admin service stop local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin, alias } = await this.target(text);
    await admin.service('stop', false).catch((error: unknown) => {
      throw new Failure('Unable to stop the server.', error);
    });
    this.say({ status: 'success', serverURL: alias }, `Stop command successfully sent to \`${alias}\`.`);
  }
}
