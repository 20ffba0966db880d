import { Args } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure } from '../../../src/view/index.js';

export default class AdminServiceUnfreeze extends AdminCommand<typeof AdminServiceUnfreeze> {
  static override summary = 'Let S3 requests go on after a freeze.';
  static override description = `${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override examples = [{ description: 'Let requests go on.', command: '<%= config.bin %> admin service unfreeze local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin, alias } = await this.target(text);
    await admin.service('unfreeze', false).catch((error: unknown) => {
      throw new Failure('Unable to unfreeze the server.', error);
    });
    this.say({ status: 'success', serverURL: alias }, `Unfreeze command successfully sent to \`${alias}\`.`);
  }
}
