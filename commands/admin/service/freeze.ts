import { Args } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure } from '../../../src/view/index.js';

export default class AdminServiceFreeze extends AdminCommand<typeof AdminServiceFreeze> {
  static override summary = 'Let all S3 requests of a cluster wait.';
  static override description = `They wait until \`admin service unfreeze\`, or until their clients give up. Admin calls go on. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override examples = [{ description: 'Hold requests back while something is repaired.', command: '<%= config.bin %> admin service freeze local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin, alias } = await this.target(text);
    await admin.service('freeze', false).catch((error: unknown) => {
      throw new Failure('Unable to freeze the server.', error);
    });
    this.say({ status: 'success', serverURL: alias }, `Freeze command successfully sent to \`${alias}\`.`);
  }
}
