import { Args } from '@oclif/core';
import { AdminCommand, EXIT_HELP } from '../../../src/view/index.js';

export default class AdminQuarantineRestore extends AdminCommand<typeof AdminQuarantineRestore> {
  static override summary = 'Put versions back where the quarantine took them from.';
  static override description = `Worth it once drives are back that have the rest. ${EXIT_HELP}`;
  static override args = {
    target: Args.string({ description: 'ALIAS', ignoreStdin: true }),
    id: Args.string({ description: 'as `admin quarantine list` shows it; several may be given', ignoreStdin: true }),
  };
  static override examples = [{ description: 'Put a version back.', command: '<%= config.bin %> admin quarantine restore local 3f2c8b1e' }];

  async run(): Promise<void> {
    const [text = '', ...ids] = await this.given(2);
    const { admin } = await this.target(text);
    for (const id of ids) {
      try {
        await admin.restoreQuarantined(id);
        this.say({ status: 'success', id }, `Restored \`${id}\`.`);
      } catch (error) {
        this.itemFailed(`Unable to restore \`${id}\`.`, error);
      }
    }
  }
}
