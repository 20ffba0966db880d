import { Args } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure, quarantineTable } from '../../../src/view/index.js';

export default class AdminQuarantineList extends AdminCommand<typeof AdminQuarantineList> {
  static override summary = 'Show what heals have put aside.';
  static override description = `Object versions of which too few drives had what is needed are moved to the quarantine, never deleted. ${EXIT_HELP}`;
  static override aliases = ['admin:quarantine:ls'];
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override examples = [{ description: 'What was put aside?', command: '<%= config.bin %> admin quarantine list local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin } = await this.target(text);
    const items = await admin.listQuarantine().catch((error: unknown) => {
      throw new Failure('Unable to list the quarantine.', error);
    });
    if (this.flags.json) for (const item of items) this.say({ status: 'success', ...item }, undefined);
    else this.print(await quarantineTable(items));
  }
}
